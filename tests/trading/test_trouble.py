"""A venue or a journal that fails, and a trader that goes on."""

from __future__ import annotations

import pytest

from divbot.domain.durations import MINUTE
from divbot.domain.errors import JournalError, VenueUnreachable
from divbot.trading.engine.questions import Stopped
from tests.trading.fakes import (
    NOON,
    SECOND,
    Trader,
    candle,
    holding,
    only_exit,
    opportunity,
)


def test_without_quotes_nothing_is_done_and_it_is_told_once() -> None:
    trader = holding()
    trader.publish(opportunity("BBBUSDT"))
    trader.market.trouble = VenueUnreachable("no route")

    trader.step()
    trader.step(after=5 * SECOND)

    assert trader.kinds() == ["started", "entered"]
    assert trader.told == ["! no quotes: no route"]
    assert trader.engine.state.problem == "no quotes: no route"


def test_that_quotes_are_back_is_told_once() -> None:
    trader = holding()
    trader.market.trouble = VenueUnreachable("no route")
    trader.step()
    trader.step(after=40 * SECOND)
    trader.market.trouble = None

    trader.step(after=5 * SECOND)
    trader.step(after=5 * SECOND)

    assert trader.told == [
        "! no quotes: no route",
        "! quotes are back after 45 s, since 2024-07-30 12:00:00 UTC",
    ]


def test_a_run_that_ends_without_quotes_does_not_say_that_they_are_back() -> None:
    trader = holding()
    trader.market.trouble = VenueUnreachable("no route")
    trader.step()

    trader.engine.mark()

    assert trader.told == ["! no quotes: no route"]
    assert trader.engine.state.problem == "no quotes: no route"


def test_late_reports_are_warned_of_once_and_told_when_they_come_in_time() -> None:
    trader = Trader()
    for minute in range(1, 10):
        trader.market.time = NOON + minute * MINUTE
        age = (200 + minute) * SECOND if minute < 8 else 0
        trader.publish(opportunity(score=1.0), at=trader.market.time - age)
        trader.step()

    assert trader.told == [
        "! processing 1 opportunities from background scanner (age: 201s)",
        "! reports of the background scanner come in time again after 420 s, since "
        "2024-07-30 12:01:00 UTC",
    ]


def test_a_signal_that_cannot_be_entered_is_told_once_for_all_reports() -> None:
    trader = Trader()
    for minute in range(1, 4):
        trader.publish(opportunity("NOQUOTEUSDT"))
        trader.step(after=minute)
    trader.publish(opportunity("NOQUOTEUSDT", confirmed_at=NOON + 1))
    trader.step()

    assert trader.told == ["NOQUOTEUSDT not entered: there is no quote"] * 2


def test_what_happened_meanwhile_is_seen_afterwards() -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [
        candle(0, 100, 100, 97, 99),
        candle(1, 99, 103, 99, 103),
    ]
    trader.market.trouble = VenueUnreachable("no route")
    trader.step(after=MINUTE)
    trader.market.trouble = None
    trader.market.quoted = {"AAAUSDT": (103, 103)}

    trader.step(after=MINUTE)

    assert only_exit(trader).at == NOON


def test_missing_candles_do_not_keep_quotes_from_stopping() -> None:
    trader = holding()
    trader.market.candle_trouble = VenueUnreachable("no candles")
    trader.market.quoted = {"AAAUSDT": (97, 97.1)}

    trader.step(after=2 * MINUTE)

    assert only_exit(trader).fill.price == 97
    assert trader.engine.state.problem == "no candles: no candles"


def test_a_problem_is_there_in_a_step_that_values_the_account_too() -> None:
    trader = holding()
    trader.market.candle_trouble = VenueUnreachable("no route")

    for _ in range(2):
        trader.step(after=5 * MINUTE)

    assert trader.engine.state.problem == "no candles: no route"
    assert trader.told == ["! no candles: no route"]


def test_a_full_disk_is_not_traded_over() -> None:
    trader = Trader()
    trader.publish(opportunity())
    trader.journal.trouble = JournalError("the disk is full")

    with pytest.raises(JournalError):
        trader.step()

    assert trader.ledger.positions == {}
    assert trader.heard == []


def test_told_to_stop_it_waits_for_no_answer() -> None:
    trader = holding()
    trader.stop.set()

    with pytest.raises(Stopped):
        trader.step()
