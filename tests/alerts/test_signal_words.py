"""What an alert of a signal says, and which signals are worth one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from divbot.alerts.filters import Filters
from divbot.alerts.quiet_hours import QuietHoursText
from divbot.alerts.signal_words import SignalSource, alert_of, words_of
from divbot.alerts.template import FIELDS, Template
from divbot.domain.clock import parse_time
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Evidence
from divbot.domain.watch_list import read_watch_list
from tests.cli.paper_runs import OPPORTUNITIES

SOURCE = SignalSource(Market.USDM, Interval.M5, "Binance", "")
FOUND = replace(
    OPPORTUNITIES[0],
    evidence=Evidence(0.4567, 0.02, 0.2149, 1234),
    pivot_price_previous=Decimal("6.4010"),
    pivot_price=Decimal("6.3720"),
)


def test_a_message_is_short_and_whole() -> None:
    alert = alert_of(SOURCE, FOUND, {})

    assert alert.title == "TIAUSDT BUY, regular bullish 5m"
    assert alert.text == (
        "price 6.4720, stop 6.4073, target 6.6014, R/R 2.04\n"
        "score 7.3, confidence 46%, expectancy +0.21 R, counted on 1,234 cases\n"
        "price lower low 6.4010 -> 6.3720, RSI higher low 27.4 -> 33.1; confirmed "
        "2026-11-20 19:00 UTC\n"
        "https://www.tradingview.com/chart/?symbol=BINANCE%3ATIAUSDT.P&interval=5\n"
        "https://www.binance.com/en/futures/TIAUSDT"
    )


def test_prices_that_are_not_real_are_called_so() -> None:
    alert = alert_of(replace(SOURCE, notice="SIMULATED PRICES", title="{symbol}!"), FOUND, {})

    assert alert.title == "TIAUSDT! (SIMULATED PRICES)"
    own = replace(SOURCE, notice="SIMULATED PRICES", title="{notice}: {symbol}")
    assert alert_of(own, FOUND, {}).title == "SIMULATED PRICES: TIAUSDT"
    assert alert.data["simulated"] is True


def test_what_nothing_is_known_of_is_said_to_be_unknown() -> None:
    alert = alert_of(SOURCE, replace(FOUND, evidence=None), {})

    assert "confidence and expectancy unknown, counted on 0 cases" in alert.text


@pytest.mark.parametrize(
    "change",
    [
        {"symbol": "ETHUSDT"},
        {"kind": OPPORTUNITIES[1].divergence.kind},
        {"confirmed": FOUND.divergence.confirmed + 300_000},
    ],
    ids=str,
)
def test_another_divergence_is_another_alert(change: dict[str, object]) -> None:
    other = replace(FOUND, divergence=replace(FOUND.divergence, **change))

    assert alert_of(SOURCE, other, {}).key != alert_of(SOURCE, FOUND, {}).key


def test_the_same_divergence_at_another_price_is_the_same_alert() -> None:
    later = replace(FOUND, rank=9, score=1.0, price=Decimal(7), age=3)

    assert alert_of(SOURCE, later, {}).key == alert_of(SOURCE, FOUND, {}).key


def test_every_name_of_a_template_is_known() -> None:
    assert set(words_of(SOURCE, FOUND)) - {"expected"} == set(FIELDS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{symbl}", r"unknown name 'symbl' in braces; did you mean \{symbol\}\?"),
        ("{}", "unknown name ''"),
        ("{symbol.__class__}", "unknown name"),
        ("{price[0]}", "unknown name"),
        ("{price:>99999999}", "alone in its braces"),
        ("{price!r}", "alone in its braces"),
        ("{price", "expected a text with names in braces"),
        ("", "expected a text with names in braces"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Template().read(text)


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        (Filters(), True),
        (Filters(score=7.26), True),
        (Filters(score=7.27), False),
        (Filters(confidence=0.45), True),
        (Filters(confidence=0.46), False),
        (Filters(expectancy=0.2), True),
        (Filters(expectancy=0.3), False),
        (Filters(reward_risk=Decimal("2.04")), True),
        (Filters(reward_risk=Decimal("2.05")), False),
    ],
    ids=str,
)
def test_a_filter_lets_pass_what_comes_to_it(filters: Filters, passes: bool) -> None:
    assert filters.pass_(replace(FOUND, reward_risk=2.045)) is passes


def test_where_nothing_is_known_nothing_is_expected() -> None:
    unknown = replace(FOUND, evidence=None)

    assert Filters().pass_(unknown)
    assert not Filters(confidence=0.01).pass_(unknown)
    assert not Filters(expectancy=-5.0).pass_(unknown)


@pytest.mark.parametrize(
    ("hours", "now", "left"),
    [
        ("22:00-07:00", "2026-11-20T21:59", 0),
        ("22:00-07:00", "2026-11-20T22:00", 9 * 3600),
        ("22:00-07:00", "2026-11-21T06:59", 60),
        ("22:00-07:00", "2026-11-21T07:00", 0),
        ("12:00-13:00", "2026-11-21T12:30", 1800),
        ("22:00-07:00 Europe/Berlin", "2026-11-20T21:30", 8.5 * 3600),
        ("22:00-07:00 Europe/Berlin", "2026-07-20T20:30", 8.5 * 3600),
    ],
)
def test_quiet_hours_are_of_a_day_and_of_a_zone(hours: str, now: str, left: float) -> None:
    assert QuietHoursText().read(hours).left(parse_time(now)) == left


@pytest.mark.parametrize("text", ["25:00-3", "22:00", "22:00-22:00", "1:00-2:00 Nowhere/At", ""])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected hours such as"):
        QuietHoursText().read(text)


def test_a_watch_list_is_read_as_people_and_tradingview_write_it(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(
        "﻿###MAJORS,BINANCE:BTCUSDT.P,BINANCE:ETHUSDT\nsol/usdt  # the third\n\nBTCUSDT\n",
        "utf-8",
    )

    assert read_watch_list(path) == ("BTCUSDT", "ETHUSDT", "SOLUSDT")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"BTCUSDT\nBTC USDT!", "line 2: expected a symbol such as BTCUSDT, found 'BTC USDT!'"),
        (b"# nothing", "expected symbols such as BTCUSDT, found none"),
        (b"\xff\xfe\x00", "expected text in UTF-8"),
        (b"A," * 600_000, "expected 1,000,000 bytes at most"),
    ],
    ids=["no symbol", "nothing", "other bytes", "huge"],
)
def test_a_watch_list_of_no_use_is_one_line(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(content)

    with pytest.raises(InputError, match="watch list") as caught:
        read_watch_list(path)

    assert expected in str(caught.value)
