"""Spoil a response: the faults that are sent like any other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from divbot.exchange.rest.json_text import json_bytes
from divbot.exchange.rest.response import (
    ORIGIN_HEADER,
    Response,
    html_page,
)

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

Spoiler: TypeAlias = Callable[[Response], Response]


def spoil(response: Response, kind: str) -> Response:
    """Return what is sent instead of `response`, for a fault of `kind`."""
    return SPOILERS[kind](response)


def _page(status: int, title: str) -> Spoiler:
    return lambda response: _foreign(response, status, "text/html", html_page(title))


def _error(status: int, code: int, message: str) -> Spoiler:
    body = json_bytes({"code": code, "msg": message})
    return lambda response: replace(response, status=status, body=body)


def _redirect(location: str) -> Spoiler:
    def spoiled(response: Response) -> Response:
        page = _foreign(response, 302, "text/html", html_page("302 Found"))
        return replace(page, headers={**page.headers, "Location": location})

    return spoiled


def _foreign(response: Response, status: int, content_type: str, body: bytes) -> Response:
    """Return what something in front of the venue says: without the venue's own headers."""
    origin = response.headers[ORIGIN_HEADER]
    return Response(status, {"Content-Type": content_type, ORIGIN_HEADER: origin}, body)


def _body(change: Callable[[bytes], bytes]) -> Spoiler:
    return lambda response: replace(response, body=change(response.body))


def _rows(change: Callable[[list[Any]], list[Any]]) -> Spoiler:
    """Spoil a good answer that is a list or, as exchangeInfo, holds one."""

    def spoiled(response: Response) -> Response:
        if response.status != 200:
            return response
        content = json.loads(response.body)
        if isinstance(content, list):
            return replace(response, body=json_bytes(change(content)))
        if "symbols" in content:
            content["symbols"] = change(content["symbols"])
        return replace(response, body=json_bytes(content))

    return spoiled


def _without_numbers(body: bytes) -> bytes:
    spoiled = body
    for word in _NO_NUMBERS:
        spoiled = _NUMBER.sub(word, spoiled, count=1)
    return spoiled if spoiled != body else b"[NaN,Infinity,1e999]"


def _zero(response: Response) -> Response:
    """Spoil one ticker, or the candle in the middle."""
    if response.status != 200:
        return response
    content = json.loads(response.body)
    entries = content if isinstance(content, list) else [content]
    if entries and isinstance(entries[0], list):
        entries[len(entries) // 2][1:5] = [_ZERO] * 4
    elif entries:
        entries[0].update({name: _ZERO for name in entries[0] if _is_price(name)})
    return replace(response, body=json_bytes(content))


def _is_price(name: str) -> bool:
    return name == "price" or name.endswith("Price")


SPOILERS: dict[str, Spoiler] = {
    "html403": _page(403, "ERROR: The request could not be satisfied"),
    "html502": _page(502, "502 Bad Gateway"),
    "html504": _page(504, "504 Gateway Time-out"),
    "restricted451": _error(451, 0, _RESTRICTED),
    "unavailable503": lambda response: _foreign(
        response, 503, "text/plain", b"Service Unavailable."
    ),
    "busy": _error(
        503, -1008, "Server is currently overloaded with other requests. Please try again."
    ),
    "disconnected": _error(
        503, -1001, "Internal error; unable to process your request. Please try again."
    ),
    "empty_200": lambda response: replace(response, status=200, body=b""),
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
