"""Where nothing is scanned, somebody says why."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from divbot.domain.clock import ManualClock
from divbot.scanner.cycle import Scanner
from divbot.scanner.report import YOUNG, Report, Skipped
from divbot.scanner.shortage import why_none
from divbot.scanner.workforce.inline import InlinePool
from tests.scanner.fakes import FakeSource, names, rules


class Out(NamedTuple):
    symbol: str
    rule: str
    detail: str
    is_traded: bool = True


def scanned(source: FakeSource, **changes: object) -> Report:
    pool = InlinePool(source, connections=1)
    report = Scanner(source.open_listing(), source, pool, ManualClock(), rules(**changes)).cycle()
    pool.close()
    return report


YOUNG_ONES = [Out(f"{x}USDT", "age", "listed 3.0 days ago, expected 10 at least") for x in "ABC"]
IN_BTC = [Out(f"{x}BTC", "quote", "quoted in BTC", is_traded=False) for x in "ABCDE"]
SHORT = [Skipped("DUSDT", YOUNG, "3.1 days of history, at least 10 are expected")]


@pytest.mark.parametrize(
    ("left_out", "skipped", "says"),
    [
        (
            [*IN_BTC, Out("XUSDT", "spread", "a spread of 9 %"), *YOUNG_ONES],
            [],
            "4 that can be traded are left out (3 age, 1 spread); AUSDT: listed 3.0 days ago, "
            "expected 10 at least",
        ),
        (
            [],
            SHORT,
            "1 that can be traded is left out (1 young); DUSDT: 3.1 days of history, at least 10 "
            "are expected",
        ),
        (
            [Out("XUSDT", "no_price", "its last price is zero", is_traded=False)],
            [],
            "1 on its list is left out (1 no price); XUSDT: its last price is zero",
        ),
        ([], [], "the venue lists none"),
    ],
    ids=["left out", "skipped", "not traded", "nothing"],
)
def test_the_usual_reason_is_told_with_an_example(
    left_out: list[Out], skipped: list[Skipped], says: str
) -> None:
    assert why_none(left_out, skipped) == f"no symbol was scanned: {says}"


def test_a_report_on_young_symbols_alone_says_so() -> None:
    report = scanned(FakeSource(names(3), bars=400), min_age=10.0)

    (notice,) = report.notices
    assert notice.startswith(
        "no symbol was scanned: 3 that can be traded are left out (3 young); S000USDT: 1.4 "
    )


def test_a_report_on_anything_says_nothing_of_the_kind() -> None:
    assert scanned(FakeSource(names(1))).notices == ()
