"""What a request asks for: its query, read and checked as the venue does.

Spot refuses what it does not know; futures ignore it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl

from divbot.domain.durations import HOUR, MINUTE
from divbot.domain.market import Interval, Market
from divbot.domain.symbols import is_symbol
from divbot.exchange.rest import limits
from divbot.exchange.rest import rejections as reject
from divbot.exchange.rest.json_text import JsonObject, json_bytes, read_json
from divbot.exchange.rest.limits import RowLimit
from divbot.recordings.grid import Grid

_MICROSECONDS_FROM = 100_000_000_000_000
_LATEST = 10_000_000_000_000_000  # in microseconds still beyond any market, and a valid date in ms
_SMALL = re.compile("[a-z]")
_TIME_ZONE = re.compile(r"([+-]?)(\d{1,2})(?::(\d{2}))?")
_TIMES = ("serverTime", "openTime", "closeTime", "time", "T")
_STATUSES = ("TRADING", "HALT", "BREAK")
_KLINES = ("symbol", "interval", "startTime", "endTime", "timeZone", "limit")


@dataclass(frozen=True, slots=True)
class CandlesAsked:
    """Which candles a request asks for, times in ms UTC; None: not sent."""

    grid: Grid
    start: int | None
    end: int | None
    limit: int


class Parameters:
    """Read the parameters of one request; every method raises Rejection.

    `microseconds` tells that times are wanted in us. What is asked for never changes, so that one
    object can serve all requests of the same text.
    """

    def __init__(self, market: Market, query: str, *, microseconds: bool = False) -> None:
        self.microseconds = microseconds
        pairs = parse_qsl(query, keep_blank_values=True)
        self._market = market
        self._values = dict(pairs)
        self._is_repeated = len(pairs) > len(self._values)

    def expect_only(self, known: Collection[str]) -> None:
        """Refuse other names than `known`, on spot."""
        if self._market is not Market.SPOT:
            return
        if self._is_repeated:
            raise reject.DUPLICATE_VALUES.of()
        read = len(self._values.keys() & set(known))
        if read == len(self._values):
            return
        if not known:
            raise reject.TOO_MANY.of(0, len(self._values))
        raise reject.NOT_ALL_READ.of(read, len(self._values))

    def json(self, content: JsonObject | list[JsonObject]) -> bytes:
        """Return `content` as JSON, its times in the unit that is wanted."""
        if isinstance(content, list):
            return json_bytes([self.timed(each) for each in content])
        return json_bytes(self.timed(content))

    def timed(self, content: JsonObject) -> JsonObject:
        """Return `content` with its times, given in ms, in the unit that is wanted."""
        if not self.microseconds:
            return content
        return {name: value * 1000 if name in _TIMES else value for name, value in content.items()}

    def sent(self, *names: str) -> bool:
        """Tell whether any of `names` was sent."""
        return any(name in self._values for name in names)

    def symbol(self, name: str = "symbol") -> str:
        """Return the mandatory symbol, or another name that is made like one."""
        if not self._values.get(name):
            raise reject.MISSING.of(name)
        return self._checked_symbol(name, reject.SYMBOL_RANGE, self._values[name])

    def symbols(self) -> list[str] | None:
        """Return what `symbol` or `symbols` names; None when neither was sent."""
        if self._market is Market.SPOT and self.sent("symbol") and self.sent("symbols"):
            raise reject.BAD_COMBINATION.of()
        if self.sent("symbol"):
            return [self.symbol()]
        if self.sent("symbols") and self._market is Market.SPOT:
            return self._symbol_list(self._values["symbols"])
        return None

    def required_symbols(self) -> list[str]:
        """Return the mandatory `symbol` or `symbols`, at most 100."""
        symbols = self.symbols()
        if symbols is None:
            raise reject.NEITHER.of("symbol", "symbols")
        if len(symbols) > limits.MOST_SYMBOLS:
            raise reject.INVALID_VALUE.of("symbols")
        return symbols

    def interval(self) -> Interval:
        """Return the mandatory `interval`."""
        text = self._values.get("interval")
        if not text:
            raise reject.MISSING.of("interval")
        try:
            interval = Interval(text)
        except ValueError:
            raise reject.INVALID_INTERVAL.of("") from None
        if not interval.offered_by(self._market):
            raise reject.INVALID_INTERVAL.of("")
        return interval

    def limit(self, bounds: RowLimit | None = None) -> int:
        """Return how many rows are asked for; spot grants its most when asked for more.

        `bounds`: of another endpoint than klines.
        """
        bounds = bounds or limits.KLINES[self._market]
        if not self.sent("limit"):
            return bounds.default
        if self._market is Market.USDM:
            return self._strict_limit(bounds.maximum)
        limit = self._number("limit")
        if limit < 1:
            raise reject.INVALID_VALUE.of("limit")
        return min(limit, bounds.maximum)

    def depth(self) -> int:
        """Return how many levels are asked for; futures grant certain numbers only."""
        bounds = limits.LEVELS[self._market]
        if self._market is Market.SPOT:
            return self.limit(bounds)
        text = self._values.get("limit", str(bounds.default))
        if text not in map(str, limits.FUTURES_LEVELS):
            raise reject.INVALID_DEPTH.of(text)
        return int(text)

    def time_range(self) -> tuple[int | None, int | None]:
        """Return `startTime` and `endTime` in ms, None for what was not sent."""
        start, end = self._time("startTime", round_up=True), self._time("endTime")
        backwards = start is not None and end is not None and start > end
        if backwards and self._market is Market.USDM:
            raise reject.START_AFTER_END.of()
        return start, end

    def time_zone(self) -> int:
        """Return how far east of UTC days begin, in ms (spot only)."""
        text = self._values.get("timeZone")
        if text is None or self._market is not Market.SPOT:
            return 0
        match = _TIME_ZONE.fullmatch(text)
        if match is None:
            raise reject.INVALID_VALUE.of("timeZone")
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        minutes = -minutes if match[1] == "-" else minutes
        if not -12 * 60 <= minutes <= 14 * 60:
            raise reject.INVALID_VALUE.of("timeZone")
        return minutes * MINUTE

    @cached_property
    def candles(self) -> CandlesAsked:
        """Which candles are asked for."""
        interval = self.interval()
        start, end = self.time_range()
        limit, shift = self.limit(), self.time_zone()
        self.expect_only(_KLINES)
        return CandlesAsked(Grid(interval, shift), start, end, limit)

    def lookup_range(self) -> tuple[int | None, int | None]:
        """Return as `time_range`, which on futures may be an hour long."""
        start, end = self.time_range()
        is_limited = self._market is Market.USDM and start is not None and end is not None
        if is_limited and (end or 0) - (start or 0) > HOUR:
            raise reject.TOO_LONG.of(1)
        return start, end

    def from_id(self) -> int | None:
        """Return `fromId`, None when it was not sent."""
        return self._number("fromId") if self.sent("fromId") else None

    def status(self) -> str | None:
        """Return `symbolStatus` (spot only), None when it was not sent."""
        if self._market is not Market.SPOT:
            return None
        return self.choice("symbolStatus", _STATUSES, reject.INVALID_STATUS.of())

    def choice(self, name: str, known: Collection[str], refusal: reject.Rejection) -> str | None:
        """Return the value of `name`, one of `known`; None when it was not sent."""
        value = self._values.get(name)
        if value is not None and value not in known:
            raise refusal
        return value

    def names(self, name: str) -> set[str] | None:
        """Return what `name` holds: one word or a JSON list of them; None when not sent."""
        value = self._values.get(name)
        if value is None:
            return None
        words = re.findall(r"[A-Z0-9_]+", value)
        if not words or not re.fullmatch(r'\w+|\["\w+"(,"\w+")*\]', value):
            raise reject.ILLEGAL_CHARACTERS.of(name, "^[A-Z0-9_]{1,50}$")
        return set(words)

    def _symbol_list(self, text: str) -> list[str]:
        legal = reject.SYMBOLS_RANGE
        if not re.fullmatch(r'\["[^"\\\s]+"(,"[^"\\\s]+")*\]', text):
            raise reject.ILLEGAL_CHARACTERS.of("symbols", legal)
        symbols = [self._checked_symbol("symbols", legal, each) for each in read_json(text)]
        if len(set(symbols)) < len(symbols):
            raise reject.REPEATED_SYMBOL.of()
        return symbols

    def _checked_symbol(self, name: str, legal: str, text: str) -> str:
        if text and (_SMALL.search(text) or not is_symbol(text)):
            raise reject.ILLEGAL_CHARACTERS.of(name, legal)
        return text

    def _strict_limit(self, most: int) -> int:
        text = self._values["limit"]
        if not _is_number(text) or not 1 <= int(text) <= most:
            raise reject.INVALID_VALUE.of("limit")
        return int(text)

    def _time(self, name: str, *, round_up: bool = False) -> int | None:
        if not self.sent(name):
            return None
        time = min(self._number(name), _LATEST)
        if time < _MICROSECONDS_FROM or self._market is not Market.SPOT:
            return time
        return -(-time // 1000) if round_up else time // 1000

    def _number(self, name: str) -> int:
        text = self._values[name]
        if _is_number(text):
            return int(text)
        if self._market is Market.USDM:
            raise reject.MISSING.of(name)
        if not text:
            raise reject.EMPTY.of(name)
        raise reject.ILLEGAL_CHARACTERS.of(name, reject.NUMBER_RANGE)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 20
