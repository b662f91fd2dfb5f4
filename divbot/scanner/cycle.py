"""One scan from the listing to a report: universe, blocks, results, ranking."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from divbot.candles import Candles
from divbot.domain.clock import Clock
from divbot.domain.errors import DivbotError, StopUntil, VenueError, VenueRefused
from divbot.domain.market import Interval
from divbot.domain.signals import Divergence, Opportunity, Signal
from divbot.domain.universe import Universe
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.evidence.cases import FATES
from divbot.scanner.evidence.expectations import Expectations
from divbot.scanner.port import Chooser, Spending
from divbot.scanner.report import (
    FAILED,
    GAP,
    INSUFFICIENT_HISTORY,
    UNKNOWN,
    YOUNG,
    Report,
    Skipped,
    Summary,
    Timings,
)
from divbot.scanner.shortage import why_none
from divbot.scanner.signals.ranking import RankingRules, rank
from divbot.scanner.workforce.pool import Done, Runner
from divbot.scanner.workforce.task import (
    LATEST_LAG,
    BlockResult,
    BlockTask,
    Coverage,
)

_DAY = 86_400_000
_NEIGHBOURS = 10
_MOST_NAMED = 3
LARGEST_BLOCK = 200
"""Symbols: what bounds the memory of a worker, however large the market."""


@dataclass(frozen=True, slots=True)
class ScanRules:
    """What to scan."""

    interval: Interval
    limit: int
    """Candles to ask for, the forming one included."""
    min_age: float
    """Days of history that a symbol has, unless it is wanted by name."""
    best: int
    """Opportunities to show."""
    ranking: RankingRules
    rate: BaseRate
    """What years say of divergences of this market and interval."""
    with_divergences: bool = True
    """Report all divergences; without them a report of 400 symbols is 12,000 objects less."""
    with_candles: bool = False
    """Report the candles behind the opportunities, and those of symbols wanted by name."""


class Stages:
    """Told how a scan gets on; does nothing unless overridden."""

    def listed(self, symbols: int) -> None:
        """Hear how many symbols there are to download."""

    def downloaded(self, symbols: int, waits_for: str) -> None:
        """Hear how many have been downloaded so far, and what work waits for, if it does."""


class Scanner:
    """Scan one market, again and again, with the same pool."""

    def __init__(
        self, listing: Chooser, source: Spending, pool: Runner, clock: Clock, rules: ScanRules
    ) -> None:
        self._source = source
        self._listing = listing
        self._pool = pool
        self._clock = clock
        self._rules = rules
        self.universe: Universe | None = None
        """That of the last scan."""

    def cycle(self, stages: Stages | None = None, held: Collection[str] = ()) -> Report:
        """Return a report on the whole universe, as the venue shows it now.

        Symbols that are `held` are scanned in any case. Raise VenueError where the venue cannot be
        had at all, or wants no more requests.
        """
        stages = stages or Stages()
        started, spent_before = self._clock.monotonic(), self._source.weight_spent()
        universe = self.universe = self._listing.universe(held)
        listed_at = self._clock.monotonic()
        stages.listed(len(universe.listed))
        done = self._pool.run(self._tasks(universe), stages.downloaded)
        results = _Results.of(done)
        wanted = {listed.symbol for listed in universe.listed if listed.is_wanted}
        unknown = (Skipped(symbol, UNKNOWN, why) for symbol, why in universe.unknown.items())
        found = chain(unknown, results.skipped(self._rules, wanted))
        skipped = tuple(sorted(found, key=lambda x: x.symbol))
        return self._report(
            universe,
            results.without({x.symbol for x in skipped}),
            skipped,
            held,
            _Effort(
                listing=listed_at - started,
                total=self._clock.monotonic() - started,
                weight=self._source.weight_spent() - spent_before,
            ),
        )

    def close(self) -> None:
        """Let go of the connections; the pool is its owner's."""
        self._listing.close()

    def _tasks(self, universe: Universe) -> list[BlockTask]:
        """Deal the symbols out like cards: each block gets its share of busy and quiet ones."""
        symbols = tuple(listed.symbol for listed in universe.listed)
        wanted = frozenset(listed.symbol for listed in universe.listed if listed.is_wanted)
        blocks = max(self._pool.workers, -(-len(symbols) // LARGEST_BLOCK))
        return [
            BlockTask(
                symbols[start::blocks],
                self._rules.interval,
                self._rules.limit,
                self._rules.ranking.max_age,
                self._rules.ranking.trade,
                universe.at,
                self._rules.with_divergences,
                wanted if self._rules.with_candles else None,
            )
            for start in range(min(blocks, len(symbols)))
        ]

    def _report(
        self,
        universe: Universe,
        results: _Results,
        skipped: tuple[Skipped, ...],
        held: Collection[str],
        effort: _Effort,
    ) -> Report:
        rules = self._rules
        as_of = results.as_of(rules.interval)
        fresh = [
            x for x in results.signals if rules.ranking.is_fresh(as_of.age(x.divergence.confirmed))
        ]
        asked = {x.symbol: x for x in universe.listed if not x.is_only_held}
        opportunities = rank(
            (x for x in fresh if x.divergence.symbol in asked),
            asked,
            rules.ranking,
            rules.interval,
            lambda signal: as_of.age(signal.divergence.confirmed),
            Expectations(rules.ranking.trade, rules.rate).evidence,
        )
        best = opportunities[: rules.best]
        gaps = [coverage for coverage in results.coverage if coverage.missing]
        return Report(
            venue=self._listing.venue,
            market=self._source.market,
            interval=rules.interval,
            simulated=self._listing.simulated,
            as_of=as_of.time,
            summary=Summary(
                symbols=len(universe.listed) + len(universe.unknown),
                scanned=len(results.coverage),
                skipped=skipped,
                symbols_with_gaps=len(gaps),
                missing_candles=sum(coverage.missing for coverage in gaps),
                divergences=sum(coverage.divergences for coverage in results.coverage),
                opportunities=len(opportunities),
                funnel=_funnel(universe, results, fresh, opportunities, rules),
                past=results.outcomes(),
                base_rate=rules.rate,
                dropped=tuple(universe.dropped),
                request_weight=effort.weight,
            ),
            timings=Timings(
                listing=effort.listing,
                download=results.slowest("download_seconds"),
                analysis=results.slowest("analysis_seconds"),
                total=effort.total,
            ),
            opportunities=best,
            divergences=tuple(
                sorted(results.divergences, key=lambda x: (x.symbol, x.confirmed, x.kind))
            ),
            open_to_trade=opportunities,
            fresh=tuple(x.divergence for x in fresh),
            notices=tuple(_notices(universe, results, skipped)),
            held={
                x.symbol: x.instrument
                for x in universe.listed
                if x.symbol in held and (x.instrument or x.symbol in universe.gone)
            },
            candles=results.candles_of(
                {x.symbol for x in universe.listed if x.is_wanted}
                | {x.divergence.symbol for x in best}
            ),
        )


@dataclass(frozen=True, slots=True)
class _AsOf:
    """The newest final candle of the market."""

    open_time: int
    interval: Interval

    @property
    def time(self) -> int:
        return self.interval.close_of(self.open_time) if self.open_time else 0

    def age(self, open_time: int) -> int:
        """Return how many candles after the one at `open_time` the newest one is."""
        return self.interval.steps_between(open_time, self.open_time)


def _funnel(
    universe: Universe,
    results: _Results,
    fresh: Sequence[Signal],
    opportunities: Sequence[Opportunity],
    rules: ScanRules,
) -> dict[str, int]:
    """Return how many symbols each step left; none leaves more than the one before."""
    traded = sum(x.is_traded for x in universe.left_out)
    return {
        "listed": len(universe.listed) + len(universe.left_out),
        "tradable": len(universe.listed) + traded,
        "in the universe": len(universe.listed),
        "enough history": len(results.coverage),
        "with a divergence": sum(x.divergences > 0 for x in results.coverage),
        "with a fresh one": len({x.divergence.symbol for x in fresh}),
        "open to trade": len({x.divergence.symbol for x in opportunities}),
        "shown": len({x.divergence.symbol for x in opportunities[: rules.best]}),
    }


def _known_age(coverage: Coverage, rules: ScanRules) -> float:
    """Return for how many days a symbol is known to be listed; for ever, where all was filled.

    Fewer candles than were asked for are all that there ever were.
    """
    if coverage.span >= rules.limit - 1:
        return math.inf
    return coverage.span * rules.interval.milliseconds / _DAY


def _notices(universe: Universe, results: _Results, skipped: Sequence[Skipped]) -> Iterator[str]:
    if universe.problem:
        yield f"the list of symbols is that of an earlier scan: {universe.problem}"
    yield from universe.notices
    yield from (f"{symbol} is not scanned: {why}" for symbol, why in universe.unknown.items())
    if dropped := universe.dropped:
        named = "; ".join(map(str, dropped[:_MOST_NAMED]))
        others = len(dropped) - _MOST_NAMED
        more = f"; and {others} more, see `divbot universe`" if others > 0 else ""
        rows = "a row" if len(dropped) == 1 else f"{len(dropped)} rows"
        yield f"{rows} of the venue's lists made no sense: {named}{more}"
    if not results.coverage:
        yield why_none(universe.left_out, skipped)


def _left_behind(coverage: Sequence[Coverage], interval: Interval) -> dict[str, int]:
    """Return by how many candles some symbols differ from what was fetched about when they were.

    A scan may last for several candles, so that what was fetched late is ahead of what was
    fetched early; and one symbol far ahead, which cannot be, must not make all others look late.
    """
    in_order = sorted(coverage, key=lambda x: x.fetched_at)
    behind = {}
    for place, found in enumerate(in_order):
        start = max(min(place - _NEIGHBOURS, len(in_order) - 2 * _NEIGHBOURS - 1), 0)
        around = in_order[start : start + 2 * _NEIGHBOURS + 1]
        usual = statistics.median_low(x.last_open_time for x in around)
        steps = interval.steps_between(found.last_open_time, usual)
        if abs(steps) > LATEST_LAG:
            behind[found.symbol] = steps
    return behind


@dataclass(frozen=True, slots=True)
class _Effort:
    """What one cycle took: wall seconds, and request weight of all processes."""

    listing: float
    total: float
    weight: int


@dataclass(frozen=True, slots=True)
class _Results:
    """What all blocks brought, put together."""

    coverage: tuple[Coverage, ...] = ()
    failures: tuple[Skipped, ...] = ()
    signals: tuple[Signal, ...] = ()
    divergences: tuple[Divergence, ...] = ()
    blocks: tuple[BlockResult, ...] = ()

    @classmethod
    def of(cls, done: Sequence[Done]) -> _Results:
        """Put results together; raise the error when there is nothing but errors."""
        results = [outcome for _, outcome in done if isinstance(outcome, BlockResult)]
        errors = [(task, outcome) for task, outcome in done if isinstance(outcome, DivbotError)]
        _raise_if_hopeless([error for _, error in errors], anything_found=bool(results))
        return cls(
            coverage=tuple(x for result in results for x in result.coverage),
            failures=tuple(
                Skipped(x.symbol, FAILED, x.reason) for result in results for x in result.failures
            )
            + tuple(
                Skipped(symbol, FAILED, str(error))
                for task, error in errors
                for symbol in task.symbols
            ),
            signals=tuple(x for result in results for x in result.signals),
            divergences=tuple(x for result in results for x in result.divergences),
            blocks=tuple(results),
        )

    def as_of(self, interval: Interval) -> _AsOf:
        """Return the newest final candle of all symbols."""
        return _AsOf(max((x.last_open_time for x in self.coverage), default=0), interval)

    def skipped(self, rules: ScanRules, wanted: Collection[str]) -> Iterable[Skipped]:
        """Return every symbol that the report may not speak of, and why."""
        yield from self.failures
        least = rules.ranking.trade.indicator.minimum_candles
        enough = [x for x in self.coverage if x.candles >= least]
        for found in self.coverage:
            if found.candles < least:
                detail = f"{found.candles} final candles, at least {least} are needed"
                yield Skipped(found.symbol, INSUFFICIENT_HISTORY, detail)
            elif found.symbol not in wanted and (age := _known_age(found, rules)) < rules.min_age:
                detail = f"{age:.1f} days of history, at least {rules.min_age:g} are expected"
                yield Skipped(found.symbol, YOUNG, detail)
        for symbol, behind in _left_behind(enough, rules.interval).items():
            if behind > 0:
                yield Skipped(symbol, GAP, f"its newest {behind} candles are missing")
            else:
                yield Skipped(symbol, FAILED, f"its candles are {-behind} ahead of the market")

    def candles_of(self, symbols: Collection[str]) -> dict[str, Candles]:
        """Return the candles that came back of `symbols`, as far as the report speaks of them."""
        scanned = {x.symbol for x in self.coverage}
        return {
            symbol: candles
            for result in self.blocks
            for symbol, candles in result.candles.items()
            if symbol in symbols and symbol in scanned
        }

    def without(self, symbols: set[str]) -> _Results:
        """Return the same without what was found of `symbols`."""
        return _Results(
            coverage=tuple(x for x in self.coverage if x.symbol not in symbols),
            failures=self.failures,
            signals=tuple(x for x in self.signals if x.divergence.symbol not in symbols),
            divergences=tuple(x for x in self.divergences if x.symbol not in symbols),
            blocks=self.blocks,
        )

    def outcomes(self) -> dict[str, int]:
        """Return how many divergences became what, by the names of FATES."""
        counts = [x.outcomes or (0,) * len(FATES) for x in self.coverage]
        return dict(zip(FATES, map(sum, zip(*counts, strict=True)), strict=True)) if counts else {}

    def slowest(self, stage: str) -> float:
        """Return the seconds that the worker spent longest in `stage` spent there."""
        by_worker: defaultdict[int, float] = defaultdict(float)
        for result in self.blocks:
            by_worker[result.worker] += getattr(result, stage)
        return max(by_worker.values(), default=0.0)


def _raise_if_hopeless(errors: Sequence[DivbotError], *, anything_found: bool) -> None:
    for error in errors:
        if isinstance(error, StopUntil | VenueRefused):
            raise error
    if errors and not anything_found:
        raise next((x for x in errors if isinstance(x, VenueError)), errors[0])
