"""What a live scan would have seen at a close: counted afresh from the candles, the slow way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from divbot.binance.listing.rules import MarketSnapshot, UniverseRules
from divbot.binance.listing.universe import select
from divbot.candle_arrays import Candles
from divbot.domain.clock import ManualClock
from divbot.domain.market import Instrument, Interval, Market, Ticker
from divbot.domain.universe import Universe
from divbot.recordings.track import Track
from divbot.scanner.cycle import Scanner, ScanRules
from divbot.scanner.report import Report
from divbot.scanner.workforce.inline import InlinePool
from tests.history.made import DAY, MadeHistory, chosen


@dataclass
class LiveTwin:
    """A venue at one close after the other; `begins` are those of the contract that trades then."""

    history: MadeHistory
    rules: UniverseRules
    at: int = 0
    previous: Collection[str] = ()
    begins: dict[str, int] | None = None
    market: Market = Market.USDM
    venue: str = "twin"
    simulated: bool = False

    def report(self, close: int, rules: ScanRules, held: Collection[str] = ()) -> Report:
        self.at = close
        pool = InlinePool(self, 1)
        try:
            return Scanner(self, self, pool, ManualClock(), rules).cycle(held=held)
        finally:
            pool.close()

    def listed(self, close: int) -> set[str]:
        """Choose the list of a close; the one after it is chosen with this one in mind."""
        self.at = close
        found = {x.symbol for x in self.universe().listed}
        self.previous = found
        return found

    def universe(self, held: Collection[str] = ()) -> Universe:
        known = {x: self._final(x) for x in self.history.tracks}
        known = {x: track for x, track in known.items() if track.volume.any()}
        snapshot = MarketSnapshot(
            market=self.market,
            at=self.at,
            instruments={x: self._instrument(x, track) for x, track in known.items()},
            tickers={x: self._ticker(x, track) for x, track in known.items()},
            quotes={},
            has_quotes=False,
        )
        return select(snapshot, self.rules, held=held, previous=self.previous)

    def final_candles(self, symbol: str, interval: Interval, limit: int, at: int = 0) -> Candles:
        found = chosen(self._final(symbol), slice(-(limit - 1), None))
        prices = (found.open, found.high, found.low, found.close)
        return Candles(found.open_time, *prices, found.volume)

    def _final(self, symbol: str) -> Track:
        track = self.history.tracks[symbol]
        closed = track.open_time + self.history.interval.milliseconds <= self.at
        begins = (self.begins or {}).get(symbol, 0)
        if begins < self.at:
            closed &= track.open_time >= begins
        found = chosen(track, closed)
        traded = np.flatnonzero(found.volume > 0)
        return chosen(found, slice(traded[0] if len(traded) else 0, None))

    def _instrument(self, symbol: str, track: Track) -> Instrument:
        prices = (
            track.prices if len(track.open_time) < 1000 else chosen(track, slice(-999, None)).prices
        )
        decimals = max(len(repr(float(x)).partition(".")[2].rstrip("0")) for x in prices)
        return Instrument(
            symbol,
            symbol.removesuffix("USDT"),
            "USDT",
            "TRADING",
            tick_size=Decimal(1).scaleb(-decimals),
            contract="PERPETUAL",
            margin="USDT",
            listed_at=int(track.open_time[0]),
        )

    def _ticker(self, symbol: str, track: Track) -> Ticker:
        day = chosen(track, track.open_time >= self.at - DAY)
        typical = day.volume * ((day.high + day.low + day.close) / 3)
        traded = track.open_time[track.volume > 0]
        last = track.close[-1] if len(track.close) else 0.0
        return Ticker(
            symbol,
            Decimal(repr(float(last))),
            Decimal(repr(float(day.high.max(initial=0.0)))),
            Decimal(repr(float(day.low.min(initial=1e9)))),
            Decimal(repr(float(typical.sum()))),
            int(traded[-1]) + self.history.interval.milliseconds,
        )

    def open(self, connections: int) -> LiveTwin:
        return replace(self)

    def on_lease(self, lease: int) -> LiveTwin:
        return self

    def open_lease(self, symbols: int, limit: int) -> int:
        return 0

    def close_lease(self, lease: int) -> None: ...

    def weight_spent(self) -> int:
        return 0

    def close(self) -> None: ...
