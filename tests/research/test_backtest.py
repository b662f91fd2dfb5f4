"""A backtest is the paper trader on the past: what it does at each look, and what it may know."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from divbot.domain.durations import DAY, MINUTE
from divbot.domain.events import Entered, Event, Exited, Funded
from divbot.domain.fills import Basis, Reason
from divbot.domain.market import Interval
from divbot.domain.signals import Side
from divbot.research.feed import SILENCE
from divbot.research.trials.backtests import portfolio_results
from divbot.trading.journal.journal import read
from tests.research.fakes import (
    RULES,
    START,
    Backtest,
    Bars,
    Paid,
    PricesOfArrays,
    WrittenReports,
    joined,
    signal_at,
    walk,
    with_stand_ins,
)

A = "AAAUSDT"
HOUR = 60
FIRST = START + 60 * MINUTE
EAGER = replace(RULES.entries, take_earlier=True)
E = TypeVar("E", bound=Event)


def one(bars: Bars, *signals: int, side: Side = Side.BUY, **more: object) -> Backtest:
    """Return a backtest on one symbol, with signals confirmed at these minutes."""
    given = [signal_at(bars, minute, side=side) for minute in signals]
    return Backtest(PricesOfArrays({A: bars}), WrittenReports((A,), given), **more)  # type: ignore[arg-type]


def only(events: list[Event], kind: type[E]) -> E:
    (found,) = [x for x in events if isinstance(x, kind)]
    return found


def test_a_signal_is_entered_at_the_open_after_the_close_that_confirmed_it(tmp_path: Path) -> None:
    bars = walk(1, 200)

    entered = only(one(bars, 60, minutes=70).run(tmp_path / "run.db"), Entered)

    confirming, following = float(bars.close[59]), Decimal(repr(float(bars.open[60])))
    assert float(following) == confirming  # of a walk; what tells them apart is when
    assert entered.at == START + 60 * MINUTE
    bid, ask = entered.fill.basis_prices
    assert bid < following < ask
    assert (ask - bid) / following == pytest.approx(Decimal("0.0004"), rel=Decimal("0.01"))
    assert entered.fill.price > ask


def test_a_trade_counts_on_the_day_of_its_entry_whenever_it_ends(tmp_path: Path) -> None:
    bars = walk(7, 30 * HOUR)
    one(bars, 24 * HOUR - 5, minutes=30 * HOUR).run(tmp_path / "run.db")
    (trade,) = read(tmp_path / "run.db").ledger.closed
    first, next_day = START // DAY, START // DAY + 1

    found = portfolio_results((trade,), range(first, first + 3))

    assert (trade.opened_at // DAY, trade.closed_at // DAY) == (first, next_day)
    assert found.trades.tolist() == [[1, 0, 0]]
    assert found.net_r.tolist() == [[float(trade.r_multiple or 0), 0.0, 0.0]]


def test_an_entry_at_the_first_look_bears_the_time_of_that_look(tmp_path: Path) -> None:
    bars = walk(1, 200)

    entered = only(one(bars, 60, minutes=10).run(tmp_path / "run.db", start=FIRST), Entered)

    assert entered.at == entered.fill.basis_at == FIRST


def test_nothing_is_entered_within_a_longer_candle_that_stands_in(tmp_path: Path) -> None:
    bars = with_stand_ins(walk(1, 200, step=0.0002), Interval.M5, {FIRST})
    backtest = one(bars, 60, minutes=10, rules=replace(RULES, entries=EAGER))
    begun_within = FIRST + 2 * MINUTE
    minutes = backtest.run(tmp_path / "minutes.db", start=begun_within)
    backtest.stands_in = lambda _, time: FIRST if FIRST <= time < FIRST + 5 * MINUTE else None

    events = backtest.run(tmp_path / "run.db", start=begun_within)

    assert only(minutes, Entered).at == begun_within
    assert only(events, Entered).at == FIRST + 5 * MINUTE


def test_an_exit_in_a_candle_of_hours_bears_its_last_minute(tmp_path: Path) -> None:
    bars = joined(walk(3, 24 * HOUR, step=0.004), Interval.H4)
    backtest = one(bars, 4 * HOUR, minutes=24 * HOUR, detail=Interval.H4)

    events = backtest.run(tmp_path / "run.db")

    entered, exited = only(events, Entered), only(events, Exited)
    assert exited.fill.basis is Basis.CANDLE
    assert exited.at == exited.fill.basis_at + (4 * HOUR - 1) * MINUTE
    assert exited.fill.is_of_candle_longer_than(MINUTE)
    assert exited.at > entered.at


def test_of_the_minute_of_an_entry_only_its_open_was_known(tmp_path: Path) -> None:
    bars = walk(1, 200)

    entered = only(one(bars, 60, minutes=70).run(tmp_path / "run.db"), Entered)

    first = Decimal(repr(float(bars.open[60])))
    assert entered.seen is not None
    assert (entered.seen.open_time, entered.seen.low, entered.seen.high) == (
        START + 60 * MINUTE,
        first,
        first,
    )


@pytest.mark.parametrize("side", Side)
def test_stops_and_targets_are_touched_by_the_minutes_after_the_entry(
    side: Side, tmp_path: Path
) -> None:
    bars = walk(3, 800)

    events = one(bars, 60, 300, side=side, minutes=800).run(tmp_path / "run.db")

    exits = [x for x in events if isinstance(x, Exited)]
    assert exits
    for found in exits:
        at = int(found.fill.basis_at - START) // MINUTE
        if found.fill.basis is Basis.CANDLE:
            assert bars.low[at] <= float(found.fill.requested) <= bars.high[at]


def test_funding_is_paid_when_it_is_known_and_not_before(tmp_path: Path) -> None:
    bars = walk(4, 400, step=0.0002)
    backtest = one(bars, 60, minutes=400)
    due = START + 120 * MINUTE
    paid = Paid(np.array([due + 14]), np.array([0.0003]), np.array([101.5]))
    backtest.prices.paid = {A: paid}

    events = backtest.run(tmp_path / "run.db")
    early = one(bars, 60, minutes=120)
    early.prices.paid = {A: paid}

    funded = only(events, Funded)
    assert (funded.at, funded.rate, funded.mark_price) == (
        due,
        Decimal("0.0003"),
        Decimal("101.5"),
    )
    assert not [x for x in early.run(tmp_path / "early.db") if isinstance(x, Funded)]


def test_what_is_not_traded_for_a_day_is_closed_as_delisted_at_its_last_price(
    tmp_path: Path,
) -> None:
    lasts, whole = walk(5, 200, step=0.0002), walk(6, 2500)
    prices = PricesOfArrays({A: lasts, "BBBUSDT": whole})
    reports = WrittenReports((A, "BBBUSDT"), [signal_at(lasts, 60)])
    events = Backtest(prices, reports, minutes=2500, rules=_patient()).run(tmp_path / "run.db")

    exited = only(events, Exited)

    died = START + 200 * MINUTE
    assert exited.reason is Reason.DELISTING
    assert exited.at == died + SILENCE
    assert float(exited.fill.basis_prices[0]) == pytest.approx(lasts.close[-1], rel=0.0003)


def test_nothing_of_a_history_is_ahead_of_its_time(tmp_path: Path) -> None:
    bars = walk(7, 900)
    prices = {A: bars}
    signals = [signal_at(bars, minute) for minute in (60, 200, 300, 400, 600)]

    def journal(minutes: int, cut: int) -> list[Event]:
        reports = WrittenReports((A,), signals)
        held = PricesOfArrays(prices).until(START + cut * MINUTE)
        return Backtest(held, reports, minutes=minutes).run(tmp_path / f"{minutes}-{cut}.db")

    whole = journal(900, 900)

    for cut in (61, 205, 333, 450, 700):
        part = journal(cut, cut)
        assert journal(cut, 900) == part
        assert whole[: len(part) - 1] == part[:-1]  # the last one values the account at the end


def _patient():  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from tests.research.fakes import RULES

    return replace(RULES, exits=replace(RULES.exits, max_holding=None))


def test_the_journal_of_a_history_is_one_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    events = one(walk(1, 300), 60, 120, minutes=300).run(path)

    again = tmp_path / "again.db"
    one(walk(1, 300), 60, 120, minutes=300).run(again)

    assert read(path).events == tuple(events)
    assert path.read_bytes() == again.read_bytes()
