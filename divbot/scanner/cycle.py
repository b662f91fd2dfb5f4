"""One scan from the listing to a report: universe, blocks, results, ranking."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from divbot.domain.clock import Clock
from divbot.domain.market import Interval
from divbot.domain.signals import Opportunity, Signal
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
from divbot.scanner.workforce.task import (
    BlockTask,
)

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
    with_outcomes: bool = True
    """Count what became of past divergences."""
    with_candles: bool = False
    """Report the candles behind the opportunities, and those of symbols wanted by name."""


class ScanListener:
    """Told how a scan gets on; does nothing unless overridden."""

    def listed(self, symbols: int) -> None:
        """Hear how many symbols there are to download."""

    def downloaded(self, symbols: int, waits_for: str) -> None:
        """Hear how many have been downloaded so far, and what work waits for, if it does."""


class Scanner:
    """Scan one market, again and again, with the same pool."""

    def __init__(
        self, listing: Listing, source: Spending, pool: Runner, clock: Clock, rules: ScanRules
    ) -> None:
        self._source = source
        self._listing = listing
        self._pool = pool
        self._clock = clock
        self._rules = rules
        self.universe: Universe | None = None
        """That of the last scan."""

    def cycle(self, listener: ScanListener | None = None, held: Collection[str] = ()) -> Report:
        """Return a report on the whole universe, as the venue shows it now.

        Symbols that are `held` are scanned in any case. Raise VenueError where the venue cannot be
        had at all, or wants no more requests.
        """
        listener = listener or ScanListener()
        started, spent_before = self._clock.monotonic(), self._source.weight_spent()
        universe = self.universe = self._listing.universe(held)
        listed_at = self._clock.monotonic()
        listener.listed(len(universe.listed))
        done = self._pool.run(self._tasks(universe), listener.downloaded)
        results = Results.of(done)
        unknown = (Skipped(symbol, UNKNOWN, why) for symbol, why in universe.unknown.items())
        not_scanned = results.skipped(
            self._rules.interval,
            self._rules.limit,
            least=self._rules.ranking.trade.indicator.minimum_candles,
            min_age=self._rules.min_age,
            wanted=universe.wanted,
        )
        found = chain(unknown, not_scanned)
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
                self._rules.with_outcomes,
                universe.wanted if self._rules.with_candles else None,
            )
            for start in range(min(blocks, len(symbols)))
        ]

    def _report(
        self,
        universe: Universe,
        results: Results,
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
                open_to_trade=len(opportunities),
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
            candles=results.candles_of(universe.wanted | {x.divergence.symbol for x in best}),
        )


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
class _Effort:
    """What one cycle took: wall seconds, and request weight of all processes."""

    listing: float
    total: float
    weight: int
