from __future__ import annotations

import io
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from divbot.cli.columns import left_out
from divbot.cli.live import render
from divbot.domain.events import Paused
from divbot.domain.fills import Quote, Reason
from divbot.domain.ledger import fold
from divbot.domain.signals import Kind, Side
from divbot.trading.engine.decide import pause_reason
from divbot.trading.engine.snapshot import RunSnapshot
from tests.cli.paper_runs import (
    BTC,
    EMPTY,
    EVENTS,
    FRESH,
    FUNDED,
    LEDGER,
    MINUTE,
    NOW,
    OPPORTUNITIES,
    PEPE,
    SCANNER,
    SNAPSHOT,
    SOL,
    STARTED,
    crowded,
    entered,
    exited,
    opportunity,
)
from tests.trading.fakes import ENTRIES

GOLDEN = Path(__file__).parents[1] / "golden"
NOVEL = "no answer\x1b[2J from 币安 " * 400


def odd() -> RunSnapshot:
    """Return a snapshot full of what a market, and an account, can come up with."""
    entries = (
        entered(1, "MOGUSDT", price="0.00000123", quantity="1000000000"),
        entered(2, "币安人生币安人生USDT", price="0.21453", side=Side.SELL),
        entered(3, "BAD\x1b[31mUSDT", price="123456.10", quantity="0.001"),
        entered(4, "GONEUSDT"),
    )
    quotes = {
        "MOGUSDT": Quote(Decimal("0.00000246"), Decimal("0.00000247"), NOW),
        "币安人生币安人生USDT": Quote(Decimal("0.22"), Decimal("0.23"), NOW),
        "GONEUSDT": Quote(Decimal(0), Decimal(0), NOW),
    }
    start = replace(STARTED, balance=Decimal(1_234_567_890))
    paused = Paused(at=NOW, reason=NOVEL)
    huge = replace(
        opportunity(1, "币安人生USDT", Kind.HIDDEN_BULLISH, "0.00000123", 10.0),
        quote_volume=Decimal(10**15),
    )
    return replace(
        SNAPSHOT,
        ledger=fold([start, *entries, paused]),
        quotes=quotes,
        problem=NOVEL,
        scanner=replace(SCANNER, error=NOVEL, opportunities=(huge, *OPPORTUNITIES)),
        recent=(*entries, paused),
        venue="local exchange \x07 of the world",
        weight_used=10**9,
    )


SNAPSHOTS = {
    "usual": SNAPSHOT,
    "crowded": crowded(),
    "empty": EMPTY,
    "odd": odd(),
    "before the start": replace(EMPTY, ledger=type(LEDGER)(), recent=()),
}


def lines_of(snapshot: RunSnapshot, width: int = 80, height: int = 24) -> list[str]:
    return render(snapshot, width, height).plain.split("\n")


def line_with(text: str, snapshot: RunSnapshot, width: int = 80, height: int = 24) -> str:
    return next(line for line in lines_of(snapshot, width, height) if text in line)


@pytest.mark.parametrize(
    ("name", "snapshot", "width", "height"),
    [
        ("live-80x24", SNAPSHOT, 80, 24),
        ("live-140x40", SNAPSHOT, 140, 40),
        ("live-80x24-crowded", crowded(), 80, 24),
        ("live-80x24-empty", EMPTY, 80, 24),
    ],
)
def test_a_screen_reads_as_a_trader_reads_it(
    name: str, snapshot: RunSnapshot, width: int, height: int
) -> None:
    expected = (GOLDEN / f"{name}.txt").read_text("utf-8")

    assert render(snapshot, width, height).plain + "\n" == expected


@given(
    st.sampled_from(sorted(SNAPSHOTS)),
    st.integers(min_value=1, max_value=240),
    st.integers(min_value=1, max_value=60),
)
def test_no_screen_is_wider_or_higher_than_the_terminal(name: str, width: int, height: int) -> None:
    lines = lines_of(SNAPSHOTS[name], width, height)

    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width
    assert all(line.isprintable() for line in lines)
    assert all(line == line.rstrip() for line in lines)


