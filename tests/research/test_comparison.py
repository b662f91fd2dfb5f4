"""Each reason why a run and final candles differ is told by its name, and they add up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from divbot.domain.durations import MINUTE
from divbot.domain.events import Event
from divbot.domain.fills import Quote
from divbot.domain.signals import Opportunity, Side
from divbot.research.backtest import Period
from divbot.research.comparison.account import AccountHistory, Silence, silences
from divbot.research.comparison.differences import Compared, compare, costs_by_cause
from divbot.research.comparison.reasons import Cause, Scene
from divbot.research.comparison.rerun import Leg
from divbot.research.tape import PastTape
from divbot.research.venue import Spreads
from divbot.trading.engine.engine import TradingRules
from tests.research.fakes import (
    RULES,
    START,
    Backtest,
    Bars,
    Glance,
    Paid,
    PricesOfArrays,
    WrittenReports,
    signal_at,
    walk,
)

A, B = "AAAUSDT", "BBBUSDT"
ENTERED = START + 60 * MINUTE
TINY = Decimal("0.0001")


@dataclass
class Hidden(WrittenReports):
    """Reports that do not show some signals before a time."""

    until: Mapping[str, int] = field(default_factory=dict)

    def glance(self, close: int, held: Collection[str] = ()) -> Glance:
        found = super().glance(close, held)
        shown = [x for x in found.open_to_trade if close >= self.until.get(_name(x), 0)]
        return found._replace(open_to_trade=tuple(shown), fresh=tuple(x.divergence for x in shown))


def _name(found: Opportunity) -> str:
    return found.divergence.symbol


@dataclass
class Beside:
    """A run, and the same time again: what the two were told, and how they traded."""

    path: Path
    prices: PricesOfArrays
    signals: list[Opportunity]
    minutes: int = 400
    rules: TradingRules = RULES
    spread: Decimal = Decimal("0.0004")
    listed: tuple[str, ...] = (A, B)
    quiet: tuple[Silence, ...] = ()
    seen: dict[str, Any] = field(default_factory=dict)
    """What was another for the run: prices, signals, rules, spread, reports."""

    def trade(self, name: str, **other: Any) -> list[Event]:
        signals = other.pop("signals", self.signals)
        reports = other.pop("reports", None) or WrittenReports((A, B), signals)
        given = {"rules": self.rules, "spread": self.spread, "prices": self.prices} | other
        backtest = Backtest(reports=reports, minutes=self.minutes, **given)
        return backtest.run(self.path / f"{name}.db")

    def compared(self, paper: list[Event] | None = None) -> tuple[Compared, ...]:
        length = MINUTE
        paper = self.trade("paper", **self.seen) if paper is None else paper
        again = self.trade("again")
        leg = Leg(
            1,
            START,
            Period(START, START + self.minutes * MINUTE),
            WrittenReports((A, B), self.signals),
            self.rules,
            MINUTE,
            lambda symbol, _: symbol in self.listed,
        )
        tape = PastTape(lambda x, start, end: self.prices.last[x].between(start, end), length)
        end = START + (self.minutes - 1) * MINUTE
        scene = Scene(tape, Spreads(self.spread), [leg], self.quiet, end)
        return compare(AccountHistory(paper, length), AccountHistory(again, length), scene)


def causes(compared: tuple[Compared, ...]) -> dict[str, list[Cause]]:
    return {x.wanted.symbol: [part.cause for part in x.parts] for x in compared if x.parts}


def add_up(compared: tuple[Compared, ...]) -> bool:
    """Tell whether the reasons come to the difference, of each trade and in all."""
    whole = sum(cost for _, cost in costs_by_cause(compared).values())
    return whole == pytest.approx(sum(x.difference for x in compared)) and all(
        sum(part.cost for part in x.parts) == pytest.approx(x.difference, abs=TINY)
        for x in compared
    )


@pytest.fixture
def bars() -> Bars:
    return walk(1, 500)


@pytest.fixture
def other() -> Bars:
    return walk(2, 500)


@pytest.fixture
def beside(bars: Bars, other: Bars, tmp_path: Path) -> Beside:
    """Return a run that differs in nothing: one signal in A, one in B."""
    prices = PricesOfArrays({A: bars, B: other})
    return Beside(tmp_path, prices, [signal_at(bars, 60, A), signal_at(other, 120, B)])


def test_what_is_the_same_is_told_to_be_the_same(beside: Beside) -> None:
    found = beside.compared()

    assert [x.wanted.symbol for x in found] == [A, B]
    assert causes(found) == {}
    assert all(x.difference == 0 for x in found)


def one_place(beside: Beside) -> Beside:
    rules = replace(RULES, entries=replace(RULES.entries, max_positions=1))
    return replace(beside, rules=rules)


def a_wider_spread(beside: Beside) -> None:
    beside.seen = {"spread": Decimal("0.002")}


def another_quote(beside: Beside) -> None:
    class Moved(Spreads):
        def quote(self, symbol: str, price: Decimal, at: int) -> Quote:
            return super().quote(symbol, price * Decimal("1.001") if at == ENTERED else price, at)

    beside.seen = {"quoting": Moved(beside.spread)}


def a_late_report(beside: Beside) -> None:
    beside.seen = {"reports": Hidden((A, B), beside.signals, until={A: ENTERED + 5 * MINUTE})}


def no_report_at_all(beside: Beside) -> None:
    beside.seen = {"reports": Hidden((A, B), beside.signals, until={A: ENTERED + 900 * MINUTE})}


def no_such_signal(beside: Beside) -> None:
    beside.seen, beside.signals = {"signals": beside.signals}, beside.signals[1:]


def not_in_the_list(beside: Beside) -> None:
    no_such_signal(beside)
    beside.listed = (B,)


def funding_that_is_not_kept(beside: Beside) -> None:
    due = np.array([START + 120 * MINUTE])
    paid = {A: Paid(due, np.array([0.001]), np.array([100.0]))}
    calm = walk(1, 500, step=0.0001)
    beside.signals = [signal_at(calm, 60, A, way=0.02)]
    last = beside.prices.last | {A: calm}
    beside.prices = PricesOfArrays(last)
    beside.seen = {"prices": PricesOfArrays(last, paid=paid)}


def a_candle_that_was_corrected(beside: Beside) -> None:
    calm = walk(1, 500, step=0.0001)
    low = calm.low.copy()
    low[80] *= 0.9
    beside.signals = [signal_at(calm, 60, A, way=0.02)]
    beside.prices = PricesOfArrays(beside.prices.last | {A: calm})
    wick = PricesOfArrays(beside.prices.last | {A: calm._replace(low=low)})
    beside.seen = {"prices": wick}


def a_silence(beside: Beside) -> None:
    no_report_at_all(beside)
    beside.quiet = (Silence(ENTERED - MINUTE, ENTERED + 30 * MINUTE, is_ended=True),)


@pytest.mark.parametrize(
    ("change", "cause", "told"),
    [
        pytest.param(a_wider_spread, Cause.SPREAD, "a spread of 0.200%, taken as 0.040%"),
        pytest.param(another_quote, Cause.QUOTE, "its candle had"),
        pytest.param(a_late_report, Cause.REPORT, "entered 5m later: no report of"),
        pytest.param(no_report_at_all, Cause.REPORT, "not entered: no report of"),
        pytest.param(no_such_signal, Cause.SIGNAL, "final candles show no such divergence"),
        pytest.param(not_in_the_list, Cause.LIST, "not in the list of 2024-07-30 01:00"),
        pytest.param(funding_that_is_not_kept, Cause.FUNDING, "funding of another rate"),
        pytest.param(a_candle_that_was_corrected, Cause.CANDLE, "saw another candle"),
        pytest.param(a_silence, Cause.GAP, "the program was not running from 2024-07-30 00:59"),
    ],
)
def test_a_planted_difference_is_told_by_its_name(
    change: Any, cause: Cause, told: str, beside: Beside
) -> None:
    change(beside)

    found = beside.compared()

    assert cause in causes(found)[A]
    assert told in " ".join(part.text for x in found for part in x.parts)
    assert all(x.is_explained for x in found)
    assert add_up(found)


def test_a_place_that_another_trade_took_is_told_with_its_holder(
    beside: Beside, other: Bars
) -> None:
    beside = one_place(beside)
    calm = walk(1, 500, step=0.0001)
    beside.prices = PricesOfArrays({A: calm, B: other})
    beside.listed = (B,)
    beside.signals = [signal_at(other, 60, B)]
    beside.seen = {"signals": [signal_at(calm, 55, A, way=0.02), *beside.signals]}

    found = beside.compared()

    assert causes(found) == {A: [Cause.LIST], B: [Cause.PLACES]}
    assert "no place was free: #1 AAAUSDT" in found[1].parts[0].text
    assert add_up(found)


def test_a_loss_that_only_the_run_made_keeps_it_out_for_a_while(beside: Beside, bars: Bars) -> None:
    falling = bars._replace(low=np.where(np.arange(500) == 62, bars.low * 0.9, bars.low))
    beside.prices = PricesOfArrays(beside.prices.last | {A: falling})
    later = signal_at(falling, 70, A)
    beside.signals = [later]
    beside.seen = {"signals": [signal_at(falling, 60, A), later]}
    beside.rules = replace(RULES, entries=replace(RULES.entries, cooldown=6 * 60 * MINUTE))

    found = beside.compared()

    assert [x.parts[0].cause for x in found] == [Cause.SIGNAL, Cause.ACCOUNT]
    assert "cooling down after a loss" in found[1].parts[0].text
    assert add_up(found)


def test_a_pause_of_the_run_is_told_with_its_reason(beside: Beside, bars: Bars) -> None:
    falling = bars._replace(low=np.where(np.arange(500) == 62, bars.low * 0.9, bars.low))
    beside.prices = PricesOfArrays(beside.prices.last | {A: falling})
    beside.signals = beside.signals[1:]
    beside.seen = {"signals": [signal_at(falling, 60, A), *beside.signals]}
    entries = replace(RULES.entries, max_daily_loss=Decimal("0.001"))
    beside.rules = replace(RULES, entries=entries)

    found = beside.compared()

    assert causes(found)[B] == [Cause.PAUSED]
    assert "the loss of this day has reached the limit" in found[1].parts[0].text


def test_a_price_that_may_have_been_refused_is_told_as_the_trader_told_it(
    beside: Beside, bars: Bars
) -> None:
    low = bars.low.copy()
    low[60:62] = bars.close[59] * 0.985  # below the stop: no price to enter at
    beside.prices = PricesOfArrays(beside.prices.last | {A: bars._replace(low=low)})
    beside.signals = [signal_at(bars, 60, A)]
    beside.seen = {"reports": Hidden((A, B), beside.signals, until={A: ENTERED + 900 * MINUTE})}
    beside.minutes = 63

    (found,) = beside.compared()

    assert [x.cause for x in found.parts] == [Cause.REFUSED]
    assert "the price is beyond its stop or its target" in found.parts[0].text


def test_what_the_same_report_brought_and_was_not_entered_is_unexplained(
    beside: Beside,
) -> None:
    calm = [walk(x, 500, step=0.0001) for x in (1, 2)]
    beside.prices = PricesOfArrays({A: calm[0], B: calm[1]})
    beside.signals = [
        signal_at(x, 60, name, way=0.02) for x, name in zip(calm, (A, B), strict=True)
    ]
    beside.seen = {"signals": beside.signals[1:]}

    found = beside.compared()

    assert causes(found) == {A: [Cause.UNEXPLAINED]}
    assert "BBBUSDT was entered by the same report" in found[0].parts[0].text
    assert not found[0].is_explained


def changed(events: list[Event], kind: str, change: Any) -> list[Event]:
    """Return `events` with the first of a `kind` changed."""
    place = next(n for n, x in enumerate(events) if x.kind == kind)
    return [*events[:place], change(events[place]), *events[place + 1 :]]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        pytest.param("entered", "its entry was at", id="entry"),
        pytest.param("exited", "its exit was at", id="exit"),
    ],
)
def test_a_price_that_was_altered_in_the_journal_is_found(
    kind: str, told: str, beside: Beside
) -> None:
    def alter(event: Any) -> Any:
        return replace(event, fill=replace(event.fill, price=event.fill.price + Decimal("0.5")))

    paper = changed(beside.trade("paper"), kind, alter)

    found = beside.compared(paper)

    (name,) = causes(found)
    assert causes(found)[name] == [Cause.JOURNAL]
    assert told in " ".join(x.text for each in found for x in each.parts)


def test_a_profit_that_was_altered_in_the_journal_is_unexplained(beside: Beside) -> None:
    paper = changed(
        beside.trade("paper"), "exited", lambda x: replace(x, returned=x.returned + Decimal(50))
    )

    found = beside.compared(paper)

    assert next(x for each in causes(found).values() for x in each) is Cause.UNEXPLAINED
    assert add_up(found[:1])


@pytest.mark.parametrize("side", Side)
def test_reasons_add_up_whatever_the_run_saw(side: Side, beside: Beside, tmp_path: Path) -> None:
    for seed in range(8):
        seen = {A: walk(seed, 500), B: walk(seed + 50, 500)}
        signals = [signal_at(seen[x], at, x, side) for x in seen for at in (60, 150, 240)]
        case = replace(beside, path=tmp_path / str(seed), signals=signals)
        case.prices = PricesOfArrays(seen)
        case.path.mkdir()
        case.seen = {
            "spread": Decimal("0.001"),
            "reports": Hidden((A, B), signals, until={A: START + 155 * MINUTE}),
        }

        found = case.compared()

        assert found
        assert add_up(found)


def test_two_valuations_that_are_missing_are_a_silence(beside: Beside) -> None:
    events = beside.trade("paper")
    every = RULES.mark_every
    away = range(START + 3 * every, START + 6 * every)

    found = silences([x for x in events if x.at not in away], every)

    assert silences(events, every) == ()
    assert [(x.start, x.end, x.is_ended) for x in found] == [
        (START + 2 * every, START + 6 * every, False)
    ]
