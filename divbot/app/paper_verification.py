r"""The composition of `divbot verify paper`: a run that happened, and once more on final candles.

journal --> sessions, settings --> Leg ...  ----+
recording, store, or the venue of the run
          --> PastScanner, PastTrading  --> rerun --> a second journal
                                              compare <--'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from divbot.app import scanning
from divbot.app.backtest import open_recording
from divbot.app.detail import Detail, detail_of, open_detail
from divbot.app.homes import past_folder
from divbot.app.journals import settings_of
from divbot.app.options import USUAL_SPREAD, TellStage
from divbot.app.scan_rules import scan_rules, universe_rules
from divbot.app.stores import open_store
from divbot.app.trading_rules import trading_rules
from divbot.domain.clock import SystemClock, utc_text
from divbot.domain.durations import DAY, MINUTE, milliseconds
from divbot.domain.errors import InputError
from divbot.domain.events import DEMO, Entered, Exited, Nature, SessionBegan, Started
from divbot.domain.market import Instrument, Interval

if TYPE_CHECKING:
    from divbot.domain.trades import ClosedTrade
    from divbot.history.asked import AskedHistory
    from divbot.history.joined import JoinedHistory
    from divbot.history.store import Store
    from divbot.research.comparison.account import Silence
    from divbot.research.comparison.differences import Compared
    from divbot.research.comparison.rerun import Leg
    from divbot.research.past import PastScanner
    from divbot.research.port import PastMarket
    from divbot.settings import Settings
    from divbot.trading.journal.journal import JournalCopy

    History = AskedHistory | JoinedHistory | PastMarket


_OF_STORE = "final candles are those of the store"


@dataclass(frozen=True, slots=True)
class VerifiedRun:
    """A paper run beside the same time on final candles."""

    compared: tuple[Compared, ...]
    silences: tuple[Silence, ...]
    start: int
    end: int
    """What is compared: from when to when, ms UTC."""
    notes: tuple[str, ...]
    """What stood in for what could not be known."""

    @property
    def same(self) -> int:
        """Return how many trades do not differ."""
        return sum(not x.parts for x in self.compared)

    @property
    def unexplained(self) -> int:
        """Return how many trades differ for a reason that was not found."""
        return sum(not x.is_explained for x in self.compared)


@dataclass(frozen=True, slots=True)
class _Past:
    """Where the candles of the time of a run are."""

    history: History
    shortest: Interval
    """Of the candles between two closes."""
    instruments: Mapping[str, Instrument]
    end: int
    """Up to when there are final ones, ms UTC."""
    cache: Path
    workers: int
    is_too_short: bool
    """It begins too late to tell how old symbols were."""
    detail: Detail | None = None
    """How a store's short candles are had."""
    source: str = ""
    """Where they are, in words, where nobody named it."""


@dataclass(frozen=True, slots=True)
class _Session:
    """One start of the program, with the settings that it had."""

    begun: SessionBegan
    settings: Settings


@dataclass(frozen=True, slots=True)
class _Run:
    """What happened."""

    recorded: JournalCopy
    start: Started
    sessions: Sequence[_Session]

    @property
    def interval(self) -> Interval:
        """Return the interval of its reports."""
        return Interval(self.start.interval)

    @property
    def settings(self) -> Settings:
        """Return those that it ended with."""
        return self.sessions[-1].settings

    @property
    def ticks(self) -> Mapping[str, Decimal | None]:
        """Return the tick of each symbol that was traded."""
        return {x.symbol: x.tick for x in self.recorded.events if isinstance(x, Entered)}

    @property
    def warm_up(self) -> int:
        """Return how long before it candles are needed, ms."""
        from divbot.research.past_signals import overlap

        rules = [scan_rules(x.settings) for x in self.sessions]
        rows = max(2 * overlap(x.limit) + x.ranking.max_age for x in rules)
        return max(rows * rules[0].interval.milliseconds, DAY) + DAY