@given(
    st.sampled_from(sorted(SNAPSHOTS)),
    st.integers(min_value=40, max_value=200),
    st.integers(min_value=10, max_value=60),
)
def test_a_small_terminal_shows_fewer_figures_but_no_other_ones(
    name: str, width: int, height: int
) -> None:
    snapshot = SNAPSHOTS[name]
    whole = {word for line in lines_of(snapshot, 1000, 1000) for word in line.split()}

    shown = {
        word
        for line in lines_of(snapshot, width, height)
        # Words may lose their end, and the count of what is not shown is of this size only.
        if "…" not in line and "together" not in line
        for word in line.split()
        if any(x.isdigit() for x in word)
    }

    assert {word.rstrip(",") for word in shown} <= {word.rstrip(",") for word in whole}


@given(st.sampled_from(sorted(SNAPSHOTS)), st.integers(min_value=80, max_value=240))
def test_what_the_account_is_worth_is_always_there(name: str, width: int) -> None:
    text = render(SNAPSHOTS[name], width, 24).plain

    assert all(x in text for x in ("equity ", "cash ", "realised ", "open ", "drawdown "))
    assert "SIMULATED PRICES" in text
    assert "scanner " in text
    assert "weight " in text


def test_the_real_market_is_not_called_simulated() -> None:
    assert "SIMULATED" not in render(replace(SNAPSHOT, is_simulated=False), 80, 24).plain


def test_twenty_positions_leave_room_for_opportunities_and_events() -> None:
    lines = lines_of(crowded())

    assert sum("COIN" in line and "held" not in line and "BUY  " in line for line in lines) >= 12
    assert "and 8 more together +49.04" in " ".join(" ".join(lines).split())
    assert any(line.startswith("TIAUSDT") for line in lines)
    assert "last events" in lines
    assert len(lines) == 24


def test_a_very_low_terminal_counts_positions_instead_of_listing_them() -> None:
    text = render(crowded(), 80, 5).plain

    assert "20 open positions  together +122.60" in text
    assert "COIN1USDT" not in text


def test_titles_without_a_row_are_left_out() -> None:
    lines = lines_of(crowded(), 80, 7)

    assert [line.split()[0] for line in lines] == [
        *("local", "equity", "position", "COIN1USDT", "and", "scanner")
    ]


def test_the_lowest_terminal_keeps_account_and_scanner() -> None:
    lines = lines_of(crowded(), 80, 3)

    assert [line.split()[0] for line in lines] == ["local", "equity", "scanner"]


def test_a_figure_that_does_not_fit_is_left_out() -> None:
    lines = lines_of(SNAPSHOT, 12)

    assert "open +11.89" in lines
    assert not any(line.startswith("equity") for line in lines)


def test_distances_are_from_the_price_that_one_could_close_at() -> None:
    quotes = {"BTCUSDT": Quote(Decimal(66_000), Decimal(99_999), NOW)}
    snapshot = replace(SNAPSHOT, ledger=fold([STARTED, replace(BTC, trade=1)]), quotes=quotes)

    # Stop 65934.0 and target 67932.0 as seen from the bid.
    assert "66000.0   -19.63 -0.95 0.10%  2.93%    4m" in line_with("BTCUSDT", snapshot)


def test_a_price_beyond_the_stop_is_below_zero() -> None:
    quotes = {"1000PEPEUSDT": Quote(Decimal("0.0116"), Decimal("0.0117000"), NOW)}

    assert "-0.38%  3.34%" in line_with("PEPE", replace(SNAPSHOT, quotes=quotes))


def test_a_position_without_a_price_says_so() -> None:
    cells = line_with("BTCUSDT", replace(SNAPSHOT, quotes={})).split()

    assert cells == ["BTCUSDT", "BUY", "0.031", "66600.0", "?", "?", "?", "?", "4m"]


