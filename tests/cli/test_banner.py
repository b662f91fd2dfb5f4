from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from divbot.cli.banner import Setup, banner_text, summary_json, summary_text
from divbot.cli.columns import words_on_lines
from divbot.domain.ledger import fold
from divbot.domain.market import Interval, Market
from divbot.trading.engine.loop import Lateness
from tests.cli.paper_runs import EMPTY, EVENTS, FRESH, LEDGER, NOW, RESUMED, SNAPSHOT, crowded

SETUP = Setup(
    version="0.1.0",
    venue="local exchange",
    market=Market.USDM,
    interval=Interval.M5,
    is_simulated=True,
    symbols="top 400 by volume",
    risk=Decimal("0.01"),
    leverage=10,
    max_positions=3,
    check_interval=timedelta(minutes=1),
    position_update_interval=timedelta(seconds=2.5),
    journal="paper-usdm-5m.sqlite",
)
BANNER = """\
divbot 0.1.0 paper trading, SIMULATED PRICES; no real orders
  market                    local exchange USD-M futures, 5m candles
  symbols                   top 400 by volume
  balance                   50,000.00 USDT
  risk per trade            1.00% of the equity
  maximum leverage          10x
  maximum open positions    3
  check interval            a scan every 1m
  position update interval  a price check every 2.5s
  journal                   paper-usdm-5m.sqlite
"""
RESUMED_BANNER = """\
  resumed                   session 2 with 3 open positions, 1 closed trade,
                            cash 49,343.42 USDT
  entries paused            the loss of this day has reached 3 %
"""
SUMMARY = """\
ran 2h33m on local exchange USD-M futures 5m, SIMULATED PRICES
  equity        49,988.57 USDT, -11.43 this session
  drawdown      0.10% below its peak
  trades        1 closed this session, 1 in all, 0% won
  realised      -23.32 USDT
  open          +11.89 USDT; 3 positions stay in the journal: 1000PEPEUSDT,
                币安人生USDT, BTCUSDT
  costs         fees 5.26, slippage 0.37, funding +0.21
  price checks  3672; delay p99 4 ms, worst 38 ms
  journal       paper-usdm-5m.sqlite
  to see more   divbot trades, divbot stats
"""
QUIET_SUMMARY = """\
ran 3h03m on local exchange USD-M futures 5m, SIMULATED PRICES
  equity        50,000.00 USDT, 0.00 this session
  drawdown      0.00% below its peak
  trades        none closed yet
  realised      0.00 USDT
  open          0.00 USDT, no open position
  costs         fees 0.00, slippage 0.00, funding 0.00
  price checks  1
  journal       paper-usdm-5m.sqlite
  to see more   divbot trades, divbot stats
"""
LATENESS = Lateness(steps=3672, waited=3671, median=1.0, p99=4.4, worst=38.0)
BEFORE = fold(EVENTS[: EVENTS.index(RESUMED) + 1])


def test_live_prices_are_called_so() -> None:
    banner = banner_text(replace(SETUP, is_simulated=False), FRESH)
    summary = summary_text(replace(SNAPSHOT, is_simulated=False), FRESH, LATENESS, "run.db")

    assert banner.startswith("divbot 0.1.0 paper trading, LIVE PRICES; no real orders\n")
    assert summary.splitlines()[0].endswith(", LIVE PRICES")


def test_settings_that_a_session_changed_are_told_old_and_new() -> None:
    changed = {"risk": ("0.01", "0.02"), "trail_atr": ("None", "2.0")}
    resumed = replace(RESUMED, changed=changed)

    text = banner_text(SETUP, fold([*EVENTS[: EVENTS.index(RESUMED)], resumed]))

    assert "  changed                   risk 0.01 -> 0.02, trail_atr unset -> 2.0\n" in text


def test_a_run_says_how_it_is_set_up() -> None:
    assert banner_text(SETUP, FRESH) == BANNER


def test_a_resumed_run_says_what_it_goes_on_with() -> None:
    assert banner_text(SETUP, LEDGER) == BANNER + RESUMED_BANNER


