from __future__ import annotations

import json
import sys
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from pathlib import Path

import pytest
from rich.cells import cell_len

from divbot.cli.stats_text import stats_text
from divbot.domain.errors import InputError, OutputError
from divbot.trading.figures.stats import measure
from tests.cli.recordings import Terminal, terminal
from tests.trading.stories import (
    HOUR,
    START,
    STARTED,
    dealt,
    five_trades,
    marked,
    nothing_yet,
    recorded,
    simulated,
)

__all__ = ["terminal"]

RUN = five_trades()

STATS = """\
Binance USD-M futures, 5m - LIVE PRICES
paper run 2024-07-01T120000-usdm-5m
2024-07-01 12:00 to 2024-07-03 12:00 UTC, 2.0 days, 2 starts; money in USDT

Account
  balance             1,000.00 at the start
  equity              1,002.10 at 2024-07-03 09:00
  return              +0.21%, open positions included
  market              n/a (the journal holds too few prices of BTCUSDT)
  annual return       n/a (needs 90 days)
  gross profit        +6.05 of closed trades, before costs
  net profit          +4.45 after costs of 1.60, +0.44% of the balance
  best day            +8.45, +0.84% (2024-07-01, 2 trades closed)
  worst day           -4.00, -0.40% (2024-07-02, 1 trade closed)
  days                1 won, 1 lost, by closed trades
  lowest equity       1,000.00 at 2024-07-01 12:00
  highest equity      1,018.90 at 2024-07-01 15:00
  open positions      1
  entries             paused since 2024-07-03 12:00:
                      the day's loss is at its limit

Closed trades
  trades              4: 1 won, 2 lost, 1 even; 2.00 a day
  win rate            25.0%; 95% interval 4.6% to 69.9%
  profit factor       1.31
  expectancy          +1.11, +0.11 R a trade
  average win         +18.90
  average loss        -7.22
  best                +18.90 (BTCUSDT, trade 1)
  worst               -10.45 (ETHUSDT, trade 2)
  best symbol         +18.90, +1.89% (BTCUSDT, 2 trades closed)
  worst symbol        -10.45, -1.04% (ETHUSDT, 1 trade closed)
  longest runs        1 won, 2 lost
  average holding     4h15m, winners 2h00m, losers 2h30m

Risk
  maximum drawdown    1.65% (16.80)
    peak              1,018.90 at 2024-07-01 15:00
    trough            1,002.10 at 2024-07-03 09:00
    recovered         not yet
  exposure            41.7% of the time with a position open
  Sharpe              n/a (needs 30 whole days)
  Sortino             n/a (needs 30 whole days)
  Calmar              n/a (needs 90 days)

Costs (already deducted, of open positions too)
  fees                0.37
  slippage            0.20
  spread              0.70 (half of it, each time it was crossed)
  funding             0.45 paid

side  trades  won %   gross  profit  profit %  factor  avg R
BUY        3     33  +15.15  +14.90     +1.49    4.72  +0.50
SELL       1      0   -9.10  -10.45     -1.04    0.00  -1.04

kind             trades  won %   gross  profit  profit %  factor  avg R
regular bullish       2     50  +19.15  +18.90     +1.89          +0.94
hidden bullish        1      0   -4.00   -4.00     -0.40    0.00  -0.40
hidden bearish        1      0   -9.10  -10.45     -1.04    0.00  -1.04

reason         trades  won %   gross  profit  profit %  factor  avg R
target              1    100  +19.15  +18.90     +1.89          +1.89
holding time        1      0    0.00    0.00      0.00           0.00
trailing stop       1      0   -4.00   -4.00     -0.40    0.00  -0.40
stop                1      0   -9.10  -10.45     -1.04    0.00  -1.04

symbol        trades  won %   gross  profit  profit %  factor  avg R
BTCUSDT            2     50  +19.15  +18.90     +1.89          +0.94
币安人生USDT       1      0   -4.00   -4.00     -0.40    0.00  -0.40
ETHUSDT            1      0   -9.10  -10.45     -1.04    0.00  -1.04

More: divbot stats --by symbol or month, --json, --report FILE.html
"""

BY_DAY = """\
Binance USD-M futures, 5m - LIVE PRICES
paper run 2024-07-01T120000-usdm-5m
day         trades  won %   gross  profit  profit %  factor  avg R    held  fees  slippage  funding
2024-07-01       2     50  +10.05   +8.45     +0.84    1.81  +0.42   3h00m  0.30      0.20    -0.45
2024-07-02       1      0   -4.00   -4.00     -0.40    0.00  -0.40   1h00m  0.00      0.00     0.00
2024-07-03       1      0    0.00    0.00      0.00           0.00  10h00m  0.00      0.00     0.00
"""


def test_figures_read_as_a_trader_reads_them(terminal: Terminal) -> None:
    assert terminal.run(RUN, "stats") == STATS


def test_figures_fit_eighty_columns() -> None:
    lines = stats_text(RUN, measure(RUN.events, RUN.ledger)).splitlines()

    assert max(cell_len(line) for line in lines) <= 80


def test_a_breakdown_may_be_had_alone(terminal: Terminal) -> None:
    assert terminal.run(RUN, "stats", "--by", "day") == BY_DAY
    assert "币安人生USDT" in terminal.run(RUN, "stats", "--by", "symbol")


