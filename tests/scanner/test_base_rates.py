"""Base rates: believed as far as they were measured, kept in a file that anybody can make."""

from __future__ import annotations

from pathlib import Path

import pytest

from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.scanner.evidence.base_rates import (
    TRUE_GROSS,
    TRUE_RATIOS,
    BaseRate,
    rate_of,
    rates_text,
    read_rates,
    shipped_rates,
)

YEARS = BaseRate(Market.USDM, Interval.H1, "52 symbols", 13_194, 74, 0.98, 0.02, 0.01, 0.03)


def test_a_figure_as_uncertain_as_such_figures_differ_is_half_believed() -> None:
    rate = BaseRate(Market.SPOT, Interval.H1, "", 9, 9, 1.2, TRUE_RATIOS, 0.4, TRUE_GROSS)

    assert rate.believed_ratio == pytest.approx(1.1)
    assert rate.believed_gross == pytest.approx(0.2)
    assert rate.ratio_doubt == pytest.approx(TRUE_RATIOS / 2**0.5)


def test_what_has_no_error_is_not_believed() -> None:
    rate = BaseRate(Market.SPOT, Interval.M5, "8 days", 18_497, 2, 1.1, None, 0.1, None)

    assert (rate.believed_ratio, rate.believed_gross) == (1.0, 0.0)
    assert rate.ratio_doubt == TRUE_RATIOS


def test_a_file_says_what_was_counted(tmp_path: Path) -> None:
    few = BaseRate(Market.SPOT, Interval.M5, 'a "quoted" 币安', 5, 2, 1.1, None, -0.5, None)
    path = tmp_path / "rates.toml"
    path.write_text(rates_text([YEARS, few]), "utf-8")

    assert read_rates(path) == (YEARS, few)


def test_the_nearest_interval_stands_in_then_the_market() -> None:
    rates = [
        BaseRate(Market.USDM, Interval.M1, "minutes", 1, 9, 1, 0.1, 0, 0.1),
        BaseRate(Market.SPOT, Interval.H1, "spot hours", 1, 9, 1, 0.1, 0, 0.1),
        BaseRate(Market.USDM, Interval.H1, "hours", 1, 9, 1, 0.1, 0, 0.1),
        BaseRate(Market.SPOT, Interval.M5, "too short", 1, 2, 1, None, 0, None),
    ]

    asked = [(Market.USDM, "1h"), (Market.SPOT, "1h"), (Market.SPOT, "5m"), (Market.SPOT, "1d")]
    found = [rate_of(market, Interval(x), rates).source for market, x in asked]

    assert found == ["hours", "spot hours", "minutes", "spot hours"]


def test_the_user_s_own_come_before_those_shipped() -> None:
    own = BaseRate(Market.USDM, Interval.H1, "mine", 1, 9, 1, 0.1, 0, 0.1)

    assert rate_of(Market.USDM, Interval.H1, [own, YEARS]) is own


def test_without_any_chance_alone_counts() -> None:
    found = rate_of(Market.USDM, Interval.H1, [])

    assert (found.cases, found.believed_ratio, found.believed_gross) == (0, 1.0, 0.0)


def test_those_shipped_are_read_and_name_their_source() -> None:
    rates = shipped_rates()

    assert {(x.market, x.interval) for x in rates} >= {
        (Market.USDM, Interval.H1),
        (Market.USDM, Interval.H4),
        (Market.SPOT, Interval.H1),
        (Market.USDM, Interval.M1),
    }
    assert all("symbols" in x.source and x.cases > 500 for x in rates)


ENTRY = rates_text([YEARS])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[[rate]", "found no TOML", id="no TOML"),
        pytest.param("rate = 1", "in rate", id="no entries"),
        pytest.param(ENTRY.replace("1h", "1H"), "in rate 1 interval", id="no interval"),
        pytest.param(ENTRY.replace("0.9800", "nan"), "in rate 1 ratio", id="not a number"),
        pytest.param(ENTRY.replace("0.9800", "-1.0"), "in rate 1 ratio", id="below zero"),
        pytest.param(ENTRY.replace("cases = 13194", "cases = true"), "in rate 1", id="no count"),
        pytest.param(ENTRY.replace("cases", "case"), "in rate 1", id="an unknown key"),
        pytest.param(ENTRY.replace('market = "usdm"', ""), "in rate 1 market", id="no market"),
    ],
)
def test_another_file_is_told_in_one_line(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "rates.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(InputError) as raised:
        read_rates(path)

    assert str(path) in str(raised.value)
    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xff\xfe\xff")

    with pytest.raises(InputError, match="cannot read the base rates"):
        read_rates(tmp_path / "none.toml")
    with pytest.raises(InputError, match="UTF-8"):
        read_rates(tmp_path / "latin")


@pytest.mark.parametrize(
    ("source", "day"),
    [
        ("16 symbols, 2025-05-04 to 2025-06-15, shipped", "2025-06-15"),
        ("52 symbols of the store, 2024-01-01 to 2024-02-01", "2024-02-01"),
        ("what chance gives", None),
    ],
)
def test_a_source_tells_its_last_day(source: str, day: str | None) -> None:
    assert BaseRate(Market.USDM, Interval.H1, source).last_day == day


def test_every_shipped_rate_says_that_it_is_and_of_which_days() -> None:
    assert all(x.source.endswith(", shipped") and x.last_day for x in shipped_rates())
