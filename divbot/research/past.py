"""Reports of the past: at each close what a live scan would have published just after it.

    history --workers, a month each--> columns, ranks, divergences      (kept under the cache)
    candidates(...)   what may be open to trade: a superset, for whoever looks for moments
    glance(close)     what a trader reads of the report: exact
    report(close)     the whole report: exact, and slower

Both are made by the very Scanner of a live scan: by its windows, kernels, ranking and evidence. For
a glance it looks only at the symbols that can matter: where something was confirmed lately, and
what is held. What the others show can change nothing that a trader reads, as long as hardly any
symbol lags behind the market; where more do, the whole report is made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from divbot.arrays import Flags, Integers
from divbot.binance.listing.rules import UniverseRules
from divbot.domain.clock import ManualClock
from divbot.domain.durations import DAY
from divbot.domain.errors import InputError, WorkerLost
from divbot.domain.market import Instrument, Interval
from divbot.domain.signals import Divergence, Opportunity
from divbot.history.columns import CLOSE, TYPICAL, Columns, Each, one_by_one, open_columns
from divbot.history.kept import let_go
from divbot.history.lives import Life
from divbot.history.port import PastCandles
from divbot.history.ranks import let_in, rank_month
from divbot.history.universe import PastUniverse
from divbot.processes import PRELOAD, obey_parent, start_context
from divbot.research.past_candidates import NONE, Candidates, FreshOnes, Proposals
from divbot.research.past_signals import overlap, signals_of_month
from divbot.research.past_venue import PastVenue, tick_of
from divbot.scanner.cycle import Scanner, ScanRules
from divbot.scanner.report import Report
from divbot.scanner.signals.ranking import in_order

_BEFORE = 31 * DAY
"""ms that are known of before a range at least: the closes of 30 days tell a peg."""
_FEW = 10
"""Symbols that lag behind: not half of those that each is compared with; see scanner.cycle."""

TellDone = Callable[[str, int, int], None]
"""Hears what is being made, how much of it is made, and how much there is to make."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a trader reads of a report."""

    as_of: int
    interval: Interval
    open_to_trade: tuple[Opportunity, ...]
    fresh: tuple[Divergence, ...]
    """By symbol and time."""
    held: Mapping[str, Instrument | None]

    @classmethod
    def at(cls, report: Report) -> Glance:
        """Return what a trader reads of `report`."""
        fresh = sorted(report.fresh, key=lambda x: (x.symbol, x.confirmed, x.kind))
        return cls(report.as_of, report.interval, report.open_to_trade, tuple(fresh), report.held)

    def about(self, among: Collection[str], held: Collection[str]) -> Glance:
        """Return it with what is open to trade `among` symbols, and fresh of what is held."""
        open_to_trade = in_order(x for x in self.open_to_trade if x.divergence.symbol in among)
        fresh = tuple(x for x in self.fresh if x.symbol in held)
        return replace(self, open_to_trade=open_to_trade, fresh=fresh)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known of a range before anybody asks."""

    columns: Columns
    past: PastUniverse
    proposals: Proposals
    closes: Integers
    """Each close of the range at which some symbol has a new candle, ms UTC."""


class PastScanner:
    """Publish reports of the past; belongs to one thread."""

    def __init__(self, prepared: Prepared, history: PastCandles, rules: ScanRules) -> None:
        self._columns = prepared.columns
        self._past = prepared.past
        self._proposals = prepared.proposals
        self.closes = prepared.closes
        self._known = frozenset(prepared.closes.tolist())
        self._rules = replace(rules, with_candles=False)
        self._venue = PastVenue(prepared.columns, prepared.past, history.market, rules.limit)
        self._whole = self._scanner(self._rules)
        part = replace(self._rules, with_divergences=False, with_outcomes=False)
        self._part = self._scanner(part)

    def _scanner(self, rules: ScanRules) -> Scanner:
        # A clock that stands still: the past takes no time.
        return Scanner(self._venue, self._venue, self._venue, ManualClock(), rules)

    @classmethod
    @contextmanager
    def open(
        cls,
        history: PastCandles,
        span: tuple[int, int],
        rules: ScanRules,
        universe: UniverseRules,
        *,
        cache: Path,
        workers: int = 1,
        is_todays: bool = False,
        instruments: Mapping[str, Instrument] | None = None,
        tell: TellDone = lambda *_: None,
    ) -> Iterator[Self]:
        """Provide the reports of all closes from `span[0]` to before `span[1]`, ms UTC.

        What is computed beforehand is kept below `cache`, and done by so many `workers`. With
        `is_todays` the list of the end is that of all closes. `instruments` are known ones; of the
        others the tick is what their prices show. Raise InputError where there is nothing.
        """
        with hands(workers) as each:
            prepared = prepare(
                history,
                span,
                rules,
                universe,
                cache=cache,
                each=each,
                tell=tell,
                instruments=instruments,
                is_todays=is_todays,
            )
        yield cls(prepared, history, rules)

    @property
    def interval(self) -> Interval:
        """Return the length of a candle."""
        return self._columns.interval

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return all that the history holds there."""
        return self._columns.symbols

    @property
    def lives(self) -> Mapping[str, tuple[Life, ...]]:
        """Return the contracts under each name; their ends are known afterwards only."""
        return dict(zip(self._columns.symbols, self._columns.lives, strict=True))

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what stood in for what the history does not tell."""
        stood_in = max(month.stood_in for month in self._columns.months)
        if not stood_in:
            return ()
        return (f"the quote volume of {stood_in} symbols is {TYPICAL}: the source tells none",)

    def instrument(self, symbol: str, close: int) -> Instrument:
        """Return how `symbol` is listed at `close`, with the tick that its prices show by then."""
        number = self._columns.number[symbol]
        found = self._past.instrument(number, close)
        if found.tick_size is not None:
            return found
        self._venue.step = self._columns.step_at_close(close)
        return replace(found, tick_size=tick_of(self._venue.window(number)))

    def is_listed(self, close: int) -> Flags:
        """Return of each symbol whether it is on the list at `close`."""
        return self._past.is_listed(self._columns.step_at_close(close))

    def report(self, close: int, held: Collection[str] = ()) -> Report:
        """Return what a live scan would have published of `close`."""
        self._look_at(close)
        self._venue.symbols = None
        return self._whole.cycle(held=held)

    def glance(
        self, close: int, held: Collection[str] = (), *, among: Collection[str] | None = None
    ) -> Glance:
        """Return what a trader would have read of that report; the same, and sooner.

        With `among`, what is open to trade of those symbols alone, ranked among themselves, and
        what is fresh of what is held alone: sooner still.
        """
        report = self._part_of(close, held, among) or self.report(close, held)
        whole = Glance.at(report)
        return whole if among is None else whole.about(among, held)

    def _part_of(
        self, close: int, held: Collection[str], among: Collection[str] | None
    ) -> Report | None:
        """Return a report on the symbols that matter; None where all have to be looked at."""
        step = self._look_at(close)
        if among is None:
            found = self._proposals.found(step - self._rules.ranking.max_age, step + 1)["symbol"]
            symbols = set(found.tolist())
        else:
            symbols = {self._columns.number[x] for x in among}
        chosen = self._with_witnesses(step, symbols, held)
        if chosen is None:
            return None
        self._venue.symbols = chosen
        report = self._part.cycle(held=held)
        return report if report.as_of == close else None

    def candidates(self, start: int, end: int) -> Candidates:
        """Return what may be open to trade at closes from `start` to before `end`, ms UTC."""
        first, last = np.searchsorted(self.closes, [start, end])
        if first == last:
            return NONE
        places = (
            self._columns.month_of(self._columns.step_at_close(int(self.closes[x])))
            for x in (first, last - 1)
        )
        begin, stop = places
        found = [self._proposals.candidates(x) for x in range(begin, stop + 1)]
        start, end = int(self.closes[first]), int(self.closes[last - 1]) + 1
        return Candidates.joined([x.between(start, end) for x in found])

    def fresh(self, start: int, end: int) -> FreshOnes:
        """Return what was confirmed at closes from `start` to before `end`, ms UTC."""
        columns = self._columns
        steps = (columns.step_at_close(x - 1) + 1 for x in (start, end))
        found = self._proposals.found(*steps)
        return FreshOnes(
            columns.closes_of(found["confirmed"]), found["symbol"].astype(np.int64), found["side"]
        )

    def _look_at(self, close: int) -> int:
        if close not in self._known:
            raise InputError(f"expected a close of the range, ms UTC, found {close}")
        self._venue.step = self._columns.step_at_close(close)
        month = self._columns.months[self._columns.month_of(self._venue.step)]
        self._columns.let_go(month.first - 2 * overlap(self._rules.limit))
        return self._venue.step

    def _with_witnesses(
        self, step: int, symbols: set[int], held: Collection[str]
    ) -> list[int] | None:
        """Return those of `symbols` on the list, and as many others as the market is known by.

        None where so many lag behind that it takes all.
        """
        columns = self._columns
        listed = np.flatnonzero(self._past.is_listed(step))
        lags = np.isnan(columns.at(listed, CLOSE, np.full(len(listed), step)))
        late, on_time = set(listed[lags].tolist()), listed[~lags].tolist()
        own = {columns.number[x] for x in held if x in columns.number}
        # What is held and on no list may be anywhere.
        late |= own - set(listed.tolist())
        if len(late) > min(_FEW, (len(listed) - 1) // 2):
            return None
        chosen = (symbols & set(listed.tolist())) | own
        # Those that lag must not look like the market.
        wanted = max(2 * len(chosen & late) + 1 - len(chosen), 0)
        witnesses = [x for x in on_time if x not in chosen][:wanted]
        return sorted({*chosen, *witnesses})


def prepare(
    history: PastCandles,
    span: tuple[int, int],
    rules: ScanRules,
    universe: UniverseRules,
    *,
    cache: Path,
    each: Each = one_by_one,
    tell: TellDone = lambda *_: None,
    instruments: Mapping[str, Instrument] | None = None,
    is_todays: bool = False,
) -> Prepared:
    """Return what is known of a range beforehand; see PastScanner.open."""
    interval, market, max_age = rules.interval, history.market, rules.ranking.max_age
    rows = 2 * overlap(rules.limit) + max_age
    before = max(rows * interval.milliseconds, _BEFORE)
    folder = cache / f"{market.value}-{interval.value}"

    def told(what: str, call: Callable[..., Any], cases: Sequence[tuple[Any, ...]]) -> list[Any]:
        return list(_counted(each(call, cases), what, len(cases), tell))

    columns = open_columns(
        history,
        interval,
        (span[0] - before, span[1]),
        folder,
        lambda call, cases: told("candles", call, cases),
    )
    steps = (
        max(columns.step_at_close(span[0] - 1) + 1, columns.first),
        min(columns.step_at_close(span[1] - 1) + 1, columns.end),
    )
    if steps[0] >= steps[1]:
        raise InputError("expected candles in that range, found none; choose another one")
    may_be = let_in(columns, market, universe, instruments)
    ranked = told(
        "lists",
        rank_month,
        [(columns, x, market, universe, may_be, folder) for x in range(len(columns.months))],
    )
    begin = columns.month_of(max(steps[0] - max_age, columns.first))
    wanted = range(begin, columns.month_of(steps[1] - 1) + 1)
    signals = told(
        "divergences",
        signals_of_month,
        [(columns, x, rules.ranking.trade.indicator, rules.limit, folder) for x in wanted],
    )
    past = PastUniverse(
        columns, market, universe, ranked, steps, instruments=instruments, is_todays=is_todays
    )
    closes = []
    for month, ranks in zip(columns.months, ranked, strict=True):
        at = month.first + np.flatnonzero(np.load(ranks.there))
        closes.append(columns.closes_of(at[(at >= steps[0]) & (at < steps[1])]))
    let_go(cache, [*(y for x in (*columns.months, *ranked) for y in x.files), *signals])
    proposals = Proposals(columns, past, ranked, dict(zip(wanted, signals, strict=True)), rules)
    return Prepared(columns, past, proposals, np.concatenate(closes))


def _counted(results: Iterable[Any], what: str, count: int, tell: TellDone) -> Iterator[Any]:
    tell(what, 0, count)
    for number, result in enumerate(results, 1):
        yield result
        tell(what, number, count)


@contextmanager
def hands(workers: int) -> Iterator[Each]:
    """Provide what calls a function for each of some cases, by so many processes."""
    if workers <= 1:
        yield one_by_one
        return
    context = start_context(PRELOAD)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=obey_parent) as executor:
        try:
            yield lambda call, cases: executor.map(call, *zip(*cases, strict=True))
        except BrokenProcessPool as error:
            raise WorkerLost("a process that prepared the past ended; is memory short?") from error
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
