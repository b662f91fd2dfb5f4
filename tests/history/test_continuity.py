"""Rows that have the values of other times are doubted; rows of real markets are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from divbot.domain.market import Interval
from divbot.history.candles import PRICES, chosen
from divbot.history.continuity import doubtful
from divbot.history.spans import Span
from divbot.recordings.recording import read_tracks
from divbot.recordings.track import Track

from .markets import DAY, START, candles


def market(days: int = 30) -> Track:
    """Return candles each of which opens where the one before it closed."""
    close = np.round(100 + np.random.default_rng(3).normal(size=24 * days).cumsum() / 10, 4)
    opened = np.concatenate([[100.0], close[:-1]])
    high, low = np.maximum(opened, close) + 0.02, np.minimum(opened, close) - 0.02
    return candles(24 * days, open=opened, high=high, low=low, close=close)


def displaced(track: Track, start: int, end: int) -> Track:
    """Return `track` with rows that have each other's prices, in reverse."""
    found = chosen(track, slice(None))
    columns = {x: getattr(track, x).copy() for x in PRICES}
    for values in columns.values():
        values[start:end] = values[start:end][::-1]
    return candles(len(found.open_time), **columns)


def test_what_hangs_together_is_not_doubted() -> None:
    assert doubtful(market(), Interval.H1) == ()


def test_rows_out_of_place_are_doubted_by_whole_days() -> None:
    found = doubtful(displaced(market(), 10 * 24 + 5, 14 * 24 + 5), Interval.H1)

    assert found == (Span(START + 10 * DAY, START + 15 * DAY),)


def test_where_nothing_hangs_together_nothing_is_told() -> None:
    whole = displaced(market(), 0, 24 * 30)

    assert doubtful(whole, Interval.H1) == ()


def test_a_gap_is_no_jump() -> None:
    track = market()
    times = track.open_time
    halted = chosen(track, (times < START + 5 * DAY) | (times > START + 9 * DAY))

    assert doubtful(halted, Interval.H1) == ()


@pytest.mark.parametrize("count", [0, 1, 2, 6])
def test_too_few_candles_are_not_doubted(count: int) -> None:
    assert doubtful(chosen(market(), slice(0, count)), Interval.H1) == ()


@pytest.mark.parametrize("name", ["usdm-1h-2024", "usdm-4h-2024"])
def test_real_futures_are_not_doubted_and_their_displaced_rows_are(data: Path, name: str) -> None:
    interval, tracks = read_tracks(data / "history" / f"{name}.parquet")
    assert sum(len(doubtful(x, interval)) for x in tracks) <= 2

    moved = 0
    for track in tracks[:50]:
        month = chosen(track, slice(0, 30 * DAY // interval.milliseconds))
        rows = len(month.open_time)
        columns = {x: getattr(month, x).copy() for x in PRICES}
        for values in columns.values():
            values[rows // 2 : rows * 3 // 4] = values[rows // 2 : rows * 3 // 4][::-1]
        spoiled = candles(rows, open_time=month.open_time, **columns)
        moved += bool(doubtful(spoiled, interval)) or month.volume.max() == 0

    assert moved >= 48
