"""What the blocks of one scan brought, put together: what was found, of whom, and of whom not."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from divbot.candle_arrays import Candles
from divbot.domain.durations import DAY
from divbot.domain.errors import DivbotError, StopAsking, VenueError
from divbot.domain.market import Interval
from divbot.domain.signals import Divergence, Signal, Stance
from divbot.scanner.evidence.samples import OUTCOMES
from divbot.scanner.report import FAILED, GAP, INSUFFICIENT_HISTORY, YOUNG, Skipped
from divbot.scanner.workforce.task import LATEST_LAG, BlockResult, Coverage, Done

_NEIGHBOURS = 10


@dataclass(frozen=True, slots=True)
class AsOf:
    """The newest final candle of the market."""

    open_time: int
    interval: Interval

    @property
    def time(self) -> int:
        """Return when it closed, ms UTC; 0 where there is none."""
        return self.interval.close_of(self.open_time) if self.open_time else 0

    def age(self, open_time: int) -> int:
        """Return how many candles after the one at `open_time` the newest one is."""
        return self.interval.steps_between(open_time, self.open_time)


@dataclass(frozen=True, slots=True)
class Results:
    """What all blocks brought, put together."""

    coverage: tuple[Coverage, ...] = ()
    failures: tuple[Skipped, ...] = ()
    signals: tuple[Signal, ...] = ()
    divergences: tuple[Divergence, ...] = ()
    blocks: tuple[BlockResult, ...] = ()

    @classmethod
    def of(cls, done: Sequence[Done]) -> Results:
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

    def as_of(self, interval: Interval) -> AsOf:
        """Return the newest final candle of all symbols."""
        return AsOf(max((x.last_open_time for x in self.coverage), default=0), interval)

    def skipped(
        self,
        interval: Interval,
        limit: int,
        *,
        least: int,
        min_age: float,
        wanted: Collection[str],
    ) -> Iterator[Skipped]:
        """Give every symbol that the report may not speak of, and why.

        `limit` candles were asked for, `least` are needed; `min_age` is in days, and asked of
        none that is `wanted` by name.
        """
        yield from self.failures
        enough = [x for x in self.coverage if x.candles >= least]
        for found in self.coverage:
            if found.candles < least:
                detail = f"{found.candles} final candles, at least {least} are needed"
                yield Skipped(found.symbol, INSUFFICIENT_HISTORY, detail)
            elif (
                found.symbol not in wanted and (age := _known_age(found, interval, limit)) < min_age
            ):
                detail = f"{age:.1f} days of history, at least {min_age:g} are expected"
                yield Skipped(found.symbol, YOUNG, detail)
        for symbol, behind in _left_behind(enough, interval).items():
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

    def stances(self) -> dict[str, Stance]:
        """Return what the interval says of each symbol that the report speaks of."""
        scanned = {x.symbol for x in self.coverage}
        return {
            symbol: stance
            for result in self.blocks
            for symbol, stance in result.stances.items()
            if symbol in scanned
        }

    def behind(self, as_of: AsOf) -> int:
        """Return of how many symbols the newest candle of all has not come yet."""
        return sum(x.last_open_time < as_of.open_time for x in self.coverage)

    def without(self, symbols: set[str]) -> Results:
        """Return the same without what was found of `symbols`."""
        return Results(
            coverage=tuple(x for x in self.coverage if x.symbol not in symbols),
            failures=self.failures,
            signals=tuple(x for x in self.signals if x.divergence.symbol not in symbols),
            divergences=tuple(x for x in self.divergences if x.symbol not in symbols),
            blocks=self.blocks,
        )

    def outcomes(self) -> dict[str, int]:
        """Return how many divergences became what, by the names of OUTCOMES."""
        counts = [x.outcomes or (0,) * len(OUTCOMES) for x in self.coverage]
        return (
            dict(zip(OUTCOMES, map(sum, zip(*counts, strict=True)), strict=True)) if counts else {}
        )

    def slowest(self, stage: str) -> float:
        """Return the seconds that the worker spent longest in `stage` spent there."""
        by_worker: defaultdict[int, float] = defaultdict(float)
        for result in self.blocks:
            by_worker[result.worker] += getattr(result, stage)
        return max(by_worker.values(), default=0.0)


def _raise_if_hopeless(errors: Sequence[DivbotError], *, anything_found: bool) -> None:
    for error in errors:
        if isinstance(error, StopAsking):
            raise error
    if errors and not anything_found:
        raise next((x for x in errors if isinstance(x, VenueError)), errors[0])


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


def _known_age(coverage: Coverage, interval: Interval, limit: int) -> float:
    """Return for how many days a symbol is known to be listed; for ever, where all was filled.

    Fewer candles than were asked for are all that there ever were.
    """
    if coverage.span >= limit - 1:
        return math.inf
    return coverage.span * interval.milliseconds / DAY
