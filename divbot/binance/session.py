"""One question to the venue at a time: sent, tried again, refused or answered, and paid for.

Every failure is one of our errors. What the questions are is for divbot.binance.client.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import TypeVar

import orjson

from divbot.binance.bans import Bans
from divbot.binance.budget import Lease
from divbot.binance.protocol.endpoints import (
    LOCAL_ARCHIVE_HEADER,
    LOCAL_CANDLES_HEADER,
    LOCAL_EXCHANGE_HEADER,
    LOCAL_SPEED_HEADER,
    USED_WEIGHT_HEADER,
    Endpoint,
    request_weight,
)
from divbot.binance.transport.transport import MEBIBYTE, HttpReply, Transport
from divbot.domain.clock import Clock
from divbot.domain.errors import (
    LONGEST_WAIT,
    BadAnswer,
    RequestRejected,
    StopUntil,
    TryAgain,
    UnknownSymbol,
    VenueError,
    VenueRefused,
    VenueUnreachable,
)
from divbot.domain.market import Interval, Market

T = TypeVar("T")

ATTEMPTS = 4
_LEAST_SECONDS = 0.05
_FIRST_PAUSE = 0.2
_LONGEST_STOP = 3 * 24 * 3600
_DEFAULT_STOP = {418: 120, 429: 60}
"""Seconds, where the venue does not say until when."""
_SHORTEST_STOP = {418: 120, 429: 1}
"""Seconds, whatever it says: no ban is shorter than two minutes, and one that seems to be was read
by a clock that is wrong."""
_FIREWALL_STOP = 300
SMALL, LARGE = 4 * MEBIBYTE, 32 * MEBIBYTE
"""How long an answer may be, in bytes."""
_LONGER_THAN_A_MINUTE = frozenset(
    x.value
    for x in Interval
    if Interval.M1.milliseconds < x.milliseconds <= Interval.D1.milliseconds
)
_OF_THE_SYMBOL = {-1121: "does not know", -1122: "does not trade"}
"""What a code of the venue says of a symbol; the latter of contracts that were settled."""
_VENUE_TROUBLE = frozenset({-1000, -1001, -1006, -1007, -1008})


class VenueSession:
    """Send requests to one market of one venue; safe to use from several threads.

    `base_urls` are asked in their order: the next one where the one before refuses this location
    or cannot be reached.
    """

    def __init__(
        self,
        market: Market,
        base_urls: Sequence[str],
        transport: Transport,
        clock: Clock,
        bans: Bans,
        *,
        request_timeout: float = 10.0,
        attempts: int = ATTEMPTS,
    ) -> None:
        self.market = market
        self.simulated = False
        """True once a reply came from a local exchange."""
        self.shortest = Interval.M1
        """The shortest candles there are: some recorded markets have no 1m."""
        self.archive: str | None = None
        """The path of the archive that a local exchange says it serves; None: it says none."""
        self.speed: float | None = None
        """How many seconds of the venue pass in one, as a local exchange says; None: unsaid."""
        self.used_weight: int | None = None
        """What the venue last said that this address has used in the current minute."""
        self._base_urls = [url.rstrip("/") for url in base_urls]
        self._asked = 0
        self._transport = transport
        self._clock = clock
        self._bans = bans
        # By base URL, on the monotonic clock: a clock that is set later changes nothing.
        self._banned = {url: clock.monotonic() + self._remembered(url) for url in self._base_urls}
        self._request_timeout = request_timeout
        self._attempts = attempts

    def ask(
        self,
        lease: Lease,
        endpoint: Endpoint,
        parameters: Mapping[str, str | int],
        parse: Callable[[bytes], T],
        max_body: int = SMALL,
    ) -> T:
        """Return what a good answer says, from the first of the base URLs that gives one.

        Everything that is sent is spent from `lease` first. Raise UnknownSymbol where the venue
        does not know, or trade, the symbol that is asked about.
        """
        while True:
            asked = self._asked
            try:
                return self._ask_patiently(lease, asked, endpoint, parameters, parse, max_body)
            except (VenueRefused, VenueUnreachable):
                if asked + 1 == len(self._base_urls):
                    raise
                self._asked = asked + 1
            except RequestRejected as error:
                if "symbol" not in parameters:
                    raise
                symbol = parameters["symbol"]
                if says := _OF_THE_SYMBOL.get(error.code):
                    raise UnknownSymbol(f"{symbol}: the venue {says} this symbol") from error
                raise RequestRejected(f"{symbol}: {error}", code=error.code) from error

    def _ask_patiently(
        self,
        lease: Lease,
        asked: int,
        endpoint: Endpoint,
        parameters: Mapping[str, str | int],
        parse: Callable[[bytes], T],
        max_body: int,
    ) -> T:
        """Try again while there is time and hope; waiting for leave to ask takes no time."""
        weight = self._weight(endpoint, parameters)
        seconds = self._request_timeout
        for attempt in range(1, self._attempts + 1):
            self._refuse_if_banned(asked)
            lease.take(weight)
            started = self._clock.monotonic()
            try:
                return parse(self._ask_once(lease, asked, endpoint, parameters, max_body, seconds))
            except TryAgain:
                # Full jitter: workers that failed together must not come back together.
                pause = random.uniform(0, _FIRST_PAUSE * 2 ** (attempt - 1))  # noqa: S311 - no secret
                seconds -= self._clock.monotonic() - started + pause
                if attempt == self._attempts or seconds < _LEAST_SECONDS:
                    raise
                self._clock.wait(pause)
            except StopUntil as error:
                # A short pause is waited for where everything is: at the lease.
                if attempt == self._attempts or error.left(self._clock.monotonic()) > LONGEST_WAIT:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _ask_once(
        self,
        lease: Lease,
        asked: int,
        endpoint: Endpoint,
        parameters: Mapping[str, str | int],
        max_body: int,
        seconds: float,
    ) -> bytes:
        url = self._base_urls[asked] + endpoint.path(self.market)
        sent_at = self._clock.monotonic()
        answer = self._transport.get(url, parameters, seconds=seconds, max_body=max_body)
        used = answer.headers.get(USED_WEIGHT_HEADER, "")
        if re.fullmatch(r"[0-9]{1,9}", used):
            self.used_weight = int(used)
            lease.saw(self.used_weight, sent_at=sent_at)
        if LOCAL_EXCHANGE_HEADER.lower() in answer.headers:
            self.simulated = True
            self.archive = answer.headers.get(LOCAL_ARCHIVE_HEADER.lower(), self.archive)
            self._note_shortest(answer.headers.get(LOCAL_CANDLES_HEADER.lower(), ""))
            self._note_speed(answer.headers.get(LOCAL_SPEED_HEADER.lower(), ""))
        if answer.status != 200:
            raise self._failure(lease, asked, answer)
        found = answer.headers.get("content-type", "no type")
        if not found.startswith("application/json"):
            raise BadAnswer(f"expected JSON, found {found}")
        return answer.body

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def _note_shortest(self, name: str) -> None:
        if name in _LONGER_THAN_A_MINUTE:
            self.shortest = Interval(name)

    def _note_speed(self, text: str) -> None:
        if re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,9})?", text):
            self.speed = float(text)

    def _weight(self, endpoint: Endpoint, parameters: Mapping[str, str | int]) -> int:
        limit = parameters.get("limit")
        return request_weight(
            self.market,
            endpoint,
            limit=int(limit) if limit is not None else None,
            symbols=1 if "symbol" in parameters else None,
        )

    def _remembered(self, base_url: str) -> float:
        """Return the seconds that are left of a ban which an earlier program was told."""
        left = (self._bans.until(base_url) - self._clock.now()) / 1000
        return min(max(left, 0.0), _LONGEST_STOP)

    def _refuse_if_banned(self, asked: int) -> None:
        left = self._banned[self._base_urls[asked]] - self._clock.monotonic()
        if left > 0:
            raise StopUntil.banned(self._clock, left)

    def _ban(self, lease: Lease, base_url: str, seconds: float) -> StopUntil:
        """Send nothing more for `seconds`, nor let anybody else; return the error."""
        # First of all: an error says until when, and the lease must not hold for longer.
        lease.ban(seconds)
        now = self._clock.now()
        self._banned[base_url] = self._clock.monotonic() + seconds
        self._bans.note(base_url, now + round(1000 * seconds), now=now)
        return StopUntil.banned(self._clock, seconds)

    def _failure(self, lease: Lease, asked: int, answer: HttpReply) -> VenueError:
        status = answer.status
        code, message = _venue_error(answer.body)
        if status == 418:
            return self._ban(lease, self._base_urls[asked], self._stop_seconds(answer, message))
        if status in (429, 403):
            firewalled = status == 403
            seconds = _FIREWALL_STOP if firewalled else self._stop_seconds(answer, message)
            lease.pause(seconds)
            return StopUntil.paused(self._clock, seconds)
        if status == 451:
            return VenueRefused("the venue does not serve this location (HTTP 451)")
        if status >= 500 or status == 408 or code in _VENUE_TROUBLE:
            return BadAnswer(f"the venue is in trouble (HTTP {status})")
        if status < 400:
            return BadAnswer(f"expected HTTP 200, found HTTP {status}; no redirect is followed")
        detail = f": {message} ({code})" if message else ""
        return RequestRejected(f"the venue rejected the request (HTTP {status}){detail}", code=code)

    def _stop_seconds(self, answer: HttpReply, message: str) -> float:
        """Return for how long not to ask: by the header, else by the time in the message."""
        # What is a time is the venue's, as is the date of its reply: the difference is right
        # whatever the clock says here.
        said_at = _date(answer.headers.get("date", "")) or self._clock.now()
        named = re.search(r"banned until (\d{13})\b", message)
        seconds = _retry_after(answer.headers.get("retry-after", ""), said_at)
        if seconds is None and named:
            seconds = (int(named.group(1)) - said_at) / 1000
        if seconds is None:
            seconds = _DEFAULT_STOP[answer.status]
        return max(min(seconds, _LONGEST_STOP), _SHORTEST_STOP[answer.status])


def _retry_after(header: str, said_at: int) -> float | None:
    """Return the seconds that a Retry-After names, or the date in it means; None for nonsense."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        # As a float: of a number of thousands of digits int() makes nothing.
        return float(text)
    date = _date(text)
    return None if date is None else (date - said_at) / 1000


def _date(header: str) -> int | None:
    """Return the ms UTC of a date in a header; None for nonsense."""
    try:
        return round(parsedate_to_datetime(header).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _venue_error(body: bytes) -> tuple[int, str]:
    """Return code and message of the venue's own error, (0, "") where the body is none."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return 0, ""
    if not isinstance(document, dict):
        return 0, ""
    code, message = document.get("code"), document.get("msg")
    return (code if isinstance(code, int) else 0), (message if isinstance(message, str) else "")
