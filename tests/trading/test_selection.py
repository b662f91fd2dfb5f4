from __future__ import annotations

import pytest

from divbot.domain.fills import Reason
from divbot.domain.signals import Kind, Side
from divbot.trading.figures.selection import Selection
from tests.trading.stories import HOUR, START, STARTED, entered, exited, five_trades, recorded


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [
        pytest.param(Selection(), [1, 2, 3, 4, 5], id="all"),
        pytest.param(Selection(symbols=("ETHUSDT",)), [2, 5], id="a symbol"),
        pytest.param(Selection(symbols=("BTC*", "币*")), [1, 3, 4], id="patterns"),
        pytest.param(Selection(sides=(Side.SELL,)), [2], id="a side"),
        pytest.param(Selection(kinds=(Kind.REGULAR_BULLISH,)), [1, 4, 5], id="a kind"),
        pytest.param(
            Selection(reasons=(Reason.STOP, Reason.TRAILING_STOP)), [2, 3], id="two reasons"
        ),
        pytest.param(Selection(since=START + 6 * HOUR), [2, 3, 4, 5], id="since, inclusive"),
        pytest.param(Selection(until=START + 6 * HOUR), [1], id="until, exclusive"),
        pytest.param(
            Selection(since=START + 44 * HOUR), [5], id="an open trade counts from its entry"
        ),
        pytest.param(Selection(is_open=True), [5], id="open"),
        pytest.param(Selection(is_open=False), [1, 2, 3, 4], id="closed"),
        pytest.param(Selection(last=2), [4, 5], id="the last two"),
        pytest.param(Selection(is_open=False, symbols=("BTC*",), last=1), [4], id="all at once"),
        pytest.param(Selection(last=9), [1, 2, 3, 4, 5], id="more than there are"),
    ],
)
def test_a_selection_keeps_the_trades_that_are_asked_for(
    selection: Selection, numbers: list[int]
) -> None:
    ledger = five_trades().ledger

    found = selection.of((*ledger.open_trades, *ledger.closed))

    assert [x.number for x in found] == numbers


def test_the_last_is_the_one_that_was_closed_last() -> None:
    first, second = entered(1, START), entered(2, START + HOUR, symbol="ETHUSDT")
    run = recorded(
        STARTED,
        first,
        second,
        exited(second, START + 2 * HOUR, "1"),
        exited(first, START + 3 * HOUR, "1"),
    )

    assert [x.number for x in Selection(last=1).of(run.ledger.closed)] == [1]
    assert [x.number for x in Selection(last=2).of(run.ledger.closed)] == [1, 2]
