from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from rich.cells import cell_len

from divbot.cli.table import summary_line, table_text
from divbot.domain.clock import parse_time
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Divergence, Evidence, Kind, Opportunity, ScorePart
from divbot.scanner.base_rates import BaseRate
from divbot.scanner.report import Report, Skipped, Summary, Timings

CONFIRMED = parse_time("2024-07-30T09:00")


def opportunity(rank: int, symbol: str, kind: Kind, price: str, score: float) -> Opportunity:
    return Opportunity(
        rank=rank,
        divergence=Divergence(
            symbol, kind, CONFIRMED - 9_000_000, CONFIRMED - 1_500_000, CONFIRMED
        ),
        side=kind.side,
        score=score,
        parts=(ScorePart("rsi", 0.5, 0.2), ScorePart("line_of_sight", 1.0, 0.1)),
        evidence=Evidence(0.3412, 0.0055, -0.204, 5120) if rank < 3 else None,
        rsi_previous=27.44,
        rsi=33.06,
        pivot_price_previous=Decimal(price),
        pivot_price=Decimal(price),
        price=Decimal(price),
        atr_percent=0.6149,
        stop=Decimal(price) * 99 / 100,
        target=Decimal(price) * 102 / 100,
        reward_risk=2.04,
        age=1,
        confirmed_at=CONFIRMED + 300_000,
        quote_volume=Decimal(10**9),
        spread=None,
        instrument=None,
    )


SUMMARY = Summary(
    symbols=400,
    scanned=396,
    skipped=(
        Skipped("AUSDT", "insufficient_history", "12 final candles, at least 300 are needed"),
        Skipped("BUSDT", "insufficient_history", "5 final candles, at least 300 are needed"),
        Skipped("CUSDT", "gap", "its newest 9 candles are missing"),
        Skipped("DUSDT", "failed", "no answer"),
    ),
    symbols_with_gaps=2,
    missing_candles=7,
    divergences=9012,
    opportunities=51,
    request_weight=846,
    funnel={"listed": 712, "tradable": 480, "in the universe": 400, "shown": 3},
    base_rate=BaseRate(Market.USDM, Interval.M5, "years", 5120, 50, 1.0, 0.02, 0.0, 0.03),
    past={"target": 3, "stop": 7, "expired": 2, "not_entered": 1, "unresolved": 4},
)
REPORT = Report(
    venue="Binance",
    market=Market.USDM,
    interval=Interval.M5,
    simulated=False,
    as_of=CONFIRMED + 600_000,
    summary=SUMMARY,
    timings=Timings(listing=0.0612, download=0.871, analysis=0.0249, total=0.998),
    opportunities=(
        opportunity(1, "BTCUSDT", Kind.REGULAR_BULLISH, "66600.00", 7.26),
        opportunity(2, "1000PEPEUSDT", Kind.HIDDEN_BEARISH, "0.01154000", 5.0),
        opportunity(3, "币安人生USDT", Kind.HIDDEN_BULLISH, "0.21", 1.0),
    ),
    divergences=(),
)

WIDE = """\
Binance USD-M futures, 5m, as of 2024-07-30 09:10 UTC
#  symbol        signal  kind             score  conf.       90 %  exp. R  cases          RSI       price  ATR %        stop      target  R/R  age  confirmed
1  BTCUSDT       BUY     regular bullish    7.3   0.34  0.22-0.47   -0.20    310  27.4 → 33.1    66600.00   0.61    65934.00    67932.00  2.0    1  07-30 09:05
2  1000PEPEUSDT  SELL    hidden bearish     5.0   0.34  0.22-0.47   -0.20    310  27.4 → 33.1  0.01154000   0.61  0.01142460  0.01177080  2.0    1  07-30 09:05
3  币安人生USDT  BUY     hidden bullish     1.0                                0  27.4 → 33.1        0.21   0.61      0.2079      0.2142  2.0    1  07-30 09:05
symbols: 712 listed > 480 tradable > 400 in the universe > 3 shown
396 of 400 symbols scanned (2 with 7 missing candles), 4 skipped (2 insufficient history, 1 gap, 1 failed); \
9012 divergences (3 target, 7 stop, 2 expired; 1 not entered, 4 not over), 51 open to trade (best 3 shown); \
listing 0.06 s, download 0.87 s, analysis 0.02 s, in all 1.00 s; request weight 846
"""  # noqa: E501 - as wide as it is printed


def test_a_report_reads_as_a_trader_reads_it() -> None:
    assert table_text(REPORT) == WIDE


def test_a_wide_enough_terminal_shows_every_column() -> None:
    assert table_text(REPORT, width=159) == WIDE


@pytest.mark.parametrize("width", [158, 140, 125, 110, 100, 80])
def test_a_narrow_terminal_loses_columns_but_no_digit(width: int) -> None:
    lines = table_text(REPORT, width=width).splitlines()

    table = lines[1:5]
    assert all(cell_len(line) <= width for line in table)
    assert all(title in table[0] for title in ("symbol", "signal", "score", "stop", "target"))
    assert "0.01154000  0.01142460  0.01177080" in table[2].replace("   0.61", "")
    assert lines[5].startswith(f"(left out to fit {width} columns: ")


def test_colours_are_for_terminals() -> None:
    assert "\x1b[32m" in table_text(REPORT, is_coloured=True)
    assert "\x1b" not in table_text(REPORT)


def test_explained_a_score_shows_its_parts() -> None:
    lines = table_text(REPORT, is_explained=True).splitlines()

    assert lines[5] == "1 BTCUSDT scores 7.3: rsi 0.50 of 20%, line of sight 1.00 of 10%"
    assert len(lines) == len(WIDE.splitlines()) + 3


def test_simulated_prices_are_called_so() -> None:
    first = table_text(replace(REPORT, venue="local exchange", simulated=True)).splitlines()[0]

    assert first.startswith("local exchange USD-M futures")
    assert first.endswith("SIMULATED PRICES")


def test_nothing_found_is_said_in_words() -> None:
    lines = table_text(replace(REPORT, opportunities=())).splitlines()

    assert lines[1] == "No opportunity passes the filters."


def test_a_smooth_scan_has_a_short_summary() -> None:
    summary = replace(SUMMARY, scanned=400, skipped=(), symbols_with_gaps=0, opportunities=3)
    summary = replace(summary, past=dict.fromkeys(SUMMARY.past, 0))

    assert summary_line(replace(REPORT, summary=summary)).startswith(
        "400 of 400 symbols scanned; 9012 divergences, 3 open to trade; listing"
    )
