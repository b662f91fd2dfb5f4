r"""The composition of a backtest: the past, its reports, the trader on a virtual clock, a journal.

    recording or store --> PastScanner (reports) --> PastFeed  --+
                      \--> PastTrading (quotes, minutes) --------+--> Engine --> Journal, one commit

The journal is written aside and moved to its place at the end: whatever ends a backtest earlier
leaves nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from divbot.app import scanning
from divbot.app.detail import detail_of, open_detail
from divbot.app.homes import past_folder
from divbot.app.journals import kept_settings, open_runs
from divbot.app.known_funding import KnownFunding, funding_notes, known_funding
from divbot.app.options import BacktestOptions, TellStage
from divbot.app.scan_rules import past_rate, plan_rules, scan_rules, universe_rules
from divbot.app.trading_rules import trading_rules
from divbot.app.trials import open_trials, origin_of, spending_notices
from divbot.domain.clock import SystemClock, utc_text
from divbot.domain.durations import DAY, HOUR, duration_text, milliseconds
from divbot.domain.errors import InputError
from divbot.domain.events import HISTORY, SessionBegan, Started
from divbot.domain.market import Instrument, Interval, Market
from divbot.files import make_private, sync_folder
from divbot.version import __version__

if TYPE_CHECKING:
    from divbot.domain.ledger import Ledger
    from divbot.history.spans import Span
    from divbot.research.backtest import Period
    from divbot.research.past import PastScanner
    from divbot.research.port import PastMarket
    from divbot.research.venue import PastTrading
    from divbot.scanner.evidence.base_rates import BaseRate
    from divbot.settings import Settings
    from divbot.trading.engine.engine import TradingRules
    from divbot.trading.journal.journal import Journal

_VENUE = "Binance"
_LEAST_ORDER = Decimal(5)
"""In USDT."""
_MARK_EVERY = HOUR
"""ms between two valuations: a year of those of paper would be a hundred thousand."""

_YEAR = 365 * DAY


@dataclass(frozen=True, slots=True)
class Traded:
    """A backtest that has ended."""

    journal: Path
    notes: tuple[str, ...]
    """What stood in for what the history does not tell."""
    holes: tuple[tuple[str, Span], ...]
    """By symbol what is missing of its candles: no divergence spans it."""
    unpaid: tuple[tuple[str, Span], ...]
    """By symbol what is missing of its funding: positions paid and got none then."""


def backtest(
    history: PastMarket,
    settings: Settings,
    options: BacktestOptions,
    progress: TellStage,
    tell: Callable[[str], None] = lambda _: None,
) -> Traded:
    """Trade the past; return where the journal is. `tell` hears beforehand what it spends.

    Raise InputError where there are no candles for it; what `progress` raises ends it, and leaves
    nothing.
    """
    from divbot.binance.listing.universe import unknown_among
    from divbot.research.backtest import PastTrader, run
    from divbot.research.moments import Moments
    from divbot.research.past import PastScanner
    from divbot.research.venue import PastTrading, Spreads

    unlisted = unknown_among(history.symbols(settings.interval), settings.symbols, ())
    detail = detail_of(settings, options.detail, history)
    known = _known(settings, options, history)
    period = _period(settings, options, known, detail)
    if options.is_counted:
        _tell_of_spending(history, period, tell)
    rules = trading_rules(settings, mark_every=_MARK_EVERY)
    rate = _rate(settings, history, known.start, period.start)
    with (
        open_detail(settings, history, detail, progress) as seen,
        PastScanner.open(
            history,
            (period.start, period.end),
            scan_rules(settings, rate, with_divergences=False),
            universe_rules(settings),
            cache=past_folder(),
            workers=scanning.workers_of_scan(settings),
            is_todays=options.is_todays,
            instruments={
                x: _listed(x, settings.market) for x in history.symbols(settings.interval)
            },
            tell=progress,
        ) as past,
        _aside(lambda: _path(settings, options)) as place,
        _journal(
            place.aside,
            settings,
            options,
            rules,
            period.start,
            detail,
            is_simulated=bool(history.is_simulated),
        ) as journal,
    ):
        venue = PastTrading(
            seen.history, past.symbols, detail, Spreads(options.spread), seen.stands_in
        )
        trader = PastTrader(
            venue,
            past,
            journal,
            rules,
            milliseconds(settings.check_interval),
            period,
            tell=lambda *_, **__: None,
            on_event=lambda *_: None,
        )
        length = period.end - period.start
        run(trader, Moments(trader), lambda at: progress("trading", at - period.start, length))
        progress("trading", length, length)
        if options.is_counted:
            _count(history, settings, options, period, detail, journal.ledger)
        account = journal.ledger
    if seen.fetched:
        tell(seen.fetched)
    said = f"confidence and expectancy start from what was known then: {rate.source}"
    assumed = (
        *seen.notes(settings.interval, tuple(account.closed)),
        *_notes(settings, venue, past, period),
    )
    unknown = (f"{symbol}: {why}" for symbol, why in unlisted.items())
    early = () if account.next_trade > 1 else _too_early(settings, known, period)
    notes = (*unknown, *past.notes, *early, said, *assumed)
    unpaid = tuple(_unpaid(settings, history, venue, past, period))
    return Traded(place.path, notes, tuple(_holes(settings, history, period)), unpaid)


def _tell_of_spending(history: PastMarket, period: Period, tell: Callable[[str], None]) -> None:
    from divbot.research.trials.backtests import days_of

    trials = open_trials(is_simulated=bool(history.is_simulated))
    for notice in spending_notices(trials, days_of(period.start, period.end)):
        tell(notice)


def _count(
    history: PastMarket,
    settings: Settings,
    options: BacktestOptions,
    period: Period,
    detail: Interval,
    account: Ledger,
) -> None:
    """Write down that these days were seen, before anybody sees them."""
    from divbot.research.trials.backtests import (
        data_hash,
        days_of,
        keep_backtest,
        portfolio_results,
    )

    basis = traded_with(settings, detail, options.spread, is_todays=options.is_todays)
    data = data_hash(history, [settings.interval], period.start, period.end)
    results = portfolio_results(account.closed, days_of(period.start, period.end))
    trials = open_trials(is_simulated=bool(history.is_simulated))
    keep_backtest(trials, results, origin_of(basis | {"market": settings.market.value}, data))


def _rate(settings: Settings, history: PastMarket, first: int, start: int) -> BaseRate:
    """Return the base rate that was known at `start`, counted from candles from `first` to it."""
    from divbot.history.joined import JoinedHistory
    from divbot.research.past import hands
    from divbot.research.rates import rate_before

    interval = settings.interval
    counted = None
    if interval.close_of(first) <= start:
        with hands(scanning.workers_of_scan(settings)) as each:
            counted = rate_before(
                history,
                interval,
                plan_rules(settings),
                start,
                cache=past_folder(),
                where="the recording" if isinstance(history, JoinedHistory) else "the store",
                each=each,
            )
    return past_rate(settings, start, counted)


def _listed(symbol: str, market: Market) -> Instrument:
    """Return how `symbol` was listed, with the least order that nearly all have; without a tick."""
    from divbot.history.instruments import instrument_named

    return replace(instrument_named(symbol, market, None), min_notional=_LEAST_ORDER)


def _known(settings: Settings, options: BacktestOptions, history: PastMarket) -> Span:
    """Return from when to when there are candles; InputError where there are none."""
    from divbot.history.port import span_of_all

    known = span_of_all(history, settings.interval)
    if known is None:
        raise InputError(
            f"expected {settings.interval.value} candles to trade on, found none; get some: "
            f"{_how_to_fetch(settings, options)}"
        )
    return known


def _period(settings: Settings, options: BacktestOptions, known: Span, detail: Interval) -> Period:
    """Return what to trade of what is `known`; InputError where there is nothing."""
    from divbot.research.backtest import Period

    length = detail.milliseconds
    start = -(-max(known.start, options.start or known.start) // length) * length
    end = min(known.end, options.end or known.end) // length * length
    if start >= end:
        raise InputError(
            f"expected a range within {known} UTC, of which there are candles; choose another "
            f"--timerange{_more(settings, options)}"
        )
    return Period(start, end)


def _more(settings: Settings, options: BacktestOptions) -> str:
    """Return how candles of the range are got; nothing where it lies ahead."""
    if options.start is not None and options.start >= SystemClock().now():
        return ""
    return f", or get some: {_how_to_fetch(settings, options)}"


def _how_to_fetch(settings: Settings, options: BacktestOptions) -> str:
    from divbot.app.how_to_fetch import how_to_fetch

    return how_to_fetch(settings, settings.interval, options.start, options.end, usual=_YEAR)


def _holes(settings: Settings, history: PastMarket, period: Period) -> Iterator[tuple[str, Span]]:
    """Yield what is missing, within the period, of the symbols that may be traded."""
    from divbot.history.spans import Span

    span, interval = Span(period.start, period.end), settings.interval
    rules = universe_rules(settings)
    for symbol in history.symbols(interval):
        if rules.asks_for(symbol):
            parts = (x.within(span) for x in history.holes(symbol, interval))
            yield from ((symbol, x) for x in parts if x.start < x.end)


def _unpaid(
    settings: Settings,
    history: PastMarket,
    venue: PastTrading,
    past: PastScanner,
    period: Period,
) -> Iterator[tuple[str, Span]]:
    """Yield what is missing, within the period, of the funding of symbols of which some is kept."""
    from divbot.history.spans import Span

    span = Span(period.start, period.end)
    for symbol in _paying(settings, past):
        if venue.settled(symbol):
            yield from ((symbol, x) for x in history.unpaid(symbol, span))


def _paying(settings: Settings, past: PastScanner) -> list[str]:
    """Return the symbols that may be traded, and pay funding."""
    rules = universe_rules(settings)
    return [x for x in past.symbols if settings.market is Market.USDM and rules.asks_for(x)]


def _path(settings: Settings, options: BacktestOptions) -> Path:
    if options.journal is None:
        runs, now = open_runs(), SystemClock().now()
        return runs.new(now, settings.market, settings.interval, is_history=True)
    try:
        if options.journal.exists():
            raise InputError(f"--journal: {options.journal} exists; name a new file")
        return options.journal.resolve()
    except OSError as error:  # a name that is too long, say
        raise InputError(f"--journal: {options.journal}: {error.strerror}") from error


@dataclass(slots=True)
class _Place:
    """Where a journal is written, and where it is once it is whole."""

    aside: Path
    path: Path


@contextmanager
def _aside(find: Callable[[], Path]) -> Iterator[_Place]:
    """Provide a place aside, from which a journal is moved, if all goes well, to what `find` says.

    It takes the place of no other: that of a backtest which began with it and was faster, say.
    """
    path = find()
    make_private(path.parent)
    with TemporaryDirectory(prefix=".backtest-", dir=path.parent) as folder:
        place = _Place(Path(folder) / path.name, path)
        yield place
        while not _is_placed(place):
            place.path = find()
        sync_folder(place.path.parent)


def _is_placed(place: _Place) -> bool:
    try:
        os.link(place.aside, place.path)
    except FileExistsError:
        return False
    except OSError:  # a file system without links
        place.aside.replace(place.path)
    return True


@contextmanager
def _journal(
    path: Path,
    settings: Settings,
    options: BacktestOptions,
    rules: TradingRules,
    at: int,
    detail: Interval,
    *,
    is_simulated: bool,
) -> Iterator[Journal]:
    """Provide the journal of a run that begins at `at`; all of it is one commit."""
    from divbot.trading.journal.journal import Journal

    started = Started(
        at=at,
        venue=_VENUE,
        market=rules.market,
        interval=settings.interval.value,
        is_simulated=is_simulated,
        balance=settings.balance,
        version=__version__,
        address=HISTORY,
        # In a file of its own a run is the same whatever other runs there are.
        number=0 if options.journal else open_runs().next_number(),
    )
    kept = traded_with(settings, detail, options.spread, is_todays=options.is_todays)
    with Journal.create(path, started) as journal, journal.together():
        journal.write(SessionBegan(at, 1, kept, {}))
        yield journal


def traded_with(
    settings: Settings, detail: Interval | None, spread: Decimal, *, is_todays: bool
) -> dict[str, str]:
    """Return what the past is traded with, as a journal and the ledger of trials keep it."""
    return kept_settings(settings, HISTORY) | {
        "detail": detail.value if detail else "",
        "spread": f"{spread.normalize():f}",
        "universe": "now" if is_todays else "then",
    }


def _too_early(settings: Settings, known: Span, period: Period) -> Iterator[str]:
    """Yield, in words, what is needed where a history begins too late for any trade."""
    from divbot.app.how_to_fetch import how_to_fetch

    interval, candles = settings.interval, settings.indicator.minimum_candles
    needed = max(candles * interval.milliseconds, milliseconds(settings.min_age))
    first = known.start + needed
    if first > period.start:
        ask = how_to_fetch(settings, interval, period.start - needed, period.end, usual=_YEAR)
        age = f", a symbol an age of {duration_text(settings.min_age)}" * bool(settings.min_age)
        yield (
            f"nothing could be traded before {utc_text(first)} UTC: a divergence needs {candles} "
            f"candles of {interval} before it{age}; get what came earlier: {ask}"
        )


def _notes(
    settings: Settings, venue: PastTrading, past: PastScanner, period: Period
) -> Iterator[str]:
    """Yield, in words, what is assumed where the history tells nothing."""
    paying = _paying(settings, past)
    yield from funding_notes([_known_funding(venue, past, x, period) for x in paying])


def _known_funding(
    venue: PastTrading, past: PastScanner, symbol: str, period: Period
) -> KnownFunding:
    """Return how much is known of the funding of a symbol while it was traded in the period."""
    due = [at for at, *_ in venue.settled(symbol)]
    lives = past.lives[symbol]
    if not lives:
        return "none"
    return known_funding(due, max(lives[0].start, period.start), min(lives[-1].end, period.end))