def test_what_the_market_did_meanwhile_stands_beside_the_return(terminal: Terminal) -> None:
    known = [
        replace(marked(START + hour * HOUR, 1000), benchmark=Decimal(price))
        for hour, price in ((1, "60000"), (2, "1"), (26, "61500"))
    ]

    text = terminal.run(recorded(STARTED, marked(START, 1000), *known), "stats")

    change = "+2.50% (BTCUSDT, 2024-07-01 13:00 to 2024-07-02 14:00)"
    assert f"  market              {change}\n" in text


def test_of_many_symbols_the_best_and_the_worst_are_shown(terminal: Terminal) -> None:
    trades = [
        dealt(n, START + n * HOUR, START + (n + 1) * HOUR, str(n - 8), symbol=f"COIN{n}USDT")
        for n in range(1, 15)
    ]
    run = recorded(STARTED, *chain.from_iterable(trades))

    text = terminal.run(run, "stats")

    symbols = text.split("\n\n")[-2].splitlines()
    assert [line.split()[0] for line in symbols] == [
        *("symbol", "COIN14USDT", "COIN13USDT", "COIN12USDT", "COIN11USDT", "COIN10USDT"),
        *("...", "COIN5USDT", "COIN4USDT", "COIN3USDT", "COIN2USDT", "COIN1USDT"),
    ]
    assert symbols[6] == "... 4 more: divbot stats --by symbol"


def test_no_trades_are_said_in_words(terminal: Terminal) -> None:
    text = terminal.run(nothing_yet(), "stats")

    assert "Closed trades\n  trades              none\n" in text
    assert "exposure            n/a (no time has passed)\n" in text
    assert terminal.run(nothing_yet(), "stats", "--by", "day").endswith("No closed trades yet.\n")


def test_a_run_that_only_gains_has_no_factor_and_no_drawdown(terminal: Terminal) -> None:
    text = terminal.run(recorded(STARTED, *dealt(1, START, START + HOUR, "5")), "stats")

    assert "profit factor       n/a (no trade was lost)\n" in text
    assert "average loss        n/a (no trade was lost)\n" in text
    assert "maximum drawdown    none, the equity never fell\n" in text


def test_a_document_has_figures_reasons_and_every_breakdown(terminal: Terminal) -> None:
    document = json.loads(terminal.run(simulated(RUN), "stats", "--json"))

    assert (document["venue"], document["simulated"]) == ("local exchange", True)
    assert (document["equity"], document["closed"]["profit"]) == ("1002.10", "4.45")
    assert (document["sharpe"], document["calmar"]) == (None, None)
    assert document["reasons"]["sharpe"] == "needs 30 whole days"
    assert document["maximum_drawdown"] == {
        "depth": pytest.approx(16.80 / 1018.90),
        "amount": "16.80",
        "peak_at": START + 3 * HOUR,
        "peak": "1018.90",
        "trough_at": START + 45 * HOUR,
        "trough": "1002.10",
        "recovered_at": None,
    }
    assert {by: len(groups) for by, groups in document["by"].items()} == {
        "symbol": 3,
        "kind": 3,
        "side": 2,
        "reason": 4,
        "hour": 4,
        "day": 3,
        "week": 1,
        "month": 1,
    }
    assert (document["days_won"], document["days_lost"]) == (1, 1)
    assert document["paused"] == {
        "at": START + 48 * HOUR,
        "reason": "the day's loss is at its limit",
    }
    assert document["highest"] == {"at": START + 3 * HOUR, "equity": "1018.90"}
    assert document["closed"]["profit_before_costs"] == "6.05000000"
    assert document["net_return"] == pytest.approx(0.00445)
    assert document["best_day"] == {"day": "2024-07-01", "profit": "8.45", "trades": 2}
    assert document["worst_day"] == {"day": "2024-07-02", "profit": "-4.00", "trades": 1}
    assert document["market_change"] is None
    assert document["by"]["side"][1]["name"] == "SELL"
    assert document["by"]["side"][1]["paid"]["funding"] == "-0.45"


def test_simulated_prices_are_called_so(terminal: Terminal) -> None:
    first = "local exchange USD-M futures, 5m - SIMULATED PRICES"

    assert terminal.run(simulated(RUN), "stats").splitlines()[0] == first
    assert terminal.run(simulated(RUN), "stats", "--by", "side").splitlines()[0] == first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--by", "luck"],
            "--by: expected symbol, kind, side, reason, hour, day, week, month, found 'luck'",
        ),
        (["--by", "day", "--json"], "--json has every breakdown already: leave out --by"),
    ],
)
def test_what_cannot_be_asked_is_told(
    terminal: Terminal, arguments: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        terminal.run(RUN, "stats", *arguments)


def test_without_plotly_one_is_told_what_to_install(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "plotly.offline", None)

    with pytest.raises(InputError, match="pip install 'plotly>=6'"):
        terminal.run(RUN, "stats", "--report", str(tmp_path / "report.html"))

    assert list(tmp_path.iterdir()) == []


def test_a_report_that_cannot_be_written_is_told_at_once(
    terminal: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(OutputError, match="there is no folder"):
        terminal.run(RUN, "stats", "--report", str(tmp_path / "missing" / "report.html"))

    assert capsys.readouterr().out == ""
