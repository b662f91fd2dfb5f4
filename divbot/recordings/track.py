"""One recorded symbol as floats, and the checks that it must pass before it is served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from divbot.arrays import Flags, Floats, Integers
from divbot.domain.clock import plausible_ms
from divbot.domain.errors import RecordingError
from divbot.domain.symbols import is_symbol

_EXACT = 2.0**53  # times below it, in us until 2255, are exact as floats
_MOST = 1e15  # of anything in one candle: beyond it sums would not fit 64 bits


@dataclass(frozen=True, slots=True)
class Track:
    """The candles of one symbol, all arrays of one length; times in ms UTC."""

    symbol: str
    source: str
    """Where it comes from, for messages."""
    open_time: Integers
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    quote_volume: Floats | None = None
    trades: Floats | None = None
    taker_volume: Floats | None = None
    taker_quote_volume: Floats | None = None

    @classmethod
    def joined(cls, tracks: Sequence[Self], order: Integers, *, source: str) -> Self:
        """Return the candles of all `tracks`, which are of one symbol and have the same columns.

        `order` says which of them, counted through all tracks, comes first, second ...
        """
        columns = {
            name: np.concatenate([getattr(track, name) for track in tracks])[order]
            for name in (field.name for field in fields(cls))
            if isinstance(getattr(tracks[0], name), np.ndarray)
        }
        return cls(symbol=tracks[0].symbol, source=source, **columns)

    @property
    def prices(self) -> Floats:
        """Return all prices in one array."""
        return np.concatenate([self.open, self.high, self.low, self.close])

    @property
    def quote_volumes(self) -> Floats:
        """Return the quote volumes, about right where they were not recorded."""
        return self.volume * self.close if self.quote_volume is None else self.quote_volume

    @property
    def turnover(self) -> float:
        """Return the whole quote volume."""
        return float(self.quote_volumes.sum())


def check_track(track: Track) -> None:
    """Raise RecordingError when `track` cannot have been a market."""
    _check_symbol(track)
    _check_times(track)
    prices = track.prices
    _expect(track, np.isfinite(prices) & (prices > 0), "prices above zero", prices)
    for amounts in (
        track.volume,
        track.quote_volume,
        track.trades,
        track.taker_volume,
        track.taker_quote_volume,
    ):
        if amounts is not None:
            held = (amounts >= 0) & (amounts <= _MOST)
            _expect(track, held, "volumes from zero up, of all kinds", amounts)
    _expect(track, track.low <= track.high, "low <= high", track.low)
    inside = (np.minimum(track.open, track.close) >= track.low) & (
        np.maximum(track.open, track.close) <= track.high
    )
    _expect(track, inside, "open and close between low and high", track.close)


def times_of(values: Floats, source: str) -> Integers:
    """Return times that were read as numbers; RecordingError where one is no whole number."""
    is_whole = np.isfinite(values) & (np.abs(values) < _EXACT)
    is_whole[is_whole] = values[is_whole] == np.rint(values[is_whole])
    if not is_whole.all():
        row = int(np.flatnonzero(~is_whole)[0])
        found = "none" if np.isnan(values[row]) else f"{values[row]!s}"
        raise RecordingError(
            f"{source}: expected a time in every row of open_time, a whole number, found {found} "
            f"in row {row + 1}; write ms UTC (13 digits)"
        )
    return values.astype(np.int64)


def _check_symbol(track: Track) -> None:
    if not is_symbol(track.symbol) or track.symbol != track.symbol.upper():
        raise RecordingError(
            f"{track.source}: expected symbols such as BTCUSDT, found {track.symbol!r}; rename it"
        )


def _check_times(track: Track) -> None:
    times = track.open_time
    try:
        plausible_ms(int(times.min()))
        plausible_ms(int(times.max()))
    except ValueError as error:
        raise RecordingError(
            f"{track.source}: {error}, among the open times of {track.symbol}; convert them"
        ) from None
    back = np.flatnonzero(np.diff(times) <= 0)
    if len(back):
        before, after = times[back[0] : back[0] + 2]
        what = "twice" if before == after else f"after {before}"
        raise RecordingError(
            f"{track.source}: expected {track.symbol} open times to ascend, found {after} "
            f"{what}; sort the rows and drop duplicates"
        )


def _expect(track: Track, held: Flags, expected: str, values: Floats) -> None:
    if held.all():
        return
    where = int(np.flatnonzero(~held)[0])
    time = track.open_time[where % len(track.open_time)]
    raise RecordingError(
        f"{track.source}: expected {expected}, found {track.symbol} with {values[where]!s} at "
        f"{time}; repair or remove that row"
    )
