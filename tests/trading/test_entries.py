"""What the trader enters, and what it leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from divbot.domain.durations import MINUTE
from divbot.domain.events import Entered
from divbot.domain.market import Market
from divbot.domain.signals import Side
from tests.trading.fakes import (
    COSTS,
    ENTRIES,
    HOUR,
    INSTRUMENT,
    NOON,
    RULES,
    SECOND,
    SIZING,
    Trader,
    candle,
    d,
    entered,
    opportunity,
    started,
)


def test_the_best_is_bought_at_the_quote_after_the_decision() -> None:
    trader = Trader(rules=replace(RULES, costs=COSTS))
    trader.market.next_quotes = [{"AAAUSDT": (99.9, 100)}, {"AAAUSDT": (100.1, 100.2)}]
    trader.market.candles["AAAUSDT"] = [candle(0, 100, 100.3, 99.8, 100.1)]
    trader.publish(opportunity())

    trader.step()

    event = trader.journal.events[-1]
    assert isinstance(event, Entered)
    # 100.2 and 0.1 %: 100.4 on a tick. A stop at 98 less 0.1 % is 97.9; with two fees a piece
    # loses 2.59915, and 1 % of 10,000 is lost by 38.47 pieces.
    assert (event.fill.requested, event.fill.price) == (d("100.2"), d("100.4"))
    assert event.quantity == d("38.47")
    assert event.margin == d("386.2388")
    assert event.fill.fee == d("1.931194")
    assert trader.ledger.cash == d("9611.830006")
    assert event.seen
    assert (event.seen.low, event.seen.high) == (d("99.8"), d("100.3"))
    assert trader.told == []


def test_a_report_is_acted_on_once() -> None:
    trader = Trader()
    trader.publish(opportunity())
    trader.step()
    trader.market.quoted = {"AAAUSDT": (104, 104)}
    trader.step()
    assert trader.kinds() == ["started", "entered", "exited"]

    trader.step()

    assert trader.kinds() == ["started", "entered", "exited"]


def test_no_more_than_are_free_and_one_of_each_symbol() -> None:
    trader = Trader(rules=replace(RULES, entries=replace(ENTRIES, max_positions=2)))
    symbols = ["AAAUSDT", "AAAUSDT", "BBBUSDT", "CCCUSDT"]
    trader.market.quoted = dict.fromkeys(symbols, (100, 100))
    trader.publish(*map(opportunity, symbols))

    trader.step()

    held = [x.symbol for x in trader.ledger.positions.values()]
    assert held == ["AAAUSDT", "BBBUSDT"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"score": 4.9}, id="too low a score"),
        pytest.param({"confirmed_at": NOON - 1}, id="confirmed before the start"),
        pytest.param({"instrument": replace(INSTRUMENT, status="BREAK")}, id="halted"),
        pytest.param({"instrument": None}, id="listed no more"),
        pytest.param({"stop": d("100.1")}, id="beyond its stop"),
        pytest.param({"target": d("101.9")}, id="too little to win"),
        pytest.param({"stop": d("99.9")}, id="a stop within the costs"),
        pytest.param(
            {"instrument": replace(INSTRUMENT, min_notional=d(10**6))}, id="below the least"
        ),
    ],
)
def test_what_is_not_taken(changes: dict[str, Any]) -> None:
    trader = Trader(rules=replace(RULES, costs=COSTS))
    trader.publish(opportunity(**changes))

    trader.step()

    assert trader.kinds() == ["started"]


def test_an_old_report_is_refused_and_a_late_one_warned_of() -> None:
    trader = Trader()
    trader.market.time += 301 * SECOND
    trader.publish(opportunity(), at=NOON)
    trader.step()
    assert trader.told == ["! a report of the background scanner is too old to act on (301s)"]
    trader.publish(opportunity(), at=NOON + 180 * SECOND)

    trader.step()

    assert trader.told[-1] == ("! processing 1 opportunities from background scanner (age: 121s)")
    assert trader.kinds() == ["started", "entered"]


def test_a_signal_is_not_traded_twice_nor_a_symbol_just_after_a_loss() -> None:
    trader = Trader()
    trader.publish(opportunity())
    trader.step()
    trader.market.quoted = {"AAAUSDT": (97, 97)}
    trader.step()
    trader.market.quoted = {"AAAUSDT": (100, 100)}
    trader.publish(opportunity())
    trader.step(after=10 * MINUTE)
    trader.publish(opportunity(confirmed_at=NOON + 10 * MINUTE))
    trader.step()
    assert trader.kinds() == ["started", "entered", "exited"]

    trader.market.time += 51 * MINUTE
    trader.publish(opportunity(confirmed_at=NOON + 61 * MINUTE))
    trader.step()

    assert trader.kinds() == ["started", "entered", "exited", "entered"]


def test_a_bad_day_pauses_entries_until_the_next_one() -> None:
    trader = Trader(started(), entered(quantity=900))
    trader.market.quoted = {"AAAUSDT": (99.4, 99.4)}  # 540 of 10,000
    trader.publish(opportunity("BBBUSDT"))
    trader.step()
    assert trader.ledger.paused == "the loss of this day has reached the limit of 5.0%"
    assert trader.kinds() == ["started", "entered", "paused"]

    trader.market.quoted = {"AAAUSDT": (100, 100), "BBBUSDT": (100, 100)}
    trader.publish(opportunity("BBBUSDT"))
    trader.step(after=MINUTE)
    assert trader.ledger.paused  # not even where the loss is made good
    trader.step(after=11 * HOUR)
    trader.step(after=HOUR)
    trader.publish(opportunity("BBBUSDT", confirmed_at=trader.market.time))
    trader.step()

    assert trader.kinds() == ["started", "entered", "paused", "paused", "entered"]


def test_spot_buys_whole_and_sells_what_the_fee_left() -> None:
    spot = replace(
        RULES,
        market=Market.SPOT,
        costs=replace(COSTS, slippage=d(0), fee=d("0.001")),
        entries=replace(ENTRIES, long_only=True),
        sizing=replace(SIZING, market=Market.SPOT, risk=d("0.001")),
    )
    trader = Trader(started(market=Market.SPOT), rules=spot)
    trader.market.quoted = {"AAAUSDT": (100, 100), "BBBUSDT": (100, 100)}
    trader.publish(opportunity("BBBUSDT", Side.SELL), opportunity())

    trader.step()

    (held,) = trader.ledger.positions.values()
    # 4.55 are bought for 455; 0.00455 pay the fee, and 4.54545 is 4.54 in whole steps.
    assert (held.symbol, held.quantity, held.margin) == ("AAAUSDT", d("4.54"), d(454))
    assert (held.leverage, held.liquidation) == (1, None)
    assert trader.ledger.cash == d(9545)


def test_spot_spends_all_cash_where_that_is_the_limit() -> None:
    spot = replace(
        RULES,
        market=Market.SPOT,
        costs=replace(COSTS, slippage=d(0), fee=d("0.001")),
        sizing=replace(SIZING, market=Market.SPOT, risk=d("0.5")),
    )
    trader = Trader(started(market=Market.SPOT), rules=spot)
    trader.publish(opportunity())

    trader.step()

    # The fee is a part of the 100 pieces: nothing is kept back for it.
    assert trader.ledger.cash == 0
