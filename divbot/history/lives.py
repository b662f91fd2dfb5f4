"""Which candles of a folder are of one contract.

A venue may use a name again: LUNAUSDT of May 2022 and that of June are two coins, and a contract
that was redenominated goes on at another price. The folder of the archive holds both. A new life
begins

- after a gap of a day or more over which the price made a step (3 times, or a third),
- after a gap of 30 days or more,
- where a sibling ends that the archive named SETTLED: the old contract's last candles are there.

Each is known when the first candle of the new life stands there, and no sooner. A life begins with
its first candle with trades: before it the venue lists a price, and nobody trades. When it ends is
known afterwards only; then the venue said so beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.domain.durations import DAY
from divbot.domain.market import Interval

_LONG_GAP = 30 * DAY
_STEP = 3.0
"""Of the price over a gap: no coin trebles, nor loses two thirds, while it is not traded."""
_SETTLED = re.compile(r"(?P<symbol>.+?)_?(SETTLED)+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of candles without a gap of a day; times in ms UTC."""

    first_open: int
    first_traded: int | None
    """The open of the first candle with trades; None: there is none."""
    last_close: int
    last_traded: int | None
    """The close of the last candle with trades."""
    first_price: float
    """The opening price of the first candle, and the closing one of the last."""
    last_price: float


@dataclass(frozen=True, slots=True)
class Life:
    """One contract under a name; times in ms UTC."""

    start: int
    """When the first candle with trades opens: its listing."""
    end: int
    """The close of the last candle with trades: its delisting, where the history goes on."""
    until: int | None = None
    """From then on the candles are of the next life; None: there is no other."""

    def holds(self, open_time: int) -> bool:
        """Tell whether a candle that opens then is of this life."""
        return self.start <= open_time and (self.until is None or open_time < self.until)


def settled_sibling(symbol: str) -> str | None:
    """Return whose old contract `symbol` is, by its name; None for any other."""
    match = _SETTLED.fullmatch(symbol)
    return match["symbol"] if match else None


def pieces_of(
    open_time: Integers,
    prices: tuple[Floats, Floats],
    volume: Floats,
    interval: Interval,
) -> tuple[Piece, ...]:
    """Cut the candles of a symbol where a day or more is missing; there may be none.

    `prices` are those at the open and at the close, `volume` says which candles had trades.
    """
    if not len(open_time):
        return ()
    length = interval.milliseconds
    cuts = np.flatnonzero(np.diff(open_time) - length >= DAY) + 1
    bounds = [0, *cuts.tolist(), len(open_time)]
    return tuple(
        _piece(
            open_time[first:end],
            (prices[0][first], prices[1][end - 1]),
            volume[first:end],
            interval,
        )
        for first, end in pairwise(bounds)
    )


def _piece(
    open_time: Integers,
    ends: tuple[float, float],
    volume: Floats,
    interval: Interval,
) -> Piece:
    traded = np.flatnonzero(volume > 0)
    first, last = (int(open_time[traded[x]]) for x in (0, -1)) if len(traded) else (None, None)
    return Piece(
        int(open_time[0]),
        first,
        interval.close_of(int(open_time[-1])),
        None if last is None else interval.close_of(last),
        float(ends[0]),
        float(ends[1]),
    )


def lives_of(pieces: Iterable[Piece], settled: Sequence[int] = ()) -> tuple[Life, ...]:
    """Return the lives that `pieces` of one symbol, in the order of time, make up.

    `settled` are the closes at which its SETTLED siblings end. What was never traded is no life.
    """
    contracts: list[list[Piece]] = []
    for piece in pieces:
        if contracts and not _is_another(contracts[-1][-1], piece, settled):
            contracts[-1].append(piece)
        else:
            contracts.append([piece])
    lives = []
    for number, contract in enumerate(contracts):
        starts = [x.first_traded for x in contract if x.first_traded is not None]
        ends = [x.last_traded for x in contract if x.last_traded is not None]
        following = contracts[number + 1][0].first_open if number + 1 < len(contracts) else None
        if starts:
            lives.append(Life(starts[0], ends[-1], following))
    return tuple(lives)


def _is_another(before: Piece, after: Piece, settled: Sequence[int]) -> bool:
    gap = after.first_open - before.last_close
    if gap >= _LONG_GAP or any(before.last_close <= x <= after.first_open for x in settled):
        return gap > 0
    step = after.first_price / before.last_price
    return gap >= DAY and not 1 / _STEP < step < _STEP
