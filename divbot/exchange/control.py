"""The control endpoint: what a test asks of the exchange itself, below /divbot/.

GET /divbot/state; POST and DELETE /divbot/faults; POST /divbot/spend and /divbot/ban.
POST and DELETE /divbot/archive: what is wrong with files of the archive, or how listings fail.
POST /divbot/streams {"market": "spot", "by": "disconnect"} ends all connections to its streams:
by disconnect (at once, without a word), by shutdown (after "seconds", with the warning that spot
gives), or by silence (they stand, but nothing is said on them any more).

What is posted is application/json, which no page of another site may send unasked; and browsers
tell where a request comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from divbot.domain.errors import InputError
from divbot.domain.hosts import is_named_loopback
from divbot.domain.market import Market
from divbot.exchange.archive.archive import ServedArchive
from divbot.exchange.archive.defects import parse_defect
from divbot.exchange.faults.responses import LOOP_PATH
from divbot.exchange.faults.schedule import Faults, parse_fault
from divbot.exchange.rest.json_text import NotJson, number_in, read_json
from divbot.exchange.rest.rate_limiter import RateLimiter
from divbot.exchange.rest.response import Response, plain_response
from divbot.exchange.streams.broadcast import Broadcast
from divbot.exchange.traffic import Traffic

PREFIX = "/divbot/"
_OWN_SITES = ("none", "same-origin")
"""What a browser calls a request of its user's own, and one of our own page."""
_MOST_WEIGHT = 1_000_000_000
_MOST_BAN_SECONDS = 3 * 24 * 3600
_MOST_NOTICE_SECONDS = 24 * 3600

Action: TypeAlias = Callable[[bytes], object]


class Control:
    """Tell and change what the exchange does besides its market."""

    def __init__(
        self,
        markets: Sequence[Market],
        limiter: RateLimiter,
        faults: Faults,
        traffic: Traffic,
        broadcast: Broadcast,
        archive: ServedArchive,
    ) -> None:
        self._markets = markets
        self._limiter = limiter
        self._faults = faults
        self._traffic = traffic
        self._broadcast = broadcast
        self._archive = archive
        self._actions: dict[tuple[str, str], Action] = {
            ("GET", "state"): self._state,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "archive"): self._add_defect,
            ("DELETE", "archive"): self._clear_defects,
            ("POST", "spend"): self._spend,
            ("POST", "ban"): self._ban,
            ("POST", "streams"): self._end_streams,
        }

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer one request; what is wrong with it is told as an `error`."""
        if "Origin" in headers or headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES:
            return plain_response(403, {"error": "expected a program, found a page in a browser"})
        if method == "POST" and _media_type(headers) != "application/json":
            return plain_response(415, {"error": "expected Content-Type: application/json"})
        action = self._actions.get((method, path.removeprefix(PREFIX)))
        if action is None:
            return plain_response(404, {"error": f"expected one of {self._known()}"})
        try:
            return plain_response(200, action(body))
        except InputError as error:
            return plain_response(400, {"error": str(error)})

    def _known(self) -> str:
        return ", ".join(f"{method} {PREFIX}{name}" for method, name in self._actions)

    def _state(self, _: bytes) -> object:
        return {
            "markets": {market.value: self._limiter.state(market) for market in self._markets},
            "streams": {market.value: self._broadcast.state(market) for market in self._markets},
            "faults": self._pending(),
            "archive": self._archive.defects.state(),
            "requests": self._traffic.counted(),
        }

    def _add_fault(self, body: bytes) -> object:
        self._faults.add(parse_fault(_content(body)))
        return {"faults": self._pending()}

    def _clear_faults(self, _: bytes) -> object:
        self._faults.clear()
        return {"faults": []}

    def _add_defect(self, body: bytes) -> object:
        self._archive.defects.add(parse_defect(_content(body)))
        return {"archive": self._archive.defects.state()}

    def _clear_defects(self, _: bytes) -> object:
        self._archive.clear_defects()
        return {"archive": self._archive.defects.state()}

    def _spend(self, body: bytes) -> object:
        content = _content(body)
        weight = number_in(content, "weight", 0, _MOST_WEIGHT)
        return {"weight": self._limiter.spend(self._market(content), int(weight))}

    def _ban(self, body: bytes) -> object:
        content = _content(body)
        seconds = number_in(content, "seconds", 0, _MOST_BAN_SECONDS)
        return {"banned_until": self._limiter.ban(self._market(content), seconds)}

    def _end_streams(self, body: bytes) -> object:
        content = _content(body)
        market = self._market(content)
        match content.get("by"):
            case "disconnect":
                return {"connections": self._broadcast.disconnect(market)}
            case "silence":
                return {"connections": self._broadcast.silence(market)}
            case "shutdown":
                asked = {"seconds": 0, **content}
                seconds = number_in(asked, "seconds", 0, _MOST_NOTICE_SECONDS)
                return {"connections": self._broadcast.shut_down(market, seconds)}
            case other:
                raise InputError(f"expected by: disconnect, shutdown or silence, found {other!r}")

    def _pending(self) -> list[object]:
        return [fault.described() for fault in self._faults.pending()]

    def _market(self, content: dict[str, Any]) -> Market:
        for market in self._markets:
            if content.get("market") == market.value:
                return market
        known = " or ".join(self._markets)
        raise InputError(f"expected a market, {known}, found {content.get('market')!r}")


def is_control(host: str, path: str) -> bool:
    """Tell whether a request for `path` that names `host` is one for the control endpoint."""
    if not path.startswith(PREFIX) or path == LOOP_PATH:
        return False
    # A page in a browser may reach loopback by a name of its own (DNS rebinding), not by ours.
    return is_named_loopback(host)


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _content(body: bytes) -> dict[str, Any]:
    try:
        content = read_json(body)
    except NotJson:
        content = None
    if not isinstance(content, dict):
        raise InputError("expected a JSON object")
    return content
