"""A recording as candles of one length by symbol, in floats: for whoever counts on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from divbot.arrays import Floats
from divbot.candle_arrays import Candles
from divbot.domain.errors import InputError
from divbot.domain.market import Interval
from divbot.exchange.market.candles import aggregate
from divbot.exchange.market.recorded import load_tape
from divbot.exchange.market.tape import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    OPEN_TIME,
    QUOTE_VOLUME,
    VOLUME,
    Rows,
    Tape,
)
from divbot.recordings.grid import Grid, serves


@dataclass(frozen=True, slots=True)
class RecordedSeries:
    """Candles of a recording by symbol."""

    candles: Mapping[str, Candles]
    traded: Mapping[str, Floats]
    """By symbol and candle, in the quote asset."""
    interval: Interval
    steps: int
    """Of the interval, from the first candle of all to the last."""


def recorded_series(
    path: Path, symbols: tuple[str, ...] = (), interval: Interval | None = None
) -> RecordedSeries:
    """Return the candles in `path`, of all symbols or of some; RecordingError for a bad one.

    Of a longer `interval` than the recording's they are put together; a last one that the recording
    holds in part is left out.
    """
    tape = load_tape(path)
    length = interval or tape.interval
    if not serves(tape.interval, length):
        raise InputError(
            f"{path}: expected candles that {length.value} ones can be made of, found "
            f"{tape.interval.value} candles; choose a multiple with --interval"
        )
    series, volumes = {}, {}
    for number, listing in enumerate(tape.listings):
        if symbols and listing.symbol not in symbols:
            continue
        rows = _final_rows(tape, number, length)
        if not len(rows):
            continue
        # Both numbers are exact, so that the quotient is the float nearest to the price.
        prices = [rows[:, x] / 10.0**listing.price_decimals for x in (OPEN, HIGH, LOW, CLOSE)]
        volume = rows[:, VOLUME] / 10.0**listing.volume_decimals
        series[listing.symbol] = Candles(rows[:, OPEN_TIME], *[*prices, volume])
        volumes[listing.symbol] = rows[:, QUOTE_VOLUME] / 10.0**listing.quote_decimals
    missing = sorted(set(symbols) - set(series))
    if missing:
        raise InputError(f"{path}: expected candles of {', '.join(missing)}, found none")
    span = length.steps_between(tape.first, tape.last) + 1
    return RecordedSeries(series, volumes, length, span)


def _final_rows(tape: Tape, number: int, interval: Interval) -> Rows:
    """Return the candles of listing `number` that are over when the recording ends."""
    rows = tape.candles(number, tape.first, tape.last + 1)
    if interval is tape.interval:
        return rows
    grid = Grid(interval)
    end = grid.open_at(tape.interval.close_of(tape.last))
    final = rows[rows[:, OPEN_TIME] < end]
    if not len(final):
        return final
    return aggregate(final, grid.opens(grid.open_at(int(final[0, OPEN_TIME])), end))