def test_the_real_market_is_not_called_simulated() -> None:
    setup = replace(SETUP, is_simulated=False)
    snapshot = replace(SNAPSHOT, is_simulated=False)

    assert "SIMULATED" not in banner_text(setup, FRESH)
    assert "SIMULATED" not in summary_text(snapshot, BEFORE, LATENESS, SETUP.journal)


def test_a_session_sums_itself_up() -> None:
    assert summary_text(SNAPSHOT, BEFORE, LATENESS, SETUP.journal) == SUMMARY


def test_machines_are_told_what_a_session_came_to() -> None:
    told = json.loads(summary_json(SNAPSHOT, BEFORE, LATENESS, SETUP.journal))

    assert told["event"] == "ended"
    assert Decimal(told["equity"]) == SNAPSHOT.equity
    assert Decimal(told["change"]) == SNAPSHOT.equity - BEFORE.equity
    assert (told["closed"], told["closed_in_session"], told["session"]) == (1, 1, 2)
    assert told["open"] == ["1000PEPEUSDT", "币安人生USDT", "BTCUSDT"]
    assert (told["looks"], told["looks_missed"]) == (3672, 0)
    assert told["late_ms"] == {"median": 1.0, "p99": 4.4, "worst": 38.0}


def test_looks_that_were_missed_are_told() -> None:
    late = replace(LATENESS, missed=14)

    text = summary_text(SNAPSHOT, BEFORE, late, SETUP.journal)
    told = json.loads(summary_json(SNAPSHOT, BEFORE, late, SETUP.journal))

    assert "  price checks  3672, 14 missed; delay p99 4 ms, worst 38 ms\n" in text
    assert told["looks_missed"] == 14


def test_a_session_in_which_nothing_happened_says_so() -> None:
    assert (
        summary_text(EMPTY, FRESH, replace(LATENESS, steps=1, waited=0), SETUP.journal)
        == QUIET_SUMMARY
    )


def test_trades_of_earlier_sessions_are_not_counted_as_this_one_s() -> None:
    assert "0 closed this session, 1 in all" in summary_text(
        SNAPSHOT, LEDGER, LATENESS, SETUP.journal
    )


def test_one_position_stays() -> None:
    text = summary_text(crowded(1), FRESH, LATENESS, SETUP.journal)

    assert "; 1 position stays in the journal: COIN1USDT\n" in text


@pytest.mark.parametrize("count", [3, 20, 100])
def test_everything_fits_80_columns(count: int) -> None:
    ledger = replace(crowded(count).ledger, paused="币安 said no " * 40)
    setup = replace(SETUP, symbols=", ".join(["币安人生USDT"] * 60), venue="the venue " * 20)

    text = banner_text(setup, ledger) + summary_text(crowded(count), FRESH, LATENESS, SETUP.journal)

    assert max(map(cell_len, text.splitlines())) <= 80


def test_the_journal_s_name_is_never_broken() -> None:
    name = "my folder/" * 30 + "paper.sqlite"

    assert f" {name}\n" in banner_text(replace(SETUP, journal=name), FRESH)
    assert f" {name}\n" in summary_text(SNAPSHOT, BEFORE, LATENESS, name)


def test_foreign_texts_cannot_steer_a_terminal() -> None:
    bad = "a\x1b[2Jb\nc\x07"
    setup = replace(SETUP, version=bad, venue=bad, symbols=bad, journal=bad)

    text = banner_text(setup, replace(FRESH, paused=bad))
    text += summary_text(replace(SNAPSHOT, venue=bad, at=NOW), BEFORE, LATENESS, bad)

    assert text.replace("\n", "").isprintable()
    assert len(banner_text(setup, FRESH).splitlines()) == len(BANNER.splitlines())


@given(st.lists(st.text("ab币", min_size=1, max_size=12), min_size=1), st.integers(1, 40))
def test_words_stay_whole_and_in_order(words: list[str], width: int) -> None:
    lines = words_on_lines(" ".join(words), width)

    assert " ".join(lines).split() == words
    assert all(cell_len(line) <= width or " " not in line for line in lines)
