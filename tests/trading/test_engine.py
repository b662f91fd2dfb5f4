"""The trader step by step, on a market written down by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from divbot.domain.errors import JournalError, VenueUnreachable
from divbot.domain.events import Entered, Exited, Funded, Marked, Paused
from divbot.domain.fills import Basis, Reason
from divbot.domain.ledger import DAY
from divbot.domain.market import Market
from divbot.domain.positions import MINUTE
from divbot.domain.signals import Divergence, Kind, Side
from divbot.trading.questions import Stopped
from tests.trading.fakes import (
    COSTS,
    ENTRIES,
    EXITS,
    HOUR,
    INSTRUMENT,
    NOON,
    RULES,
    SIZING,
    FakeReport,
    Settlement,
    Trader,
    candle,
    d,
    entered,
    opportunity,
    started,
)

SECOND = 1000


def holding(**rules: Any) -> Trader:
    """Return a trader that holds 10 at 100, stop 98, target 104, since noon."""
    return Trader(started(), entered(), rules=replace(RULES, **rules))


def only_exit(trader: Trader) -> Exited:
    (found,) = [x for x in trader.journal.events if isinstance(x, Exited)]
    return found


class TestEntries:
    def test_the_best_is_bought_at_the_quote_after_the_decision(self) -> None:
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

    def test_a_report_is_acted_on_once(self) -> None:
        trader = Trader()
        trader.publish(opportunity())
        trader.step()
        trader.market.quoted = {"AAAUSDT": (104, 104)}
        trader.step()
        assert trader.kinds() == ["started", "entered", "exited"]

        trader.step()

        assert trader.kinds() == ["started", "entered", "exited"]

    def test_no_more_than_are_free_and_one_of_each_symbol(self) -> None:
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
    def test_what_is_not_taken(self, changes: dict[str, Any]) -> None:
        trader = Trader(rules=replace(RULES, costs=COSTS))
        trader.publish(opportunity(**changes))

        trader.step()

        assert trader.kinds() == ["started"]

    def test_an_old_report_is_refused_and_a_late_one_warned_of(self) -> None:
        trader = Trader()
        trader.market.time += 301 * SECOND
        trader.publish(opportunity(), at=NOON)
        trader.step()
        assert trader.told == ["! a report of the background scanner is too old to act on (301s)"]
        trader.publish(opportunity(), at=NOON + 180 * SECOND)

        trader.step()

        assert trader.told[-1] == (
            "! processing 1 opportunities from background scanner (age: 121s)"
        )
        assert trader.kinds() == ["started", "entered"]

    def test_a_signal_is_not_traded_twice_nor_a_symbol_just_after_a_loss(self) -> None:
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

    def test_a_bad_day_pauses_entries_until_the_next_one(self) -> None:
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

    def test_spot_buys_whole_and_sells_what_the_fee_left(self) -> None:
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
        assert (held.symbol, held.quantity, held.wallet) == ("AAAUSDT", d("4.54"), d(454))
        assert (held.leverage, held.liquidation) == (1, None)
        assert trader.ledger.cash == d(9545)

    def test_spot_spends_all_cash_where_that_is_the_limit(self) -> None:
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


class TestExits:
    def test_a_wick_between_two_looks_stops_a_position(self) -> None:
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

    def test_the_minute_of_the_entry_counts_as_far_as_it_was_not_seen(self) -> None:
        trader = Trader(started(), entered(at=NOON + 20 * SECOND))
        trader.market.candles["AAAUSDT"] = [candle(0, 100, 100, 97, 100)]

        trader.step(after=MINUTE)

        assert only_exit(trader).fill.price == 98

    def test_a_target_is_not_taken_after_the_stop_was_touched_in_the_same_minute(self) -> None:
        trader = holding()
        trader.market.candles["AAAUSDT"] = [candle(0, 100, 104.5, 97.5, 104.5)]
        trader.market.quoted = {"AAAUSDT": (104.5, 104.6)}

        trader.step(after=30 * SECOND)

        assert only_exit(trader).reason is Reason.STOP

    def test_a_minute_that_ends_while_quotes_are_asked_for_comes_before_them(self) -> None:
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

    def test_a_liquidation_takes_the_margin(self) -> None:
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

    def test_funding_is_paid_from_the_margin_and_moves_the_liquidation(self) -> None:
        trader = holding()
        minutes = range(60 * 4 + 2)
        trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in minutes]
        trader.market.settlements["AAAUSDT"] = [
            Settlement(NOON, d("0.5"), d(100)),  # at the very entry: not held yet
            Settlement(NOON + 4 * HOUR, d("0.001"), d(101)),
        ]
        trader.step(after=4 * HOUR + MINUTE)
        trader.step(after=MINUTE)

        (event,) = [x for x in trader.journal.events if isinstance(x, Funded)]
        (held,) = trader.ledger.positions.values()
        # 0.1 % of 10 * 101. Then (98.99 - 1000) / (10 * (0.025 - 1)), on a tick of 0.1.
        assert (event.at, event.amount) == (NOON + 4 * HOUR, d("-1.01"))
        assert held.wallet == d("98.99")
        assert held.liquidation == d("92.5")  # 92.411282, early rather than late

    @pytest.mark.parametrize(
        "quoted", [pytest.param((97, 97.1), id="a stop"), pytest.param((105, 105.1), id="a target")]
    )
    def test_funding_is_paid_by_what_a_quote_closes_in_the_same_minute(
        self, quoted: tuple[float, float]
    ) -> None:
        trader = holding()
        trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(61)]
        trader.market.settlements["AAAUSDT"] = [Settlement(NOON + HOUR, d("0.001"), d(100))]
        trader.step(after=HOUR)
        trader.market.quoted = {"AAAUSDT": quoted}

        trader.step(after=5 * SECOND)

        assert trader.kinds() == ["started", "entered", "funded", "exited"]
        won = 10 * (only_exit(trader).fill.price - 100)
        assert trader.ledger.cash == 10_000 - 1 + won

    def test_a_decision_leaves_no_funding_unpaid(self) -> None:
        trader = holding()
        trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(61)]
        trader.market.settlements["AAAUSDT"] = [Settlement(NOON + HOUR, d("0.001"), d(100))]
        trader.step(after=HOUR)
        trader.publish(opportunity(side=Side.SELL, confirmed_at=NOON + HOUR))

        trader.step(after=5 * SECOND)

        assert trader.kinds()[:4] == ["started", "entered", "funded", "exited"]

    def test_a_payment_after_the_exit_is_not_made(self) -> None:
        trader = holding()
        trader.market.candles["AAAUSDT"] = [
            *(candle(m, 100, 100, 100, 100) for m in range(59)),
            candle(59, 100, 100, 97, 97),
            candle(60, 97, 97, 97, 97),
        ]
        trader.market.settlements["AAAUSDT"] = [Settlement(NOON + HOUR, d("0.001"), d(100))]

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
                {"AAAUSDT": replace(INSTRUMENT, delivered_at=NOON + 2 * HOUR)},
                Reason.DELISTING,
                id="an hour before the delisting",
            ),
        ],
    )
    def test_a_decision_closes_at_the_next_quote(
        self, hours: int, published: dict[str, Any], reason: Reason
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
        self,
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

    def test_the_opposite_signal_closes(self) -> None:
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
        self, kind: Kind, confirmed_at: int, is_closed: bool
    ) -> None:
        trader = holding()
        signal = Divergence("AAAUSDT", kind, 1, 2, confirmed_at - 5 * MINUTE)
        trader.publish_report(FakeReport(open_to_trade=(), fresh=(signal,)))

        trader.step(after=5 * MINUTE)

        assert (trader.kinds() == ["started", "entered", "exited"]) is is_closed

    def test_a_delisted_symbol_without_a_price_closes_at_its_last_one(self) -> None:
        trader = holding()
        trader.market.quoted = {"AAAUSDT": (99, 99.1)}
        trader.step()
        trader.market.quoted = {"AAAUSDT": (0, 0)}
        trader.publish(AAAUSDT=replace(INSTRUMENT, status="SETTLING"))

        trader.step(after=5 * SECOND)

        event = only_exit(trader)
        assert (event.fill.price, event.fill.basis_at, event.at) == (99, NOON, NOON + 5 * SECOND)

    def test_a_delisted_symbol_that_never_had_a_quote_closes_at_its_entry(self) -> None:
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

    def test_no_price_at_all_keeps_what_was_decided_waiting_and_says_so_once(self) -> None:
        trader = holding(exits=replace(EXITS, max_holding=MINUTE))
        trader.market.quoted = {}

        trader.step(after=MINUTE)
        trader.step()

        assert trader.kinds() == ["started", "entered"]
        assert trader.told == ["! AAAUSDT: no price to close at (holding_time)"]

    def test_a_symbol_that_the_venue_no_longer_knows_is_closed_and_frees_its_slot(self) -> None:
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

    def test_a_symbol_that_is_missing_once_among_the_quotes_is_kept(self) -> None:
        trader = holding()
        trader.market.next_quotes = [{"BBBUSDT": (100, 100)}, {"AAAUSDT": (100, 100)}]

        trader.step(after=5 * SECOND)
        trader.step(after=5 * SECOND)

        assert trader.kinds() == ["started", "entered"]
        assert trader.told == []

    def test_a_trailing_stop_moves_minute_by_minute_and_is_kept(self) -> None:
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

    def test_a_trailing_stop_stays_on_the_tick(self) -> None:
        trader = Trader(started(), entered(trail=d("1.033312687")))
        trader.market.candles["AAAUSDT"] = [
            candle(0, 100, 100, 100, 100),
            candle(1, 100, 102, 101, 102),
        ]
        trader.market.quoted = {"AAAUSDT": (102, 102)}

        trader.step(after=2 * MINUTE)

        (held,) = trader.ledger.positions.values()
        assert held.stop == d("100.9")  # 100.966687313, away from optimism

    def test_how_far_a_stop_trails_is_a_distance_in_ticks(self) -> None:
        trader = Trader(rules=replace(RULES, sizing=replace(SIZING, trail_atr=d("1.5"))))
        trader.publish(opportunity(atr_percent=1.0333126872666))

        trader.step()

        (held,) = trader.ledger.positions.values()
        assert held.trail == d("1.6")  # 1.5499690308999


class TestFunding:
    """Settlements as the venue publishes them: some milliseconds after they were due."""

    @pytest.mark.parametrize("late", [0, 1, 20])
    @pytest.mark.parametrize(
        "looks",
        [
            pytest.param([HOUR + MINUTE, 4 * MINUTE], id="minute by minute"),
            pytest.param([HOUR + 5 * MINUTE], id="all at once"),
        ],
    )
    def test_a_settlement_is_paid_once_by_who_held_then(self, late: int, looks: list[int]) -> None:
        trader = holding(exits=replace(EXITS, max_holding=HOUR + 5 * MINUTE))
        trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(66)]
        due = NOON + HOUR
        trader.market.settlements["AAAUSDT"] = [Settlement(due + late, d("0.001"), d(100))]

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
    def test_a_position_opened_around_a_settlement(
        self, opened: int, is_paid: bool, late: int
    ) -> None:
        due = NOON + HOUR
        trader = Trader(started(), entered(at=due + opened, seen=None))
        trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(60, 66)]
        trader.market.settlements["AAAUSDT"] = [Settlement(due + late, d("0.001"), d(100))]

        for minute in range(1, 5):
            trader.market.time = due
            trader.step(after=minute * MINUTE)

        assert ("funded" in trader.kinds()) is is_paid

    @pytest.mark.parametrize("late", [0, 15])
    def test_a_stop_in_the_minute_of_a_settlement_pays_it_first(self, late: int) -> None:
        trader = holding()
        trader.market.candles["AAAUSDT"] = [
            *(candle(m, 100, 100, 100, 100) for m in range(60)),
            candle(60, 100, 100, 97, 97),
        ]
        due = NOON + HOUR
        trader.market.settlements["AAAUSDT"] = [Settlement(due + late, d("0.001"), d(100))]
        trader.market.time = due + MINUTE

        trader.engine.catch_up()

        assert trader.kinds() == ["started", "entered", "funded", "exited"]

    def test_an_hour_without_a_settlement_is_asked_about_twice(self) -> None:
        trader = holding()
        trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(80)]

        for _ in range(75):
            trader.step(after=MINUTE)

        assert trader.market.asked.count("funding AAAUSDT") == 2

    def test_a_settlement_that_is_published_late_is_paid_at_the_exit(self) -> None:
        trader = holding()
        trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(80)]
        trader.step(after=HOUR + 10 * MINUTE)
        trader.market.settlements["AAAUSDT"] = [Settlement(NOON + HOUR + 3, d("0.001"), d(100))]
        trader.market.quoted = {"AAAUSDT": (97, 97.1)}

        trader.step(after=5 * SECOND)

        assert trader.kinds() == ["started", "entered", "funded", "exited"]

    def test_a_run_that_was_kept_with_the_venues_own_times_pays_nothing_twice(self) -> None:
        due = NOON + HOUR
        paid = Funded(due + 7, 1, d("0.001"), d(100), d(-1), d(92), due + 7)
        trader = Trader(started(), entered(), paid)
        trader.market.candles["AAAUSDT"] = [candle(m, 100, 100, 100, 100) for m in range(66)]
        trader.market.settlements["AAAUSDT"] = [Settlement(due + 7, d("0.001"), d(100))]

        trader.step(after=HOUR + 5 * MINUTE)

        assert trader.kinds() == ["started", "entered", "funded"]


class TestPauses:
    """A loss belongs to the day on which it happened, whenever it is heard of."""

    def test_a_pause_that_is_found_again_on_the_next_day_lasts_for_that_day(self) -> None:
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

    def test_a_loss_that_paused_one_day_is_none_of_the_next(self) -> None:
        trader = Trader(started(), entered(quantity=900))
        trader.step(after=11 * HOUR + 59 * MINUTE)
        trader.market.quoted = {"AAAUSDT": (99.4, 99.4)}
        trader.step(after=30 * SECOND)

        trader.step(after=MINUTE)

        assert trader.kinds() == ["started", "entered", "paused", "paused"]
        assert trader.ledger.paused == ""

    def test_a_pause_that_goes_on_is_renewed_with_the_reason_of_its_day(self) -> None:
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

    def test_a_stop_of_days_ago_pauses_no_later_day(self) -> None:
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

    def test_a_stop_of_this_morning_that_is_heard_of_at_noon_pauses_today(self) -> None:
        trader = Trader(started(), entered(quantity=900, stop=d("99.3")))
        trader.step(after=5 * MINUTE)
        morning = 20 * 60  # minutes: 08:00 of the next day
        trader.market.candles["AAAUSDT"] = [candle(morning, 100, 100, 99, 99)]
        restarted = trader.restart(after=DAY)

        restarted.engine.catch_up()
        restarted.step()

        assert restarted.ledger.paused == "the loss of this day has reached the limit of 5.0%"

    @pytest.mark.parametrize(
        "max_holding", [None, DAY], ids=["held on", "closed at the first look"]
    )
    def test_what_prices_did_while_nobody_looked_is_no_loss_of_today(
        self, max_holding: int | None
    ) -> None:
        rules = replace(RULES, exits=replace(EXITS, max_holding=max_holding))
        trader = Trader(started(), entered(quantity=900, stop=d(90)), rules=rules)
        trader.step(after=5 * MINUTE)
        restarted = trader.restart(after=4 * DAY)
        restarted.market.quoted = {"AAAUSDT": (99.3, 99.3)}

        for _ in range(3):
            restarted.step(after=5 * MINUTE)

        assert restarted.ledger.equity == d(9370)
        assert restarted.ledger.paused == ""

    def test_what_is_lost_after_coming_back_is_a_loss_of_today(self) -> None:
        rules = replace(RULES, exits=replace(EXITS, max_holding=None))
        trader = Trader(started(), entered(quantity=900, stop=d(90)), rules=rules)
        restarted = trader.restart(after=4 * DAY)
        restarted.market.quoted = {"AAAUSDT": (99.3, 99.3)}
        restarted.step()
        restarted.market.quoted = {"AAAUSDT": (98.7, 98.7)}  # 540 of 9,370

        restarted.step(after=5 * SECOND)

        assert restarted.ledger.paused == "the loss of this day has reached the limit of 5.0%"

    def test_a_stop_in_the_last_minute_of_a_day_is_no_loss_of_the_next(self) -> None:
        trader = Trader(started(), entered(quantity=900, stop=d("99.3")))
        last = 12 * 60 - 1
        rows = [candle(m, 100, 100, 100, 100) for m in range(last)]
        trader.market.candles["AAAUSDT"] = [*rows, candle(last, 100, 100, 99, 99)]
        trader.step(after=12 * HOUR - 2 * MINUTE)

        trader.step(after=2 * MINUTE + SECOND)

        assert only_exit(trader).at == NOON + 12 * HOUR - MINUTE
        assert trader.ledger.paused == ""

    def test_an_account_that_is_worth_nothing_pauses_and_says_so(self) -> None:
        trader = Trader(started(100), entered(stop=d(80)))
        trader.market.quoted = {"AAAUSDT": (85, 85)}

        for _ in range(3):
            trader.step(after=DAY)

        assert trader.ledger.day_equity == 0
        assert trader.ledger.paused == "nothing is left of the equity"

    def test_a_clock_set_back_over_midnight_keeps_one_pause(self) -> None:
        trader = Trader(started(), entered(quantity=900))
        trader.step(after=12 * HOUR)
        trader.market.quoted = {"AAAUSDT": (99.4, 99.4)}
        trader.step(after=MINUTE)
        trader.market.time -= 5 * MINUTE

        for price in (99.3, 99.2, 99.1):
            trader.market.quoted = {"AAAUSDT": (price, price)}
            trader.step(after=SECOND)

        assert trader.kinds().count("paused") == 1


class TestAfterARestart:
    def test_a_symbol_that_the_venue_forgot_meanwhile_is_closed_at_its_last_valuation(self) -> None:
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

    def test_an_account_without_quotes_is_valued_at_the_last_known_prices(self) -> None:
        trader = holding()
        trader.market.quoted = {"AAAUSDT": (98.5, 98.6)}
        trader.step(after=5 * MINUTE)
        restarted = trader.restart(after=HOUR)

        restarted.engine.mark()

        assert restarted.ledger.equity == d(9985)

    def test_a_stop_hit_while_away_is_honoured_at_its_price_and_time(self) -> None:
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

    def test_nothing_is_traded_where_the_past_cannot_be_had(self) -> None:
        trader = holding()
        trader.market.time += HOUR
        trader.market.candle_trouble = VenueUnreachable("no route")

        with pytest.raises(VenueUnreachable):
            trader.engine.catch_up()

    def test_what_was_looked_at_is_kept_with_each_valuation(self) -> None:
        trader = holding()
        trader.market.candles["AAAUSDT"] = [candle(m, 100, 101, 99, 100) for m in range(12)]

        trader.step(after=10 * MINUTE)

        assert trader.journal.events[-1].kind == "marked"
        assert trader.ledger.positions[1].checked_until == NOON + 10 * MINUTE


class TestTrouble:
    def test_without_quotes_nothing_is_done_and_it_is_told_once(self) -> None:
        trader = holding()
        trader.publish(opportunity("BBBUSDT"))
        trader.market.trouble = VenueUnreachable("no route")

        trader.step()
        trader.step(after=5 * SECOND)

        assert trader.kinds() == ["started", "entered"]
        assert trader.told == ["! no quotes: no route"]
        assert trader.engine.state.problem == "no quotes: no route"

    def test_that_quotes_are_back_is_told_once(self) -> None:
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

    def test_a_run_that_ends_without_quotes_does_not_say_that_they_are_back(self) -> None:
        trader = holding()
        trader.market.trouble = VenueUnreachable("no route")
        trader.step()

        trader.engine.mark()

        assert trader.told == ["! no quotes: no route"]
        assert trader.engine.state.problem == "no quotes: no route"

    def test_late_reports_are_warned_of_once_and_told_when_they_come_in_time(self) -> None:
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

    def test_a_signal_that_cannot_be_entered_is_told_once_for_all_reports(self) -> None:
        trader = Trader()
        for minute in range(1, 4):
            trader.publish(opportunity("NOQUOTEUSDT"))
            trader.step(after=minute)
        trader.publish(opportunity("NOQUOTEUSDT", confirmed_at=NOON + 1))
        trader.step()

        assert trader.told == ["NOQUOTEUSDT not entered: there is no quote"] * 2

    def test_what_happened_meanwhile_is_seen_afterwards(self) -> None:
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

    def test_missing_candles_do_not_keep_quotes_from_stopping(self) -> None:
        trader = holding()
        trader.market.candle_trouble = VenueUnreachable("no candles")
        trader.market.quoted = {"AAAUSDT": (97, 97.1)}

        trader.step(after=2 * MINUTE)

        assert only_exit(trader).fill.price == 97
        assert trader.engine.state.problem == "no candles: no candles"

    def test_a_problem_is_there_in_a_step_that_values_the_account_too(self) -> None:
        trader = holding()
        trader.market.candle_trouble = VenueUnreachable("no route")

        for _ in range(2):
            trader.step(after=5 * MINUTE)

        assert trader.engine.state.problem == "no candles: no route"
        assert trader.told == ["! no candles: no route"]

    def test_a_full_disk_is_not_traded_over(self) -> None:
        trader = Trader()
        trader.publish(opportunity())
        trader.journal.trouble = JournalError("the disk is full")

        with pytest.raises(JournalError):
            trader.step()

        assert trader.ledger.positions == {}
        assert trader.heard == []

    def test_told_to_stop_it_waits_for_no_answer(self) -> None:
        trader = holding()
        trader.stop.set()

        with pytest.raises(Stopped):
            trader.step()


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
