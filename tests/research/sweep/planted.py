"""Markets whose truth is known: without any memory, or with an edge of a chosen size.

An edge is a drift that follows each divergence: it is put into the walk when the divergence is
confirmed, and not before, so that nothing but what follows from it is changed.
"""

from __future__ import annotations

import hashlib

import numpy as np

from divbot.arrays import Floats
from divbot.kernels.analysis import analyse
from divbot.recordings.track import Track
from tests.history.made import HOUR, START
from tests.research.sweep.markets import PaidHistory

_STEPS = 12
"""Moves within a candle."""
_MOVE = 0.01
"""Of a price within an hour."""


def memoryless(seed: int, days: int, symbols: int) -> PaidHistory:
    """Return a market in which no move says anything about the next."""
    return with_edge(seed, days, symbols, drift=0.0)


def with_edge(
    seed: int, days: int, symbols: int, *, drift: float, candles: int = 12
) -> PaidHistory:
    """Return a market that goes `drift` ATRs the way of each divergence, within so many candles."""
    names = [f"S{number:02}USDT" for number in range(symbols)]
    return PaidHistory(
        {
            name: _track(name, _moves(seed, name, 24 * days), drift=drift, candles=candles)
            for name in names
        }
    )


def _moves(seed: int, name: str, rows: int) -> Floats:
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    moves: Floats = random.normal(0, _MOVE / np.sqrt(_STEPS), (rows, _STEPS))
    return moves


def _track(name: str, moves: Floats, *, drift: float, candles: int) -> Track:
    row = -1
    prices = _candles(moves)
    while drift:
        # What comes later is another divergence than it was before.
        analysis = analyse(*(x[:, None].copy() for x in prices[1:]))
        events = analysis.after_warm_up()
        confirmed = analysis.confirmed(events)
        later = np.flatnonzero(confirmed > row)
        if not len(later):
            break
        first = later[np.argmin(confirmed[later])]
        row = int(confirmed[first])
        side = 1 if events[first, 1] < 2 else -1
        part = analysis.atr[row, 0] / prices[3][row]
        moves[row + 1 : row + 1 + candles] += side * drift * part / (candles * _STEPS)
        prices = _candles(moves)
    volume = np.full(len(moves), 1000.0)
    return Track(name, "made", START + HOUR * np.arange(len(moves)), *prices, volume)


def _candles(moves: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    path = np.round(100 * np.exp(np.cumsum(moves.ravel())), 6).reshape(moves.shape)
    opened = np.concatenate([[100.0], path[:-1, -1]])
    high = np.maximum(opened, path.max(axis=1))
    low = np.minimum(opened, path.min(axis=1))
    return opened, high, low, path[:, -1].copy()
