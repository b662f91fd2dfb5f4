from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.domain.events import Event, Paused
from divbot.domain.fills import Reason
from divbot.domain.signals import Kind
from divbot.trading.figures.breakdown import By, breakdown
from divbot.trading.figures.costs import Paid, paid_for
from divbot.trading.figures.stats import Stats, measure
from divbot.trading.figures.tally import Tally, tally, wilson_interval
from divbot.trading.journal.journal import JournalCopy
from tests.trading.stories import (
    DAY,
    HOUR,
    START,
    STARTED,
    dealt,
    entered,
    five_trades,
    marked,
    nothing_yet,
    recorded,
)

DEALS = st.lists(
    st.tuples(
        st.sampled_from(["BTCUSDT", "ETHUSDT", "币安人生USDT"]),
        st.sampled_from(Kind),
        st.sampled_from([Reason.STOP, Reason.TARGET, Reason.HOLDING_TIME]),
        st.integers(1, 40),
        st.integers(-2000, 3000),
    ),
    min_size=1,
    max_size=25,
)


def measured(run: JournalCopy) -> Stats:
    return measure(run.events, run.ledger)


def account(deals: list[tuple[str, Kind, Reason, int, int]], *, scale: int = 1) -> JournalCopy:
    """Return one trade after the other, each with so many hours and cents of profit."""
    events: list[Event] = [replace(STARTED, balance=STARTED.balance * scale)]
    now, equity = START, STARTED.balance * scale
    for trade, (symbol, kind, reason, hours, cents) in enumerate(deals, 1):
        profit = Decimal(cents) * scale / 100
        opened, now, equity = now + HOUR, now + (1 + hours) * HOUR, equity + profit
        events += dealt(
            trade,
            opened,
            now,
            str(profit),
            symbol=symbol,
            kind=kind,
            reason=reason,
            quantity=str(scale),
            margin=str(50 * scale),
            fee=str(Decimal(scale) / 50),
            spread="0.5",
            stop="90" if kind.side == "BUY" else "110",
        )
        events.append(marked(now, equity))
    return recorded(*events)


def test_five_trades_come_to_what_one_works_out_by_hand() -> None:
    found = measured(five_trades()).closed

    assert (found.trades, found.won, found.lost) == (4, 1, 2)
    assert (found.profit, found.won_sum, found.lost_sum) == (
        Decimal("4.45"),
        Decimal("18.90"),
        Decimal("-14.45"),
    )
    assert found.win_rate == 0.25
    assert found.profit_factor == pytest.approx(18.90 / 14.45)
    assert found.expectancy == Decimal("1.1125")
    assert found.average_r == pytest.approx((1.89 - 1.045 - 0.4 + 0) / 4)
    assert (found.average_win, found.average_loss) == (Decimal("18.90"), Decimal("-7.225"))
    assert (found.best and found.best.number, found.worst and found.worst.number) == (1, 2)
    assert (found.longest_winning_run, found.longest_losing_run) == (1, 2)
    assert found.average_holding_ms == (2 + 4 + 1 + 10) * HOUR / 4
    assert (found.average_holding_won_ms, found.average_holding_lost_ms) == (
        2 * HOUR,
        (4 + 1) * HOUR / 2,
    )
    # Fees 0.30, slippage 0.20, half of 0.30 once and of 0.50 twice, funding 0.45.
    assert found.profit_before_costs == Decimal("4.45") + Decimal("1.60")


def test_the_account_is_told_with_its_open_position() -> None:
    found = measured(five_trades())

    assert (found.balance, found.last.equity) == (1000, Decimal("1002.10"))
    assert found.total_return == pytest.approx(0.0021)
    assert [x.number for x in found.open_trades] == [5]
    assert (found.since, found.until, found.sessions) == (START, START + 48 * HOUR, 2)
    # 1 to 6, 20 to 21, 30 to 40, and 44 to the end.
    assert found.exposure == (5 + 1 + 10 + 4) / 48


def test_a_pause_is_told_from_when_it_began_for_its_reason() -> None:
    def paused(hour: int, reason: str) -> Paused:
        return Paused(START + hour * HOUR, reason)

    daily, drawdown = paused(1, "a day's loss"), paused(3, "the drawdown")
    run = recorded(STARTED, daily, paused(2, ""), drawdown, paused(27, "the drawdown"))

    assert measured(run).pause == drawdown
    assert measured(recorded(STARTED, daily, paused(2, ""))).pause is None


def test_costs_are_those_of_closed_and_open_trades() -> None:
    found = measured(five_trades())

    assert found.paid == Paid(
        fees=Decimal("0.37"),
        slippage=Decimal("0.20"),
        # Half of 0.30 once, half of 0.50 twice, half of 0.10 once.
        spread=Decimal("0.70"),
        funding=Decimal("-0.45"),
    )
    assert paid_for(found.open_trades) == Paid(fees=Decimal("0.07"), spread=Decimal("0.05"))


