from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from rich.cells import cell_len

from divbot.cli.table import coverage_line, table_text
from divbot.domain.clock import parse_time
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Divergence, Evidence, Kind, Opportunity, ScorePart
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.report import Report, Skipped, Summary, Timings

CONFIRMED = parse_time("2024-07-30T09:00")
MARKET = Evidence(0.3412, 0.0055, -0.204, 5120)


def opportunity(rank: int, symbol: str, kind: Kind, price: str, score: float) -> Opportunity:
    return Opportunity(
        rank=rank,
        divergence=Divergence(
            symbol, kind, CONFIRMED - 9_000_000, CONFIRMED - 1_500_000, CONFIRMED
        ),
        side=kind.side,
        score=score,
        parts=(ScorePart("rsi", 0.5, 0.2), ScorePart("line_of_sight", 1.0, 0.1)),
        evidence=MARKET,
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
    open_to_trade=51,
    request_weight=846,
    funnel={"listed": 712, "tradable": 480, "in the universe": 400, "shown": 3},
    past={"target": 2341, "stop": 4002, "expired": 177, "not_entered": 31, "unresolved": 204},
    base_rate=BaseRate(Market.USDM, Interval.M5, "52 symbols", 5120, 50, 1.0, 0.02, 0.0, 0.03),
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
#  symbol        signal  kind             score  conf.  exp. R          RSI  R/R  stop %       price        stop      target  ATR %  age  confirmed
1  BTCUSDT       BUY     regular bullish    7.3   0.34   -0.20  27.4 → 33.1  2.0    1.00    66600.00    65934.00    67932.00   0.61    1  07-30 09:05
2  1000PEPEUSDT  SELL    hidden bearish     5.0   0.34   -0.20  27.4 → 33.1  2.0    1.00  0.01154000  0.01142460  0.01177080   0.61    1  07-30 09:05
3  币安人生USDT  BUY     hidden bullish     1.0   0.34   -0.20  27.4 → 33.1  2.0    1.00        0.21      0.2079      0.2142   0.61    1  07-30 09:05
past divergences as trades: 2,341 reached the target, 4,002 the stop, 177 expired, 204 are not over, 31 were not entered
confidence and expectancy start from 5,120 divergences of 50 weeks (USD-M futures 5m, 52 symbols)
symbols: 712 listed > 480 tradable > 400 in the universe > 3 shown
divergences: 9,012 found > 51 open to trade > 3 shown
396 of 400 symbols scanned (2 with 7 missing candles), 4 skipped (2 insufficient history, 1 gap, 1 failed)
listing 0.06 s, download 0.87 s, analysis 0.02 s, in all 1.00 s; request weight 846
"""  # noqa: E501 - as wide as it is printed


def test_a_report_reads_as_a_trader_reads_it() -> None:
    assert table_text(REPORT) == WIDE


def test_a_wide_enough_terminal_shows_every_column() -> None:
    lines = table_text(REPORT, width=149).splitlines()

    assert lines[:5] == WIDE.splitlines()[:5]


@pytest.mark.parametrize("width", [148, 133, 125, 110, 100, 80, 60])
def test_a_narrow_terminal_loses_columns_but_no_digit(width: int) -> None:
    lines = table_text(REPORT, width=width).splitlines()

    table = lines[1:5]
    assert all(cell_len(line) <= width for line in table)
    assert all(x in table[0] for x in ("symbol", "signal", "kind", "R/R", "stop %"))
    assert {*table[2].split()} <= {*WIDE.splitlines()[3].split()}
    assert lines[5].startswith(f"(left out to fit {width} columns: ")


def test_eighty_columns_hold_what_decides() -> None:
    lines = table_text(REPORT, width=80).splitlines()

    assert lines[1:5] == [
        "# symbol       signal kind            score R/R stop %       stop     target age",
        "1 BTCUSDT      BUY    regular bullish   7.3 2.0   1.00   65934.00   67932.00   1",
        "2 1000PEPEUSDT SELL   hidden bearish    5.0 2.0   1.00 0.01142460 0.01177080   1",
        "3 币安人生USDT BUY    hidden bullish    1.0 2.0   1.00     0.2079     0.2142   1",
    ]


@pytest.mark.parametrize("width", [140, 100, 80, 60])
@pytest.mark.parametrize("is_explained", [True, False], ids=["explained", "plain"])
def test_lines_below_the_table_break_between_words(width: int, *, is_explained: bool) -> None:
    shown = table_text(REPORT, width=width, is_explained=is_explained).splitlines()
    whole = table_text(REPORT, is_explained=is_explained).splitlines()

    assert all(cell_len(line) <= width for line in shown)
    below = shown[5:][
        shown[5].startswith("(left out")
        and next(n for n, line in enumerate(shown[5:], 1) if line.endswith(")")) :
    ]
    assert " ".join(" ".join(below).split()) == " ".join(whole[5:])


def test_without_a_base_rate_chance_alone_is_named() -> None:
    nothing = replace(SUMMARY.base_rate, cases=0)
    report = replace(REPORT, summary=replace(SUMMARY, base_rate=nothing))

    assert "are what chance gives: no base rate was counted\n" in table_text(report)


def test_without_a_past_nothing_is_told_of_it() -> None:
    past = dict.fromkeys(SUMMARY.past, 0)
    report = replace(REPORT, summary=replace(SUMMARY, past=past))

    assert "no past divergence in these candles has ended as a trade\n" in table_text(report)


def test_a_symbol_with_both_signals_is_marked() -> None:
    first, *others = REPORT.opportunities
    opposite = opportunity(4, "BTCUSDT", Kind.REGULAR_BEARISH, "66600.00", 0.5)

    lines = table_text(replace(REPORT, opportunities=(first, *others, opposite))).splitlines()

    assert [line.split()[2] for line in lines[2:6]] == ["BUY*", "SELL", "BUY", "SELL*"]
    assert lines[6] == "* both a BUY and a SELL, which contradict each other: BTCUSDT"


def test_colours_are_for_terminals() -> None:
    assert "\x1b[32m" in table_text(REPORT, is_coloured=True)
    assert "\x1b" not in table_text(REPORT)


def test_explained_a_score_shows_its_parts() -> None:
    lines = table_text(REPORT, is_explained=True).splitlines()

    assert lines[5] == "1 BTCUSDT scores 7.3: rsi 1.0 of 2.0, line of sight 1.0 of 1.0"
    assert lines[8] == (
        "on recorded years none of them told better signals from worse ones; rsi, line of sight "
        "told nothing (divbot verify calibration)"
    )
    assert len(lines) == len(WIDE.splitlines()) + 4


def test_simulated_prices_are_called_so() -> None:
    first = table_text(replace(REPORT, venue="local exchange", simulated=True)).splitlines()[0]

    assert first.startswith("local exchange USD-M futures")
    assert first.endswith("SIMULATED PRICES")


def test_nothing_found_is_said_in_words() -> None:
    lines = table_text(replace(REPORT, opportunities=())).splitlines()

    assert lines[1] == "No opportunity passes the filters."
    assert lines[2].startswith("past divergences as trades: 2,341 reached the target")


def test_a_smooth_scan_has_a_short_summary() -> None:
    summary = replace(SUMMARY, scanned=400, skipped=(), symbols_with_gaps=0)

    assert coverage_line(summary) == "400 of 400 symbols scanned"
