"""The composition of `divbot verify`: recorded candles, kernels, and the scanner's judgement."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from divbot.app.scanning import base_rate, scan_rules, trade_rules
from divbot.domain.clock import utc_text
from divbot.domain.errors import InputError

if TYPE_CHECKING:
    from divbot.arrays import Floats
    from divbot.domain.market import Interval
    from divbot.exchange.market.tape import Rows, Tape
    from divbot.scanner.block import Block
    from divbot.scanner.evidence.base_rates import BaseRate
    from divbot.scanner.evidence.calibration import Calibration
    from divbot.scanner.evidence.walk import Walk
    from divbot.settings import Settings


_DAY = 86_400_000
_DATE = len("2024-07-30")


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded market, side by side."""

    block: Block
    interval: Interval
    quote_volume: Floats | None = None
    """What was traded in the 24 hours before each row's close, of the shape of the block's arrays;
    None where nobody asks."""


def open_recording(
    path: Path, symbols: tuple[str, ...] = (), interval: Interval | None = None
) -> Recording:
    """Return the candles in `path`, of all symbols or of some; RecordingError for a bad one.

    Of a longer `interval` than the recording's they are put together; a last one that the recording
    holds in part is left out.
    """
    import numpy as np

    from divbot.candles import Candles
    from divbot.exchange.market.recorded import load_recording
    from divbot.exchange.market.tape import CLOSE, HIGH, LOW, OPEN, OPEN_TIME, QUOTE_VOLUME, VOLUME
    from divbot.recordings.grid import serves
    from divbot.scanner.block import build_block, steps_of

    tape = load_recording(path)
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
    block = build_block(series, length, span)
    traded = np.zeros(block.close.shape)
    for column, symbol in enumerate(block.symbols):
        steps = steps_of(series[symbol].open_time, length)
        traded[steps - block.first_step, column] = volumes[symbol]
    return Recording(block, length, _of_a_day(traded, length))


def _final_rows(tape: Tape, number: int, interval: Interval) -> Rows:
    """Return the candles of listing `number` that are over when the recording ends."""
    from divbot.exchange.market.candles import aggregate
    from divbot.exchange.market.tape import OPEN_TIME
    from divbot.recordings.grid import Grid

    rows = tape.candles(number, tape.first, tape.last + 1)
    if interval is tape.interval:
        return rows
    grid = Grid(interval)
    end = grid.open_at(tape.interval.close_of(tape.last))
    final = rows[rows[:, OPEN_TIME] < end]
    if not len(final):
        return final
    return aggregate(final, grid.opens(grid.open_at(int(final[0, OPEN_TIME])), end))


def _of_a_day(traded: Floats, interval: Interval) -> Floats:
    """Return the sums of as many rows as a day has, each ending with its row."""
    import numpy as np

    rows = max(_DAY // interval.milliseconds, 1)
    sums = np.cumsum(traded, axis=0)
    sums[rows:] -= sums[:-rows].copy()
    return sums


def calibration_of(recording: Recording, settings: Settings) -> Calibration:
    """Return how statements and events compare; InputError for too few candles."""
    from divbot.scanner.evidence.calibration import calibrate

    rate = base_rate(settings, recording.interval)
    # The confirming candle is the newest of `limit - 1` final ones.
    rules = trade_rules(settings)
    window = scan_rules(settings).limit - 2 - rules.indicator.warm_up
    found = calibrate(_walk(recording, settings), rules, rate, window)
    if found is None:
        raise _too_few(recording)
    return found


def base_rate_of(recording: Recording, settings: Settings) -> BaseRate:
    """Return what a recording says beyond chance; InputError for too few candles."""
    from divbot.scanner.evidence.calibration import count_rate

    walk = _walk(recording, settings)
    if not len(walk):
        raise _too_few(recording)
    days = " to ".join(utc_text(int(x))[:_DATE] for x in (walk.time.min(), walk.time.max()))
    source = f"{len(recording.block.symbols)} symbols, {days}"
    return count_rate(walk, trade_rules(settings), settings.market, recording.interval, source)


def _walk(recording: Recording, settings: Settings) -> Walk:
    from divbot.scanner.evidence.walk import walk

    return walk(recording.block, recording.quote_volume, trade_rules(settings))


def _too_few(recording: Recording) -> InputError:
    close = recording.block.close
    return InputError(
        f"expected candles enough for divergences to end, found {len(close)} of "
        f"{close.shape[1]} symbols"
    )


def open_history(settings: Settings, recorded: Path | None) -> Recording:
    """Return the newest candles of the symbols that the settings name: recorded, or the venue's."""
    from divbot.app.scanning import open_venue
    from divbot.scanner.block import build_block

    count = scan_rules(settings).limit - 1
    if recorded is not None:
        # Where nobody says how long candles should be, they are as they were recorded.
        asked = settings.interval if "interval" in settings.model_fields_set else None
        return newest(open_recording(recorded, settings.symbols, asked), count)
    with open_venue(settings) as venue:
        venue.universe()  # an unknown symbol is told by its name
        series = {
            symbol: venue.final_candles(symbol, settings.interval, count + 1)
            for symbol in settings.symbols
        }
    empty = [symbol for symbol, candles in series.items() if not len(candles)]
    if empty:
        raise InputError(f"expected candles of {', '.join(empty)}, found none")
    return Recording(build_block(series, settings.interval, count), settings.interval)


def newest(recording: Recording, count: int) -> Recording:
    """Return the newest `count` candles of a recording."""
    from dataclasses import replace

    block = recording.block
    first = max(len(block.close) - count, 0)
    prices = {x: getattr(block, x)[first:].copy() for x in ("open", "high", "low", "close")}
    return Recording(
        replace(block, first_step=block.first_step + first, **prices), recording.interval
    )
