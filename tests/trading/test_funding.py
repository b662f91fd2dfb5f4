"""What open futures positions receive and pay every few hours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from divbot.domain.durations import MINUTE
from divbot.domain.events import Funded
from divbot.domain.ledger import fold
from divbot.domain.minutes import FundingRate
from divbot.trading.engine.replay import settle
from tests.trading.fakes import (
    EXITS,
    HOUR,
    NOON,
    SECOND,
    Trader,
    candle,
    d,
    entered,
    holding,
    only_exit,
    started,
)

"""Settlements as the venue publishes them: some milliseconds after they were due."""


@pytest.mark.parametrize("late", [0, 1, 20])
@pytest.mark.parametrize(
    "looks",
    [
        pytest.param([HOUR + MINUTE, 4 * MINUTE], id="minute by minute"),
        pytest.param([HOUR + 5 * MINUTE], id="all at once"),
    ],
)
def test_a_settlement_is_paid_once_by_who_held_then(late: int, looks: list[int]) -> None:
    trader = holding(exits=replace(EXITS, max_holding=HOUR + 5 * MINUTE))
    trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(66)]
    due = NOON + HOUR
    trader.market.settlements["AAAUSDT"] = [FundingRate(due + late, d("0.001"), d(100))]

    for after in looks:
        trader.step(after=after)

    (event,) = [x for x in trader.journal.events if isinstance(x, Funded)]
    assert (event.at, event.settled_at, event.amount) == (due, due + late, d(-1))
    assert only_exit(trader).returned == d(99)


@pytest.mark.parametrize(
    ("opened", "is_paid"),
    [
        pytest.param(-1, True, id="a moment before"),
        pytest.param(0, False, id="at that very moment"),
        pytest.param(7, False, id="before it is published"),
    ],
)
@pytest.mark.parametrize("late", [0, 15])
def test_a_position_opened_around_a_settlement(opened: int, is_paid: bool, late: int) -> None:
    due = NOON + HOUR
    trader = Trader(started(), entered(at=due + opened, seen=None))
    trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(60, 66)]
    trader.market.settlements["AAAUSDT"] = [FundingRate(due + late, d("0.001"), d(100))]

    for minute in range(1, 5):
        trader.market.time = due
        trader.step(after=minute * MINUTE)

    assert ("funded" in trader.kinds()) is is_paid


@pytest.mark.parametrize("late", [0, 15])
def test_a_stop_in_the_minute_of_a_settlement_pays_it_first(late: int) -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [
        *(candle(m, 100, 100, 100, 100) for m in range(60)),
        candle(60, 100, 100, 97, 97),
    ]
    due = NOON + HOUR
    trader.market.settlements["AAAUSDT"] = [FundingRate(due + late, d("0.001"), d(100))]
    trader.market.time = due + MINUTE

    trader.engine.catch_up()

    assert trader.kinds() == ["started", "entered", "funded", "exited"]


def test_an_hour_without_a_settlement_is_asked_about_twice() -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(80)]

    for _ in range(75):
        trader.step(after=MINUTE)

    assert trader.market.asked.count("funding AAAUSDT") == 2


def test_a_settlement_that_is_published_late_is_paid_at_the_exit() -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(80)]
    trader.step(after=HOUR + 10 * MINUTE)
    trader.market.settlements["AAAUSDT"] = [FundingRate(NOON + HOUR + 3, d("0.001"), d(100))]
    trader.market.quoted = {"AAAUSDT": (97, 97.1)}

    trader.step(after=5 * SECOND)

    assert trader.kinds() == ["started", "entered", "funded", "exited"]


def test_a_run_that_was_kept_with_the_venues_own_times_pays_nothing_twice() -> None:
    due = NOON + HOUR
    paid = Funded(due + 7, 1, d("0.001"), d(100), d(-1), d(92), due + 7)
    trader = Trader(started(), entered(), paid)
    trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(66)]
    trader.market.settlements["AAAUSDT"] = [FundingRate(due + 7, d("0.001"), d(100))]

    trader.step(after=HOUR + 5 * MINUTE)

    assert trader.kinds() == ["started", "entered", "funded"]


def test_a_replay_and_the_account_make_the_same_of_what_happens() -> None:
    ledger = fold([started(), entered(trail=d(1), seen=None)])
    held = ledger.positions[1]
    rates = [FundingRate(NOON + HOUR + 7, d("0.001"), d(100))]

    paid, payments = settle(held, rates, NOON + HOUR)
    kept = fold([started(), entered(trail=d(1), seen=None), *payments])

    assert len(payments) == 1
    assert kept.positions[1] == paid