def verify_paper(
    recorded: JournalCopy,
    machine: Settings,
    recording: Path | None,
    progress: TellStage,
    *,
    from_store: bool = False,
) -> VerifiedRun:
    """Trade the time of a run again on final candles, and compare the two.

    They are those of `recording`, or of the store where it holds the market, interval and time of
    the run, or has to (`from_store`); else they are asked of the venue of the run. Raise InputError
    where there are none for it, and for a run that was a backtest.
    """
    start = _paper_start(recorded)
    sessions = [
        _Session(x, settings_of(start, x, machine))
        for x in recorded.events
        if isinstance(x, SessionBegan)
    ]
    if not sessions:
        raise InputError(f"{recorded.path}: expected a session of a run, found none")
    run = _Run(recorded, start, sessions)
    with _past(run, recording, progress, from_store=from_store) as past:
        return _compared(run, past, progress)


def _paper_start(recorded: JournalCopy) -> Started:
    start = recorded.ledger.start
    if start is None:
        raise InputError(f"{recorded.path}: expected a paper run, found none")
    if start.nature is Nature.HISTORY:
        raise InputError(
            f"{recorded.path.stem} is a backtest, traded on final candles already: expected a "
            "paper run"
        )
    return start


@contextmanager
def _past(
    run: _Run, recording: Path | None, progress: TellStage, *, from_store: bool
) -> Iterator[_Past]:
    """Provide the candles of the run's time."""
    if recording is not None:
        yield _recorded_past(run, recording)
        return
    store = open_store(run.settings, run.start.market)
    lacks = _lacking(run, store)
    if from_store and lacks:
        raise InputError(f"{store.root}: {lacks}; get some: {_how_to_fetch(run)}")
    with ExitStack() as stack:
        if lacks:
            yield _asked_past(run, stack, progress)
        else:
            past = _stored_past(run, store, stack, progress)
            yield past if from_store else replace(past, source=f"{_OF_STORE} {store.root}")


def _lacking(run: _Run, store: Store) -> str:
    """Return, in words, what the store has not of the run's time; empty where it has all."""
    from divbot.history.store import WHOSE

    interval, is_simulated = run.interval, run.start.is_simulated
    if store.is_simulated not in (None, is_simulated):
        return (
            f"expected {WHOSE[is_simulated]} prices as those of the run, found "
            f"{WHOSE[not is_simulated]}"
        )
    traded = run.ticks.keys()
    missing = sorted(traded - set(store.symbols(interval)))
    if missing:
        return f"expected {interval} candles of {', '.join(missing)}, which the run traded"
    until = run.recorded.ledger.at - interval.milliseconds
    for symbol in sorted(traded or store.symbols(interval)[:1]):
        span = store.span(symbol, interval)
        if span is None or span.end < until or (traded and span.start > run.start.at):
            held = f"those from {span}" if span else "none"
            return f"expected {interval} candles of {symbol} in the time of the run, found {held}"
    if not store.symbols(interval):
        return f"expected {interval} candles of {run.start.market.title}, found none"
    return ""


def _how_to_fetch(run: _Run) -> str:
    from divbot.app.how_to_fetch import how_to_fetch

    begin, end = run.start.at - run.warm_up, run.recorded.ledger.at
    return how_to_fetch(run.settings, run.interval, begin, end, usual=DAY)


def _stored_past(run: _Run, store: Store, stack: ExitStack, progress: TellStage) -> _Past:
    """Return the store's; minutes are fetched when they are first needed."""
    settings, _ = _reached(run)
    shortest = detail_of(settings, None, store)
    detail = stack.enter_context(open_detail(settings, store, shortest, progress))
    found = _kept_past(run, detail.history, shortest, str(store.root))
    return replace(found, detail=detail)


def _recorded_past(run: _Run, recording: Path) -> _Past:
    history = open_recording(recording, run.settings)
    return _kept_past(run, history, history.shortest, str(recording))


