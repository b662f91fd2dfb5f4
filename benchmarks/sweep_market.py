"""The market and the settings of sweep.py, in a module of its own: its workers import it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, product

from divbot.domain.durations import DAY
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Kind
from divbot.history.funding import FundingTrack
from divbot.history.store import Store
from divbot.kernels.indicator import Indicator
from divbot.recordings.track import Track
from divbot.research.sweep.variants import SignalInputs, TradeInputs, Variant, name_of

_STOPS, _RATIOS = (0.25, 0.5, 1.0, 1.5, 2.0), (1.0, 1.5, 2.0, 3.0, 4.0)


@dataclass(frozen=True)
class Slice:
    """The first symbols of a store."""

    store: Store
    count: int
    market: Market = Market.USDM

    def symbols(self, interval: Interval) -> tuple[str, ...]:
        """Return their names."""
        return self.store.symbols(interval)[: self.count]

    def span(self, symbol: str, interval: Interval) -> tuple[int, int] | None:
        """Return the store's."""
        return self.store.span(symbol, interval)

    def version(self, symbol: str, interval: Interval, start: int, end: int) -> str:
        """Return the store's."""
        return self.store.version(symbol, interval, start, end)

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Track:
        """Return the store's."""
        return self.store.candles(symbol, interval, start, end)

    def funding(self, symbol: str, start: int, end: int) -> FundingTrack:
        """Return the store's."""
        return self.store.funding(symbol, start, end)


def variants(count: int) -> list[Variant]:
    """Return so many: 25 of each set of signals."""
    signals = product((3, 4, 5, 7, 9), (5, 6, 8, 10), (60, 80, 100))
    points = product(signals, _STOPS, _RATIOS)
    return [_variant(*point) for point in islice(points, count)]


def _variant(signal: tuple[int, int, int], stop: float, ratio: float) -> Variant:
    left, right, most = signal
    indicator = Indicator(pivot_left=left, pivot_right=right, range_max=most)
    numbers = {"left": left, "right": right, "most": most, "stop": stop, "ratio": ratio}
    return Variant(
        name_of({name: str(x) for name, x in numbers.items()}),
        SignalInputs(Interval.M5, indicator, 499),
        TradeInputs(
            kinds=frozenset(Kind),
            stop_atr=stop,
            reward_risk=ratio,
            least_reward_risk=0.0,
            trail_atr=None,
            max_holding=DAY,
            on_opposite=True,
            fee=0.0005,
            slippage=0.0002,
            leverage=10,
        ),
    )
