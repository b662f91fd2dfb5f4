"""Past divergences as trades: what workers send of them, and the parent's history of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from divbot.domain.market import Interval
from divbot.domain.signals import Evidence, Signal
from divbot.scanner.confidence import Group, History, Resolved
from divbot.scanner.likeness import KIND_NUMBERS, trend_of, zone_of
from divbot.scanner.plan import TradeRules

UNRESOLVED, NOT_ENTERED, REACHED_TARGET, REACHED_STOP, EXPIRED = range(5)
"""The kernels' numbers of what became of a case."""
FATES = ("unresolved", "not_entered", "target", "stop", "expired")
_NONE = np.empty(0, np.int64)
LONG_KINDS = 2
"""The first kinds are bullish."""


@dataclass(frozen=True, slots=True)
class Cases:
    """All past divergences of some symbols; arrays with one element for each."""

    symbols: tuple[str, ...]
    symbol: NDArray[np.int16]
    """Its place in `symbols`."""
    kind: NDArray[np.int8]
    zone: NDArray[np.int8]
    trend: NDArray[np.int8]
    fate: NDArray[np.int8]
    entered: NDArray[np.int64]
    """When the candle of its entry opened, ms UTC."""
    held: NDArray[np.int32]
    """Candles from its entry to its end, both included; 0 without an end."""
    result: NDArray[np.float32]
    """In R, after fees and slippage; this and the next two are NaN without an end."""
    best: NDArray[np.float32]
    worst: NDArray[np.float32]
    """The best and the worst price met, in R."""


class Past:
    """What became of the past divergences of a whole scan."""

    def __init__(
        self,
        blocks: Iterable[Cases],
        without: Collection[str],
        rules: TradeRules,
        interval: Interval,
    ) -> None:
        kept = [_without(cases, without) for cases in blocks]
        names = sorted({symbol for cases in kept for symbol in cases.symbols}.difference(without))
        self._numbers = {symbol: number for number, symbol in enumerate(names)}
        fates: Counter[int] = Counter()
        for cases in kept:
            fates.update(dict(enumerate(np.bincount(cases.fate, minlength=5).tolist())))
        self.fates: Mapping[str, int] = {name: fates[x] for x, name in enumerate(FATES)}
        self._history = History(
            _resolved(kept, self._numbers, rules.horizon * interval.milliseconds),
            len(names),
            rules.reward_risk,
        )

    def market(self) -> Evidence | None:
        """Return what the past says of any signal of this market; None where it says nothing."""
        return self._history.market()

    def evidence(self, signal: Signal) -> Evidence | None:
        """Return what the past says of `signal`; None where it says nothing."""
        number = self._numbers.get(signal.divergence.symbol)
        if number is None:
            return None
        kind = KIND_NUMBERS[signal.divergence.kind]
        return self._history.evidence(
            Group(kind, zone_of(signal.extreme), trend_of(signal.trend), number)
        )


def _without(cases: Cases, symbols: Collection[str]) -> Cases:
    wrong = np.array([symbol in symbols for symbol in cases.symbols], np.bool_)
    if not wrong.any():
        return cases
    kept = ~wrong[cases.symbol]
    columns = (getattr(cases, name)[kept] for name in Cases.__slots__[1:])
    return Cases(cases.symbols, *columns)


def _resolved(blocks: list[Cases], numbers: Mapping[str, int], hours: int) -> Resolved:
    """Return what has ended, of all blocks; `hours` is how many ms lean on each other.

    Symbols get their `numbers`. Cases come by symbol and time: sums are then the same to the last
    bit, however symbols were dealt out.
    """
    symbols = [
        np.array([numbers.get(symbol, -1) for symbol in cases.symbols], np.int64)[cases.symbol]
        for cases in blocks
    ]
    symbol, entered = np.concatenate([*symbols, _NONE]), _column(blocks, "entered")
    kind, fate = _column(blocks, "kind"), _column(blocks, "fate")
    in_order = np.lexsort((kind, entered, symbol))
    ended = in_order[fate[in_order] >= REACHED_TARGET]

    def column(name: str) -> NDArray[np.int64]:
        return _column(blocks, name)[ended].astype(np.int64)

    stretch = entered[ended].astype(np.int64) // hours
    first = int(stretch.min()) if len(stretch) else 0
    return Resolved(
        Group(kind[ended].astype(np.int64), column("zone"), column("trend"), symbol[ended]),
        kind[ended] < LONG_KINDS,
        stretch - first,
        (fate[ended] == REACHED_TARGET).astype(np.float64),
        _column(blocks, "result")[ended],
    )


def _column(blocks: list[Cases], name: str) -> NDArray[np.float64]:
    """Return one column of all blocks; times in ms are exact below 2**53."""
    return np.concatenate([*(getattr(x, name) for x in blocks), _NONE]).astype(np.float64)
