"""One scan from the listing to a report: universe, blocks, results, ranking."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from divbot.domain.clock import Clock
from divbot.domain.market import Interval
from divbot.domain.signals import Opportunity, Signal, Stance
from divbot.domain.universe import Universe
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.evidence.expectations import Expectations
from divbot.scanner.port import Listing, Spending
from divbot.scanner.report import (
    UNKNOWN,
    Report,
    Skipped,
    Summary,
    Timings,
)
from divbot.scanner.results import Results
from divbot.scanner.shortage import why_none
from divbot.scanner.signals.ranking import RankingRules, rank
from divbot.scanner.workforce.pool import Runner
from divbot.scanner.workforce.task import BlockTask, Done

_MOST_NAMED = 3
_MOST_AHEAD = 5.0
"""Seconds for which a universe that was looked up ahead is that of the next scan."""
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
    with_outcomes: bool = True
    """Count what became of past divergences."""
    is_aligned: bool = False
    """Report only opportunities that no longer interval speaks against."""
    with_candles: bool = False
    """Report the candles behind the opportunities, and those of symbols wanted by name."""


class ScanListener:
    """Told how a scan gets on; does nothing unless overridden."""

    def listed(self, symbols: int) -> None:
        """Hear how many symbols there are to download."""

    def downloaded(self, symbols: int, waits_for: str) -> None:
        """Hear how many have been downloaded so far, and what work waits for, if it does."""


class Scanner:
    """Scan one market, again and again, with the same pool, at one interval or several.

    What is scanned together has one universe, and each opportunity then carries what the longer
    intervals say of its symbol, as of their own last scan.
    """

    def __init__(
        self, listing: Listing, source: Spending, pool: Runner, clock: Clock, *rules: ScanRules
    ) -> None:
        self._source = source
        self._listing = listing
        self._pool = pool
        self._clock = clock
        in_order = sorted(rules, key=lambda x: x.interval.milliseconds)
        self._rules = {x.interval: x for x in in_order}
        self._stances: dict[Interval, dict[str, Stance]] = {}
        self._ahead: _Ahead | None = None
        self.universe: Universe | None = None
        """That of the last scan."""

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """Return what it scans at, the shortest first."""
        return tuple(self._rules)

    def cycle(self, listener: ScanListener | None = None, held: Collection[str] = ()) -> Report:
        """Return a report on the whole universe at its one interval; see `reports`."""
        (report,) = self.reports(listener, held).values()
        return report

    def reports(
        self,
        listener: ScanListener | None = None,
        held: Collection[str] = (),
        intervals: Collection[Interval] = (),
    ) -> dict[Interval, Report]:
        """Return a report on the whole universe at each of `intervals`, as the venue shows it now.

        By default that is at all. Symbols that are `held` are scanned in any case. Raise VenueError
        where the venue cannot be had at all, or wants no more requests.
        """
        listener = listener or ScanListener()
        asked = [x for x in self._rules.values() if not intervals or x.interval in intervals]
        ahead, self._ahead = self._ahead, None
        if ahead is None or not ahead.serves(held, self._clock.monotonic()):
            ahead = self._list(held)
        universe = ahead.universe
        listener.listed(len(universe.listed) * len(asked))
        tasks = [task for rules in asked for task in self._tasks(universe, rules)]
        done = self._pool.run(tasks, listener.downloaded)
        found = {
            x.interval: _Found.of(x, universe, [y for y in done if y[0].interval is x.interval])
            for x in asked
        }
        effort = _Effort(
            listing=ahead.listed_at - ahead.started,
            total=self._clock.monotonic() - ahead.started,
            weight=self._source.weight_spent() - ahead.spent_before,
        )
        # All of them before the first report: each tells what the longer intervals say now.
        self._stances |= {x: each.results.stances() for x, each in found.items()}
        return {
            x: self._report(self._rules[x], universe, each, held, effort)
            for x, each in found.items()
        }

    def look_up(self, held: Collection[str] = ()) -> None:
        """Ask now for the universe of a scan that comes at once, while its candles are waited for.

        Raise VenueError as `reports` does.
        """
        self._ahead = self._list(held)

    def _list(self, held: Collection[str]) -> _Ahead:
        started, spent_before = self._clock.monotonic(), self._source.weight_spent()
        universe = self.universe = self._listing.universe(held)
        return _Ahead(universe, frozenset(held), started, self._clock.monotonic(), spent_before)

    def close(self) -> None:
        """Let go of the connections; the pool is its owner's."""
        self._listing.close()

    def _tasks(self, universe: Universe, rules: ScanRules) -> list[BlockTask]:
        """Deal the symbols out like cards: each block gets its share of busy and quiet ones."""
        symbols = tuple(listed.symbol for listed in universe.listed)
        blocks = max(self._pool.workers, -(-len(symbols) // LARGEST_BLOCK))
        return [
            BlockTask(
                symbols[start::blocks],
                rules.interval,
                rules.limit,
                rules.ranking.max_age,
                rules.ranking.trade,
                universe.at,
                rules.with_divergences,
                rules.with_outcomes,
                universe.wanted if rules.with_candles else None,
                # What the shortest says concerns none of the others.
                with_stances=rules.interval is not self.intervals[0],
            )
            for start in range(min(blocks, len(symbols)))
        ]

    def _report(
        self,
        rules: ScanRules,
        universe: Universe,
        found: _Found,
        held: Collection[str],
        effort: _Effort,
    ) -> Report:
        results, skipped = found.results, found.skipped
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
        opportunities = self._seen_from_above(opportunities, rules)
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
                open_to_trade=len(opportunities),
                funnel=_funnel(universe, results, fresh, opportunities, rules),
                past=results.outcomes(),
                base_rate=rules.rate,
                dropped=tuple(universe.dropped),
                request_weight=effort.weight,
                behind=results.behind(as_of),
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
            candles=results.candles_of(universe.wanted | {x.divergence.symbol for x in best}),
        )

    def _seen_from_above(
        self, found: tuple[Opportunity, ...], rules: ScanRules
    ) -> tuple[Opportunity, ...]:
        """Return `found` with what the longer intervals say; where it is asked, the aligned."""
        if len(self._rules) == 1:
            return found
        length = rules.interval.milliseconds
        longer = [x for x in self.intervals if x.milliseconds > length]
        told = [
            replace(
                x,
                higher=tuple(
                    self._stances.get(each, {}).get(x.divergence.symbol, Stance(each))
                    for each in longer
                ),
            )
            for x in found
        ]
        wanted = (x for x in told if x.is_aligned or not rules.is_aligned)
        return tuple(replace(x, rank=number) for number, x in enumerate(wanted, 1))


def _funnel(
    universe: Universe,
    results: Results,
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


def _notices(universe: Universe, results: Results, skipped: Sequence[Skipped]) -> Iterator[str]:
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


@dataclass(frozen=True, slots=True)
class _Ahead:
    """The universe of the next scan, and when it was asked for, on the monotonic clock."""

    universe: Universe
    held: frozenset[str]
    started: float
    listed_at: float
    spent_before: int

    def serves(self, held: Collection[str], now: float) -> bool:
        """Tell whether it is that of a scan that begins `now`."""
        return self.held.issuperset(held) and now - self.listed_at <= _MOST_AHEAD


@dataclass(frozen=True, slots=True)
class _Found:
    """What came back at one interval, and of whom not."""

    results: Results
    skipped: tuple[Skipped, ...]

    @classmethod
    def of(cls, rules: ScanRules, universe: Universe, done: Sequence[Done]) -> _Found:
        results = Results.of(done)
        unknown = (Skipped(symbol, UNKNOWN, why) for symbol, why in universe.unknown.items())
        not_scanned = results.skipped(
            rules.interval,
            rules.limit,
            least=rules.ranking.trade.indicator.minimum_candles,
            min_age=rules.min_age,
            wanted=universe.wanted,
        )
        skipped = sorted(chain(unknown, not_scanned), key=lambda x: x.symbol)
        return cls(results.without({x.symbol for x in skipped}), tuple(skipped))


@dataclass(frozen=True, slots=True)
class _Effort:
    """What one cycle took: wall seconds, and request weight of all processes."""

    listing: float
    total: float
    weight: int
