"""How much is traded: what a plain stop loses, what limits the size, what is left over on spot."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.domain.durations import MINUTE
from divbot.domain.events import Entered, Exited
from divbot.domain.fills import Costs, Quote
from divbot.domain.ledger import Dust, Ledger, fold
from divbot.domain.market import Market
from divbot.domain.positions import exit_in_candle
from divbot.domain.risk import Limit
from divbot.domain.signals import Side
from divbot.trading.engine.replay import ended
from divbot.trading.engine.sizing import EntryRequest, Refusal, enter
from divbot.trading.figures.curve import equity_curve
from tests.trading.fakes import (
    FREE,
    INSTRUMENT,
    NOON,
    SIZING,
    Trader,
    candle,
    d,
    entered,
    opportunity,
    quote,
    started,
)
from tests.trading.fakes import RULES as TRADED

SPOT_COSTS = Costs(fee=d("0.001"), slippage=d("0.0002"))


def entry_of(
    ledger: Ledger,
    *,
    costs: Costs = FREE,
    side: Side = Side.BUY,
    quoted: Quote | None = None,
    instrument: dict[str, Any] | None = None,
    plan: dict[str, Any] | None = None,
    **rules: Any,
) -> Entered | Refusal:
    """Enter at 100, stop 98, risking 1 % of the equity, unless told otherwise."""
    listed = replace(INSTRUMENT, **(instrument or {}))
    offered = opportunity(side=side, instrument=listed, **(plan or {}))
    wanted = EntryRequest(offered, "5m", ledger.equity_at({}))
    given_rules = replace(SIZING, **{"min_reward_risk": d(0), **rules})
    return enter(wanted, quoted or quote(100, 100), None, ledger, costs, given_rules)


def account(balance: float = 10_000, market: Market = Market.USDM) -> Ledger:
    return fold([started(balance, market)])


@given(
    side=st.sampled_from(Side),
    market=st.sampled_from(Market),
    spread=st.integers(0, 4),
    fee=st.decimals(0, d("0.002"), places=5),
    slippage=st.decimals(0, d("0.002"), places=5),
    balance=st.integers(2_000, 10**6),
)
def test_a_plain_stop_loses_what_was_planned(
    side: Side, market: Market, spread: int, fee: Decimal, slippage: Decimal, balance: int
) -> None:
    costs = Costs(fee, slippage)
    side = Side.BUY if market is Market.SPOT else side
    ledger = account(balance, market)
    quoted = Quote(100 - d("0.1") * spread, d(100), NOON)

    found = entry_of(ledger, costs=costs, side=side, quoted=quoted, market=market)
    if isinstance(found, Refusal):
        assert "stop" in found.reason
        return
    opened = ledger.apply(found)
    (position,) = opened.positions.values()
    beyond = found.stop - position.sign
    stopped = exit_in_candle(position, candle(1, 100, *_high_and_low(beyond), 100), costs)
    assert stopped is not None
    (trade,) = opened.apply(*ended(position, stopped, (), MINUTE)).closed

    assert trade.r_multiple == pytest.approx(Decimal(-1), abs=Decimal("1e-6"))
    assert trade.risk <= SIZING.risk * balance + d("0.00000003")
    if found.limited_by is Limit.RISK:
        # On spot, what is bought is rounded, and what is held of it once more.
        two_steps_more = trade.risk * (1 + d("0.021") / found.quantity)
        assert two_steps_more > SIZING.risk * balance


@given(
    market=st.sampled_from(Market),
    leverage=st.integers(1, 20),
    price=st.decimals(1, 99, places=4),
    fee=st.decimals(0, d("0.002"), places=5),
    balance=st.decimals(2_000, 10**6, places=8),
)
def test_an_entry_of_all_that_there_is_can_be_paid(
    market: Market, leverage: int, price: Decimal, fee: Decimal, balance: Decimal
) -> None:
    ledger = fold([replace(started(1, market), balance=balance)])

    found = entry_of(
        ledger,
        costs=Costs(fee, d(0)),
        quoted=quote(price + 1, price + 1),
        instrument={"step_size": None, "tick_size": None},
        plan={"stop": price, "target": price + 9},
        market=market,
        risk=d(1),
        leverage=leverage,
    )

    assert isinstance(found, Entered)
    assert 0 <= ledger.apply(found).cash < d("0.01")


def _high_and_low(beyond: Decimal) -> tuple[float, float]:
    return max(100.0, float(beyond)), min(100.0, float(beyond))


BUSY = (started(), entered("BBBUSDT", quantity=900, margin=d(9000)))


@pytest.mark.parametrize(
    ("ledger", "changes", "limit", "quantity"),
    [
        pytest.param(account(), {}, Limit.RISK, "50", id="risk"),
        pytest.param(fold(BUSY), {"leverage": 2}, Limit.CASH, "20", id="cash"),
        pytest.param(account(), {"risk": d("0.5")}, Limit.LEVERAGE, "1000", id="leverage"),
        pytest.param(
            account(market=Market.SPOT),
            {"market": Market.SPOT, "risk": d("0.5")},
            Limit.CASH,
            "100",
            id="cash of a spot account",
        ),
        pytest.param(
            account(), {"instrument": {"max_quantity": d(7)}}, Limit.QUANTITY, "7", id="quantity"
        ),
        pytest.param(account(), {"instrument": {"step_size": d(40)}}, Limit.STEP, "40", id="step"),
    ],
)
def test_an_entry_says_what_limited_its_size(
    ledger: Ledger, changes: dict[str, Any], limit: Limit, quantity: str
) -> None:
    found = entry_of(ledger, **changes)

    assert isinstance(found, Entered)
    assert (found.limited_by, found.quantity) == (limit, d(quantity))


@pytest.mark.parametrize(
    ("balance", "changes", "reason"),
    [
        pytest.param(
            2, {}, "worth 1.00, the venue's least is 5 (limited by risk)", id="least notional"
        ),
        pytest.param(
            100,
            {"instrument": {"is_open": False}},
            "it is not traded",
            id="closed to all in spite of its status",
        ),
        pytest.param(
            100,
            {"instrument": {"step_size": d(1)}},
            "a quantity of 0 is below the venue's least, 0.01 (limited by step)",
            id="less than a step",
        ),
    ],
)
def test_a_refusal_says_what_limited_the_size(
    balance: float, changes: dict[str, Any], reason: str
) -> None:
    found = entry_of(account(balance), **changes)

    assert isinstance(found, Refusal)
    assert found.reason == reason


@pytest.mark.parametrize(
    ("costs", "stop", "reason"),
    [
        pytest.param(Costs(d("0.001"), d(0)), "99.8", "", id="two fees away"),
        pytest.param(Costs(d("0.001"), d(0)), "99.9", "nearer to 100.0 than", id="nearer"),
        # Bought at 100.1: two fees are 0.2002 and slippage is 0.1001.
        pytest.param(Costs(d("0.001"), d("0.001")), "99.7", "", id="slippage besides"),
        pytest.param(
            Costs(d("0.001"), d("0.001")), "99.9", "nearer to 100.1 than", id="without room for it"
        ),
    ],
)
@pytest.mark.parametrize("side", Side)
def test_a_stop_lies_farther_than_what_a_trade_costs(
    side: Side, costs: Costs, stop: str, reason: str
) -> None:
    away = d(stop) - 100
    if side is Side.SELL:
        away, reason = -away, reason.replace("100.1", "99.9")

    found = entry_of(account(), costs=costs, side=side, plan={"stop": 100 + away})

    assert isinstance(found, Refusal) is bool(reason)
    assert not isinstance(found, Refusal) or reason in found.reason


@pytest.mark.parametrize(
    ("fee", "least", "reason"),
    [
        pytest.param("0", "2", "", id="4 to win and 2 to lose"),
        pytest.param("0", "2.01", "is 2.00 at 100.0", id="more is wanted"),
        # To win 4 less two fees of 1; to lose 2, a fee of 1 and one of 0.98.
        pytest.param("0.01", "0.5025", "", id="after costs"),
        pytest.param("0.01", "0.5026", "is 0.50 at 100.0", id="more is wanted after costs"),
    ],
)
def test_reward_to_risk_is_asked_for_after_costs(fee: str, least: str, reason: str) -> None:
    found = entry_of(account(), costs=Costs(d(fee), d(0)), min_reward_risk=d(least))

    assert isinstance(found, Refusal) is bool(reason)
    assert not isinstance(found, Refusal) or f"reward to risk {reason}" in found.reason


class TestDust:
    def test_what_is_left_over_is_kept_and_no_fee(self) -> None:
        ledger = account(50, Market.SPOT)

        found = entry_of(
            ledger,
            costs=SPOT_COSTS,
            market=Market.SPOT,
            risk=d("0.5"),
            instrument={"step_size": d("0.1"), "min_notional": d(5)},
        )

        assert isinstance(found, Entered)
        # 0.4 bought at 100.1 (on the tick); 0.0004 pay the fee; 0.3996 is 0.3 in whole steps.
        assert (found.quantity, found.dust) == (d("0.3"), d("0.0996"))
        assert (found.fill.fee, found.paid) == (d("0.04004"), d("40.04"))
        after = ledger.apply(found)
        assert after.cash == d("9.96")
        assert after.dust["AAAUSDT"].quantity == d("0.0996")
        assert after.equity_at({"AAAUSDT": d("100.1")}) == d(50) - found.fill.fee
        assert after.equity_at({"AAAUSDT": d(200)}) - after.equity_at({"AAAUSDT": d(100)}) == (
            d("39.96")
        )

    def test_the_next_entry_uses_it_and_risks_no_more(self) -> None:
        coarse = {"step_size": d("0.1"), "min_notional": d(5)}
        rules = {"costs": SPOT_COSTS, "market": Market.SPOT, "instrument": coarse}
        ledger = account(1000, Market.SPOT)
        first = entry_of(ledger, **rules)
        assert isinstance(first, Entered)
        opened = ledger.apply(first)
        (position,) = opened.positions.values()
        stop = exit_in_candle(position, candle(1, 100, 100, 98, 99), SPOT_COSTS)
        assert stop is not None
        closed = opened.apply(*ended(position, stop, (), MINUTE))
        assert closed.dust["AAAUSDT"].price == stop.fill.price

        second = entry_of(closed, quoted=quote(100, 100, NOON + 9 * MINUTE), **rules)

        assert isinstance(second, Entered)
        assert first.dust is not None
        assert second.dust is not None
        bought = second.fill.quantity
        assert second.quantity + second.dust == bought - bought * SPOT_COSTS.fee + first.dust
        assert second.dust < d("0.1")
        assert second.risk is not None
        assert second.risk <= SIZING.risk * closed.equity_at({})

    @given(dust=st.decimals(d("0.0001"), d("0.0999"), places=4), balance=st.integers(200, 2000))
    def test_it_is_counted_before_entering(self, dust: Decimal, balance: int) -> None:
        account_with = replace(account(balance, Market.SPOT), dust={"AAAUSDT": Dust(dust, d(100))})

        found = entry_of(
            account_with,
            costs=SPOT_COSTS,
            market=Market.SPOT,
            instrument={"step_size": d("0.1")},
        )

        assert isinstance(found, Entered)
        assert found.risk is not None
        assert found.risk <= SIZING.risk * account_with.equity_at({}) + d("0.00000002")

    def test_a_whole_step_of_it_is_sold_with_the_position(self) -> None:
        found = entry_of(
            replace(account(1000, Market.SPOT), dust={"AAAUSDT": Dust(d("0.0996"), d(100))}),
            costs=SPOT_COSTS,
            market=Market.SPOT,
            instrument={"step_size": d("0.1")},
        )

        assert isinstance(found, Entered)
        assert found.quantity == found.fill.quantity
        assert found.dust == d("0.0996") - found.fill.quantity * SPOT_COSTS.fee

    def test_a_trader_values_it_at_the_last_price(self) -> None:
        trader = spot_trader()
        trader.publish(opportunity())
        trader.step()
        trader.market.quoted = {"AAAUSDT": (98, 98.1)}
        trader.step(after=5000)
        assert trader.kinds() == ["started", "entered", "exited"]
        (dust,) = trader.ledger.dust.values()

        trader.market.quoted = {"AAAUSDT": (300, 300)}
        trader.step(after=5000)
        trader.engine.mark()

        *_, mark = trader.journal.events
        worth = dust.quantity * 300
        assert trader.ledger.equity == trader.ledger.cash + worth
        assert mark.at == trader.ledger.at

    def test_a_curve_ends_with_it_at_its_last_known_price(self) -> None:
        trader = spot_trader()
        trader.publish(opportunity())
        trader.step()
        trader.market.quoted = {"AAAUSDT": (98, 98)}
        trader.step(after=5000)
        exit_is_last = equity_curve(trader.journal.events, trader.ledger)[-1]
        trader.market.quoted = {"AAAUSDT": (300, 300)}
        trader.step(after=5000)
        trader.engine.mark()
        mark_is_last = equity_curve(trader.journal.events, trader.ledger)[-1]

        (dust,), (trade,) = trader.ledger.dust.values(), trader.ledger.closed
        assert exit_is_last.equity == trader.ledger.cash + dust.quantity * trade.exit.price
        assert mark_is_last.equity == trader.ledger.cash + dust.quantity * 300

    def test_it_makes_no_difference_to_what_a_trade_comes_to(self) -> None:
        trader = spot_trader()
        trader.publish(opportunity())
        trader.step()
        trader.market.quoted = {"AAAUSDT": (98, 98)}
        trader.step(after=5000)

        (trade,) = trader.ledger.closed
        (out,) = [x for x in trader.journal.events if isinstance(x, Exited)]
        spent = trade.quantity * trade.entry.price + trade.entry.fee
        assert trade.profit == out.returned - spent


def spot_trader() -> Trader:
    rules = replace(
        TRADED,
        market=Market.SPOT,
        costs=SPOT_COSTS,
        sizing=replace(SIZING, market=Market.SPOT, risk=d("0.001")),
    )
    return Trader(started(market=Market.SPOT), rules=rules)