@given(
    st.lists(st.decimals(min_value="0.01", max_value="1000", places=2), min_size=3, max_size=3),
    st.booleans(),
)
def test_equity_is_balance_and_profits(prices: list[Decimal], is_known: bool) -> None:
    symbols = ("1000PEPEUSDT", "币安人生USDT", "BTCUSDT")
    near = (Decimal("0.0115400"), Decimal("0.21453"), Decimal(66_600))
    quotes = {
        symbol: Quote(x * (1 + price / 50_000), x * (1 + price / 50_000), NOW)
        for symbol, x, price in zip(symbols, near, prices, strict=True)
    }
    snapshot = replace(SNAPSHOT, quotes=quotes if is_known else {})

    assert snapshot.equity == STARTED.balance + LEDGER.realised + snapshot.open_profit
    if is_known:
        profits = (snapshot.profit_of(x) for x in LEDGER.positions.values())
        assert sum(x for x in profits if x is not None) == snapshot.open_profit


def test_an_open_profit_counts_fees_and_funding_as_a_trade_does() -> None:
    at_entry = Quote(PEPE.fill.price, PEPE.fill.price, NOW)
    ledger = fold([STARTED, PEPE, FUNDED])
    snapshot = replace(SNAPSHOT, ledger=ledger, quotes={"1000PEPEUSDT": at_entry})

    assert snapshot.open_profit == FUNDED.amount - PEPE.fill.fee


def test_drawdown_is_measured_from_the_peak() -> None:
    ledger = replace(LEDGER, positions={}, cash=Decimal(45_000), peak=Decimal(60_000))

    assert "drawdown 25.00%" in render(replace(SNAPSHOT, ledger=ledger), 80, 24).plain


def test_a_new_peak_is_no_drawdown() -> None:
    ledger = replace(LEDGER, positions={}, cash=Decimal(90_000))

    assert "drawdown 0.00%" in render(replace(SNAPSHOT, ledger=ledger), 80, 24).plain


@pytest.mark.parametrize(
    ("days", "text"), [(0, "today -10.00 (-0.02%)"), (1, "today +40.00 (+0.08%)")]
)
def test_a_day_begins_with_what_the_one_before_ended_with(days: int, text: str) -> None:
    ledger = replace(
        LEDGER,
        positions={},
        cash=Decimal(50_080),
        day_equity=Decimal(50_090),
        equity=Decimal(50_040),
    )
    snapshot = replace(SNAPSHOT, ledger=ledger, at=NOW + days * 24 * 60 * MINUTE)

    assert text in render(snapshot, 80, 24).plain


def test_what_a_day_lost_is_one_figure_beside_its_limit() -> None:
    ledger = replace(FRESH, at=NOW)
    reason = pause_reason(ledger, Decimal(47_250), NOW, ENTRIES)
    paused = ledger.apply(Paused(NOW, reason))

    # The open positions went on falling.
    fallen = replace(paused, cash=Decimal("46876.20"))
    lines = lines_of(replace(SNAPSHOT, ledger=fallen, at=NOW + MINUTE))

    assert "today -3,123.80 (-6.25%)" in " ".join(lines)
    assert "no new positions: the loss of this day has reached the limit of 5.0%" in lines


def test_a_pause_a_problem_and_a_failed_scan_are_told() -> None:
    snapshot = replace(
        SNAPSHOT, problem="no quotes for 30 s", scanner=replace(SCANNER, error="no route")
    )

    lines = lines_of(snapshot)

    assert "no new positions: the loss of this day has reached 3 %" in lines
    assert "not trading: no quotes for 30 s" in lines
    assert "the last scan failed: no route" in lines


def test_an_error_long_as_a_novel_takes_one_line() -> None:
    lines = [line for line in lines_of(SNAPSHOTS["odd"]) if "no answer" in line]

    assert len(lines) >= 3
    assert all(line.endswith("…") for line in lines[:3])


def test_a_report_without_opportunity_differs_from_no_report() -> None:
    nothing = replace(SNAPSHOT, scanner=replace(SCANNER, opportunities=()))

    assert "no opportunity in the last report" in lines_of(nothing)
    assert "no report yet" in lines_of(EMPTY)


