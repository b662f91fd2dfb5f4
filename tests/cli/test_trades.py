from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from rich.cells import cell_len

from divbot.cli.destination import Fit
from divbot.cli.trades_file import CSV_COLUMNS
from divbot.cli.trades_text import trades_text
from divbot.domain.errors import InputError
from divbot.domain.trades import OpenTrade
from divbot.trading.figures.documents import flat_document
from tests.cli.recordings import Terminal, terminal
from tests.trading.stories import (
    HOUR,
    START,
    STARTED,
    dealt,
    five_trades,
    nothing_yet,
    recorded,
    simulated,
)

__all__ = ["terminal"]

RUN = five_trades()
TRADES = [*RUN.ledger.closed, *RUN.ledger.open_trades]

WIDE = """\
Binance USD-M futures, 5m - LIVE PRICES
paper run 2024-07-01T120000-usdm-5m
#  symbol        side  kind             opened            quantity  entry  stop  target  exit  closed              held  reason         fees  funding  profit      R
1  BTCUSDT       BUY   regular bullish  2024-07-01 13:00         1    100    90     119   119  2024-07-01 15:00   2h00m  target         0.10     0.00  +18.90  +1.89
2  ETHUSDT       SELL  hidden bearish   2024-07-01 14:00         1    100   110      80   110  2024-07-01 18:00   4h00m  stop           0.20    -0.45  -10.45  -1.04
3  币安人生USDT  BUY   hidden bullish   2024-07-02 08:00         1    100    90     120    96  2024-07-02 09:00   1h00m  trailing stop  0.00     0.00   -4.00  -0.40
4  BTCUSDT       BUY   regular bullish  2024-07-02 18:00         1    100    90     120   100  2024-07-03 04:00  10h00m  holding time   0.00     0.00    0.00   0.00
5  ETHUSDT       BUY   regular bullish  2024-07-03 08:00         1    100    90     120                                  open           0.07     0.00
4 closed with a net profit of +4.45 USDT, 1 open; times are UTC
"""  # noqa: E501 - as wide as it is printed

NARROW = """\
Binance USD-M futures, 5m - LIVE PRICES
paper run 2024-07-01T120000-usdm-5m
#  symbol        side  entry  stop  target  exit  reason         profit      R
1  BTCUSDT       BUY     100    90     119   119  target         +18.90  +1.89
2  ETHUSDT       SELL    100   110      80   110  stop           -10.45  -1.04
3  币安人生USDT  BUY     100    90     120    96  trailing stop   -4.00  -0.40
4  BTCUSDT       BUY     100    90     120   100  holding time     0.00   0.00
5  ETHUSDT       BUY     100    90     120        open
(left out to fit 80 columns: kind, opened, quantity, closed, held, fees,
funding)
4 closed with a net profit of +4.45 USDT, 1 open; times are UTC
"""


def test_trades_read_as_a_trader_reads_them(terminal: Terminal) -> None:
    assert terminal.run(RUN, "trades") == WIDE


@pytest.mark.parametrize(("width", "text"), [(164, WIDE), (80, NARROW)])
def test_a_terminal_shows_what_fits(width: int, text: str) -> None:
    assert trades_text(RUN, TRADES, Fit(width)) == text


@pytest.mark.parametrize("width", [163, 140, 120, 100])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = trades_text(RUN, TRADES, Fit(width)).splitlines()

    assert all(cell_len(line) <= width for line in lines)
    assert lines[-2].startswith(f"(left out to fit {width} columns: ")


