"""The composition of `divbot verify`: candles of a recording or of the venue, for the scanner."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from divbot.app.scan_rules import base_rate, scan_rules, trade_rules
from divbot.domain.errors import InputError

if TYPE_CHECKING:
    from divbot.domain.market import Interval
    from divbot.exchange.market.tape import Rows, Tape
    from divbot.scanner.block import Block
    from divbot.scanner.evidence.calibration import Calibration
    from divbot.scanner.evidence.recording import Recording
    from divbot.settings import Settings


def open_recording(
    path: Path, symbols: tuple[str, ...] = (), interval: Interval | None = None
) -> Recording:
    """Return the candles in `path`, of all symbols or of some; RecordingError for a bad one.

    Of a longer `interval` than the recording's they are put together; a last one that the recording
    holds in part is left out.
    """
    from divbot.candle_arrays import Candles
    from divbot.exchange.market.recorded import load_recording
    from divbot.exchange.market.tape import CLOSE, HIGH, LOW, OPEN, OPEN_TIME, QUOTE_VOLUME, VOLUME
    from divbot.recordings.grid import serves
    from divbot.scanner.evidence.recording import Recording

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
    return Recording.of(series, volumes, length, span)


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


def calibration_of(recording: Recording, settings: Settings) -> Calibration:
    """Return how statements and events compare; InputError for too few candles."""
    rate = base_rate(settings, recording.block.interval)
    return recording.calibration(trade_rules(settings), rate, scan_rules(settings).limit)


def open_history(settings: Settings, recorded: Path | None) -> Block:
    """Return the newest candles of the symbols that the settings name: recorded, or the venue's."""
    from divbot.app.scanning import open_venue
    from divbot.scanner.block import build_block

    count = scan_rules(settings).limit - 1
    if recorded is not None:
        # Where nobody says how long candles should be, they are as they were recorded.
        asked = settings.interval if "interval" in settings.model_fields_set else None
        return open_recording(recorded, settings.symbols, asked).block.newest(count)
    with open_venue(settings) as venue:
        venue.universe()  # an unknown symbol is told by its name
        series = {
            symbol: venue.final_candles(symbol, settings.interval, count + 1)
            for symbol in settings.symbols
        }
    empty = [symbol for symbol, candles in series.items() if not len(candles)]
    if empty:
        raise InputError(f"expected candles of {', '.join(empty)}, found none")
    return build_block(series, settings.interval, count)