@pytest.mark.parametrize(
    ("reason", "spread"),
    [(Reason.STOP, 2), (Reason.OPPOSITE, 2), (Reason.TARGET, 1), (Reason.LIQUIDATION, 1)],
)
def test_only_what_crosses_the_spread_pays_half_of_it(reason: Reason, spread: int) -> None:
    entry, exit_ = dealt(1, START, START + HOUR, "0", quantity="4", spread="0.50", reason=reason)
    exit_ = replace(exit_, fill=replace(exit_.fill, spread=Decimal("0.50")))

    assert measured(recorded(STARTED, entry, exit_)).paid.spread == spread


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (By.SYMBOL, [("BTCUSDT", "18.90"), ("币安人生USDT", "-4.00"), ("ETHUSDT", "-10.45")]),
        (
            By.KIND,
            [
                ("regular_bullish", "18.90"),
                ("hidden_bullish", "-4.00"),
                ("hidden_bearish", "-10.45"),
            ],
        ),
        (By.SIDE, [("BUY", "14.90"), ("SELL", "-10.45")]),
        (
            By.REASON,
            [
                ("target", "18.90"),
                ("holding_time", "0"),
                ("trailing_stop", "-4.00"),
                ("stop", "-10.45"),
            ],
        ),
        (
            By.HOUR,
            [("08:00", "-4.00"), ("13:00", "18.90"), ("14:00", "-10.45"), ("18:00", "0")],
        ),
        (By.DAY, [("2024-07-01", "8.45"), ("2024-07-02", "-4.00"), ("2024-07-03", "0")]),
        (By.WEEK, [("2024-07-01", "4.45")]),
        (By.MONTH, [("2024-07", "4.45")]),
    ],
)
def test_trades_are_put_together_by(by: By, expected: list[tuple[str, str]]) -> None:
    found = breakdown(five_trades().ledger.closed, by)

    assert [(x.name, x.tally.profit) for x in found] == [(x, Decimal(y)) for x, y in expected]


@given(DEALS)
def test_every_breakdown_sums_up_to_the_whole(
    deals: list[tuple[str, Kind, Reason, int, int]],
) -> None:
    closed = account(deals).ledger.closed
    whole = tally(closed)

    for by in By:
        parts = [x.tally for x in breakdown(closed, by)]
        assert sum(x.trades for x in parts) == whole.trades
        assert sum(x.won for x in parts) == whole.won
        assert sum(x.lost for x in parts) == whole.lost
        assert sum(x.profit for x in parts) == whole.profit
        assert sum((x.paid for x in parts), Paid()) == whole.paid


@given(DEALS, st.integers(2, 1000))
def test_an_account_many_times_as_large_has_the_same_ratios(
    deals: list[tuple[str, Kind, Reason, int, int]], scale: int
) -> None:
    one, large = measured(account(deals)), measured(account(deals, scale=scale))

    assert large.closed.profit == one.closed.profit * scale
    assert large.paid.fees == one.paid.fees * scale
    assert large.paid.spread == one.paid.spread * scale
    assert ratios(large) == pytest.approx(ratios(one), nan_ok=True)
    assert (large.drawdown is None) is (one.drawdown is None)
    if one.drawdown and large.drawdown:
        assert large.drawdown.depth == pytest.approx(one.drawdown.depth)
        assert large.drawdown.amount == one.drawdown.amount * scale


def ratios(stats: Stats) -> list[float]:
    found = [
        *(stats.total_return, stats.exposure, stats.closed.win_rate, stats.closed.profit_factor),
        *(stats.closed.average_r, stats.sharpe.value, stats.sortino.value, stats.calmar.value),
    ]
    return [float("nan") if x is None else x for x in found]


@given(DEALS)
def test_the_order_of_trades_that_are_handed_in_changes_nothing(
    deals: list[tuple[str, Kind, Reason, int, int]],
) -> None:
    closed = account(deals).ledger.closed

    assert tally(reversed(closed)) == tally(closed)


def test_a_run_without_trades_has_no_figures_and_no_errors() -> None:
    found = measured(nothing_yet())

    assert found.closed == Tally(
        trades=0,
        won=0,
        lost=0,
        profit=Decimal(0),
        won_sum=Decimal(0),
        lost_sum=Decimal(0),
        average_r=None,
        best=None,
        worst=None,
        longest_winning_run=0,
        longest_losing_run=0,
        average_holding_ms=None,
        average_holding_won_ms=None,
        average_holding_lost_ms=None,
        paid=Paid(),
    )
    assert (found.closed.win_rate, found.closed.win_rate_interval) == (None, None)
    assert (found.closed.expectancy, found.closed.profit_factor) == (None, None)
    assert (found.exposure, found.drawdown, found.total_return) == (None, None, 0.0)


def test_a_trade_without_a_risk_has_no_multiple_and_spoils_none() -> None:
    first = dealt(1, START, START + HOUR, "5", stop="100")
    second = dealt(2, START + HOUR, START + 2 * HOUR, "5")

    assert measured(recorded(STARTED, *first)).closed.average_r is None
    assert measured(recorded(STARTED, *first, *second)).closed.average_r == 0.5


def test_months_have_annual_figures() -> None:
    events: list[Event] = [STARTED, entered(1, START)]
    events += [
        marked(START + day * DAY, str(1000 + day + (7 if day % 2 else 0))) for day in range(1, 121)
    ]

    found = measured(recorded(*events))

    assert found.annual_return.value == pytest.approx(1.12 ** (365 / 120) - 1)
    assert (found.sharpe.reason, found.sortino.reason, found.calmar.reason) == ("", "", "")
    assert found.calmar.value == pytest.approx(
        found.annual_return.value / (found.drawdown.depth if found.drawdown else 0)
    )


@pytest.mark.parametrize(
    ("successes", "cases", "low", "high"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
        # Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
    ],
)
def test_the_interval_of_a_share_is_the_published_one(
    successes: int, cases: int, low: float, high: float
) -> None:
    assert wilson_interval(successes, cases) == pytest.approx((low, high), abs=5e-5)
