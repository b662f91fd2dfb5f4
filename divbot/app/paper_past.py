"""A paper run that happened, and the final candles of its time: recorded, stored, or asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from divbot.app import scanning
from divbot.app.detail import Detail, detail_of, open_detail
from divbot.app.histories import open_recording
from divbot.app.homes import past_folder
from divbot.app.options import TellStage
from divbot.app.scan_rules import scan_rules
from divbot.app.stores import open_store
from divbot.domain.clock import SystemClock, utc_text
from divbot.domain.durations import DAY, MINUTE, milliseconds
from divbot.domain.errors import InputError
from divbot.domain.events import DEMO, Entered, SessionBegan, Started
from divbot.domain.market import Instrument, Interval

if TYPE_CHECKING:
    from divbot.history.asked import AskedHistory
    from divbot.history.joined import JoinedHistory
    from divbot.history.store import Store
    from divbot.research.port import PastMarket
    from divbot.settings import Settings
    from divbot.trading.journal.journal import JournalCopy

    History = AskedHistory | JoinedHistory | PastMarket

_OF_STORE = "final candles are those of the store"


@dataclass(frozen=True, slots=True)
class PaperPast:
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
class PaperSession:
    """One start of the program, with the settings that it had."""

    begun: SessionBegan
    settings: Settings


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """A paper run as its journal tells it, with the settings of each start."""

    recorded: JournalCopy
    start: Started
    sessions: Sequence[PaperSession]

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


@contextmanager
def open_paper_past(
    run: PaperRecord, recording: Path | None, progress: TellStage, *, from_store: bool
) -> Iterator[PaperPast]:
    """Provide the candles of a run's time, of a recording, the store, or its venue.

    Raise InputError where there are none for it; `from_store` asks no venue.
    """
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


def _lacking(run: PaperRecord, store: Store) -> str:
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


def _how_to_fetch(run: PaperRecord) -> str:
    from divbot.app.how_to_fetch import how_to_fetch

    begin, end = run.start.at - run.warm_up, run.recorded.ledger.at
    return how_to_fetch(run.settings, run.interval, begin, end, usual=DAY)


def _stored_past(
    run: PaperRecord, store: Store, stack: ExitStack, progress: TellStage
) -> PaperPast:
    """Return the store's; minutes are fetched when they are first needed."""
    settings, _ = _reached(run)
    shortest = detail_of(settings, None, store)
    detail = stack.enter_context(open_detail(settings, store, shortest, progress))
    found = _kept_past(run, detail.history, shortest, str(store.root))
    return replace(found, detail=detail)


def _recorded_past(run: PaperRecord, recording: Path) -> PaperPast:
    history = open_recording(recording, run.settings)
    return _kept_past(run, history, history.shortest, str(recording))


def _kept_past(run: PaperRecord, history: PastMarket, shortest: Interval, name: str) -> PaperPast:
    from divbot.history.instruments import instrument_named
    from divbot.history.port import span_of_all

    start = run.start
    known = span_of_all(history, shortest)
    if known is None or not known.start < start.at < known.end:
        raise InputError(
            f"{name}: expected candles of the run, which began at {utc_text(start.at)} UTC; "
            f"found {'none' if known is None else f'those from {known}'}"
        )
    return PaperPast(
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


def _asked_past(run: PaperRecord, stack: ExitStack, progress: TellStage) -> PaperPast:
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
    return PaperPast(
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


def _reached(run: PaperRecord) -> tuple[Settings, bool]:
    """Return the settings that reach the venue of a run, and whether it was a demo's own."""
    from divbot.binance.protocol.endpoints import BASE_URLS

    settings, address = run.settings, run.recorded.ledger.address
    if settings.base_url or address in (None, *BASE_URLS[run.start.market]):
        return settings, False
    if address == DEMO:
        return settings, True
    return settings.model_copy(update={"base_url": address}), False
