"""How positions end, by numbers worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from divbot.domain.fills import Basis, Candle, Costs, Quote, Reason, fill_at_quote
from divbot.domain.margin import liquidation_price
from divbot.domain.positions import (
    Seen,
    close_at,
    exit_at_quote,
    exit_in_candle,
    funding_of,
    liquidation_in_candle,
    returned,
    trailed_stop,
)
from divbot.domain.signals import Side
from tests.trading.fakes import COSTS, FREE, NOON, candle, d, position, quote

BUY, SELL = Side.BUY, Side.SELL


@pytest.mark.parametrize(
    ("side", "price", "fee", "slippage"),
    [
        # 100.2 and 0.1 % of it, up to the next tick; a fee of 0.05 %.
        pytest.param(BUY, "100.4", "0.50200000", "2.0", id="buy at the ask"),
        # 100.0 less 0.1 %, down to the next tick.
        pytest.param(SELL, "99.9", "0.49950000", "1.0", id="sell at the bid"),
    ],
)
def test_a_market_order_crosses_the_spread_and_slips(
    side: Side, price: str, fee: str, slippage: str
) -> None:
    fill = fill_at_quote(side, d(10), quote(100, 100.2), COSTS, d("0.1"))

    assert (fill.price, fill.fee, fill.slippage) == (d(price), d(fee), d(slippage))
    assert (fill.spread, fill.basis, fill.basis_prices) == (
        d("0.2"),
        Basis.QUOTE,
        (100, d("100.2")),
    )


def test_money_is_rounded_against_the_trader() -> None:
    fill = fill_at_quote(BUY, d("0.3"), quote(1, 1), Costs(d("0.00000001"), d(0)), d("0.1"))

    assert fill.fee == d("0.00000001")  # 0.000000003
    assert position(quantity=d("0.3")).profit_at(d("100.00000001")) == d("0")
    assert position(quantity=d("0.3")).profit_at(d("99.99999999")) == d("-0.00000001")


LONG_STORIES = [
    pytest.param(candle(1, 100, 103, 98.1, 102), None, None, id="nothing"),
    pytest.param(candle(1, 100, 101, 98, 101), Reason.STOP, 98, id="a wick touches the stop"),
    pytest.param(candle(1, 95, 97, 94, 96), Reason.STOP, 95, id="a gap through the stop"),
    pytest.param(candle(1, 100, 104.1, 99, 103), Reason.TARGET, 104, id="beyond the target"),
    pytest.param(candle(1, 100, 104, 99, 103), None, None, id="at the target, not beyond"),
    pytest.param(candle(1, 106, 107, 105, 106), Reason.TARGET, 104, id="a gap past the target"),
    pytest.param(candle(1, 100, 105, 97, 103), Reason.STOP, 98, id="stop and target in one"),
]


@pytest.mark.parametrize(("found", "reason", "price"), LONG_STORIES)
def test_a_candle_ends_a_long_position(
    found: Candle, reason: Reason | None, price: float | None
) -> None:
    exit_ = exit_in_candle(position(), found, FREE)

    assert (exit_ and exit_.reason) == reason
    assert (exit_ and exit_.fill.price) == price


@pytest.mark.parametrize(("found", "reason", "price"), LONG_STORIES)
def test_a_mirrored_candle_ends_a_short_position(
    found: Candle, reason: Reason | None, price: float | None
) -> None:
    mirrored = Candle(
        found.open_time, 200 - found.open, 200 - found.low, 200 - found.high, 200 - found.close
    )

    exit_ = exit_in_candle(position(SELL), mirrored, FREE)

    assert (exit_ and exit_.reason) == reason
    assert (exit_ and exit_.fill.price) == (price and 200 - price)


def test_a_stop_slips_and_a_target_does_not() -> None:
    stop = exit_in_candle(position(), candle(1, 100, 101, 97, 99), COSTS)
    target = exit_in_candle(position(), candle(1, 100, 105, 99, 104), COSTS)

    assert stop
    assert target
    # 98 less 0.1 % is 97.902: 97.9; 0.05 % of 979 is the fee.
    assert (stop.fill.requested, stop.fill.price) == (98, d("97.9"))
    assert (stop.fill.fee, stop.fill.slippage) == (d("0.4895"), d("1.0"))
    assert (target.fill.price, target.fill.fee, target.fill.slippage) == (104, d("0.52"), 0)
    # A candle knows no spread.
    assert (stop.fill.spread, target.fill.spread) == (0, 0)


@pytest.mark.parametrize(
    ("bid", "ask", "reason", "price"),
    [
        pytest.param(98.1, 98.2, None, None, id="above the stop"),
        pytest.param(98, 98.2, Reason.STOP, 98, id="at the stop"),
        pytest.param(97, 98.2, Reason.STOP, 97, id="below the stop"),
        pytest.param(103.9, 104.1, None, None, id="the ask is at the target, the bid is not"),
        pytest.param(104, 104.1, Reason.TARGET, 104, id="at the target"),
        pytest.param(105, 105.1, Reason.TARGET, 104, id="beyond the target"),
        pytest.param(0, 0, None, None, id="a price of zero is none"),
        pytest.param(99, 98, None, None, id="a crossed book is none"),
    ],
)
def test_a_quote_ends_a_long_position(
    bid: float, ask: float, reason: Reason | None, price: float | None
) -> None:
    exit_ = exit_at_quote(position(), quote(bid, ask), FREE)

    assert (exit_ and exit_.reason) == reason
    assert (exit_ and exit_.fill.price) == price


class TestTheCandleOfTheEntry:
    """Opened at 12:00:20, when the candle of 12:00 had been from 98.5 to 101."""

    def opened(self, **changes: Any) -> Any:
        return position(opened_at=NOON + 20_000, seen=Seen(NOON, d(101), d("98.5")), **changes)

    @pytest.mark.parametrize(
        ("low", "high", "stop", "reason"),
        [
            pytest.param(98.5, 101, 98.9, None, id="what was seen came before"),
            pytest.param(98.4, 101, 98.9, Reason.STOP, id="a lower low came after"),
            pytest.param(98.5, 104.5, 98, Reason.TARGET, id="a higher high came after"),
        ],
    )
    def test_counts_only_what_came_after(
        self, low: float, high: float, stop: float, reason: Reason | None
    ) -> None:
        exit_ = exit_in_candle(
            self.opened(stop=d(stop), first_stop=d(stop)), candle(0, 99, high, low, 100), FREE
        )

        assert (exit_ and exit_.reason) == reason

    def test_its_open_is_no_gap(self) -> None:
        # It opened at 97, before anything was bought.
        exit_ = exit_in_candle(self.opened(), candle(0, 97, 101, 96, 100), FREE)

        assert exit_
        assert (exit_.fill.price, exit_.fill.at) == (98, NOON + 20_000)

    def test_counts_for_nothing_where_nobody_looked(self) -> None:
        unseen = position(opened_at=NOON + 20_000)

        assert exit_in_candle(unseen, candle(0, 100, 110, 90, 100), FREE) is None
        assert exit_in_candle(unseen, candle(1, 100, 101, 90, 100), FREE) is not None


class TestLiquidation:
    def test_the_formula_gives_the_published_prices(self) -> None:
        numbers = (d("0.1"), d(60000), d(600), d("0.004"))

        long, short = liquidation_price(BUY, *numbers), liquidation_price(SELL, *numbers)

        assert long
        assert round(long, 2) == d("54216.87")
        assert short
        assert round(short, 2) == d("65737.05")

    def test_a_position_paid_in_full_has_none(self) -> None:
        assert liquidation_price(BUY, d(10), d(100), d(1000)) is None

    def test_the_mark_price_takes_the_margin_and_nothing_more(self) -> None:
        # (100 - 1000) / (10 * (0.025 - 1)) = 92.307692...
        held = position(stop=d(90))

        assert liquidation_in_candle(held, candle(1, 95, 96, 92.4, 93)) is None
        exit_ = liquidation_in_candle(held, candle(1, 95, 96, 92.3, 93))

        assert exit_
        assert exit_.reason is Reason.LIQUIDATION
        assert round(exit_.fill.price, 6) == d("92.307692")
        assert returned(held, exit_) == 0

    def test_a_stop_that_would_fill_beyond_it_is_one(self) -> None:
        gap = candle(1, 92, 93, 91, 92)

        exit_ = exit_in_candle(position(), gap, COSTS)

        assert exit_
        assert (exit_.reason, exit_.fill.fee) == (Reason.LIQUIDATION, 0)
        assert returned(position(), exit_) == 0


def test_what_comes_back_is_margin_and_profit_less_the_fee() -> None:
    exit_ = close_at(position(), quote(101, 101.1), Reason.OPPOSITE, COSTS)

    # 101 less 0.1 % is 100.899, on a tick 100.8: 8 of profit, a fee of 0.504.
    assert returned(position(), exit_) == d("107.496")


@pytest.mark.parametrize(
    ("side", "rate", "amount"),
    [(BUY, "0.0001", "-0.101"), (SELL, "0.0001", "0.101"), (BUY, "-0.0001", "0.101")],
)
def test_a_positive_rate_makes_longs_pay_shorts(side: Side, rate: str, amount: str) -> None:
    assert funding_of(position(side), d(rate), d(101)) == d(amount)


def test_funding_takes_no_more_than_the_margin() -> None:
    assert funding_of(position(), d("0.5"), d(100)) == -100


@pytest.mark.parametrize(
    ("side", "found", "stop"),
    [
        (BUY, candle(1, 100, 103, 99, 102), d("101.5")),
        (BUY, candle(1, 100, 99.4, 99, 99), None),
        (SELL, candle(1, 100, 101, 97, 98), d("98.5")),
    ],
)
def test_a_trailing_stop_follows_one_way(side: Side, found: Candle, stop: Decimal | None) -> None:
    assert trailed_stop(position(side, trail=d("1.5")), found) == stop


def test_a_trailed_stop_says_so_when_it_is_touched() -> None:
    exit_ = exit_in_candle(position(stop=d(101)), candle(1, 103, 103, 100, 102), FREE)

    assert exit_
    assert (exit_.reason, exit_.fill.price) == (Reason.TRAILING_STOP, 101)


def test_the_fill_names_what_it_was_made_against() -> None:
    found = candle(3, 100, 101, 97, 99)

    exit_ = exit_in_candle(position(), found, FREE)

    assert exit_
    assert exit_.fill.basis is Basis.CANDLE
    assert (exit_.fill.basis_at, exit_.fill.at) == (found.open_time, found.open_time)
    assert exit_.fill.basis_prices == (found.open, found.high, found.low, found.close)


def test_a_quote_is_dated() -> None:
    seen = Quote(d(98), d("98.2"), NOON + 1234)

    exit_ = exit_at_quote(position(), seen, FREE)

    assert exit_
    assert (exit_.fill.at, exit_.fill.basis_at) == (NOON + 1234, NOON + 1234)
