"""Short candles where there are some, and longer ones in their place where there are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from divbot.domain.durations import DAY, MINUTE
from divbot.domain.errors import BadAnswer, VenueUnreachable
from divbot.domain.market import Interval, Market
from divbot.history.candles import PRICES, between, in_a_row
from divbot.history.detail import DetailedHistory, DetailSource, MonthsOnDemand
from divbot.history.joined import joined_candles
from divbot.history.parts import RowSource
from divbot.history.shelf import Shelf
from divbot.history.spans import Span, month_of
from divbot.history.store import Store
from divbot.recordings.track import Track

from .made import START, walked
from .supplies import new_store

A = "AAAUSDT"
HOUR = 60 * MINUTE
MINUTES = walked(A, 1, 2 * 1440, step=MINUTE, move=0.001)
HOURS = joined_candles(MINUTES, Interval.M1, Interval.H1)
DAYS = Span(START, START + 2 * DAY)


def store_of(folder: Path, minutes: Track) -> Store:
    """Return a store with all hours, and these minutes."""
    store = new_store(folder, Market.USDM)
    store.write(A, Interval.H1, HOURS, RowSource("made"))
    if len(minutes.open_time):
        store.write(A, Interval.M1, minutes, RowSource("made"))
    return store


def detailed(store: Store) -> DetailedHistory:
    return DetailedHistory(store, Interval.H1, Interval.M1)


def without(start: int, end: int) -> Track:
    """Return all minutes but those that open from `start` to before `end`."""
    parts = [between(MINUTES, 0, start), between(MINUTES, end, DAYS.end)]
    return in_a_row([x for x in parts if len(x.open_time)], A)


def test_whole_minutes_are_what_they_are(tmp_path: Path) -> None:
    history = detailed(store_of(tmp_path, MINUTES))

    found = history.candles(A, Interval.M1, *DAYS)

    assert found.open_time.tolist() == MINUTES.open_time.tolist()
    assert all((getattr(found, x) == getattr(MINUTES, x)).all() for x in PRICES)
    assert history.stands_in(A, START) is None


@pytest.mark.parametrize("missing", [1, 7, 60], ids=["one", "some", "all"])
def test_missing_minutes_are_a_hole_in_which_the_longer_candle_stands_in(
    missing: int, tmp_path: Path
) -> None:
    opened = START + 5 * HOUR
    history = detailed(store_of(tmp_path, without(opened, opened + missing * MINUTE)))

    found = history.candles(A, Interval.M1, *DAYS)

    hour, known = between(found, opened, opened + HOUR), between(HOURS, opened, opened + 1)
    assert found.open_time.tolist() == MINUTES.open_time.tolist()
    assert (in_a_row([between(found, 0, opened)]).high == MINUTES.high[: 5 * 60]).all()
    assert set(np.concatenate([getattr(hour, x)[:-1] for x in PRICES])) == {known.open[0]}
    assert [getattr(hour, x)[-1] for x in PRICES] == [getattr(known, x)[0] for x in PRICES]
    assert history.stands_in(A, opened + 30 * MINUTE) == opened
    assert history.stands_in(A, opened + HOUR) is None


def test_nothing_stands_in_where_the_longer_candle_is_missing_too(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    store.write(A, Interval.H1, between(HOURS, START + 5 * HOUR, DAYS.end), RowSource("made"))

    found = detailed(store).candles(A, Interval.M1, *DAYS)

    assert int(found.open_time[0]) == START + 5 * HOUR


def test_a_candle_that_stands_in_is_another_version(tmp_path: Path) -> None:
    store = store_of(tmp_path, without(START, START + HOUR))
    asked = (A, Interval.M1, *DAYS)
    before = detailed(store).version(*asked)

    store.write(A, Interval.H1, replace(HOURS, high=HOURS.high + 1), RowSource("made"))

    assert detailed(store).version(*asked) != before
    assert detailed(store).symbols(Interval.M1) == (A,)


def test_a_month_is_fetched_once_when_something_of_it_is_needed(tmp_path: Path) -> None:
    store, asked = store_of(tmp_path, without(START, START + HOUR)), []

    def fetch(shelf: Shelf, month: Span) -> None:
        asked.append((str(shelf), month))
        store.write(A, Interval.M1, MINUTES, RowSource("fetched"))

    history = DetailedHistory(store, Interval.H1, Interval.M1, fetch)
    whole = history.candles(A, Interval.M1, START + DAY, DAYS.end)
    assert len(whole.open_time) == 1440
    assert asked == []

    found = history.candles(A, Interval.M1, *DAYS)

    assert (found.high == MINUTES.high).all()
    assert asked == [(f"{A} 1m", month_of(START))]


def test_what_the_venue_itself_has_not_is_not_fetched(tmp_path: Path) -> None:
    hole = Span(START + HOUR, START + 2 * HOUR)
    store, asked = store_of(tmp_path, without(*hole)), []
    month = month_of(START)
    kept = store.candles(A, Interval.M1, *month)
    store.put(store.shelf(A, Interval.M1), month, kept, [RowSource("made")], [hole])
    history = DetailedHistory(store, Interval.H1, Interval.M1, lambda *x: asked.append(x))

    found = history.candles(A, Interval.M1, *DAYS)

    assert asked == []
    assert len(found.open_time) == 2 * 1440
    assert history.stands_in(A, hole.start) == hole.start


@pytest.mark.parametrize(
    ("error", "tries"),
    [(VenueUnreachable("no network"), 1), (BadAnswer("HTTP 403"), 2)],
    ids=["nothing can be had", "one list cannot be had"],
)
def test_each_month_is_tried_once_and_none_where_nothing_can_be_had(
    error: Exception, tries: int, tmp_path: Path
) -> None:
    store, opened = store_of(tmp_path, without(START, START + HOUR)), []

    def source() -> DetailSource:
        opened.append(1)
        raise error

    demand = MonthsOnDemand(store, source)
    shelves = [store.shelf(x, Interval.M1) for x in (A, "BBBUSDT", A)]

    for shelf in shelves:
        demand(shelf, month_of(START))

    assert len(opened) == tries
    assert [demand.problem, *demand.outcome.problems].count(str(error)) == (tries == 1)
