"""Binance's public market data: one method per question, every failure one of our errors."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Mapping

import orjson

from divbot.binance.endpoints import LOCAL_EXCHANGE_HEADER, Endpoint, request_weight
from divbot.binance.limits import WeightAccount
from divbot.binance.transport import Answer, Transport
from divbot.binance.wire import (
    Candles,
    Quote,
    parse_exchange_info,
    parse_final_klines,
    parse_quotes,
    parse_server_time,
    parse_tickers,
)
from divbot.domain.clock import Clock, utc_text
from divbot.domain.errors import (
    BadAnswer,
    RequestRejected,
    StopUntil,
    TryAgain,
    UnknownSymbol,
    VenueRefused,
    VenueUnreachable,
)
from divbot.domain.market import Instrument, Interval, Market, Ticker

ATTEMPTS = 4
_FIRST_PAUSE = 0.2
_LONGEST_STOP = 3 * 24 * 3600
_DEFAULT_STOP = 60
_INVALID_SYMBOL = -1121
_VENUE_TROUBLE = frozenset({-1000, -1001, -1006, -1007, -1008})


class BinanceClient:
    """Ask one market of one venue; safe to use from several threads."""

    def __init__(
        self,
        market: Market,
        base_url: str,
        transport: Transport,
        clock: Clock,
        account: WeightAccount,
        *,
        request_timeout: float = 10.0,
        stop: threading.Event | None = None,
    ) -> None:
        self.market = market
        self.simulated = False
        """True once a reply came from a local exchange."""
        self._base_url = base_url.rstrip("/")
        self._transport = transport
        self._clock = clock
        self._account = account
        self._request_timeout = request_timeout
        self._stop = stop or threading.Event()

    def server_time(self) -> int:
        """Return the venue's time, ms UTC."""
        return parse_server_time(self._ask(Endpoint.TIME, {}))

    def exchange_info(self) -> dict[str, Instrument]:
        """Return every listed instrument by its symbol."""
        # Without this a spot listing carries hundreds of permission names for each symbol.
        lean: dict[str, str | int] = (
            {"showPermissionSets": "false"} if self.market is Market.SPOT else {}
        )
        return parse_exchange_info(self._ask(Endpoint.EXCHANGE_INFO, lean), self.market)

    def tickers(self) -> tuple[dict[str, Ticker], dict[str, Quote]]:
        """Return the last 24 hours of every symbol and, on spot, its best bid and ask."""
        body = self._ask(Endpoint.TICKER_24HR, {})
        return parse_tickers(body), parse_quotes(body) if self.market is Market.SPOT else {}

    def quotes(self) -> dict[str, Quote]:
        """Return the best bid and ask of every symbol."""
        return parse_quotes(self._ask(Endpoint.BOOK_TICKER, {}))

    def final_candles(self, symbol: str, interval: Interval, limit: int) -> Candles:
        """Return the newest final candles of `symbol`, at most `limit - 1` of them."""
        parameters = {"symbol": symbol, "interval": interval.value, "limit": limit}
        try:
            body = self._ask(Endpoint.KLINES, parameters)
        except RequestRejected as error:
            if error.code == _INVALID_SYMBOL:
                raise UnknownSymbol(f"{symbol}: the venue does not know this symbol") from error
            raise
        return parse_final_klines(body, interval)

    def _ask(self, endpoint: Endpoint, parameters: Mapping[str, str | int]) -> bytes:
        """Return the body of a good answer; try again while there is time and hope."""
        end = self._clock.monotonic() + self._request_timeout
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._ask_once(endpoint, parameters, end - self._clock.monotonic())
            except TryAgain:
                # Full jitter: workers that failed together must not come back together.
                pause = random.uniform(0, _FIRST_PAUSE * 2 ** (attempt - 1))  # noqa: S311 - no secret
                if attempt == ATTEMPTS or self._clock.monotonic() + pause >= end:
                    raise
            if self._clock.wait(pause, self._stop):
                raise VenueUnreachable("interrupted")
        raise AssertionError("the last attempt returns or raises")

    def _ask_once(
        self, endpoint: Endpoint, parameters: Mapping[str, str | int], seconds: float
    ) -> bytes:
        limit = parameters.get("limit")
        self._account.spend(
            request_weight(
                self.market,
                endpoint,
                limit=int(limit) if limit is not None else None,
                symbols=1 if "symbol" in parameters else None,
            )
        )
        url = self._base_url + endpoint.path(self.market)
        answer = self._transport.get(url, parameters, seconds=seconds)
        if LOCAL_EXCHANGE_HEADER in answer.headers:
            self.simulated = True
        if answer.status != 200:
            raise self._failure(answer)
        if not answer.headers.get("Content-Type", "").startswith("application/json"):
            raise BadAnswer(f"expected JSON, found {answer.headers.get('Content-Type', 'no type')}")
        return answer.body

    def _failure(self, answer: Answer) -> TryAgain | StopUntil | VenueRefused | RequestRejected:
        status = answer.status
        code, message = _venue_error(answer.body)
        if status in (418, 429):
            until = self._stop_until(answer, message)
            reason = "has banned this address" if status == 418 else "wants a pause"
            return StopUntil(
                f"the venue {reason} until {utc_text(until)} UTC (HTTP {status})", until=until
            )
        if status == 451:
            return VenueRefused("the venue does not serve this location (HTTP 451)")
        if status == 403:
            return VenueRefused("the venue's firewall refused the request (HTTP 403)")
        if status >= 500 or status == 408 or code in _VENUE_TROUBLE:
            return BadAnswer(f"the venue is in trouble (HTTP {status})")
        detail = f": {message} ({code})" if message else ""
        return RequestRejected(f"the venue rejected the request (HTTP {status}){detail}", code=code)

    def _stop_until(self, answer: Answer, message: str) -> int:
        """Return when to ask again: by the header, else by the time in the message."""
        now = self._clock.now()
        seconds = answer.headers.get("Retry-After", "").strip()
        if seconds.isascii() and seconds.isdigit():
            return now + 1000 * min(int(seconds), _LONGEST_STOP)
        named = re.search(r"banned until (\d{13})\b", message)
        if named:
            return min(int(named.group(1)), now + 1000 * _LONGEST_STOP)
        return now + 1000 * _DEFAULT_STOP


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
