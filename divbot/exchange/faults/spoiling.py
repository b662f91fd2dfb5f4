"""Spoil an answer: the faults that are sent like any other answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from divbot.binance.protocol.endpoints import LOCAL_EXCHANGE_HEADER
from divbot.domain.market import Market
from divbot.exchange.rest.answer import CONTENT_TYPE, Answer, html_page, json_bytes

LOOP_PATH = "/divbot/loop"
"""Redirects to itself."""

_NUMBER = re.compile(rb'"-?\d+\.\d+"')
_NO_NUMBERS = (b"NaN", b"Infinity", b"1e999")
_DEEP = 200_000
_ZERO = "0.00000000"
_RESTRICTED = (
    "Service unavailable from a restricted location according to 'b. Eligibility' in "
    "https://www.binance.com/en/terms. Please contact customer service if you believe you "
    "received this message in error."
)

Spoiler: TypeAlias = Callable[[Answer], Answer]


def spoil(answer: Answer, kind: str) -> Answer:
    """Return what is sent instead of `answer`."""
    return SPOILERS[kind](answer)


def _page(status: int, title: str) -> Spoiler:
    return lambda answer: _foreign(answer, status, "text/html", html_page(title))


def _error(status: int, code: int, message: str) -> Spoiler:
    body = json_bytes({"code": code, "msg": message})
    return lambda answer: replace(answer, status=status, body=body)


def _redirect(location: str) -> Spoiler:
    def spoiled(answer: Answer) -> Answer:
        page = _foreign(answer, 302, "text/html", html_page("302 Found"))
        return replace(page, headers={**page.headers, "Location": location})

    return spoiled


def _foreign(answer: Answer, status: int, content_type: str, body: bytes) -> Answer:
    """Return what something in front of the venue says: without the venue's own headers."""
    origin = answer.headers[LOCAL_EXCHANGE_HEADER]
    return Answer(status, {"Content-Type": content_type, LOCAL_EXCHANGE_HEADER: origin}, body)


def _body(change: Callable[[bytes], bytes]) -> Spoiler:
    return lambda answer: replace(answer, body=change(answer.body))


def _rows(change: Callable[[list[Any]], list[Any]]) -> Spoiler:
    """Spoil a good answer that is a list or, as exchangeInfo, holds one."""

    def spoiled(answer: Answer) -> Answer:
        if answer.status != 200:
            return answer
        content = json.loads(answer.body)
        if isinstance(content, list):
            return replace(answer, body=json_bytes(change(content)))
        if "symbols" in content:
            content["symbols"] = change(content["symbols"])
        return replace(answer, body=json_bytes(content))

    return spoiled


def _without_numbers(body: bytes) -> bytes:
    spoiled = body
    for word in _NO_NUMBERS:
        spoiled = _NUMBER.sub(word, spoiled, count=1)
    return spoiled if spoiled != body else b"[NaN,Infinity,1e999]"


def _zero(answer: Answer) -> Answer:
    """Spoil one ticker, or the candle in the middle."""
    if answer.status != 200:
        return answer
    content = json.loads(answer.body)
    entries = content if isinstance(content, list) else [content]
    if entries and isinstance(entries[0], list):
        entries[len(entries) // 2][1:5] = [_ZERO] * 4
    elif entries:
        entries[0].update({name: _ZERO for name in entries[0] if _is_price(name)})
    return replace(answer, body=json_bytes(content))


def _is_price(name: str) -> bool:
    return name == "price" or name.endswith("Price")


SPOILERS: dict[str, Spoiler] = {
    "html403": _page(403, "ERROR: The request could not be satisfied"),
    "html502": _page(502, "502 Bad Gateway"),
    "html504": _page(504, "504 Gateway Time-out"),
    "restricted451": _error(451, 0, _RESTRICTED),
    "unavailable503": lambda answer: _foreign(answer, 503, "text/plain", b"Service Unavailable."),
    "busy": _error(
        503, -1008, "Server is currently overloaded with other requests. Please try again."
    ),
    "disconnected": _error(
        503, -1001, "Internal error; unable to process your request. Please try again."
    ),
    "empty_200": lambda answer: replace(answer, status=200, body=b""),
    "html_200": _page(200, "Just a moment..."),
    "redirect": _redirect("/api/v3/ping"),
    "redirect_loop": _redirect(LOOP_PATH),
    "truncated_json": _body(lambda body: body[: len(body) // 2]),
    "nan_json": _body(_without_numbers),
    "deep_json": _body(lambda _: b"[" * _DEEP + b"]" * _DEEP),
    "duplicated_rows": _rows(lambda rows: [row for row in rows for _ in range(2)]),
    "shuffled_rows": _rows(lambda rows: rows[1::2] + rows[::2]),
    "missing_last": _rows(lambda rows: rows[:-1]),
    "zero_price": _zero,
}


def loop(answer: Answer) -> Answer:
    """Return the next turn of a redirect that never ends."""
    return spoil(answer, "redirect_loop")


def plain_answer(status: int, content: object) -> Answer:
    """Return an answer about the exchange itself."""
    headers = {"Content-Type": CONTENT_TYPE[Market.SPOT], LOCAL_EXCHANGE_HEADER: "control"}
    return Answer(status, headers, json_bytes(content))
