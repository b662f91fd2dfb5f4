"""The base rate that a backtest starts from: nothing of its own days, nor of later ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from divbot.app.scan_rules import past_rate
from divbot.domain.clock import parse_time
from divbot.domain.market import Interval, Market
from divbot.scanner.evidence.base_rates import BaseRate, rates_text
from divbot.settings import Settings

SETTINGS = Settings(market=Market.USDM, interval=Interval.H1)
COUNTED = BaseRate(Market.USDM, Interval.H1, "2 symbols of the store", 900, 9, 1.0, 0.02, 0.0, 0.03)


@pytest.mark.parametrize("day", ["2025-07-01", "2024-06-01", "2023-01-02"])
def test_of_the_shipped_ones_only_those_of_earlier_days_count(day: str) -> None:
    found = past_rate(SETTINGS, parse_time(day), None)

    assert found.last_day is not None
    assert found.last_day < day


def test_before_all_of_them_it_is_what_chance_gives() -> None:
    assert past_rate(SETTINGS, parse_time("2022-01-01"), None).source == "what chance gives"


def test_what_was_counted_of_earlier_candles_beats_what_is_shipped() -> None:
    assert past_rate(SETTINGS, parse_time("2025-07-01"), COUNTED) is COUNTED


def test_the_users_own_beats_both(tmp_path: Path) -> None:
    own = BaseRate(Market.USDM, Interval.H1, "mine", 800, 8, 1.01, 0.02, 0.0, 0.03)
    path = tmp_path / "rates.toml"
    path.write_text(rates_text([own]))

    settings = SETTINGS.model_copy(update={"base_rates": path})

    assert past_rate(settings, parse_time("2025-07-01"), COUNTED) == own
