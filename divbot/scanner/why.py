"""Why a symbol is in the table of a scan, or which rule keeps it out: every step with its numbers.

The verdicts are the scan's own; what is added here are the numbers behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.candle_arrays import Candles
from divbot.domain.clock import day_text
from divbot.domain.market import Interval
from divbot.domain.money import price_of
from divbot.domain.names import words
from divbot.domain.signals import Opportunity, Side
from divbot.domain.universe import Listed, ListStanding
from divbot.kernels.analysis import Analysis, analyse
from divbot.kernels.divergence import KIND, PIVOT, PREVIOUS, SAME_RSI
from divbot.kernels.indicator import Indicator
from divbot.kernels.pivots import HIGH, LOW
from divbot.scanner.block import Block, build_block
from divbot.scanner.cycle import ScanRules
from divbot.scanner.report import Report
from divbot.scanner.signals.measurement import KINDS, signals_of
from divbot.scanner.signals.plan import PlanRules
from divbot.scanner.signals.ranking import RankingRules, plan_of, unrounded_plan_of


@dataclass(frozen=True, slots=True)
class Step:
    """One rule, and whether the symbol passed it."""

    rule: str
    passed: bool
    detail: str


@dataclass(slots=True)
class Story:
    """The steps that a symbol took, up to the one that stopped it."""

    symbol: str
    listed: Listed | None = None
    """As what it takes part in scans; None: it does not."""
    steps: list[Step] = field(default_factory=list)
    opportunity: Opportunity | None = None

    @property
    def stopped_by(self) -> Step | None:
        """Return the rule that keeps it out of the table; None: it is there."""
        return next((x for x in self.steps if not x.passed), None)

    def passes(self, rule: str, detail: str) -> None:
        """Note a rule that was passed."""
        self.steps.append(Step(rule, passed=True, detail=detail))

    def stops(self, rule: str, detail: str) -> None:
        """Note the rule that was not."""
        self.steps.append(Step(rule, passed=False, detail=detail))


def listing_story(symbol: str, standing: ListStanding) -> Story:
    """Return how `symbol` fares with the rules of the universe."""
    story = Story(symbol, standing.listed)
    if standing.listed is not None:
        story.passes("universe", _rank(standing.place, standing.count, standing.listed))
    for x in standing.left_out:
        story.stops("universe", f"{words(x.rule)}: {x.detail}")
    return story


def _rank(place: int, count: int, listed: Listed) -> str:
    spread = "no quote" if listed.spread is None else f"spread {listed.spread:.3%}"
    return f"rank {place} of {count} by volume: {listed.quote_volume:,.0f} USDT in 24 h, {spread}"


def scan_story(
    story: Story,
    candles: Candles | None,
    report: Report,
    rules: ScanRules,
) -> Story:
    """Go on with what a scan found, and what its rules say.

    `candles` are those that it looked at, None where there are none.
    """
    ranking, best, opportunities = rules.ranking, rules.best, report.open_to_trade
    for skipped in report.summary.skipped:
        if skipped.symbol == story.symbol:
            story.stops(words(skipped.reason), skipped.detail)
            return story
    if candles is None or not len(candles):
        story.stops("history", "no candle was found")
        return story
    found = _Findings.of(candles, report.interval, rules.limit, ranking.trade.indicator)
    story.passes("history", found.history())
    for line in found.pivot_lines():
        story.passes("pivots", line)
    mine = [x for x in opportunities if x.divergence.symbol == story.symbol]
    divergence = found.newest(mine[0].divergence.confirmed if mine else None)
    if divergence is None:
        story.stops("divergence", found.why_none())
        return story
    story.passes("divergence", found.divergence_line(divergence))
    # What closes then is one candle before what opens then.
    age = report.interval.steps_between(found.confirmed(divergence), report.as_of) - 1
    fresh = f"confirmed {_candles(age)} ago; signals older than {ranking.max_age} are ignored"
    if not ranking.is_fresh(age):
        story.stops("fresh", fresh)
        return story
    story.passes("fresh", fresh)
    if not mine:
        story.stops(*_filtered(found, divergence, ranking, _tick_of(story)))
        return story
    story.opportunity = mine[0]
    story.passes("plan", _plan(mine[0]))
    parts = ", ".join(f"{words(x.name)} {x.value:.2f}" for x in mine[0].parts)
    story.passes("score", f"{mine[0].score:.2f} of 10: {parts}")
    place = f"rank {mine[0].rank} of {len(opportunities)}, the list holds {best}"
    if mine[0].rank > best:
        story.stops("best", f"not shown: {place}")
    else:
        story.passes("best", place)
    return story


def _text(price: float) -> str:
    return str(np.format_float_positional(price, precision=8, fractional=False, trim="-"))


def _candles(count: int) -> str:
    return "1 candle" if count == 1 else f"{count} candles"


def _plan(x: Opportunity) -> str:
    return (
        f"{x.side.value} at {x.price:f}, stop {x.stop:f}, target {x.target:f}, "
        f"reward to risk {x.reward_risk:.2f}"
    )


def _tick_of(story: Story) -> Decimal | None:
    instrument = story.listed.instrument if story.listed else None
    return instrument.tick_size if instrument else None


def _filtered(
    found: _Findings, divergence: Integers, rules: RankingRules, tick: Decimal | None
) -> tuple[str, str]:
    """Return the filter that a fresh divergence did not pass."""
    kind = KINDS[int(divergence[KIND])]
    if not rules.wants(kind):
        return (
            "filter",
            f"{words(kind.value)} ({kind.side.value}) is filtered out by kind or side",
        )
    return "open to trade", found.spent_line(divergence, rules.trade, tick)


@dataclass(frozen=True, slots=True)
class _Findings:
    """One symbol's candles, and what the kernels say of them."""

    block: Block
    analysis: Analysis
    candles: Candles
    interval: Interval

    @classmethod
    def of(
        cls, candles: Candles, interval: Interval, limit: int, indicator: Indicator
    ) -> _Findings:
        """Analyse candles as a scan does."""
        block = build_block({"": candles}, interval, limit)
        analysis = analyse(block.high, block.low, block.close, indicator)
        return cls(block, analysis, candles, interval)

    def history(self) -> str:
        """Return how much of it there is."""
        count, rows = len(self.candles), len(self.block.close)
        least = self.analysis.indicator.minimum_candles
        gaps = f", {rows - count} missing between them" if rows > count else ""
        return (
            f"{count} final candles{gaps}, at least {least} are needed; the newest one "
            f"closed {self._closed(rows - 1)}"
        )

    def pivot_lines(self) -> Iterator[str]:
        """Yield the two newest pivots of each side, and what they come to."""
        for mark, name in ((LOW, "lows"), (HIGH, "highs")):
            rows = np.flatnonzero(self.analysis.pivots[:, 0] == mark)
            if len(rows) < 2:
                yield f"{name}: fewer than two pivots, so there is nothing to compare"
            else:
                q, p = int(rows[-2]), int(rows[-1])
                yield f"{name}: {self._pair(q, p, mark)}; {self._verdict(q, p, mark)}"

    def newest(self, confirmed: int | None) -> Integers | None:
        """Return the divergence that `confirmed` confirmed, or else the last, warm-up kept."""
        wanted = [
            x
            for x in self.analysis.after_warm_up()
            if confirmed is None or self.confirmed(x) == confirmed
        ]
        return wanted[-1] if wanted else None

    def why_none(self) -> str:
        """Return why the candles show no divergence."""
        early = len(self.analysis.divergences)
        if early:
            warm_up = self.analysis.indicator.warm_up
            return (
                f"none counts: {early} begin in the first {warm_up} candles, in which the RSI is "
                "still settling"
            )
        return "none in these candles; the pivots above are the newest ones"

    def confirmed(self, divergence: Integers) -> int:
        """Return the open time of the confirming candle, ms UTC."""
        return self._time(int(self.analysis.confirmed(divergence)))

    def divergence_line(self, divergence: Integers) -> str:
        """Return a divergence in words."""
        kind = KINDS[int(divergence[KIND])]
        mark = LOW if kind.side is Side.BUY else HIGH
        pair = self._pair(int(divergence[PREVIOUS]), int(divergence[PIVOT]), mark)
        row = int(self.analysis.confirmed(divergence))
        return f"{words(kind.value)}: {pair}; confirmed {self._closed(row)}"

    def spent_line(self, divergence: Integers, rules: PlanRules, tick: Decimal | None) -> str:
        """Return why a fresh divergence cannot be traded any more."""
        (signal,) = signals_of(self.block, self.analysis, divergence[np.newaxis])
        plan = plan_of(signal, tick, rules)
        if plan is None:
            stop, target = map(_text, unrounded_plan_of(signal, rules))
            close = _text(signal.confirmed_close)
            return (
                f"it closed at {close} when confirmed, which leaves no trade between a stop at "
                f"{stop} and a target at {target}"
            )
        for row in range(int(self.analysis.confirmed(divergence)) + 1, len(self.block.close)):
            low, high = float(self.block.low[row, 0]), float(self.block.high[row, 0])
            if low == low and (name := plan.touched(price_of(low, tick), price_of(high, tick))):
                level = plan.stop if name == "stop" else plan.target
                return (
                    f"the {name} at {level:f} was touched by the candle closed {self._closed(row)}"
                )
        ends = f"the stop ({plan.stop:f}) or target ({plan.target:f})"
        return f"the price is within a tick of {ends}"

    def _pair(self, q: int, p: int, mark: int) -> str:
        prices, rsi = self._prices(mark), self.analysis.rsi[:, 0]
        return (
            f"{self._closed(q)} price {_text(prices[q])} RSI {rsi[q]:.2f} and {self._closed(p)} "
            f"price {_text(prices[p])} RSI {rsi[p]:.2f}, {p - q} candles apart"
        )

    def _verdict(self, q: int, p: int, mark: int) -> str:
        """Return whether two neighbouring pivots diverge, and why not."""
        for divergence in self.analysis.divergences:
            is_theirs = (int(divergence[PREVIOUS]), int(divergence[PIVOT])) == (q, p)
            if is_theirs and self._is(divergence, mark):
                return words(KINDS[int(divergence[KIND])].value)
        nearest, farthest = self.analysis.indicator.nearest, self.analysis.indicator.farthest
        if not nearest <= p - q <= farthest:
            return f"not {nearest} to {farthest} candles apart"
        prices, rsi = self._prices(mark), self.analysis.rsi[:, 0]
        if prices[p] == prices[q]:
            return "no divergence: equal prices"
        if abs(rsi[p] - rsi[q]) <= SAME_RSI:
            return "no divergence: equal RSI"
        if (prices[p] > prices[q]) == (rsi[p] > rsi[q]):
            way = "higher" if prices[p] > prices[q] else "lower"
            return f"no divergence: price and RSI are both {way}"
        return "no divergence: a candle between them is missing"

    @staticmethod
    def _is(divergence: Integers, mark: int) -> bool:
        return (KINDS[int(divergence[KIND])].side is Side.BUY) == (mark == LOW)

    def _prices(self, mark: int) -> Floats:
        return (self.block.low if mark == LOW else self.block.high)[:, 0]

    def _time(self, row: int) -> int:
        return int(self.block.open_times(np.array([row]), np.array([0]))[0])

    def _closed(self, row: int) -> str:
        return day_text(self.interval.close_of(self._time(row)))
