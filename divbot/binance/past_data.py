"""Binance asked for what its archive lacks: newest candles, holes, this month's funding."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from functools import reduce

import numpy as np

from divbot.binance.budget import WeightBudget
from divbot.binance.client import BinanceClient
from divbot.binance.protocol.endpoints import FEW_CANDLES
from divbot.binance.protocol.wire import Amounts
from divbot.candle_arrays import Candles
from divbot.domain.clock import Clock
from divbot.domain.market import Instrument, Interval, Market
from divbot.domain.minutes import FundingRate

_CHEAP = {Market.SPOT: 1000, Market.USDM: 499}
"""How many candles cost the least each."""
_SPARE = 2
_SETTLEMENTS = 1000
FUNDING_REQUESTS, FUNDING_SECONDS = 400, 300.0
"""Funding has an account of its own, of 500 requests in five minutes: other programs ask, too."""


class Pace:
    """Let so many pass in any stretch of so many seconds; safe to use from several threads."""

    def __init__(self, clock: Clock, most: int, seconds: float, stop: threading.Event) -> None:
        self._clock = clock
        self._seconds = seconds
        self._stop = stop
        # Guarded by the lock: when the last ones passed.
        self._passed: deque[float] = deque(maxlen=most)
        self._lock = threading.Lock()

    def take(self) -> None:
        """Return once another one may pass, or nobody waits any more."""
        while (left := self._try()) > 0:
            if self._clock.wait(left, self._stop):
                return

    def _try(self) -> float:
        """Pass and return 0, or return the seconds until another try."""
        with self._lock:
            now = self._clock.monotonic()
            if len(self._passed) == self._passed.maxlen:
                left = self._passed[0] + self._seconds - now
                if left > 0:
                    return left
            self._passed.append(now)
            return 0.0


class BinancePast:
    """Answer what a download asks; safe to use from several threads."""

    def __init__(
        self,
        client: BinanceClient,
        budget: WeightBudget,
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        self._client = client
        self._budget = budget
        self._pace = Pace(clock, FUNDING_REQUESTS, FUNDING_SECONDS, stop)

    @property
    def simulated(self) -> bool:
        """Tell whether the prices are those of a local exchange."""
        return self._client.simulated

    @property
    def archive(self) -> str | None:
        """Return the path of a local exchange's archive; None where it serves none, or is none."""
        return self._client.session.archive

    def now(self) -> int:
        """Return the venue's time, ms UTC."""
        return self._client.server_time()

    def instruments(self) -> Mapping[str, Instrument]:
        """Return what the venue lists, by symbol; learn what it allows a minute."""
        listing = self._client.exchange_info()
        if listing.weight_limit is not None:
            self._budget.allow(listing.weight_limit)
        return listing.instruments

    def candles(
        self, symbol: str, interval: Interval, start: int, end: int, *, mark: bool = False
    ) -> tuple[Candles, Amounts]:
        """Return the final candles that open from `start` to before `end` (ms UTC)."""
        found: list[tuple[Candles, Amounts]] = []
        limit = self._limit(interval.steps_between(start, end) + _SPARE)
        while start < end:
            page = self._client.candles_in_full(symbol, interval, start, limit, mark=mark)
            times = page[0].open_time
            found.append(_before(page, end))
            if len(times) < limit - 1 or times[-1] >= end:
                break
            start = interval.close_of(int(times[-1]))
        return _joined(found)

    def funding(self, symbol: str, start: int, end: int) -> tuple[FundingRate, ...]:
        """Return the settlements from `start` to before `end` (ms UTC)."""
        found: list[FundingRate] = []
        while start < end:
            self._pace.take()
            page = self._client.funding(symbol, start, end - 1).rates
            found += page
            if len(page) < _SETTLEMENTS:
                break
            start = page[-1].at + 1
        return tuple(found)

    def close(self) -> None:
        """Close every connection, and end every wait."""
        self._client.session.close()

    def _limit(self, wanted: int) -> int:
        return FEW_CANDLES if wanted <= FEW_CANDLES else _CHEAP[self._client.market]


def _before(page: tuple[Candles, Amounts], end: int) -> tuple[Candles, Amounts]:
    candles, amounts = page
    rows = int(np.searchsorted(candles.open_time, end))
    return candles.between(0, rows), Amounts._make(x[:rows] for x in amounts)


def _joined(pages: list[tuple[Candles, Amounts]]) -> tuple[Candles, Amounts]:
    candles = reduce(Candles.followed_by, (x for x, _ in pages))
    return candles, Amounts._make(map(np.concatenate, zip(*(x for _, x in pages), strict=True)))