def _kept_past(run: _Run, history: PastMarket, shortest: Interval, name: str) -> _Past:
    from divbot.history.instruments import instrument_named
    from divbot.history.port import span_of_all

    start = run.start
    known = span_of_all(history, shortest)
    if known is None or not known.start < start.at < known.end:
        raise InputError(
            f"{name}: expected candles of the run, which began at {utc_text(start.at)} UTC; "
            f"found {'none' if known is None else f'those from {known}'}"
        )
    return _Past(
        history,
        shortest,
        {
            x: replace(instrument_named(x, start.market, None), tick_size=run.ticks.get(x))
            for x in history.symbols(run.interval)
        },
        known.end,
        past_folder(),
        scanning.workers_of_scan(run.settings),
        start.at - known.start < max(milliseconds(x.settings.min_age) for x in run.sessions),
    )


def _asked_past(run: _Run, stack: ExitStack, progress: TellStage) -> _Past:
    """Ask the venue of the run, for what it lists today and for what the run traded."""
    from divbot.binance.protocol.endpoints import KLINES_LIMIT
    from divbot.binance.server_clock import ServerClock
    from divbot.history.asked import AskedHistory

    recorded, start, traded = run.recorded, run.start, sorted(run.ticks)
    settings, is_demo = _reached(run)
    # The time of a demo may have run faster than that of this machine.
    known = max(SystemClock().now(), recorded.ledger.at + 2 * MINUTE)
    source = scanning.open_source(settings, stack, demo=is_demo, begins=known)
    clock = ServerClock(SystemClock())
    listing = stack.enter_context(source.open_listing(clock))
    trading = source.open_trading(clock, 1, price_checks=0, symbols=0, tell=lambda *_, **__: None)
    stack.callback(trading.close)
    trading.begin()
    if trading.simulated != start.is_simulated:
        raise InputError(
            f"{recorded.path.stem} was traded at {recorded.ledger.address}: expected that venue, "
            "found another; name it with --base-url, or candles of it with --recorded"
        )
    listed = {x.symbol: x.instrument for x in listing.universe(traded).listed}
    end = trading.now() // trading.candle_length * trading.candle_length
    if not start.at < end:
        raise InputError(
            f"the run began at {utc_text(start.at)} UTC, and this market is at {utc_text(end)}; "
            "where its time runs anew with each start, name candles of it with --recorded"
        )
    return _Past(
        AskedHistory(
            listing,
            trading,
            start.market,
            (settings.interval, trading.interval),
            sorted({*listed, *traded}),
            (start.at - run.warm_up, min(end, recorded.ledger.at + trading.candle_length)),
            KLINES_LIMIT[start.market].maximum - 1,
            progress,
        ),
        trading.interval,
        {symbol: x for symbol, x in listed.items() if x is not None},
        end,
        Path(stack.enter_context(TemporaryDirectory())),
        workers=1,
        is_too_short=True,
    )


def _reached(run: _Run) -> tuple[Settings, bool]:
    """Return the settings that reach the venue of a run, and whether it was a demo's own."""
    from divbot.binance.protocol.endpoints import BASE_URLS

    settings, address = run.settings, run.recorded.ledger.address
    if settings.base_url or address in (None, *BASE_URLS[run.start.market]):
        return settings, False
    if address == DEMO:
        return settings, True
    return settings.model_copy(update={"base_url": address}), False


