"""The composition of `divbot verify`: recorded candles, kernels, and the scanner's judgement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from divbot.app import scan_rules, trade_rules
from divbot.domain.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from divbot.domain.market import Interval
    from divbot.exchange.tape import Rows, Tape
    from divbot.scanner.block import Block
    from divbot.scanner.calibration import Calibration
    from divbot.settings import Settings


class Prices(NamedTuple):
    """Recorded candles of one symbol, as the scanner wants them."""

    open_time: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded market, side by side."""

    block: Block
    interval: Interval


def open_recording(
    path: Path, symbols: tuple[str, ...] = (), interval: Interval | None = None
) -> Recording:
    """Return the candles in `path`, of all symbols or of some; RecordingError for a bad one.

    Of a longer `interval` than the recording's they are put together; a last one that the recording
    holds in part is left out.
    """
    from divbot.exchange.grid import serves
    from divbot.exchange.recorded import load_recording
    from divbot.exchange.tape import CLOSE, HIGH, LOW, OPEN, OPEN_TIME
    from divbot.scanner.block import build_block

    tape = load_recording(path)
    length = interval or tape.interval
    if not serves(tape.interval, length):
        raise InputError(
            f"{path}: expected candles that {length.value} ones can be made of, found "
            f"{tape.interval.value} candles; choose a multiple with --interval"
        )
    series = {}
    for number, listing in enumerate(tape.listings):
        if symbols and listing.symbol not in symbols:
            continue
        rows = _final_rows(tape, number, length)
        if not len(rows):
            continue
        # Both numbers are exact, so that the quotient is the float nearest to the price.
        prices = (rows[:, x] / 10.0**listing.price_decimals for x in (OPEN, HIGH, LOW, CLOSE))
        series[listing.symbol] = Prices(rows[:, OPEN_TIME], *prices)
    missing = sorted(set(symbols) - set(series))
    if missing:
        raise InputError(f"{path}: expected candles of {', '.join(missing)}, found none")
    span = length.steps_between(tape.first, tape.last) + 1
    return Recording(build_block(series, length, span), length)


def _final_rows(tape: Tape, number: int, interval: Interval) -> Rows:
    """Return the candles of listing `number` that are over when the recording ends."""
    from divbot.exchange.candles import aggregate
    from divbot.exchange.grid import Grid
    from divbot.exchange.tape import OPEN_TIME

    rows = tape.candles(number, tape.first, tape.last + 1)
    if interval is tape.interval:
        return rows
    grid = Grid(interval)
    end = grid.open_at(tape.interval.close_of(tape.last))
    final = rows[rows[:, OPEN_TIME] < end]
    if not len(final):
        return final
    return aggregate(final, grid.opens(grid.open_at(int(final[0, OPEN_TIME])), end))


def calibration_of(
    recording: Recording, settings: Settings, on_row: Callable[[float], None] = lambda _: None
) -> Calibration:
    """Return how confidence and events compare, walking forward; InputError for too few candles."""
    from divbot.kernels.analysis import WARM_UP, after_warm_up, analyse
    from divbot.kernels.divergence import PIVOT, PREVIOUS
    from divbot.kernels.pivots import RIGHT
    from divbot.scanner.calibration import Rows, calibrate
    from divbot.scanner.trial import try_divergences

    block, rules = recording.block, trade_rules(settings)
    analysis = analyse(block.high, block.low, block.close)
    events = after_warm_up(analysis.divergences)
    cases = try_divergences(block, analysis, events, rules)
    confirmed = events[:, PIVOT] + RIGHT
    rows = Rows(events[:, PREVIOUS], confirmed, confirmed + cases.held)
    # The confirming candle is the newest of `limit - 1` final ones.
    window = scan_rules(settings).limit - 2 - WARM_UP
    found = calibrate(cases, rows, rules, window, on_row)
    if found is None:
        raise InputError(
            f"expected candles enough for divergences to end, found {len(block.close)} of "
            f"{len(block.symbols)} symbols"
        )
    return found


def open_history(settings: Settings, recorded: Path | None) -> Recording:
    """Return the newest candles of the symbols that the settings name: recorded, or the venue's."""
    from divbot.app import open_venue
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
    empty = [symbol for symbol, candles in series.items() if not len(candles.open_time)]
    if empty:
        raise InputError(f"expected candles of {', '.join(empty)}, found none")
    return Recording(build_block(series, settings.interval, count), settings.interval)


def newest(recording: Recording, count: int) -> Recording:
    """Return the newest `count` candles of a recording."""
    from dataclasses import replace

    block = recording.block
    first = max(len(block.close) - count, 0)
    prices = {x: getattr(block, x)[first:].copy() for x in ("open", "high", "low", "close")}
    return replace(recording, block=replace(block, first_step=block.first_step + first, **prices))