def test_opportunities_beyond_those_shown_are_counted() -> None:
    many = replace(SNAPSHOT, scanner=replace(SCANNER, open_to_trade=123))

    assert "opportunities 123" in line_with("scanner waiting", many)


def test_an_old_report_stands_out() -> None:
    old = replace(SNAPSHOT, scanner=replace(SCANNER, published_at=NOW - 121_000))

    assert "age \x1b[0m\x1b[33m2m" in drawn(old)
    assert "age \x1b[0m15s" in drawn(SNAPSHOT)


def test_signs_have_colours() -> None:
    text = drawn(SNAPSHOT)

    assert re.search(r"\x1b\[32m +\+11\.75", text)
    assert re.search(r"\x1b\[31m +-6\.38", text)
    assert "\x1b[32mBUY " in text
    assert "\x1b[31mSELL" in text
    assert "\x1b[31mEXIT " in text
    assert "\x1b[33mPAUSE" in text


def test_a_trade_s_result_colours_its_exit() -> None:
    won = exited(SOL, "174.75", Reason.TARGET)
    ledger = fold([STARTED, PEPE, SOL, won])

    assert "\x1b[32mEXIT" in drawn(replace(SNAPSHOT, recent=(won,), ledger=ledger))


def test_only_the_market_is_bold_in_the_heading() -> None:
    assert drawn(SNAPSHOT).startswith("\x1b[1mlocal exchange USD-M futures 5m\x1b[0m  2026-11-20")


@pytest.mark.parametrize(
    ("used", "limit", "text"),
    [
        (1728, 1920, "weight \x1b[0m1,728 of 1,920 a minute"),
        (1729, 1920, "weight \x1b[0m\x1b[33m1,729 of 1,920 a minute"),
        (1729, 0, "weight \x1b[0m1,729\n"),
    ],
)
def test_weight_near_its_limit_stands_out(used: int, limit: int, text: str) -> None:
    assert text in drawn(replace(SNAPSHOT, weight_used=used, weight_limit=limit))


def test_no_color_is_respected() -> None:
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", drawn(SNAPSHOT, NO_COLOR="1"))


def drawn(snapshot: RunSnapshot, **environment: str) -> str:
    console = Console(
        file=io.StringIO(),
        width=80,
        height=24,
        force_terminal=True,
        color_system="standard",
        _environ=environment,
    )
    console.print(render(snapshot, 80, 24))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_events_are_cut_at_a_comma_and_the_newest_stay() -> None:
    lines = lines_of(replace(SNAPSHOT, recent=EVENTS * 3))
    events = lines[lines.index("last events") + 1 :]

    assert "02:35 PAUSE" in events[-1]
    assert line_with("FUND", SNAPSHOT).endswith("rate 0.0100%, mark price 0.01152")
    assert line_with("FUND", SNAPSHOT, 70, 40).endswith("rate 0.0100%")


@given(
    st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(1, 40), min_size=1),
    st.randoms(use_true_random=False),
    st.integers(1, 200),
)
def test_columns_are_left_out_only_as_far_as_it_must_be(
    widths: dict[str, int], random: object, width: int
) -> None:
    order = sorted(widths)

    gone = left_out(widths, order, width, 2)

    def taken(titles: set[str]) -> int:
        return sum(widths[x] + 2 for x in titles) - 2

    kept = set(widths) - set(gone)
    assert taken(kept) <= width or not kept
    assert all(taken(kept | {title}) > width for title in gone)


def test_a_scan_of_nothing_is_explained_beside_the_scanner() -> None:
    notice = "no symbol was scanned: all 40 are left out (40 age); AAAUSDT: listed 3.0 days ago"
    snapshot = replace(SNAPSHOT, scanner=replace(SCANNER, symbols=0, notices=(notice,)))

    lines = render(snapshot, 100, 40).plain.splitlines()

    place = next(n for n, line in enumerate(lines) if line.startswith("scanner "))
    assert notice in lines[place : place + 3]
