"""When the trader enters nothing: a loss belongs to the day on which it happened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from divbot.domain.durations import DAY, MINUTE
from divbot.domain.events import Paused
from tests.trading.fakes import (
    ENTRIES,
    EXITS,
    HOUR,
    NOON,
    RULES,
    SECOND,
    Trader,
    candle,
    d,
    entered,
    only_exit,
    started,
)


def test_a_pause_that_is_found_again_on_the_next_day_lasts_for_that_day() -> None:
    trader = Trader(started(), entered(quantity=900))
    trader.step(after=11 * HOUR + 59 * MINUTE)
    trader.market.quoted = {"AAAUSDT": (99.4, 99.4)}
    trader.step(after=30 * SECOND)  # 540 of 10,000
    trader.market.quoted = {"AAAUSDT": (98.8, 98.8)}
    trader.step(after=MINUTE)  # 540 of 9,460

    trader.market.quoted = {"AAAUSDT": (100, 100)}
    trader.step(after=HOUR)

    assert [x.reason for x in trader.journal.events if isinstance(x, Paused)] == [
        "the loss of this day has reached the limit of 5.0%",
        "the loss of this day has reached the limit of 5.0%",
    ]


def test_a_loss_that_paused_one_day_is_none_of_the_next() -> None:
    trader = Trader(started(), entered(quantity=900))
    trader.step(after=11 * HOUR + 59 * MINUTE)
    trader.market.quoted = {"AAAUSDT": (99.4, 99.4)}
    trader.step(after=30 * SECOND)

    trader.step(after=MINUTE)

    assert trader.kinds() == ["started", "entered", "paused", "paused"]
    assert trader.ledger.paused == ""


def test_a_pause_that_goes_on_is_renewed_with_the_reason_of_its_day() -> None:
    rules = replace(RULES, entries=replace(ENTRIES, max_drawdown=d("0.05")))
    trader = Trader(started(), entered(quantity=900), rules=rules)
    trader.market.quoted = {"AAAUSDT": (99.4, 99.4)}
    trader.step()
    trader.market.quoted = {"AAAUSDT": (99.3, 99.3)}

    for _ in range(3):
        trader.step(after=6 * HOUR)

    pauses = [x for x in trader.journal.events if isinstance(x, Paused)]
    assert [(x.at // DAY - NOON // DAY, x.reason) for x in pauses] == [
        (0, "the loss of this day has reached the limit of 5.0%"),
        (1, "the drawdown has reached the limit of 5.0%"),
    ]


def test_a_drawdown_is_one_pause_however_many_days_it_lasts() -> None:
    rules = replace(
        RULES,
        entries=replace(ENTRIES, max_drawdown=d("0.05"), max_daily_loss=d(1)),
        exits=replace(EXITS, max_holding=None),
    )
    trader = Trader(started(), entered(quantity=900, stop=d(90)), rules=rules)
    trader.market.quoted = {"AAAUSDT": (99.3, 99.3)}
    for _ in range(12):
        trader.step(after=6 * HOUR)
    paused = trader.ledger.paused

    trader.market.quoted = {"AAAUSDT": (100, 100)}
    trader.step(after=6 * HOUR)

    drawdown = "the drawdown has reached the limit of 5.0%"
    assert paused == drawdown
    pauses = [x.reason for x in trader.journal.events if isinstance(x, Paused)]
    assert pauses == [drawdown, ""]


def test_a_stop_of_days_ago_pauses_no_later_day() -> None:
    trader = Trader(started(), entered(quantity=900, stop=d("99.3")))
    trader.step(after=5 * MINUTE)
    trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 99, 99) for m in range(6, 12)]
    restarted = trader.restart(after=4 * DAY)
    restarted.market.quoted = {"AAAUSDT": (99, 99)}

    restarted.engine.catch_up()
    restarted.step()

    assert only_exit(restarted).at // DAY == NOON // DAY
    assert restarted.ledger.cash == d(9370)
    assert restarted.ledger.paused == ""


def test_a_stop_of_this_morning_that_is_heard_of_at_noon_pauses_today() -> None:
    trader = Trader(started(), entered(quantity=900, stop=d("99.3")))
    trader.step(after=5 * MINUTE)
    morning = 20 * 60  # minutes: 08:00 of the next day
    trader.market.candles["AAAUSDT"] = [candle(morning, 100, 100, 99, 99)]
    restarted = trader.restart(after=DAY)

    restarted.engine.catch_up()
    restarted.step()

    assert restarted.ledger.paused == "the loss of this day has reached the limit of 5.0%"


@pytest.mark.parametrize("max_holding", [None, DAY], ids=["held on", "closed at the first look"])
def test_what_prices_did_while_nobody_looked_is_no_loss_of_today(max_holding: int | None) -> None:
    rules = replace(RULES, exits=replace(EXITS, max_holding=max_holding))
    trader = Trader(started(), entered(quantity=900, stop=d(90)), rules=rules)
    trader.step(after=5 * MINUTE)
    restarted = trader.restart(after=4 * DAY)
    restarted.market.quoted = {"AAAUSDT": (99.3, 99.3)}

    for _ in range(3):
        restarted.step(after=5 * MINUTE)

    assert restarted.ledger.equity == d(9370)
    assert restarted.ledger.paused == ""


def test_what_is_lost_after_coming_back_is_a_loss_of_today() -> None:
    rules = replace(RULES, exits=replace(EXITS, max_holding=None))
    trader = Trader(started(), entered(quantity=900, stop=d(90)), rules=rules)
    restarted = trader.restart(after=4 * DAY)
    restarted.market.quoted = {"AAAUSDT": (99.3, 99.3)}
    restarted.step()
    restarted.market.quoted = {"AAAUSDT": (98.7, 98.7)}  # 540 of 9,370

    restarted.step(after=5 * SECOND)

    assert restarted.ledger.paused == "the loss of this day has reached the limit of 5.0%"


def test_a_stop_in_the_last_minute_of_a_day_is_no_loss_of_the_next() -> None:
    trader = Trader(started(), entered(quantity=900, stop=d("99.3")))
    last = 12 * 60 - 1
    rows = [candle(m, 100, 100, 100, 100) for m in range(last)]
    trader.market.candles["AAAUSDT"] = [*rows, candle(last, 100, 100, 99, 99)]
    trader.step(after=12 * HOUR - 2 * MINUTE)

    trader.step(after=2 * MINUTE + SECOND)

    assert only_exit(trader).at == NOON + 12 * HOUR - MINUTE
    assert trader.ledger.paused == ""


def test_an_account_that_is_worth_nothing_pauses_and_says_so() -> None:
    trader = Trader(started(100), entered(stop=d(80)))
    trader.market.quoted = {"AAAUSDT": (85, 85)}

    for _ in range(3):
        trader.step(after=DAY)

    assert trader.ledger.day_equity == 0
    assert trader.ledger.paused == "nothing is left of the equity"


def test_a_clock_set_back_over_midnight_keeps_one_pause() -> None:
    trader = Trader(started(), entered(quantity=900))
    trader.step(after=12 * HOUR)
    trader.market.quoted = {"AAAUSDT": (99.4, 99.4)}
    trader.step(after=MINUTE)
    trader.market.time -= 5 * MINUTE

    for price in (99.3, 99.2, 99.1):
        trader.market.quoted = {"AAAUSDT": (price, price)}
        trader.step(after=SECOND)

    assert trader.kinds().count("paused") == 1
