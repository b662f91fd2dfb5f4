"""Candles behind the trades of one symbol: which to ask for, and what may be said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from divbot.candle_arrays import Candles
from divbot.domain.clock import utc_text
from divbot.domain.market import Interval
from divbot.domain.trades import AnyTrade

_AROUND = 40
"""Candles before the first entry, and after the last exit."""
_NEAR = 0.02
"""By which part of its price a fill may lie outside its candle: spread and slippage."""


@dataclass(frozen=True, slots=True)
class Charted:
    """Candles of one symbol, or why there are none."""

    note: str
    """What a reader should know of them."""
    candles: Candles | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The candles that show some trades of one symbol; times in ms UTC."""

    trades: Sequence[AnyTrade]
    own: Interval
    """That of the run."""
    interval: Interval
    since: int
    count: int

    @classmethod
    def around(cls, trades: Sequence[AnyTrade], own: Interval, until: int, most: int) -> Window:
        """Return what shows `trades`, open ones up to `until`, in `most` candles at most."""
        first = min(x.opened_at for x in trades)
        last = max(until if x.closed_at is None else x.closed_at for x in trades)
        interval = _finest(last - first, own, most)
        since = first - _AROUND * interval.milliseconds
        return cls(trades, own, interval, since, (last - since) // interval.milliseconds + _AROUND)

    def shown(self, candles: Candles, venue: str, *, is_of_the_run: bool) -> Charted:
        """Return the `candles` that `venue` has of it, or why they are none of the run's."""
        if not len(candles):
            return Charted(f"no candles: {venue} has none of that time")
        if not is_of_the_run or not self._hold(candles):
            return Charted(f"no candles: those of {venue} do not hold the fills of this run")
        notes = [f"{venue}, candles of {self.interval.value}"]
        if self.interval is not self.own:
            notes.append(
                f"longer than the run's {self.own.value}, as they cover all trades of the symbol"
            )
        if candles.open_time[0] > min(x.opened_at for x in self.trades):
            notes.append(f"there are none before {utc_text(int(candles.open_time[0]))} UTC")
        return Charted(f"{'; '.join(notes)}.", candles)

    def _hold(self, candles: Candles) -> bool:
        """Tell whether the entries lie in their candles, as far as there are any."""
        length = self.interval.milliseconds
        lows = dict(zip(candles.open_time.tolist(), candles.low.tolist(), strict=True))
        highs = dict(zip(candles.open_time.tolist(), candles.high.tolist(), strict=True))
        return all(
            lows[at] * (1 - _NEAR) <= float(x.entry.price) <= highs[at] * (1 + _NEAR)
            for x in self.trades
            if (at := x.opened_at // length * length) in lows
        )


def _finest(span: int, own: Interval, most: int) -> Interval:
    """Return the shortest interval, `own` or longer, of which `most` candles cover `span` (ms)."""
    longer = [x for x in Interval if x.milliseconds >= own.milliseconds]
    room = most - 2 * _AROUND - 2
    return next((x for x in longer if span <= room * x.milliseconds), longer[-1])
