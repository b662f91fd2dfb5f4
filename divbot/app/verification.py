"""The composition of `divbot verify`: candles of a recording or of the venue, for the scanner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from divbot.app.journals import kept_settings
from divbot.app.scan_rules import base_rate, limit_of, plan_rules
from divbot.app.trials import open_trials, origin_of, spending_notices
from divbot.domain.errors import InputError
from divbot.domain.events import HISTORY

if TYPE_CHECKING:
    from divbot.domain.market import Interval
    from divbot.scanner.block import Block
    from divbot.scanner.evidence.calibration import Calibration
    from divbot.scanner.evidence.recording import RecordedBlock
    from divbot.settings import Settings


def open_recorded_block(
    path: Path, symbols: tuple[str, ...] = (), interval: Interval | None = None
) -> RecordedBlock:
    """Return the candles in `path`, of all symbols or of some; RecordingError for a bad one.

    Of a longer `interval` than the recording's they are put together; a last one that the recording
    holds in part is left out.
    """
    from divbot.exchange.market.recorded_series import recorded_series
    from divbot.scanner.evidence.recording import RecordedBlock

    found = recorded_series(path, symbols, interval)
    return RecordedBlock.of(found.candles, found.traded, found.interval, found.steps)


def calibration_of(recording: RecordedBlock, settings: Settings) -> Calibration:
    """Return how statements and events compare; InputError for too few candles."""
    rate = base_rate(settings, recording.block.interval)
    return recording.calibration(plan_rules(settings), rate, limit_of(settings))


def spend(recording: RecordedBlock, settings: Settings, name: str) -> Iterator[str]:
    """Yield, in words, which sealed days are spent by who is told what signals came to.

    Then it stands in the ledger of trials. Where nothing is sealed, nothing is written.
    """
    from divbot.research.trials.backtests import days_of, keep_check

    days, trials = days_of(*recording.span), open_trials(is_simulated=False)
    notices = list(spending_notices(trials, days, f"check, verify {name},"))
    yield from notices
    if notices:
        basis = kept_settings(settings, HISTORY) | {
            "market": settings.market.value,
            "interval": recording.block.interval.value,
        }
        keep_check(trials, name, days, origin_of(basis, recording.version))


def open_history(settings: Settings, recorded: Path | None) -> Block:
    """Return the newest candles of the symbols that the settings name: recorded, or the venue's."""
    from divbot.app.scanning import open_venue
    from divbot.scanner.block import build_block

    count = limit_of(settings) - 1
    if recorded is not None:
        # Where nobody says how long candles should be, they are as they were recorded.
        asked = settings.interval if "interval" in settings.model_fields_set else None
        return open_recorded_block(recorded, settings.symbols, asked).block.newest(count)
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
