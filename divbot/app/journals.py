"""Which journal a paper run is kept in: a new one, or that of a run that goes on."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from divbot.app import at_home
from divbot.domain.clock import SystemClock, utc_text
from divbot.domain.errors import InputError, JournalError
from divbot.folders import state_home

if TYPE_CHECKING:
    from divbot.app.options import PaperOptions
    from divbot.binance.trading_data import BinanceTrading
    from divbot.settings import Settings
    from divbot.trading.book import OnEvent
    from divbot.trading.journal import Journal
    from divbot.trading.runs import Runs

_SETTINGS_KEPT = ("interval", "top", "risk", "leverage", "max_positions", "fee", "slippage")


def open_journal(
    settings: Settings,
    options: PaperOptions,
    trading: BinanceTrading,
    on_event: OnEvent,
    listed: Collection[str],
) -> Journal:
    """Return the journal to write to, of a new run or of one that goes on; tell of either.

    Raise InputError where no symbol of the settings is `listed`, before anything is written.
    """
    from divbot.binance.universe import unlisted
    from divbot.domain.events import Resumed, Started
    from divbot.trading.journal import Journal
    from divbot.version import __version__

    path = _path(settings, options, trading)
    if path.exists():
        journal = Journal.open(path)
        _check_fits(journal, settings, trading)
        try:
            unlisted(listed, settings.symbols, journal.ledger.symbols)
        except InputError:
            journal.close()
            raise
    else:
        unlisted(listed, settings.symbols, ())
        started = Started(
            at=trading.now(),
            venue=venue_of(trading),
            market=settings.market,
            interval=settings.interval.value,
            is_simulated=trading.simulated,
            balance=settings.balance,
            version=__version__,
        )
        journal = Journal.create(path, started)
    kept = {name: str(getattr(settings, name)) for name in _SETTINGS_KEPT}
    at = max(trading.now(), journal.ledger.at)
    resumed = Resumed(at, journal.ledger.sessions + 1, kept)
    on_event(resumed, journal.write(resumed))
    return journal


def _path(settings: Settings, options: PaperOptions, trading: BinanceTrading) -> Path:
    if options.journal is not None:
        if options.fresh and options.journal.exists():
            raise InputError(f"--fresh: {options.journal} exists; name a new file")
        return options.journal
    runs = open_runs()
    found = None
    if not (options.fresh or options.demo):
        found = runs.latest(settings.market, venue_of(trading), include_demo=False)
    if found is not None:
        return found.path
    return runs.new(SystemClock().now(), settings.market, settings.interval, is_demo=options.demo)


def _check_fits(journal: Journal, settings: Settings, trading: BinanceTrading) -> None:
    start = journal.ledger.start
    if start is None:
        raise JournalError(f"{journal.path}: there is no run in it; name another file")
    if (start.market, start.is_simulated) != (settings.market, trading.simulated):
        journal.close()
        raise InputError(
            f"{journal.path} holds a run on {start.venue} {start.market.title}, not on "
            f"{venue_of(trading)} {settings.market.title}; begin a new one with --fresh"
        )
    if journal.ledger.at > trading.now() + 60_000:
        journal.close()
        raise InputError(
            f"{journal.path} goes on to {utc_text(journal.ledger.at)} UTC, but this market is at "
            f"{utc_text(trading.now())}; begin a new run with --fresh"
        )


def open_runs() -> Runs:
    """Return the folder in which this user's runs are kept."""
    from divbot.trading.runs import Runs

    return Runs(at_home(state_home) / "runs")


def venue_of(trading: BinanceTrading) -> str:
    """Return the name of the venue that is traded on."""
    return "local exchange" if trading.simulated else "Binance"
