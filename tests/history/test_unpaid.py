"""Funding that is missing while a symbol was traded is a hole; what was never due is none."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.binance.past_data import BinancePast
from divbot.domain.clock import parse_time
from divbot.domain.durations import HOUR
from divbot.domain.market import Instrument, Interval
from divbot.domain.minutes import FundingRate
from divbot.history.funding import FundingTrack
from divbot.history.holes import GONE, NOT_HAD, UNSETTLED, Hole, holes_of
from divbot.history.inventory import held
from divbot.history.jobs import Job, Planner
from divbot.history.kind import StoredKind
from divbot.history.month import opened
from divbot.history.parts import RowSource
from divbot.history.shelf import Shelf
from divbot.history.spans import Span, month_of
from divbot.history.store import Store
from tests.binance.buckets import Bucket, archive_of, whole

from .markets import DAY, START, candles
from .supplies import new_store

EVER = Span(START - 1000 * DAY, START + 1000 * DAY)
MINE = RowSource("mine")
BTC = Instrument("BTCUSDT", "BTC", "USDT", "TRADING")


def settled(places: list[int], hours: list[float] | None = None) -> FundingTrack:
    """Return settlements at so many hours from the start."""
    times = [START + n * HOUR for n in places]
    return FundingTrack.of(times, [0.0001] * len(times), hours)


def every(hours: int, start: int, end: int, *lost: int) -> FundingTrack:
    """Return settlements at every so many hours of a stretch, but for those that are lost."""
    return settled([n for n in range(start, end, hours) if n not in lost])


def faster(day: int, *lost: int) -> FundingTrack:
    """Return settlements of 100 days, every 8 hours and from one day on every 4 hours."""
    places = [*range(0, day * 24, 8), *range(day * 24, 2400, 4)]
    return settled([n for n in places if n not in lost])


def told(*places: tuple[int, int]) -> list[Span]:
    return [Span(START + a * HOUR, START + b * HOUR) for a, b in places]


def kept(folder: Path, funding: FundingTrack, *traded: tuple[int, int]) -> Store:
    """Return a store of some funding, and of candles that are traded from one hour to another."""
    store = new_store(folder)
    for start, end in traded:
        track = candles(end - start, start=START + start * HOUR)
        store.write("BTCUSDT", Interval.H1, track, MINE)
    store.write_funding("BTCUSDT", funding, MINE)
    return store


cadences = st.lists(
    st.tuples(st.sampled_from([1, 4, 8]), st.integers(2, 5)), min_size=1, max_size=6
).map(lambda runs: [hours for hours, count in runs for _ in range(count)])


@given(cadences)
def test_hours_that_change_are_no_hole_though_nobody_tells_them(apart: list[int]) -> None:
    funding = settled([0, *np.cumsum(apart).tolist()])

    assert funding.gaps() == ()


@given(cadences, st.data())
def test_one_that_is_missing_among_its_like_is_a_hole(
    apart: list[int], data: st.DataObject
) -> None:
    places = [0, *np.cumsum(apart).tolist()]
    inner = [
        n for n in range(2, len(places) - 2) if len({apart[x] for x in range(n - 2, n + 2)}) == 1
    ]
    if not inner:
        return
    lost = data.draw(st.sampled_from(inner))

    found = settled([x for n, x in enumerate(places) if n != lost]).gaps()

    assert found == tuple(told((places[lost], places[lost + 1])))


@pytest.mark.parametrize(
    ("funding", "traded", "holes", "missing"),
    [
        (every(8, 0, 240), [(0, 240)], [], 0),
        (every(8, 0, 240, 80), [(0, 240)], [(80, 88)], 1),
        (every(4, 0, 240, 80, 84), [(0, 240)], [(80, 88)], 2),
        (every(8, 0, 120), [(0, 480)], [(120, 480)], 45),
        (every(8, 240, 480), [(0, 480)], [(0, 240)], 30),
        (every(8, 16, 120), [(1, 140)], [], 0),
        (every(8, -720, 960), [(0, 240)], [], 0),
        (every(8, 0, 960, *range(96, 800, 8)), [(0, 100), (798, 960)], [], 0),
        (every(8, 0, 960, *range(96, 800, 8)), [(0, 300), (798, 960)], [(96, 300)], 26),
        (every(8, 0, 1600, *range(800, 1200, 8)), [(0, 1600)], [(800, 1200)], 50),
        (every(8, 0, 1600, 1400), [(0, 240)], [(1400, 1408)], 1),
        (every(8, 0, 240, 80), [], [(80, 88)], 1),
        (faster(4, 88, 96, 100), [(0, 2400)], [(84, 104)], 5),
        (faster(31, 736, 744, 748), [(0, 2400)], [(732, 752)], 3),
    ],
    ids=[
        *("whole", "one lacks", "two of 4 hours lack", "it ends early", "it begins late"),
        *("first and last day", "before and after", "between two lives", "into a gap"),
        *("over a month's end", "where no candles are", "without any candles"),
        *("as hours change", "as hours change over a month's end"),
    ],
)
def test_a_hole_is_what_lacks_while_there_were_trades(
    tmp_path: Path,
    funding: FundingTrack,
    traded: list[tuple[int, int]],
    holes: list[tuple[int, int]],
    missing: int,
) -> None:
    store = kept(tmp_path, funding, *traded)

    found = held(store, store.shelf("BTCUSDT", None, StoredKind.FUNDING))

    assert list(found.holes) == told(*holes)
    assert found.missing == missing


def test_candles_that_go_on_without_trades_need_no_funding(tmp_path: Path) -> None:
    store = kept(tmp_path, every(8, 0, 240), (0, 240))
    silent = candles(480, start=START + 240 * HOUR, volume=np.zeros(480))
    store.write("BTCUSDT", Interval.H1, silent, MINE)

    assert store.unpaid("BTCUSDT", EVER) == ()


def test_a_file_that_does_not_tell_its_periods_is_read_still(tmp_path: Path) -> None:
    store = kept(tmp_path, every(8, 0, 40, 16))
    (path, note), *_ = store.notes(store.shelf("BTCUSDT", None, StoredKind.FUNDING))
    assert note.periods == (8 * HOUR, 8 * HOUR)
    import pyarrow.parquet as pq

    table = pq.read_table(path, partitioning=None)
    metadata = {k: v.replace(b'"periods"', b'"others"') for k, v in table.schema.metadata.items()}
    pq.write_table(table.replace_schema_metadata(metadata), path)

    (_, older), *_ = store.notes(store.shelf("BTCUSDT", None, StoredKind.FUNDING))
    assert (older.periods, older.outer_periods) == (None, (8 * HOUR, 8 * HOUR))


def missing(store: Store, *instruments: Instrument, until: int = 480) -> list[Hole]:
    shelf = store.shelf("BTCUSDT", None, StoredKind.FUNDING)
    span = Span(START, START + until * HOUR)
    return [*holes_of(store, [shelf], span, {x.symbol: x for x in instruments}, span.end)]


def test_a_download_tells_why_funding_is_missing(tmp_path: Path) -> None:
    store = kept(tmp_path, every(8, 0, 480, 80), (0, 480))

    assert [x.reason for x in missing(store)] == [GONE]
    assert [(x.span, x.reason) for x in missing(store, BTC)] == [(*told((80, 88)), NOT_HAD)]


def test_what_is_due_this_very_hour_is_not_missing_yet(tmp_path: Path) -> None:
    store = kept(tmp_path, every(8, 0, 480), (0, 482))

    assert missing(store, BTC, until=481) == []
    assert [x.span for x in missing(store, BTC, until=482)] == told((480, 481))


def test_without_any_settlement_all_that_was_traded_is_a_hole(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    store.write("BTCUSDT", Interval.H1, candles(240), MINE)
    old = "BTCUSDTSETTLED"
    store.write(old, Interval.H1, candles(240, symbol=old), MINE)
    shelves = [store.shelf(x, None, StoredKind.FUNDING) for x in ("BTCUSDT", old)]

    found = list(holes_of(store, shelves, EVER, {}, EVER.end))

    # Nobody trades under the name of a contract that was settled.
    assert [(x.shelf.symbol, x.span) for x in found] == [("BTCUSDT", *told((0, 240)))]


class Venue:
    """A venue that has every settlement of 8 hours but one."""

    def funding(self, symbol: str, start: int, end: int) -> tuple[FundingRate, ...]:
        from decimal import Decimal

        times = range(-(-start // (8 * HOUR)) * 8 * HOUR, end, 8 * HOUR)
        lost = START + 80 * HOUR
        return tuple(FundingRate(x, Decimal("0.0001"), Decimal(100)) for x in times if x != lost)


def job_of(store: Store, shelf: Shelf) -> Job:
    month = month_of(START + 5 * DAY)
    return Job(shelf, month, month, None, (), may_refill=False, instrument=BTC)


def test_the_venue_fills_what_it_has_and_what_it_has_not_is_told_of(tmp_path: Path) -> None:
    store = kept(tmp_path, every(8, 0, 800, 80, 160, 168), (0, 800))
    shelf = store.shelf("BTCUSDT", None, StoredKind.FUNDING)
    month = opened(job_of(store, shelf), store, EVER.end)
    assert list(month.lacking()) == told((80, 88), (160, 176))

    for span in month.lacking():
        month.ask(cast("BinancePast", Venue()), span)
    month.write()

    assert [(x.span, x.reason) for x in missing(store, BTC)] == [(*told((80, 88)), UNSETTLED)]
    assert list(opened(job_of(store, shelf), store, EVER.end).lacking()) == []


@pytest.mark.parametrize("status", ["TRADING", "SETTLING", None], ids=str)
def test_a_month_that_the_archive_lacks_is_asked_of_a_venue_that_knows_the_symbol(
    tmp_path: Path, status: str | None
) -> None:
    folder = "data/futures/um/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-"
    files = whole(f"{folder}2024-01.zip") | whole(f"{folder}2024-03.zip")
    listed = {"BTCUSDT": Instrument("BTCUSDT", "BTC", "USDT", status)} if status else {}
    planner = Planner(new_store(tmp_path), archive_of(Bucket(files)), listed, START + 70 * DAY)
    shelf = planner.store.shelf("BTCUSDT", None, StoredKind.FUNDING)

    jobs = planner.jobs(shelf, Span(START - 29 * DAY, START + 62 * DAY))

    asked = [x for x in jobs if not x.files]
    assert [x.month for x in asked] == ([month_of(START + 5 * DAY)] if status else [])
    # Though the other months are not written yet.
    drafts = [opened(x, planner.store, planner.now) for x in asked]
    assert all(x.is_inside(span) for x in drafts for span in x.lacking())


def test_months_before_the_archive_s_first_are_asked_of_the_venue_from_the_listing_on(
    tmp_path: Path,
) -> None:
    folder = "data/futures/um/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-"
    listed = Instrument("BTCUSDT", "BTC", "USDT", "TRADING", listed_at=START - 60 * DAY)
    bucket, now = Bucket(whole(f"{folder}2024-03.zip")), START + 70 * DAY
    planner = Planner(new_store(tmp_path), archive_of(bucket), {"BTCUSDT": listed}, now)
    shelf = planner.store.shelf("BTCUSDT", None, StoredKind.FUNDING)

    jobs = planner.jobs(shelf, Span(START - 200 * DAY, START + 62 * DAY))

    assert [x.month.start for x in jobs if not x.files] == [
        parse_time(x) for x in ("2023-12-01", "2024-01-01", "2024-02-01")
    ]
