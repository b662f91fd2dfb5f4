"""What a trader makes of the time in which it did not run."""

from __future__ import annotations

import pytest

from divbot.domain.durations import DAY, MINUTE
from divbot.domain.errors import VenueUnreachable
from divbot.domain.fills import Reason
from tests.trading.fakes import (
    HOUR,
    NOON,
    Trader,
    candle,
    d,
    entered,
    holding,
    only_exit,
    started,
)


def test_a_symbol_that_the_venue_forgot_meanwhile_is_closed_at_its_last_valuation() -> None:
    trader = Trader(started(), entered(quantity=1), entered("BBBUSDT", trade=2, quantity=1))
    trader.market.quoted = {"AAAUSDT": (98.5, 98.6), "BBBUSDT": (103, 103.1)}
    trader.step(after=5 * MINUTE)
    restarted = trader.restart(after=DAY)
    restarted.market.gone.add("AAAUSDT")

    restarted.engine.catch_up()

    event = only_exit(restarted)
    assert (event.reason, event.fill.price) == (Reason.DELISTING, d("98.5"))
    assert (event.fill.basis_at, event.at) == (NOON + 5 * MINUTE, NOON + 5 * MINUTE + DAY)
    assert [x.symbol for x in restarted.ledger.positions.values()] == ["BBBUSDT"]
    assert restarted.told == [
        "! AAAUSDT was delisted and has no price any more: its position is closed at the last "
        "one that is known, of 2024-07-30 12:05:00 UTC"
    ]


def test_an_account_without_quotes_is_valued_at_the_last_known_prices() -> None:
    trader = holding()
    trader.market.quoted = {"AAAUSDT": (98.5, 98.6)}
    trader.step(after=5 * MINUTE)
    restarted = trader.restart(after=HOUR)

    restarted.engine.mark()

    assert restarted.ledger.equity == d(9985)


def test_a_stop_hit_while_away_is_honoured_at_its_price_and_time() -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [
        *(candle(m, 100, 101, 99, 100) for m in range(70)),
        candle(70, 99, 99, 97.5, 98.5),
        *(candle(m, 103, 103.5, 102, 103) for m in range(71, 121)),
    ]
    trader.market.time = NOON + 2 * HOUR

    trader.engine.catch_up()

    event = only_exit(trader)
    assert (event.reason, event.fill.price, event.at) == (Reason.STOP, 98, NOON + 70 * MINUTE)


def test_nothing_is_traded_where_the_past_cannot_be_had() -> None:
    trader = holding()
    trader.market.time += HOUR
    trader.market.candle_trouble = VenueUnreachable("no route")

    with pytest.raises(VenueUnreachable):
        trader.engine.catch_up()


def test_what_was_looked_at_is_kept_with_each_valuation() -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [candle(m, 100, 101, 99, 100) for m in range(12)]

    trader.step(after=10 * MINUTE)

    assert trader.journal.events[-1].kind == "marked"
    assert trader.ledger.positions[1].checked_until == NOON + 10 * MINUTE
