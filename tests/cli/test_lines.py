from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.cli import notices
from divbot.cli.figures import harmless, money, percent, price_text, quantity_text, signed, span
from divbot.cli.lines import dust_text, event_json, event_line, event_words
from divbot.domain.events import Event, Paused
from divbot.domain.fills import Reason
from divbot.domain.ledger import Dust, Ledger, fold
from divbot.domain.risk import Limit
from divbot.domain.signals import Side
from tests.cli.paper_runs import (
    BEGAN,
    EVENTS,
    FRESH,
    FUNDED,
    LEDGER,
    LIFE,
    MARKED,
    NOW,
    PAUSED,
    PEPE,
    RESUMED,
    SOL,
    SOL_OUT,
    STARTED,
    TRAILED,
    entered,
    exited,
)

STEERING = "no\nanswer\x1b[2J\x07 \u202egnp.exe\u2028 \x9b31m"
GOES_ON = Paused(at=NOW, reason="")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        pytest.param(
            STARTED,
            "2026-11-20 16:00:00Z INFO    "
            "START local exchange USD-M futures 5m, SIMULATED PRICES, "
            "balance 50,000.00 USDT, divbot 0.1.0",
            id="started",
        ),
        pytest.param(
            replace(STARTED, is_simulated=False, venue="Binance"),
            "2026-11-20 16:00:00Z INFO    "
            "START Binance USD-M futures 5m, LIVE PRICES, balance 50,000.00 USDT, "
            "divbot 0.1.0",
            id="started on the real market",
        ),
        pytest.param(
            RESUMED,
            "2026-11-20 16:30:00Z INFO    "
            "START session 2 of local exchange USD-M futures 5m, "
            "SIMULATED PRICES",
            id="resumed",
        ),
        pytest.param(
            SOL,
            "2026-11-20 18:29:05Z INFO    "
            "BUY   SOLUSDT 12.4 @ 171.32, stop 169.61, target 174.75, 10x, "
            "regular bullish 7.3, spread 0.006%, slip 0.12 USDT, fee 1.06",
            id="entered long",
        ),
        pytest.param(
            PEPE,
            "2026-11-20 16:58:05Z INFO    "
            "SELL  1000PEPEUSDT 184,000 @ 0.0115400, stop 0.0116554, "
            "target 0.0113092, 10x, hidden bearish 7.3, spread 0.001%, slip 0.02 USDT, fee 1.06",
            id="entered short",
        ),
        pytest.param(
            FUNDED,
            "2026-11-20 19:00:05Z INFO    "
            "FUND  1000PEPEUSDT +0.21 USDT, rate 0.0100%, mark price 0.01152",
            id="funded",
        ),
        pytest.param(
            TRAILED,
            "2026-11-20 19:01:05Z INFO    TRAIL 币安人生USDT stop moved to 0.21400",
            id="trailed",
        ),
        pytest.param(
            SOL_OUT,
            "2026-11-20 19:02:05Z INFO    "
            "EXIT  SOLUSDT stop @ 169.61, -23.32 USDT (-1.10 R), held 33m, "
            "fees 2.11",
            id="exited",
        ),
        pytest.param(MARKED, "", id="marked: too many"),
        pytest.param(
            PAUSED,
            "2026-11-20 19:02:35Z WARNING "
            "PAUSE no new positions: the loss of this day has reached 3 %",
            id="paused",
        ),
        pytest.param(GOES_ON, "2026-11-20 19:03:05Z INFO    RESUMED entries enabled", id="goes on"),
    ],
)
def test_every_event_has_its_line(event: Event, line: str) -> None:
    assert event_line(event, LEDGER) == line


def test_an_exit_names_its_reason_in_words() -> None:
    exit_ = exited(LIFE, "0.21400", Reason.TRAILING_STOP)
    ledger = fold([STARTED, PEPE, SOL, LIFE, exit_])

    assert "EXIT  币安人生USDT trailing stop @ 0.21400, -7.33 USDT (-0.35 R)" in event_line(
        exit_, ledger
    )


def test_each_exit_tells_of_its_own_trade() -> None:
    exits = exited(SOL, "174.75", Reason.TARGET), exited(LIFE, "0.21400")
    ledger = fold([STARTED, PEPE, SOL, LIFE, *exits])

    assert " SOLUSDT target @ 174.75, +40.39 USDT (+1.90 R)" in event_line(exits[0], ledger)
    assert " 币安人生USDT stop @ 0.21400, -7.33 USDT" in event_line(exits[1], ledger)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (2, "worth 20.00 USDT: 0.1 of COIN1USDT, 0.1 of COIN2USDT"),
        (40, "worth 400.00 USDT: parts of 40 symbols"),
    ],
)
def test_what_is_left_over_is_named_as_far_as_it_is_little(count: int, text: str) -> None:
    dust = {f"COIN{n}USDT": Dust(Decimal("0.1"), Decimal(50)) for n in range(1, count + 1)}

    prices = {name: Decimal(100) for name in dust}
    assert dust_text(replace(LEDGER, dust=dust), prices) == text


def test_an_entry_says_one_r_and_what_limited_it() -> None:
    entry = replace(SOL, risk=Decimal("21.204"), limited_by=Limit.CASH)

    assert event_line(entry, LEDGER).endswith(", fee 1.06, 1 R 21.20, size limited by cash")


def test_a_liquidation_price_is_written_on_the_tick() -> None:
    exit_ = exited(LIFE, "0.19255375609756", Reason.LIQUIDATION)

    assert "liquidation @ 0.19255, " in event_line(exit_, fold([STARTED, PEPE, SOL, LIFE, exit_]))