def _compared(run: _Run, past: _Past, progress: TellStage) -> VerifiedRun:
    from divbot.research.comparison.account import AccountHistory, silences
    from divbot.research.comparison.differences import compare
    from divbot.research.comparison.reasons import Scene
    from divbot.research.comparison.rerun import PricesOfRun, QuotesOfRun, fills_of, rerun
    from divbot.research.venue import PastTrading
    from divbot.trading.journal.journal import Journal

    recorded, detail = run.recorded, past.shortest
    end = min(recorded.ledger.at, past.end)
    with ExitStack() as stack:
        legs = list(_legs(run.sessions, past, end, stack, progress))
        quotes = QuotesOfRun(fills_of(recorded.events), USUAL_SPREAD)
        prices = PricesOfRun(past.history, recorded.events)
        stands_in = past.detail.stands_in if past.detail else lambda *_: None
        venue = PastTrading(prices, legs[0].reports.symbols, detail, quotes, stands_in)
        folder = Path(stack.enter_context(TemporaryDirectory()))
        begun = replace(run.start, at=legs[0].period.start)
        length = end - begun.at
        with Journal.create(folder / "again.db", begun) as journal, journal.together():
            rerun(legs, venue, journal, lambda at: progress("trading", at - begun.at, length))
            again = [event for _, event in journal.events() if event.at <= end]
            closed = tuple(journal.ledger.closed)
        paper = [x for x in recorded.events if x.at <= end]
        quiet = silences(paper, legs[-1].rules.mark_every)
        scene = Scene(venue.tape, quotes, legs, quiet, end)
        ours, theirs = (AccountHistory(x, detail.milliseconds) for x in (paper, again))
        progress("comparing", 0, 1)
        return VerifiedRun(
            compare(ours, theirs, scene),
            quiet,
            run.start.at,
            end,
            tuple(_notes(run, past, closed, end)),
        )


def _legs(
    sessions: Sequence[_Session],
    past: _Past,
    end: int,
    stack: ExitStack,
    progress: TellStage,
) -> Iterator[Leg]:
    """Yield the sessions with their reports; those of the same settings share them."""
    from divbot.research.backtest import Period
    from divbot.research.comparison.rerun import Leg
    from divbot.research.past import PastScanner

    length, scanners = past.shortest.milliseconds, dict[str, PastScanner]()
    begins = [_first_look(x, length) for x in sessions]
    # One look more than the run had: it tells how the last candle ended.
    ends = [*begins[1:], end // length * length + 2 * length]
    for session, first, last in zip(sessions, begins, ends, strict=True):
        settings = session.settings
        if past.is_too_short:
            settings = settings.model_copy(update={"min_age": timedelta(0)})
        name = str(sorted(session.begun.settings.items()))
        if name not in scanners:
            scanners[name] = stack.enter_context(
                PastScanner.open(
                    past.history,
                    (begins[0] - settings.interval.milliseconds, ends[-1]),
                    scan_rules(settings, with_divergences=False),
                    universe_rules(settings),
                    cache=past.cache,
                    workers=past.workers,
                    instruments=past.instruments,
                    tell=progress,
                )
            )
        if first < last:
            yield Leg(
                session.begun.session,
                session.begun.at,
                Period(first, last),
                scanners[name],
                trading_rules(settings),
                milliseconds(settings.check_interval),
                _listed_by(scanners[name]),
            )


def _first_look(session: _Session, length: int) -> int:
    """Return when a session looks for the first time: not before it has started.

    But where it takes what was confirmed earlier, it could act within that candle.
    """
    at = session.begun.at
    return at // length * length if session.settings.take_earlier else -(-at // length) * length


def _listed_by(scanner: PastScanner) -> Callable[[str, int], bool]:
    places = {symbol: place for place, symbol in enumerate(scanner.symbols)}
    return lambda symbol, close: bool(scanner.is_listed(close)[places[symbol]])


def _notes(run: _Run, past: _Past, closed: Sequence[ClosedTrade], end: int) -> Iterator[str]:
    """Yield, in words, what stood in for what is not known, and what is left out."""
    if past.source:
        yield past.source
    if past.is_too_short:
        yield "how old a symbol was then is not known: none is left out for it"
    if past.detail is not None:
        yield from (x for x in (past.detail.fetched,) if x)
        yield from past.detail.notes(run.interval, closed)
    elif past.shortest is not Interval.M1:
        yield f"there are no candles shorter than {past.shortest}: looks are as far apart"
    if any(x.at > end for x in run.recorded.events if isinstance(x, Entered | Exited)):
        yield f"there are final candles to {utc_text(end)} UTC: what came later is not compared"
