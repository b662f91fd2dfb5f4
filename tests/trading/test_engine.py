"""The trader step by step, on a market written down by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from divbot.domain.durations import MINUTE
from divbot.domain.errors import VenueUnreachable
from divbot.domain.events import Marked
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
    holding,
    opportunity,
    started,
)


def test_an_exit_and_an_entry_of_one_look_are_of_one_time() -> None:
    trader = holding(exits=replace(EXITS, max_holding=MINUTE))
    ticking = trader.market.now

    def later() -> int:
        trader.market.time += 7  # time passes with each look at the clock
        return ticking()

    trader.market.now = later  # type: ignore[method-assign]
    trader.market.quoted["BBBUSDT"] = (100, 100)
    trader.market.time += MINUTE
    trader.publish(opportunity("BBBUSDT", confirmed_at=trader.market.time))

    trader.step()

    assert trader.kinds() == ["started", "entered", "exited", "entered"]


def test_a_clock_that_is_set_back_does_not_stop_the_trader() -> None:
    trader = holding()
    trader.step(after=10 * MINUTE)
    trader.market.time -= MINUTE
    trader.market.quoted["BBBUSDT"] = (100, 100)
    trader.publish(opportunity("BBBUSDT", confirmed_at=trader.market.time))

    trader.step()

    assert trader.kinds() == ["started", "entered", "entered"]


def test_a_clock_that_is_set_back_far_does_not_stop_the_trader() -> None:
    trader = Trader()
    trader.step(after=HOUR)
    trader.market.time -= HOUR

    for _ in range(3):
        trader.step(after=5 * MINUTE)
        trader.engine.mark()

    assert len([x for x in trader.journal.events if x.kind == "marked"]) == 7


def test_a_position_opened_in_the_first_minute_of_an_hour_is_not_asked_about_before() -> None:
    trader = Trader(started(), entered(at=NOON + 30 * SECOND))
    trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(2)]

    trader.step(after=MINUTE)

    assert "funding AAAUSDT" not in trader.market.asked


def test_quotes_of_all_positions_are_one_request() -> None:
    symbols = [f"S{number}USDT" for number in range(3)]
    events = [entered(symbol, trade=n, quantity=1) for n, symbol in enumerate(symbols, 1)]
    trader = Trader(started(), *events)
    trader.market.quoted = dict.fromkeys(symbols, (100, 100))

    trader.step(after=5 * SECOND)

    assert trader.market.asked == ["quotes"]


def test_the_account_is_valued_every_five_minutes_and_when_asked() -> None:
    trader = holding()
    trader.market.quoted = {"AAAUSDT": (101, 101.1)}
    for _ in range(12):
        trader.step(after=MINUTE)
    trader.engine.mark()

    marks = [x for x in trader.journal.events if x.kind == "marked"]
    assert [x.at - NOON for x in marks] == [n * MINUTE for n in (1, 5, 10, 12)]
    assert {x.equity for x in marks} == {d(10_010)}


def test_each_valuation_tells_where_the_market_stands() -> None:
    trader = Trader()
    seen = [(99, 101), (0, 0), (109.5, 110.5)]
    for minute, prices in zip((0, 5, 10), seen, strict=True):
        trader.market.time = NOON + minute * MINUTE
        trader.market.quoted = {"BTCUSDT": prices}
        trader.engine.step()

    marks = [x for x in trader.journal.events if isinstance(x, Marked)]
    assert [x.benchmark for x in marks] == [100, 100, 110]


def test_trouble_lasts_through_a_valuation() -> None:
    trader = holding()
    trader.market.candle_trouble = VenueUnreachable("no route")

    trader.step(after=6 * MINUTE)

    assert trader.engine.state.problem == "no candles: no route"
    assert trader.told == ["! no candles: no route"]


def test_the_state_is_there_for_other_threads() -> None:
    trader = holding()
    trader.market.quoted = {"AAAUSDT": (101, 101.1)}

    trader.step()

    state = trader.engine.state
    assert (state.at, state.ledger, state.problem) == (NOON, trader.ledger, "")
    assert state.quotes["AAAUSDT"].bid == 101
    with pytest.raises(AttributeError):
        state.at = 0  # type: ignore[misc]


def test_exits_come_before_entries() -> None:
    one = replace(RULES, entries=replace(ENTRIES, max_positions=1), exits=EXITS)
    trader = Trader(started(), entered(), rules=one)
    trader.market.quoted = {"AAAUSDT": (104, 104), "BBBUSDT": (100, 100)}
    trader.publish(opportunity("BBBUSDT"))

    trader.step()

    assert trader.kinds() == ["started", "entered", "exited", "entered"]


def test_after_a_clock_was_set_back_everything_can_still_be_kept() -> None:
    trader = Trader(started(), entered(quantity=900))
    trader.step(after=10 * MINUTE)
    trader.market.time -= 6 * MINUTE

    for price in (99.4, 100, 99.4, 100):  # a pause lasts for its day
        trader.market.quoted = {"AAAUSDT": (price, price)}
        trader.step(after=SECOND)
    trader.engine.mark()
    trader.engine.mark()

    assert trader.kinds() == ["started", "entered", "paused"]
    times = [x.at for x in trader.journal.events]
    assert times == sorted(times)