def test_colours_are_for_terminals() -> None:
    assert "\x1b[32m+18.90\x1b[0m" in trades_text(RUN, TRADES, Fit(is_coloured=True))
    assert "\x1b" not in trades_text(RUN, TRADES, Fit())


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ([], [1, 2, 3, 4, 5]),
        (["--symbol", "ethusdt,币*"], [2, 3, 5]),
        (["--side", "sell"], [2]),
        (["--kind", "regular-bullish,hidden_bullish"], [1, 3, 4, 5]),
        (["--reason", "stop,trailing-stop"], [2, 3]),
        (["--since", "2024-07-01T18:00"], [2, 3, 4, 5]),
        (["--until", "2024-07-01T18:00:00Z"], [1]),
        (["--since", str(START + 20 * HOUR), "--closed"], [3, 4]),
        (["--open"], [5]),
        (["--last", "2"], [4, 5]),
    ],
)
def test_flags_choose_the_trades(
    terminal: Terminal, arguments: list[str], numbers: list[int]
) -> None:
    document = json.loads(terminal.run(RUN, "trades", "--json", *arguments))

    assert [x["number"] for x in document["trades"]] == numbers


def test_a_document_has_every_field_to_the_last_digit(terminal: Terminal) -> None:
    document = json.loads(terminal.run(RUN, "trades", "--json", "--closed", "--last", "1"))

    (trade,) = document.pop("trades")
    assert document == {
        "schema": 1,
        "run": "2024-07-01T120000-usdm-5m",
        "venue": "Binance",
        "market": "usdm",
        "interval": "5m",
        "simulated": False,
        "nature": "live",
    }
    assert trade == {
        "number": 4,
        "status": "closed",
        "symbol": "BTCUSDT",
        "side": "BUY",
        "quantity": "1",
        "leverage": 2,
        "margin": "50",
        "opened_at": START + 30 * HOUR,
        "closed_at": START + 40 * HOUR,
        "reason": "holding_time",
        "profit": "0",
        "r_multiple": 0.0,
        "risk": "10",
        "limited_by": "risk",
        "fees": "0",
        "slippage": "0",
        "funding": "0",
        "first_stop": "90",
        "stop": "90",
        "target": "120",
        "liquidation": None,
        "entry": {
            "at": START + 30 * HOUR,
            "side": "BUY",
            "quantity": "1",
            "requested": "100",
            "price": "100",
            "notional": "100",
            "fee": "0",
            "slippage": "0",
            "spread": "0",
            "basis": "quote",
            "basis_at": START + 30 * HOUR,
            "basis_prices": {"bid": "100", "ask": "100"},
        },
        "exit": {
            "at": START + 40 * HOUR,
            "side": "SELL",
            "quantity": "1",
            "requested": "100",
            "price": "100",
            "notional": "100",
            "fee": "0",
            "slippage": "0",
            "spread": "0",
            "basis": "candle",
            "basis_at": START + 40 * HOUR,
            "basis_prices": {"open": "100", "high": "100", "low": "100", "close": "100"},
        },
        "origin": {
            "kind": "regular_bullish",
            "interval": "5m",
            "previous_pivot": START + 30 * HOUR - 6_000_000,
            "pivot": START + 30 * HOUR - 1_500_000,
            "confirmed_at": START + 30 * HOUR - 1_000,
            "score": 7.25,
            "price": "100",
            "atr_percent": 0.5,
        },
    }


def test_what_an_open_trade_lacks_is_null(terminal: Terminal) -> None:
    (trade,) = json.loads(terminal.run(RUN, "trades", "--json", "--open"))["trades"]

    lacking = [name for name, value in trade.items() if value is None]
    assert trade["status"] == "open"
    assert lacking == ["closed_at", "reason", "profit", "r_multiple", "liquidation", "exit"]


def test_small_prices_are_written_without_an_exponent(terminal: Terminal) -> None:
    small = recorded(STARTED, *dealt(1, START, START + HOUR, "0.00000001", price="0.00000012"))

    for flag in ("--json", "--csv"):
        text = terminal.run(small, "trades", flag)
        assert "0.00000012" in text
        assert "E-" not in text


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_every_field_of_the_document(terminal: Terminal) -> None:
    found = rows(terminal.run(RUN, "trades", "--csv"))

    documents = [flat_document(x) for x in TRADES]
    assert {name for x in documents for name in x} - {"exit"} <= set(CSV_COLUMNS)
    assert [set(row) for row in found] == [set(CSV_COLUMNS)] * 5
    for row, document in zip(found, documents, strict=True):
        for name in CSV_COLUMNS[: CSV_COLUMNS.index("run")]:
            expected = document.get(name)
            is_number = isinstance(expected, Decimal)
            assert (Decimal(row[name]) if is_number else row[name]) == (
                expected if is_number else "" if expected is None else str(expected)
            )


