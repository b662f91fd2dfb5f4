"""Kept candles: the law is that they are what a fresh download would have brought."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.binance.candles.candle_store import CandleStore
from divbot.binance.candles.history import CandleHistory
from divbot.binance.client import BinanceClient
from divbot.candle_arrays import Candles
from divbot.domain.market import Interval

M5 = Interval.M5
STEP = M5.milliseconds
START = 1_722_000_000_000


@dataclass
class Venue:
    """A venue of one symbol; the last of its candles is still forming."""

    missing: set[int] = field(default_factory=set)
    corrected: set[int] = field(default_factory=set)
    steps: int = 0
    asked: list[int] = field(default_factory=list)

    @property
    def at(self) -> int:
        return START + self.steps * STEP + 1000

    def final_candles(self, symbol: str, interval: Interval, limit: int) -> Candles:
        assert (symbol, interval) == ("XUSDT", M5)
        self.asked.append(limit)
        return self.fresh(limit)

    def fresh(self, limit: int) -> Candles:
        exist = [n for n in range(self.steps + 1) if n not in self.missing][-limit:]
        rows = np.array([n + 0.5 * (n in self.corrected) for n in exist[:-1]], np.float64)
        times = START + STEP * np.array(exist[:-1], np.int64)
        return Candles(times, rows, rows + 2, rows - 2, rows + 1, rows)


def history_of(venue: Venue, folder: Path) -> CandleHistory:
    return CandleHistory(cast("BinanceClient", venue), CandleStore(folder))


def same(ours: Candles, theirs: Candles) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(ours.columns, theirs.columns, strict=True))


POLLS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from([20, 30, 50]), st.integers(-3, 3)),
    min_size=1,
    max_size=12,
)


@given(polls=POLLS, missing=st.sets(st.integers(0, 300), max_size=60), begin=st.integers(0, 60))
def test_kept_candles_are_those_of_a_fresh_download(
    tmp_path_factory: pytest.TempPathFactory,
    polls: list[tuple[int, int, int]],
    missing: set[int],
    begin: int,
) -> None:
    venue = Venue(missing, steps=begin)
    folder = tmp_path_factory.mktemp("candles")
    for elapsed, limit, clock_error in polls:
        venue.steps += elapsed
        # Another process each time, with a clock that is about right.
        history = history_of(venue, folder)

        found = history.final_candles("XUSDT", M5, limit, venue.at + clock_error * STEP)

        assert same(found, venue.fresh(limit))


def test_only_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    venue = Venue(steps=900)
    for elapsed in (0, 0, 1, 2, 60):
        venue.steps += elapsed
        history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)

    # The newest that is kept, those that opened since, and one that may open meanwhile.
    assert venue.asked == [500, 3, 4, 5, 63]


def test_a_young_symbol_is_not_downloaded_again_and_again(tmp_path: Path) -> None:
    venue = Venue(steps=40)
    for _ in range(3):
        venue.steps += 1
        history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)

    assert venue.asked == [500, 4, 4]


def test_a_longer_history_than_is_kept_is_downloaded(tmp_path: Path) -> None:
    venue = Venue(steps=900)
    history_of(venue, tmp_path).final_candles("XUSDT", M5, 100, venue.at)

    found = history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)

    assert same(found, venue.fresh(500))
    assert venue.asked == [100, 500]


@pytest.mark.parametrize("change", ["corrected", "another coin", "nothing in common"])
def test_what_the_venue_does_not_confirm_is_downloaded_afresh(tmp_path: Path, change: str) -> None:
    venue = Venue(steps=900)
    history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)
    venue.steps += 2
    if change == "corrected":
        venue.corrected = {899}
    elif change == "another coin":
        venue.corrected = set(range(2000))
    else:
        venue.missing = set(range(900))

    found = history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)
    again = history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)

    assert same(found, venue.fresh(500))
    assert same(again, venue.fresh(500))
    assert venue.asked[2] == 500


def test_after_a_long_time_all_is_downloaded_at_once(tmp_path: Path) -> None:
    venue = Venue(steps=900)
    history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)
    venue.steps += 600
    history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)

    assert venue.asked == [500, 500]


def test_without_a_clock_nothing_is_guessed(tmp_path: Path) -> None:
    venue = Venue(steps=900)
    for _ in range(2):
        history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, 0)

    assert venue.asked == [500, 500]


def test_a_kept_gap_heals_once_the_venue_fills_it_in(tmp_path: Path) -> None:
    venue = Venue(missing=set(range(700, 720)), steps=900)
    gapped = history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)
    venue.steps += 1
    history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)
    venue.missing.clear()

    found = history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)
    history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)

    assert np.diff(gapped.open_time).max() == 21 * STEP
    assert same(found, venue.fresh(500))
    # One request each time, for all of it while there is a gap.
    assert venue.asked == [500, 500, 500, 3]


def test_a_gap_that_is_not_among_the_newest_costs_nothing(tmp_path: Path) -> None:
    venue = Venue(missing={400}, steps=880)
    history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)
    venue.steps += 20
    history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)

    history_of(venue, tmp_path).final_candles("XUSDT", M5, 500, venue.at)
    history_of(venue, tmp_path).final_candles("XUSDT", M5, 400, venue.at)

    assert venue.asked == [500, 500, 3, 3]