def test_the_smallest_prices_and_the_largest_quantities_keep_their_digits() -> None:
    entry = entered(1, "MOGUSDT", price="0.00000123", quantity="1000000000", side=Side.SELL)

    assert " MOGUSDT 1,000,000,000 @ 0.00000123, stop 0.00000124," in event_line(entry, FRESH)


@pytest.mark.parametrize("event", [FUNDED, TRAILED, SOL_OUT])
def test_what_no_ledger_knows_is_called_by_its_number(event: Event) -> None:
    assert f" trade {event.trade} " in event_line(event, FRESH)  # type: ignore[union-attr]


def test_a_session_is_told_even_before_a_run() -> None:
    assert event_line(RESUMED, Ledger()).endswith(" START session 2")


@pytest.mark.parametrize(
    "event",
    [
        replace(STARTED, venue=STEERING, interval=STEERING, version=STEERING),
        replace(SOL, symbol=STEERING),
        Paused(at=NOW, reason=STEERING),
    ],
)
def test_foreign_texts_cannot_steer_a_terminal(event: Event) -> None:
    assert event_line(event, LEDGER).isprintable()


@given(st.text())
def test_harmless_text_is_one_printable_line(text: str) -> None:
    found = harmless(text)

    assert found.isprintable()
    assert len(found.splitlines()) <= 1
    assert harmless(found) == found


@given(st.text(st.characters(categories=["L", "N", "P"])))
def test_harmless_text_keeps_letters_of_any_script(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("event", EVENTS)
def test_a_json_line_has_every_field(event: Event) -> None:
    line = event_json(event, LEDGER)

    document = json.loads(line)
    assert line.isascii()
    assert line.isprintable()
    assert list(document)[:2] == ["event", "at"]
    assert document["event"] == event.kind
    assert_same(event, document)


def assert_same(found: Any, document: Any) -> None:
    """Compare what was written with what it was written of, all the way down."""
    if is_dataclass(found):
        for field in fields(found):
            assert_same(getattr(found, field.name), document[field.name])
    elif isinstance(found, Decimal):
        assert isinstance(document, str)
        assert Decimal(document) == found
        assert "E" not in document
    elif isinstance(found, tuple):
        for one, other in zip(found, document, strict=True):
            assert_same(one, other)
    else:
        assert document == found


def test_a_json_line_of_an_exit_says_what_and_how_much() -> None:
    document = json.loads(event_json(SOL_OUT, LEDGER))

    assert (document["symbol"], document["profit"]) == ("SOLUSDT", "-23.31776600")
    assert document["reason"] == "stop"


def test_json_says_null_of_what_no_ledger_knows() -> None:
    document = json.loads(event_json(SOL_OUT, FRESH))

    assert (document["symbol"], document["profit"]) == (None, None)


def test_a_json_line_of_another_session_says_where_its_prices_come_from() -> None:
    document = json.loads(event_json(RESUMED, LEDGER))

    assert document["venue"] == "local exchange"
    assert document["market"] == "usdm"
    assert document["is_simulated"] is True
    assert document["settings"] == {"interval": "5m", "config": "币安.toml"}


def test_json_knows_no_nan_and_no_exponent() -> None:
    entry = entered(1, "MOGUSDT", price="0.00000001")
    odd = replace(entry, origin=replace(entry.origin, atr_percent=float("nan")))

    line = event_json(odd, FRESH)

    assert '"price":"0.00000001"' in line
    assert '"atr_percent":null' in line


def test_every_event_has_words_but_the_many() -> None:
    assert [event.kind for event in EVENTS if not event_words(event, LEDGER)] == ["marked"]


def test_a_notice_is_one_line_with_the_market_s_time() -> None:
    line = notices.notice_line(BEGAN, "[Background] scan failed: no answer\nin 10 s")

    assert line == "2026-11-20 16:00:00Z INFO    [Background] scan failed: no answer in 10 s"


def test_a_warning_is_called_one() -> None:
    assert notices.notice_line(BEGAN, "late", is_warning=True).endswith("Z WARNING late")
    assert json.loads(notices.notice_json(BEGAN, "late\n", is_warning=True)) == {
        "event": "notice",
        "at": BEGAN,
        "level": "warning",
        "text": "late\n",
    }


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (money(Decimal("1234567.005")), "1,234,567.00"),
        (money(Decimal("-0.004")), "0.00"),
        (signed(Decimal("-0.004")), "0.00"),
        (signed(Decimal("1e9")), "+1,000,000,000.00"),
        (signed(Decimal("-1234.5")), "-1,234.50"),
        (percent(Decimal("-0.00002")), "0.00%"),
        (percent(Decimal("0.0125")), "1.25%"),
        (percent(Decimal("-0.5")), "-50.00%"),
        (price_text(Decimal("151.23456"), Decimal("171.32")), "151.23"),
        (price_text(Decimal("1E-8"), Decimal("0.00000123")), "0.00000001"),
        (price_text(Decimal(66600), Decimal("6.66E+4")), "66600"),
        (quantity_text(Decimal("12.4000")), "12.4"),
        (quantity_text(Decimal("1E+9")), "1,000,000,000"),
        (span(-1), "0s"),
        (span(59_999), "59s"),
        (span(60_000), "1m"),
        (span(7_500_000), "2h05m"),
        (span(273_600_000), "3d04h"),
    ],
)
def test_figures_read_as_people_write_them(written: str, text: str) -> None:
    assert written == text
