"""What a download has to do is found with a few questions, and none of it is done twice."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.domain.clock import parse_time
from divbot.domain.durations import HOUR
from divbot.domain.market import Instrument, Interval
from divbot.history.download import Room
from divbot.history.funding import FundingTrack
from divbot.history.jobs import Planner, lacking
from divbot.history.parts import RowSource
from divbot.history.selection import most_traded, usdt_symbols
from divbot.history.spans import Span
from tests.binance.buckets import Bucket, archive_of, whole

from .markets import DAY, START, candles
from .supplies import new_store

FOLDER = "data/futures/um"
YEAR = Span(parse_time("2023-01-01"), parse_time("2024-01-01"))


def archived(symbols: int) -> Bucket:
    """Return an archive of a year, and of some days after it."""
    files: dict[str, bytes] = {}
    for n in range(symbols):
        name = f"S{n}USDT"
        for date in [f"2023-{month:02}" for month in range(1, 13)]:
            files |= whole(f"{FOLDER}/monthly/klines/{name}/5m/{name}-5m-{date}.zip")
        for date in [f"2024-01-{day:02}" for day in range(1, 10)]:
            files |= whole(f"{FOLDER}/daily/klines/{name}/5m/{name}-5m-{date}.zip")
    return Bucket(files)


def test_a_year_of_many_symbols_is_planned_with_two_questions_each(tmp_path: Path) -> None:
    bucket, store = archived(20), new_store(tmp_path)
    now = parse_time("2024-01-10T09:00")
    planner = Planner(store, archive_of(bucket), {}, now)

    jobs = [
        job
        for n in range(20)
        for job in planner.jobs(store.shelf(f"S{n}USDT", Interval.M5), Span(YEAR.start, now))
    ]

    assert len(bucket.asked) == 2 * 20
    assert sum(len(x.files) for x in jobs) == 20 * (12 + 9)
    assert sum(x.size for x in jobs) == 20 * (12 + 9) * len(b"a zip")


def test_whole_months_are_planned_with_one_question(tmp_path: Path) -> None:
    bucket, store = archived(1), new_store(tmp_path)

    jobs = Planner(store, archive_of(bucket), {}, YEAR.end).jobs(
        store.shelf("S0USDT", Interval.M5), YEAR
    )

    assert len(jobs) == 12
    assert len(bucket.asked) == 1


def test_of_a_new_symbol_that_the_archive_lacks_the_venue_is_asked(tmp_path: Path) -> None:
    store, now = new_store(tmp_path), parse_time("2024-01-10T09:00")
    listed = parse_time("2024-01-09")
    new = Instrument("NEWUSDT", "NEW", "USDT", "TRADING", listed_at=listed)
    planner = Planner(store, archive_of(Bucket({})), {"NEWUSDT": new}, now)

    jobs = planner.jobs(store.shelf("NEWUSDT", Interval.M5), Span(YEAR.start, now))

    assert [(x.month.start, x.files) for x in jobs] == [(parse_time("2024-01-01"), ())]


def test_of_what_is_gone_nothing_is_asked_after_its_end(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    store.write("GONEUSDT", Interval.H1, candles(24, symbol="GONEUSDT"), RowSource("REST"))
    planner = Planner(store, archive_of(Bucket({})), {}, START + 90 * DAY)

    jobs = planner.jobs(store.shelf("GONEUSDT", Interval.H1), Span(START, START + 90 * DAY))

    assert jobs == []


@given(st.sets(st.integers(0, 40), min_size=1), st.integers(0, 40), st.integers(0, 40))
def test_what_lacks_and_what_is_there_are_all_there_is(
    hours: set[int], one: int, other: int
) -> None:
    wanted = Span(START + min(one, other) * HOUR, START + max(one, other) * HOUR)
    times = np.array(sorted(START + n * HOUR for n in hours), np.int64)

    missing = lacking(times, wanted, Interval.H1)

    lost = {t for x in missing for t in range(x.start, x.end, HOUR)}
    there = {int(t) for t in times if wanted.start <= t < wanted.end}
    assert lost | there == set(range(wanted.start, wanted.end, HOUR))
    assert not lost & there


@pytest.mark.parametrize(
    ("places", "hours", "gaps"),
    [
        ([0, 8, 16], [8, 8, 8], []),
        ([0, 16], [8, 8], [(8, 16)]),
        ([0, 8, 12, 16], [8, 8, 4, 4], []),
        ([0, 4, 12], [4, 4, 8], []),
        ([0, 4, 12], [4, 4, 4], [(8, 12)]),
        ([0, 8, 17], None, [(16, 17)]),
    ],
    ids=["whole", "one missing", "8 to 4 hours", "4 to 8 hours", "of 4 hours", "unknown hours"],
)
def test_funding_is_missing_where_its_own_hours_say_so(
    places: list[int], hours: list[float] | None, gaps: list[tuple[int, int]]
) -> None:
    times = [START + n * HOUR for n in places]

    found = FundingTrack.of(times, [0.0001] * len(times), hours).gaps()

    assert found == tuple(Span(START + a * HOUR, START + b * HOUR) for a, b in gaps)


def test_symbols_quoted_in_usdt_are_taken_and_dated_ones_are_not() -> None:
    names = ["BTCUSDT", "BTCUSDT_240628", "BTCBUSD", "ETHUSDC", "AERGOUSDTSETTLEDSETTLED"]
    names += ["ICPUSDT_SETTLED", "币安人生USDT", "USDT", "BTCUSD"]

    assert usdt_symbols(names) == (
        *("AERGOUSDTSETTLEDSETTLED", "BTCUSDT", "ICPUSDT_SETTLED", "币安人生USDT"),
    )


def test_who_was_among_the_most_traded_on_some_day_before(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    volumes = {"AUSDT": [9, 1, 1], "BUSDT": [1, 9, 1], "CUSDT": [1, 1, 9], "DUSDT": [0, 0, 0]}
    for symbol, traded in volumes.items():
        days = candles(
            3,
            symbol=symbol,
            start=START,
            interval=Interval.D1,
            quote_volume=np.array(traded, np.float64),
        )
        store.write(symbol, Interval.D1, days, RowSource("a test"))

    span = Span(START + DAY, START + 2 * DAY)

    # Of the days before and in the range; the third is after it.
    assert most_traded(store, [*volumes], span, 1) == ("AUSDT", "BUSDT")


def test_no_more_is_worked_on_at_once_than_there_is_room() -> None:
    room, inside, most = Room(100), [0], [0]
    lock = threading.Lock()

    def work(size: int) -> None:
        with room.taken(size):
            with lock:
                inside[0] += min(size, 100)
                most[0] = max(most[0], inside[0])
            with lock:
                inside[0] -= min(size, 100)

    threads = [threading.Thread(target=work, args=(n,)) for n in [40, 70, 500, 10, 90] * 10]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)

    assert most[0] <= 100
    assert inside[0] == 0
