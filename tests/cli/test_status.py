from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from divbot.cli.destination import Fit
from divbot.cli.status_text import status_document, status_text
from tests.cli.recordings import Terminal, terminal
from tests.trading.stories import (
    HOUR,
    START,
    STARTED,
    entered,
    five_trades,
    nothing_yet,
    recorded,
    simulated,
)

__all__ = ["terminal"]

RUN = five_trades()
NOW = START + 48 * HOUR + 72_000

STATUS = """\
Binance USD-M futures, 5m - LIVE PRICES
paper run 2024-07-01T120000-usdm-5m
equity      1,002.10 USDT (+0.21%), as valued at 2024-07-03 09:00:00 UTC
cash        954.38 USDT
trades      4 closed with +4.45 USDT; 1 open
entries     paused: the day's loss is at its limit
last event  paused at 2024-07-03 12:00:00 UTC, 1m ago
program     running

#  symbol   side  quantity  entry  stop  target  liquidation  leverage  margin  opened
5  ETHUSDT  BUY          1    100    90     120                     2x   50.00  2024-07-03 08:00
"""

FRESH = """\
Binance USD-M futures, 5m - LIVE PRICES
paper run 2024-07-01T120000-usdm-5m
equity      1,000.00 USDT (0.00%), as valued at 2024-07-01 12:00:00 UTC
cash        1,000.00 USDT
trades      0 closed with 0.00 USDT; 0 open
entries     enabled
last event  started at 2024-07-01 12:00:00 UTC, 3h00m ago
program     not running
"""


def test_the_status_tells_account_positions_and_pulse() -> None:
    assert status_text(RUN, NOW, Fit(), is_running=True) == STATUS


def test_a_fresh_run_has_a_status() -> None:
    assert status_text(nothing_yet(), START + 3 * HOUR, Fit(), is_running=False) == FRESH


@pytest.mark.parametrize("width", [80, 60])
def test_a_narrow_terminal_keeps_the_stop(width: int) -> None:
    text = status_text(RUN, NOW, Fit(width), is_running=None)

    lines = text.splitlines()
    titles, position, left_out = lines[lines.index("") + 1 :][:3]
    assert all(len(line) <= width for line in lines[lines.index("") :])
    assert position.split()[:2] == ["5", "ETHUSDT"]
    assert "stop  target" in titles
    assert left_out.startswith("(left out to fit")


def test_what_nobody_knows_is_not_told() -> None:
    # A market's clock that is ahead of this machine's tells no age.
    text = status_text(RUN, START, Fit(), is_running=None)

    assert "program" not in text
    assert "\nlast event  paused at 2024-07-03 12:00:00 UTC\n" in text


def test_what_is_left_over_on_spot_is_told_with_its_worth() -> None:
    bought = replace(entered(1, START + HOUR), paid=Decimal("100.4"), dust=Decimal("0.004"))
    run = recorded(STARTED, bought)

    text = status_text(run, NOW, Fit(), is_running=None)

    assert "\nleft over   worth 0.40 USDT: 0.004 of BTCUSDT\n" in text
    assert status_document(run, NOW, is_running=None)["left_over"] == {"BTCUSDT": Decimal("0.004")}


def test_the_same_as_a_document() -> None:
    document = status_document(simulated(RUN), NOW, is_running=True)

    (position,) = document.pop("positions")
    assert (position["number"], position["stop"], position["target"]) == (5, 90, 120)
    assert {name: str(value) for name, value in document.items()} == {
        "schema": "1",
        "run": "2024-07-01T120000-usdm-5m",
        "venue": "local exchange",
        "market": "usdm",
        "interval": "5m",
        "simulated": "True",
        "nature": "simulated",
        "journal": "2024-07-01T120000-usdm-5m.db",
        "running": "True",
        "address": "None",
        "started_at": str(START),
        "sessions": "2",
        "last_event": "paused",
        "last_event_at": str(START + 48 * HOUR),
        "age_ms": "72000",
        "paused": "the day's loss is at its limit",
        "balance": "1000",
        "equity": "1002.10",
        "equity_at": str(START + 45 * HOUR),
        "cash": "954.38",
        "left_over": "{}",
        "closed_trades": "4",
        "net_profit": "4.45",
    }


def test_the_command_prints_either(terminal: Terminal) -> None:
    text = terminal.run(RUN, "status")
    document = json.loads(terminal.run(RUN, "status", "--json"))

    assert text.startswith("Binance USD-M futures, 5m - LIVE PRICES\npaper run ")
    assert (document["equity"], document["age_ms"] > 0) == ("1002.10", True)
