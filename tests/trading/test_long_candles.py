"""A market without candles of a minute is watched by the shortest that it has."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from divbot.domain.durations import MINUTE
from divbot.domain.events import Entered, Exited, Funded, Trailed
from divbot.domain.fills import Reason
from divbot.domain.minutes import FundingRate
from divbot.domain.positions import Seen
from tests.trading.fakes import (
    NOON,
    RULES,
    Trader,
    candle,
    d,
    entered,
    opportunity,
    started,
)

LENGTH = 15 * MINUTE


def holding(at: int = NOON, *more: Any, **changes: Any) -> Trader:
    """Return a trader of 15m candles that holds 10 at 100, stop 98, target 104."""
    trader = Trader(started(), entered(at=at, **changes), *more, rules=RULES)
    trader.market.candle_length = LENGTH
    return trader


def exits(trader: Trader) -> list[tuple[Reason, int]]:
    found = (x for x in trader.journal.events if isinstance(x, Exited))
    return [(x.reason, x.fill.basis_at) for x in found]


@pytest.mark.parametrize(
    ("low", "high", "reason"),
    [
        (97, 103, Reason.STOP),
        (99, 105, Reason.TARGET),
        (97, 105, Reason.STOP),
    ],
    ids=["the stop", "the target", "both: the stop goes first"],
)
def test_a_wick_between_two_looks_is_seen(low: float, high: float, reason: Reason) -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [
        candle(0, 100, 100, 100, 100),
        candle(15, 100, high, low, 100),
    ]
    trader.market.time = NOON + 2 * LENGTH

    trader.step()

    assert exits(trader) == [(reason, NOON + LENGTH)]


def test_no_candle_is_looked_at_before_it_is_final() -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [candle(0, 100, 100, 97, 100)]
    trader.market.time = NOON + LENGTH - 1

    trader.step()
    assert exits(trader) == []

    trader.market.time = NOON + LENGTH
    trader.step()
    assert exits(trader) == [(Reason.STOP, NOON)]


def test_of_the_candle_of_the_entry_only_what_came_after_it_counts() -> None:
    seen = Seen(NOON, high=d(105), low=d(99))
    trader = holding(NOON + 7 * MINUTE, seen=seen)
    trader.market.candles["AAAUSDT"] = [candle(0, 100, 105, 99, 100), candle(15, 100, 101, 99, 100)]
    trader.market.time = NOON + 2 * LENGTH

    trader.step()

    assert exits(trader) == []


def test_a_stop_that_is_touched_after_the_entry_in_the_same_candle_is_met() -> None:
    seen = Seen(NOON, high=d(105), low=d(99))
    trader = holding(NOON + 7 * MINUTE, seen=seen)
    trader.market.candles["AAAUSDT"] = [candle(0, 100, 105, 97, 100)]
    trader.market.time = NOON + LENGTH

    trader.step()

    assert exits(trader) == [(Reason.STOP, NOON)]


def test_the_candle_of_an_entry_is_noted_as_it_stood() -> None:
    trader = Trader()
    trader.market.candle_length = LENGTH
    trader.market.time = NOON + 7 * MINUTE
    trader.market.candles["AAAUSDT"] = [candle(0, 100, 102, 99, 100)]
    trader.publish(opportunity(confirmed_at=trader.market.time))

    trader.step()

    (event,) = (x for x in trader.journal.events if isinstance(x, Entered))
    assert event.seen == Seen(NOON, high=d(102), low=d(99))


def test_a_restart_looks_at_what_happened_meanwhile() -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [candle(15 * n, 100, 101, 99, 100) for n in range(4)]
    trader.market.candles["AAAUSDT"].append(candle(60, 100, 101, 90, 95))
    trader.market.time = NOON + 5 * LENGTH + MINUTE

    trader.engine.catch_up()

    assert exits(trader) == [(Reason.STOP, NOON + 4 * LENGTH)]


def test_a_stop_that_followed_the_price_counts_from_the_next_candle_on_after_a_restart_too() -> (
    None
):
    candles = [
        candle(0, 100, 100, 100, 100),
        candle(15, 100, 103, 101, 103),
    ]  # the low lies below the new stop
    trader = holding(trail=d("1.5"))
    trader.market.candles["AAAUSDT"] = candles
    trader.market.time = NOON + 2 * LENGTH
    trader.market.quoted = {"AAAUSDT": (103, 103)}
    trader.step()
    (moved,) = (x for x in trader.journal.events if isinstance(x, Trailed))

    again = holding(NOON, replace(moved), trail=d("1.5"))
    again.market.candles["AAAUSDT"] = candles
    again.market.time = NOON + 2 * LENGTH
    again.engine.catch_up()

    assert exits(again) == []


HOUR = 60 * MINUTE


@pytest.mark.parametrize(
    ("rate", "paid"),
    [("0.001", [(d(-1), NOON + 5 * HOUR)]), ("-0.001", [])],
    ids=["what costs is paid", "what would be received is not"],
)
@pytest.mark.parametrize("hours", [8, 6], ids=["after the candle", "within it"])
def test_funding_of_the_candle_of_the_exit_counts_against_the_trader(
    rate: str, paid: list[tuple[Decimal, int]], hours: int
) -> None:
    trader = holding()
    trader.market.candle_length = 4 * HOUR
    trader.market.candles["AAAUSDT"] = [
        candle(0, 100, 100, 100, 100),
        candle(240, 100, 100, 97, 97),  # nobody knows when it was at 98
    ]
    trader.market.settlements["AAAUSDT"] = [FundingRate(NOON + 5 * HOUR + 7, d(rate), d(100))]
    trader.market.time = NOON + hours * HOUR
    trader.market.quoted = {"AAAUSDT": (97, 97)} if hours == 8 else {"AAAUSDT": (105, 105)}

    trader.step()

    found = [(x.amount, x.at) for x in trader.journal.events if isinstance(x, Funded)]
    (exit_,) = (x for x in trader.journal.events if isinstance(x, Exited))
    assert found == paid
    assert exit_.reason is Reason.STOP
    assert exit_.fill.basis_at == NOON + 4 * HOUR
    assert exit_.at == min(NOON + 8 * HOUR - MINUTE, trader.market.time)
