"""How positions end: by stop, target, trail, time, signal and liquidation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from divbot.domain.durations import MINUTE
from divbot.domain.events import Funded
from divbot.domain.fills import Basis, Reason
from divbot.domain.minutes import FundingRate
from divbot.domain.signals import Divergence, Kind, Side
from tests.trading.fakes import (
    ENTRIES,
    EXITS,
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
    holding,
    only_exit,
    opportunity,
    started,
)


def test_a_wick_between_two_looks_stops_a_position() -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [
        candle(0, 100, 100, 100, 100),
        candle(1, 100, 100.5, 97.9, 100),
        candle(2, 100, 100, 100, 100),
    ]

    trader.step(after=2 * MINUTE)

    event = only_exit(trader)
    assert (event.reason, event.fill.price) == (Reason.STOP, 98)
    assert event.at == NOON + MINUTE
    assert trader.ledger.cash == d(9980)


def test_the_minute_of_the_entry_counts_as_far_as_it_was_not_seen() -> None:
    trader = Trader(started(), entered(at=NOON + 20 * SECOND))
    trader.market.candles["AAAUSDT"] = [candle(0, 100, 100, 97, 100)]

    trader.step(after=MINUTE)

    assert only_exit(trader).fill.price == 98


def test_a_target_is_not_taken_after_the_stop_was_touched_in_the_same_minute() -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [candle(0, 100, 104.5, 97.5, 104.5)]
    trader.market.quoted = {"AAAUSDT": (104.5, 104.6)}

    trader.step(after=30 * SECOND)

    assert only_exit(trader).reason is Reason.STOP


def test_a_minute_that_ends_while_quotes_are_asked_for_comes_before_them() -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [
        candle(0, 100, 100, 100, 100),
        candle(1, 100, 100, 97.6, 97.7),
    ]
    trader.step(after=MINUTE)
    trader.market.quoted = {"AAAUSDT": (97.5, 97.6)}
    trader.market.quotes_take = 200

    trader.step(after=MINUTE - 100)

    fill = only_exit(trader).fill
    assert (fill.basis, fill.price, fill.at) == (Basis.CANDLE, 98, NOON + MINUTE)


def test_a_liquidation_takes_the_margin() -> None:
    trader = Trader(started(), entered(stop=d(91)))
    trader.market.candles["AAAUSDT"] = [candle(m, 95, 96, 94, 95) for m in range(3)]
    trader.market.marks["AAAUSDT"] = [candle(m, 95, 96, 94 - m, 95) for m in range(3)]
    trader.market.quoted = {"AAAUSDT": (95, 95)}
    trader.step(after=2 * MINUTE)
    assert trader.kinds() == ["started", "entered"]

    trader.step(after=MINUTE)

    event = only_exit(trader)
    assert (event.reason, event.returned, event.at) == (
        Reason.LIQUIDATION,
        0,
        NOON + 2 * MINUTE,
    )
    assert trader.ledger.cash == d(9900)


def test_funding_is_paid_from_the_margin_and_moves_the_liquidation() -> None:
    trader = holding()
    minutes = range(60 * 4 + 2)
    trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in minutes]
    trader.market.settlements["AAAUSDT"] = [
        FundingRate(NOON, d("0.5"), d(100)),  # at the very entry: not held yet
        FundingRate(NOON + 4 * HOUR, d("0.001"), d(101)),
    ]
    trader.step(after=4 * HOUR + MINUTE)
    trader.step(after=MINUTE)

    (event,) = [x for x in trader.journal.events if isinstance(x, Funded)]
    (held,) = trader.ledger.positions.values()
    # 0.1 % of 10 * 101. Then (98.99 - 1000) / (10 * (0.025 - 1)), on a tick of 0.1.
    assert (event.at, event.amount) == (NOON + 4 * HOUR, d("-1.01"))
    assert held.margin == d("98.99")
    assert held.liquidation == d("92.5")  # 92.411282, early rather than late


@pytest.mark.parametrize(
    "quoted", [pytest.param((97, 97.1), id="a stop"), pytest.param((105, 105.1), id="a target")]
)
def test_funding_is_paid_by_what_a_quote_closes_in_the_same_minute(
    quoted: tuple[float, float],
) -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(61)]
    trader.market.settlements["AAAUSDT"] = [FundingRate(NOON + HOUR, d("0.001"), d(100))]
    trader.step(after=HOUR)
    trader.market.quoted = {"AAAUSDT": quoted}

    trader.step(after=5 * SECOND)

    assert trader.kinds() == ["started", "entered", "funded", "exited"]
    won = 10 * (only_exit(trader).fill.price - 100)
    assert trader.ledger.cash == 10_000 - 1 + won


def test_a_decision_leaves_no_funding_unpaid() -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(61)]
    trader.market.settlements["AAAUSDT"] = [FundingRate(NOON + HOUR, d("0.001"), d(100))]
    trader.step(after=HOUR)
    trader.publish(opportunity(side=Side.SELL, confirmed_at=NOON + HOUR))

    trader.step(after=5 * SECOND)

    assert trader.kinds()[:4] == ["started", "entered", "funded", "exited"]


def test_a_payment_after_the_exit_is_not_made() -> None:
    trader = holding()
    trader.market.candles["AAAUSDT"] = [
        *(candle(m, 100, 100, 100, 100) for m in range(59)),
        candle(59, 100, 100, 97, 97),
        candle(60, 97, 97, 97, 97),
    ]
    trader.market.settlements["AAAUSDT"] = [FundingRate(NOON + HOUR, d("0.001"), d(100))]

    trader.step(after=HOUR + MINUTE)

    assert trader.kinds() == ["started", "entered", "exited"]


@pytest.mark.parametrize(
    ("hours", "published", "reason"),
    [
        pytest.param(24, {}, Reason.HOLDING_TIME, id="held for a day"),
        pytest.param(1, {"AAAUSDT": None}, Reason.DELISTING, id="listed no more"),
        pytest.param(
            1,
            {"AAAUSDT": replace(INSTRUMENT, status="SETTLING")},
            Reason.DELISTING,
            id="settling",
        ),
        pytest.param(
            1,
            {"AAAUSDT": replace(INSTRUMENT, is_open=False)},
            Reason.DELISTING,
            id="closed to all in spite of its status",
        ),
        pytest.param(
            1,
            {"AAAUSDT": replace(INSTRUMENT, delivered_at=NOON + 2 * HOUR)},
            Reason.DELISTING,
            id="an hour before the delisting",
        ),
    ],
)
def test_a_decision_closes_at_the_next_quote(
    hours: int, published: dict[str, Any], reason: Reason
) -> None:
    trader = holding()
    trader.market.time += hours * HOUR
    trader.publish(**published)
    trader.market.next_quotes = [{"AAAUSDT": (100, 100.1)}, {"AAAUSDT": (100.5, 100.6)}]

    trader.step()

    event = only_exit(trader)
    assert (event.reason, event.fill.price) == (reason, d("100.5"))
    assert event.fill.basis is Basis.QUOTE


@pytest.mark.parametrize(
    ("minutes", "quoted", "found"),
    [
        pytest.param(
            [(100, 105, 99, 99)], (99, 99.1), (Basis.CANDLE, NOON), id="in a minute that ended"
        ),
        pytest.param(
            [(100, 100, 99, 99)],
            (105, 105.1),
            (Basis.QUOTE, NOON + MINUTE),
            id="at the quote it would close at",
        ),
    ],
)
def test_a_decision_comes_after_a_target_that_was_reached(
    minutes: list[tuple[float, float, float, float]],
    quoted: tuple[float, float],
    found: tuple[Basis, int],
) -> None:
    trader = holding()
    rows = [candle(m, *prices) for m, prices in enumerate(minutes)]
    trader.market.candles["AAAUSDT"] = rows
    trader.market.next_quotes = [{"AAAUSDT": (99, 99.1)}, {"AAAUSDT": quoted}]
    trader.market.quotes_take = 50
    trader.publish(opportunity(side=Side.SELL, confirmed_at=NOON + 30 * SECOND))

    trader.step(after=MINUTE - 100)

    event = only_exit(trader)
    assert (event.reason, event.fill.price) == (Reason.TARGET, 104)
    assert (event.fill.basis, event.at) == found


def test_the_opposite_signal_closes() -> None:
    trader = holding()
    trader.market.time += 5 * MINUTE
    trader.publish(opportunity(side=Side.SELL, confirmed_at=NOON - MINUTE))
    trader.step()
    assert trader.kinds() == ["started", "entered"]

    trader.publish(opportunity(side=Side.SELL, confirmed_at=NOON + 5 * MINUTE))
    trader.step()

    assert trader.kinds()[:3] == ["started", "entered", "exited"]
    assert only_exit(trader).reason is Reason.OPPOSITE


@pytest.mark.parametrize(
    ("kind", "confirmed_at", "is_closed"),
    [
        pytest.param(Kind.HIDDEN_BEARISH, NOON + 5 * MINUTE, True, id="spent, of another kind"),
        pytest.param(Kind.HIDDEN_BULLISH, NOON + 5 * MINUTE, False, id="of the same side"),
        pytest.param(Kind.REGULAR_BEARISH, NOON, False, id="known at the entry"),
    ],
)
def test_an_opposite_signal_closes_although_nobody_could_enter_on_it(
    kind: Kind, confirmed_at: int, is_closed: bool
) -> None:
    trader = holding()
    signal = Divergence("AAAUSDT", kind, 1, 2, confirmed_at - 5 * MINUTE)
    trader.publish_findings(fresh=(signal,))

    trader.step(after=5 * MINUTE)

    assert (trader.kinds() == ["started", "entered", "exited"]) is is_closed


def test_a_delisted_symbol_without_a_price_closes_at_its_last_one() -> None:
    trader = holding()
    trader.market.quoted = {"AAAUSDT": (99, 99.1)}
    trader.step()
    trader.market.quoted = {"AAAUSDT": (0, 0)}
    trader.publish(AAAUSDT=replace(INSTRUMENT, status="SETTLING"))

    trader.step(after=5 * SECOND)

    event = only_exit(trader)
    assert (event.fill.price, event.fill.basis_at, event.at) == (99, NOON, NOON + 5 * SECOND)


def test_a_delisted_symbol_that_never_had_a_quote_closes_at_its_entry() -> None:
    trader = holding()
    trader.market.quoted = {}
    trader.publish(AAAUSDT=None)

    trader.step(after=MINUTE)

    event = only_exit(trader)
    assert (event.reason, event.fill.price) == (Reason.DELISTING, 100)
    assert (event.fill.basis_at, event.at) == (NOON, NOON + MINUTE)
    assert trader.told == [
        "! AAAUSDT was delisted and has no price any more: its position is closed at the last "
        "one that is known, of 2024-07-30 12:00:00 UTC"
    ]


def test_no_price_at_all_keeps_what_was_decided_waiting_and_says_so_once() -> None:
    trader = holding(exits=replace(EXITS, max_holding=MINUTE))
    trader.market.quoted = {}

    trader.step(after=MINUTE)
    trader.step()

    assert trader.kinds() == ["started", "entered"]
    assert trader.told == ["! AAAUSDT: no price to close at (holding_time)"]


def test_a_symbol_that_the_venue_no_longer_knows_is_closed_and_frees_its_slot() -> None:
    trader = holding(entries=replace(ENTRIES, max_positions=1))
    trader.market.quoted = {"AAAUSDT": (99, 99.1), "BBBUSDT": (100, 100)}
    trader.step()
    trader.market.gone.add("AAAUSDT")
    trader.publish(opportunity("BBBUSDT"))

    trader.step(after=MINUTE)

    event = only_exit(trader)
    assert (event.reason, event.fill.price) == (Reason.DELISTING, 99)
    assert (event.fill.basis_at, event.at) == (NOON, NOON + MINUTE)
    assert trader.kinds() == ["started", "entered", "exited", "entered"]


def test_a_symbol_that_is_missing_once_among_the_quotes_is_kept() -> None:
    trader = holding()
    trader.market.next_quotes = [{"BBBUSDT": (100, 100)}, {"AAAUSDT": (100, 100)}]

    trader.step(after=5 * SECOND)
    trader.step(after=5 * SECOND)

    assert trader.kinds() == ["started", "entered"]
    assert trader.told == []


def test_a_trailing_stop_moves_minute_by_minute_and_is_kept() -> None:
    trader = Trader(started(), entered(trail=d(1)))
    trader.market.candles["AAAUSDT"] = [
        candle(0, 100, 100, 100, 100),
        candle(1, 100, 102, 99.5, 102),  # its own low lies below the stop that it brings
        candle(2, 102, 102, 100.9, 101),
    ]
    trader.market.quoted = {"AAAUSDT": (102, 102)}

    trader.step(after=2 * MINUTE)
    trader.market.quoted = {"AAAUSDT": (101.2, 101.2)}
    trader.step(after=MINUTE)

    assert trader.kinds() == ["started", "entered", "trailed", "exited"]
    assert only_exit(trader).reason is Reason.TRAILING_STOP
    assert only_exit(trader).fill.price == 101


def test_a_trailing_stop_stays_on_the_tick() -> None:
    trader = Trader(started(), entered(trail=d("1.033312687")))
    trader.market.candles["AAAUSDT"] = [
        candle(0, 100, 100, 100, 100),
        candle(1, 100, 102, 101, 102),
    ]
    trader.market.quoted = {"AAAUSDT": (102, 102)}

    trader.step(after=2 * MINUTE)

    (held,) = trader.ledger.positions.values()
    assert held.stop == d("100.9")  # 100.966687313, away from optimism


def test_how_far_a_stop_trails_is_a_distance_in_ticks() -> None:
    trader = Trader(rules=replace(RULES, sizing=replace(SIZING, trail_atr=d("1.5"))))
    trader.publish(opportunity(atr_percent=1.0333126872666))

    trader.step()

    (held,) = trader.ledger.positions.values()
    assert held.trail == d("1.6")  # 1.5499690308999
