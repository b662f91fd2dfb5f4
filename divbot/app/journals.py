"""Which journal a paper run is kept in: a new one, or that of a run that goes on.

A run is one experiment: one venue address, one market, one interval. What it is traded with may
change from session to session, and is told; what it began with cannot.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from divbot.app.homes import at_home
from divbot.domain.clock import SystemClock, utc_text
from divbot.domain.durations import MINUTE, Duration, duration_text
from divbot.domain.errors import InputError, JournalError
from divbot.domain.events import DEMO
from divbot.domain.hosts import address_of
from divbot.domain.ledger import ADDRESS
from divbot.domain.market import Interval, Market
from divbot.folders import state_home
from divbot.setting_table import SETTINGS, Scope

if TYPE_CHECKING:
    from divbot.app.options import PaperOptions
    from divbot.binance.trading_data import BinanceTrading
    from divbot.domain.events import SessionBegan, Started
    from divbot.domain.ledger import Ledger
    from divbot.domain.notices import Tell
    from divbot.settings import Settings
    from divbot.trading.engine.account import OnEvent
    from divbot.trading.journal.journal import Journal
    from divbot.trading.journal.runs import Runs

_NONE = ("None", "")
"""How a journal keeps that a setting was left out."""
_AHEAD = MINUTE
"""ms by which a journal may be ahead of its market: clocks differ."""


@dataclass(frozen=True, slots=True)
class _Experiment:
    """What one run is about."""

    venue: str
    market: Market
    interval: Interval
    is_simulated: bool
    address: str

    def is_of(self, ledger: Ledger) -> bool:
        start = ledger.start
        return (
            start is not None
            and (start.venue, start.market, start.interval, start.is_simulated)
            == (self.venue, self.market, self.interval, self.is_simulated)
            and ledger.address in (None, self.address)
        )

    def __str__(self) -> str:
        return _title(self.venue, self.market, self.interval, self.address)


def open_journal(
    settings: Settings,
    options: PaperOptions,
    trading: BinanceTrading,
    on_event: OnEvent,
    tell: Tell,
    listed: Collection[str],
) -> Journal:
    """Return the journal to write to, of a new run or of one that goes on; tell of either.

    Raise InputError where no symbol of the settings is `listed`, before anything is written.
    """
    from divbot.binance.listing.universe import unknown_among
    from divbot.trading.journal.journal import Journal

    wanted = _experiment(settings, options, trading)
    path = _path(wanted, options, tell)
    if path.exists():
        journal = _fitting(path, wanted, settings, options, trading, tell)
        try:
            unknown_among(listed, settings.symbols, journal.ledger.symbols)
        except InputError:
            journal.close()
            raise
    else:
        unknown_among(listed, settings.symbols, ())
        journal = Journal.create(path, _started(wanted, settings, trading))
    resumed = _resumed(journal.ledger, kept_settings(settings, wanted.address), trading.now())
    on_event(resumed, journal.write(resumed))
    return journal


def _experiment(settings: Settings, options: PaperOptions, trading: BinanceTrading) -> _Experiment:
    from divbot.binance.protocol.endpoints import BASE_URLS

    url = settings.base_url or BASE_URLS[settings.market][0]
    return _Experiment(
        venue=venue_of(trading),
        market=settings.market,
        interval=settings.interval,
        is_simulated=trading.simulated,
        address=DEMO if options.demo else address_of(url),
    )


def _path(wanted: _Experiment, options: PaperOptions, tell: Tell) -> Path:
    if options.journal is not None:
        if options.fresh and options.journal.exists():
            raise InputError(f"--fresh: {options.journal} exists; name a new file")
        return options.journal
    runs = open_runs()
    if not (options.fresh or options.demo):
        found = runs.latest(
            wanted.market,
            wanted.venue,
            interval=wanted.interval,
            address=wanted.address,
            include_demo=False,
            include_history=False,
        )
        if found is not None:
            return found.path
        other = runs.latest(include_demo=False, include_history=False)
        if other is not None and other.start is not None:
            old = other.start
            known = _title(old.venue, old.market, old.interval, old.address)
            tell(
                f"a new run begins: none is on {wanted} yet; the newest other one, {other.name} "
                f"on {known}, is kept",
                is_warning=True,
            )
    return runs.new(SystemClock().now(), wanted.market, wanted.interval, is_demo=options.demo)


def _started(wanted: _Experiment, settings: Settings, trading: BinanceTrading) -> Started:
    from divbot.domain.events import Started
    from divbot.version import __version__

    return Started(
        at=trading.now(),
        venue=wanted.venue,
        market=wanted.market,
        interval=wanted.interval.value,
        is_simulated=wanted.is_simulated,
        balance=settings.balance,
        version=__version__,
        address=wanted.address,
        number=open_runs().next_number(),
    )


def _fitting(
    path: Path,
    wanted: _Experiment,
    settings: Settings,
    options: PaperOptions,
    trading: BinanceTrading,
    tell: Tell,
) -> Journal:
    """Open the journal in `path`; raise InputError where its run cannot go on like that."""
    from divbot.trading.journal.journal import Journal

    def require(ledger: Ledger) -> None:
        afresh = "name another file" if options.journal else "begin a new run with --fresh"
        if reason := _misfit(ledger, wanted, settings, trading.now()):
            raise InputError(f"{path.resolve()} {reason}; {afresh}")

    journal = Journal.open(path, require)
    if journal.kept is not None:
        tell(
            f"{journal.path} was upgraded; as the older divbot wrote it, it is {journal.kept}",
            is_warning=True,
        )
    return journal


def _misfit(ledger: Ledger, wanted: _Experiment, settings: Settings, now: int) -> str:
    """Return why a run cannot go on; empty where it can."""
    start = ledger.start
    if start is None:
        return "holds no run"
    if not wanted.is_of(ledger):
        known = _title(start.venue, start.market, start.interval, ledger.address)
        return f"holds a run on {known}, not on {wanted}"
    if ledger.at > now + _AHEAD:
        return f"goes on to {utc_text(ledger.at)} UTC, but this market is at {utc_text(now)}"
    if "balance" in settings.model_fields_set and settings.balance != start.balance:
        return (
            f"began with a balance of {start.balance:f} USDT, which stays: expected no other, "
            f"found {settings.balance.normalize():f}"
        )
    return ""


def _resumed(ledger: Ledger, kept: dict[str, str], now: int) -> SessionBegan:
    from divbot.domain.events import SessionBegan

    before = ledger.resumed.settings if ledger.resumed is not None else {}
    changed = {
        name: (before[name], value)
        for name, value in kept.items()
        if name in before and _meaning(name, before[name]) != _meaning(name, value)
    }
    return SessionBegan(max(now, ledger.at), ledger.sessions + 1, kept, changed)


def kept_settings(settings: Settings, address: str) -> dict[str, str]:
    """Return what a session is traded with, setting by setting."""
    kept = {
        name: text_of(getattr(settings, name))
        for name, x in SETTINGS.items()
        if x.scope is Scope.TRADING
    }
    return kept | {ADDRESS: address}


def _meaning(name: str, text: str) -> object:
    """Return what `text`, which a journal keeps, says of a setting: durations had no unit once."""
    try:
        return _value(name, text) if name in SETTINGS else text
    except ValueError:  # it was left out, or allowed at the time
        return text


def _value(name: str, text: str) -> object:
    reader = SETTINGS[name].reader
    return reader.read(reader.with_unit(text) if isinstance(reader, Duration) else text)


def text_of(value: object) -> str:
    """Return the value of a setting as a user writes it; equal values have one text."""
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, timedelta):
        return duration_text(value)
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _title(venue: str, market: Market, interval: str, address: str | None) -> str:
    return f"{venue} {market.title} {interval}" + (f" at {address}" if address else "")


def open_runs() -> Runs:
    """Return the folder in which this user's runs are kept."""
    from divbot.trading.journal.runs import Runs

    return Runs(at_home(state_home) / "runs")


def venue_of(trading: BinanceTrading) -> str:
    """Return the name of the venue that is traded on."""
    return "local exchange" if trading.simulated else "Binance"


def settings_of(start: Started, session: SessionBegan, machine: Settings) -> Settings:
    """Return what a session was traded with, as its journal keeps it.

    What is of the machine alone comes from `machine`. Raise JournalError for what no setting says.
    """
    from divbot.settings import Settings

    kept = {"market": start.market.value, "interval": start.interval, **session.settings}
    values: dict[str, Any] = {}
    for name, row in SETTINGS.items():
        if row.scope is Scope.MACHINE or name == ADDRESS:
            values[name] = getattr(machine, name)
        elif name in kept and kept[name] not in _NONE:
            try:
                values[name] = _value(name, kept[name])
            except ValueError as error:
                raise JournalError(f"session {session.session}: {name}: {error}") from None
    # As they were, whatever the environment of today says of those that are not kept.
    return Settings.model_construct(**values)