def test_csv_names_the_run_in_every_row(terminal: Terminal) -> None:
    found = rows(terminal.run(simulated(RUN), "trades", "--csv"))

    named = {(x["run"], x["venue"], x["market"], x["interval"], x["simulated"]) for x in found}
    assert named == {("2024-07-01T120000-usdm-5m", "local exchange", "usdm", "5m", "true")}


def test_a_spreadsheet_takes_no_symbol_for_a_formula_and_no_loss_for_a_text(
    terminal: Terminal,
) -> None:
    evil = recorded(STARTED, *dealt(1, START, START + HOUR, "-2.5", symbol="=HYPERLINK(1)"))

    (row,) = rows(terminal.run(evil, "trades", "--csv"))

    assert (row["symbol"], row["profit"]) == ("'=HYPERLINK(1)", "-2.5")


@pytest.mark.parametrize(
    ("name", "begins"), [("trades.json", "{"), ("trades.csv", "number,"), ("trades.txt", "Binance")]
)
def test_a_file_s_name_says_what_is_in_it(
    terminal: Terminal, tmp_path: Path, name: str, begins: str
) -> None:
    assert terminal.run(RUN, "trades", "--output", str(tmp_path / name)) == ""

    assert (tmp_path / name).read_text("utf-8").startswith(begins)
    assert [x.name for x in tmp_path.iterdir()] == [name]


def test_no_trades_are_said_in_words(terminal: Terminal) -> None:
    heading = "Binance USD-M futures, 5m - LIVE PRICES\npaper run 2024-07-01T120000-usdm-5m\n"

    assert terminal.run(nothing_yet(), "trades") == f"{heading}No trades yet.\n"
    assert terminal.run(RUN, "trades", "--symbol", "XRPUSDT") == (
        f"{heading}None of 5 trades passes the filters.\n"
    )
    assert json.loads(terminal.run(nothing_yet(), "trades", "--json"))["trades"] == []
    assert terminal.run(nothing_yet(), "trades", "--csv") == ",".join(CSV_COLUMNS) + "\n"


def test_simulated_prices_are_called_so(terminal: Terminal) -> None:
    assert terminal.run(simulated(RUN), "trades").splitlines()[0] == (
        "local exchange USD-M futures, 5m - SIMULATED PRICES"
    )
    assert json.loads(terminal.run(simulated(RUN), "trades", "--json"))["simulated"] is True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--side", "long"], "--side: expected BUY, SELL, found 'long'"),
        (["--kind", "bullish"], "--kind: expected regular_bullish, hidden_bullish, "),
        (["--reason", "luck"], "--reason: expected stop, trailing_stop, target, "),
        (["--since", "yesterday"], "--since: expected a time such as 2024-07-30T09:00"),
        (["--open", "--closed"], "--open and --closed exclude each other"),
        (["--json", "--csv"], "--json and --csv exclude each other"),
    ],
)
def test_what_cannot_be_asked_is_told(
    terminal: Terminal, arguments: Sequence[str], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        terminal.run(RUN, "trades", *arguments)

    assert str(caught.value).startswith(message)


def test_open_trades_go_by_the_names_of_closed_ones() -> None:
    (trade,) = RUN.ledger.open_trades

    assert isinstance(trade, OpenTrade)
    assert (trade.number, trade.symbol, trade.leverage) == (5, "ETHUSDT", 2)
    assert (trade.opened_at, trade.risk, trade.fees) == (START + 44 * HOUR, 10, Decimal("0.07"))
