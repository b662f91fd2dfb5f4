"""One month: what files tell, what the venue adds, what it has not, and what is missing then."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from divbot.binance.past_data import BinancePast
from divbot.binance.protocol.wire import Amounts
from divbot.candle_arrays import Candles
from divbot.domain.market import Instrument, Interval
from divbot.history.archived import settled
from divbot.history.candles import between, chosen
from divbot.history.holes import GONE, NOT_HAD, NOWHERE, holes_of
from divbot.history.jobs import Job, lacking_of
from divbot.history.month import opened
from divbot.history.parts import RowSource
from divbot.history.spans import Span, month_of
from divbot.history.store import Store
from divbot.recordings.track import Track

from .markets import DAY, HOUR, START, candles, equal
from .supplies import new_store

MONTH = month_of(START)
BTC = Instrument("BTCUSDT", "BTC", "USDT", "TRADING")
WHOLE = candles(31 * 24, start=MONTH.start)
LOST = Span(START - 10 * DAY, START - 9 * DAY)
HALTED = Span(START - 5 * DAY, START - 5 * DAY + 3 * HOUR)


class Venue:
    """A venue that has all candles but those of its own halt."""

    def __init__(self) -> None:
        self.asked: list[Span] = []

    def candles(
        self, symbol: str, interval: Interval, start: int, end: int, *, mark: bool = False
    ) -> tuple[Candles, Amounts]:
        self.asked.append(Span(start, end))
        track = outside(between(WHOLE, start, end), HALTED)
        prices = (track.open, track.high, track.low, track.close, track.volume)
        told = (track.quote_volume, track.trades, track.taker_volume, track.taker_quote_volume)
        return Candles(track.open_time, *prices), Amounts._make(x for x in told if x is not None)


def outside(track: Track, *spans: Span) -> Track:
    kept = np.ones(len(track.open_time), np.bool_)
    for start, end in spans:
        kept &= (track.open_time < start) | (track.open_time >= end)
    return chosen(track, kept)


def filled(folder: Path) -> tuple[Store, Venue]:
    """Return a store of a month with two holes, one of which the venue has filled."""
    store, venue = new_store(folder), Venue()
    shelf = store.shelf("BTCUSDT", Interval.H1)
    store.put(shelf, MONTH, outside(WHOLE, LOST, HALTED), [RowSource("a file")])
    job = Job(shelf, MONTH, MONTH, None, (), may_refill=False, instrument=BTC)
    month = opened(job, store, MONTH.end + DAY)
    for span in month.lacking():
        month.ask(cast("BinancePast", venue), span)
    assert month.write()
    return store, venue


def test_the_venue_fills_what_it_has_and_is_not_asked_again_for_what_it_has_not(
    tmp_path: Path,
) -> None:
    store, venue = filled(tmp_path)
    shelf = store.shelf("BTCUSDT", Interval.H1)

    assert venue.asked == [LOST, HALTED]
    assert equal(store.kept(shelf, *MONTH), outside(WHOLE, HALTED))
    assert lacking_of(shelf, store.note(shelf, MONTH), MONTH) == ()
    assert store.holes("BTCUSDT", Interval.H1) == (HALTED,)


def test_a_hole_is_told_with_its_reason(tmp_path: Path) -> None:
    store, _ = filled(tmp_path)
    shelf = store.shelf("BTCUSDT", Interval.H1)
    gone = store.shelf("GONEUSDT", Interval.H1)
    store.put(gone, MONTH, outside(WHOLE, LOST), [RowSource("a file")])

    found = list(holes_of(store, [shelf, gone], MONTH, {"BTCUSDT": BTC}, MONTH.end + 2 * HOUR))

    assert [(x.shelf, x.span, x.reason) for x in found] == [
        (shelf, HALTED, NOWHERE),
        (gone, LOST, GONE),
    ]


def test_what_is_traded_still_lacks_what_comes_after_its_last_candle(tmp_path: Path) -> None:
    store, _ = filled(tmp_path)
    shelf, later = store.shelf("BTCUSDT", Interval.H1), Span(MONTH.end, MONTH.end + 2 * HOUR)

    found = list(holes_of(store, [shelf], later, {"BTCUSDT": BTC}, later.end + 1))

    assert [(x.span, x.reason) for x in found] == [(later, NOT_HAD)]


def test_candles_that_open_off_the_grid_are_none_of_a_market() -> None:
    times = WHOLE.open_time.copy()
    times[[3, 7]] += 60_000

    found = settled(candles(31 * 24, open_time=times), Interval.H1)

    assert found.open_time.tolist() == [x for x in times.tolist() if x % HOUR == 0]


def test_weeks_begin_on_mondays_and_three_days_where_most_do() -> None:
    monday = START - START % DAY
    while (monday // DAY - 4) % 7:
        monday += DAY
    weeks = np.array([monday, monday + 7 * DAY, monday + 15 * DAY])
    threes = np.array([START + DAY, START + 4 * DAY, START + 8 * DAY, START + 10 * DAY])

    assert settled(candles(3, open_time=weeks), Interval.W1).open_time.tolist() == [*weeks[:2]]
    assert settled(candles(4, open_time=threes), Interval.D3).open_time.tolist() == [
        *(START + DAY, START + 4 * DAY, START + 10 * DAY),
    ]
