"""The store gives back what it was given, by time, and tells what is missing."""

from __future__ import annotations

import errno
import gc
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.domain.clock import parse_time
from divbot.domain.errors import StoreError
from divbot.domain.market import Interval, Market
from divbot.history.candles import between, chosen, in_a_row, merged, quote_volumes
from divbot.history.funding import FundingTrack
from divbot.history.parts import DamagedFile, RowSource
from divbot.history.port import PastCandles
from divbot.history.spans import Span, covered, joined, without
from divbot.history.store import Store

from .markets import DAY, HOUR, START, candles, equal

BTC = ("BTCUSDT", Interval.H1)
ALL = (0, 1 << 60)
SOURCE = RowSource("a test", "abc")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", Market.USDM)


def paths(store: Store) -> list[str]:
    return sorted(str(x.relative_to(store.root)) for x in store.root.rglob("*.parquet"))


def test_what_is_written_is_read_again_to_the_last_bit(store: Store) -> None:
    given_ones = candles(100)

    store.write(*BTC, given_ones, SOURCE)

    assert equal(store.candles(*BTC, *ALL), given_ones)


def test_each_month_has_a_file_of_its_own_in_hive_partitions(store: Store) -> None:
    store.write(*BTC, candles(100), SOURCE)
    store.write("BTCUSDT", Interval.MONTH, candles(1, interval=Interval.MONTH), SOURCE)

    assert paths(store) == [
        "market=usdm/kind=klines/interval=1h/symbol=BTCUSDT/2024-01.parquet",
        "market=usdm/kind=klines/interval=1h/symbol=BTCUSDT/2024-02.parquet",
        "market=usdm/kind=klines/interval=1mo/symbol=BTCUSDT/2024-01.parquet",
    ]


def test_a_range_begins_with_its_start_and_ends_before_its_end(store: Store) -> None:
    store.write(*BTC, candles(100), SOURCE)

    times = store.candles(*BTC, START + HOUR, START + 60 * HOUR).open_time

    assert (times[0], times[-1]) == (START + HOUR, START + 59 * HOUR)


def test_a_version_changes_with_the_candles_and_with_nothing_else(store: Store) -> None:
    def version() -> str:
        return store.version(*BTC, START, START + 3 * DAY)

    assert version() == ""
    store.write(*BTC, candles(100), SOURCE)
    first = version()
    store.write(*BTC, candles(100), RowSource("again"))
    assert version() == first
    store.write(*BTC, candles(100, seed=2), SOURCE)

    assert version() not in ("", first)
    assert store.version(*BTC, START, START + DAY) != version()


def test_a_store_is_a_history_that_workers_open_for_themselves(store: Store) -> None:
    store.write(*BTC, candles(100), SOURCE)
    history: PastCandles = store

    copy = pickle.loads(pickle.dumps(history))

    assert equal(copy.candles(*BTC, *ALL), candles(100))


def test_what_is_not_there_is_empty(store: Store) -> None:
    assert len(store.candles(*BTC, *ALL).open_time) == 0
    assert len(store.funding("BTCUSDT", *ALL)) == 0
    assert store.span(*BTC) is None
    assert store.symbols(Interval.H1) == ()
    assert store.holes(*BTC) == ()


def test_gaps_stay_gaps_within_a_file_and_between_files(store: Store) -> None:
    whole = candles(24 * 10)
    times = whole.open_time
    kept = chosen(whole, (times != START + 5 * HOUR) & (abs(times - START - 2 * DAY) > HOUR))

    store.write(*BTC, kept, SOURCE)

    assert store.holes(*BTC) == (
        Span(START + 5 * HOUR, START + 6 * HOUR),
        Span(START + 2 * DAY - HOUR, START + 2 * DAY + 2 * HOUR),
    )
    assert equal(store.candles(*BTC, *ALL), kept)


def test_the_span_reaches_to_the_last_close(store: Store) -> None:
    store.write(*BTC, candles(100), SOURCE)

    assert store.span(*BTC) == Span(START, START + 100 * HOUR)


def test_months_of_unequal_length_leave_no_hole(store: Store) -> None:
    first = [parse_time(f"2024-{month:02}-01") for month in (1, 2, 3, 5)]

    store.write("BTCUSDT", Interval.MONTH, candles(4, open_time=np.array(first)), SOURCE)

    assert store.holes("BTCUSDT", Interval.MONTH) == (Span(parse_time("2024-04-01"), first[-1]),)


def test_what_no_source_tells_is_null_and_comes_back_as_nothing(store: Store) -> None:
    unknown = dict.fromkeys(("quote_volume", "trades", "taker_volume", "taker_quote_volume"))

    store.write(*BTC, candles(10, **unknown), SOURCE)

    table = pq.read_table(store.root / paths(store)[0], partitioning=None)
    assert table.column("quote_volume").null_count == len(table)
    assert store.candles(*BTC, *ALL).quote_volume is None


def test_a_later_source_adds_what_an_earlier_one_did_not_tell_and_takes_nothing(
    store: Store,
) -> None:
    full = candles(10)
    poor = candles(10, quote_volume=None, trades=None, taker_volume=None, taker_quote_volume=None)

    store.write(*BTC, full, SOURCE)
    store.write(*BTC, poor, RowSource("another"))

    assert equal(store.candles(*BTC, *ALL), full)
    notes = [note for _, note in store.notes(store.shelf(*BTC))]
    assert [x.name for x in notes[0].sources] == ["a test", "another"]


def test_a_candle_that_differs_is_replaced_with_all_that_was_told_of_it(store: Store) -> None:
    store.write(*BTC, candles(10), SOURCE)
    corrected = candles(10, seed=2, quote_volume=None)

    store.write(*BTC, corrected, SOURCE)

    found = store.candles(*BTC, *ALL)
    assert np.array_equal(found.close, corrected.close)
    assert found.quote_volume is None


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6))
def test_pieces_in_any_order_make_the_same_whole(pieces: list[tuple[int, int]]) -> None:
    whole = candles(30)
    kept = sorted({n for a, b in pieces for n in range(a, b)})
    found = chosen(whole, slice(0))

    for start, end in pieces:
        found = merged(found, chosen(whole, slice(start, max(end, start))))

    assert equal(found, chosen(whole, np.array(kept, np.int64)))


def test_one_day_of_minutes_is_read_alone(store: Store) -> None:
    minutes = candles(3 * 1440, interval=Interval.M1)
    store.write("BTCUSDT", Interval.M1, minutes, SOURCE)

    file = pq.ParquetFile(store.root / paths(store)[0])
    day = store.candles("BTCUSDT", Interval.M1, START + DAY, START + 2 * DAY)

    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [1440, 1440]
    assert equal(day, between(minutes, START + DAY, START + 2 * DAY))


def test_of_what_is_read_whole_no_footer_stays_in_memory(store: Store) -> None:
    """Those of a year of minutes of 400 symbols are a gigabyte."""
    minutes = candles(2 * 1440, interval=Interval.M1)
    store.write("BTCUSDT", Interval.M1, minutes, SOURCE)
    before = footers()

    gc.disable()  # workers seldom look for what holds itself
    try:
        read = store.candles("BTCUSDT", Interval.M1, *ALL)
        left = footers() - before
    finally:
        gc.enable()

    assert equal(read, minutes)
    assert left == 0


def footers() -> int:
    return sum(isinstance(x, pq.FileMetaData) for x in gc.get_objects())


def test_funding_is_kept_by_the_minute_it_was_due_and_once(store: Store) -> None:
    late = FundingTrack.of([START + 18, START + 8 * HOUR], [0.0001, -0.00006151], [8, 8])
    again = FundingTrack.of([START, START + 16 * HOUR], [0.0001, 0.0003], mark_price=[100.5, 101.5])

    store.write_funding("BTCUSDT", late, SOURCE)
    store.write_funding("BTCUSDT", again, SOURCE)

    found = store.funding("BTCUSDT", *ALL)
    assert found.at.tolist() == [START, START + 8 * HOUR, START + 16 * HOUR]
    assert found.rate.tolist() == [0.0001, -0.00006151, 0.0003]
    assert found.hours.tolist()[:2] == [8, 8]
    assert found.mark_price[0] == 100.5


def test_what_is_ranked_by_volume_has_typical_price_times_volume_where_none_is_told() -> None:
    one = candles(2, quote_volume=np.array([7.0, np.nan]))

    typical = (one.high[1] + one.low[1] + one.close[1]) / 3 * one.volume[1]

    assert quote_volumes(one).tolist() == [7.0, typical]


def test_two_writers_at_once_are_one_too_many(store: Store) -> None:
    with store.locked(), pytest.raises(StoreError, match="another divbot writes"), store.locked():
        pass

    with store.locked():
        assert json.loads((store.root / ".divbot-store.json").read_bytes()) == {"version": 1}


def test_a_store_of_a_newer_version_is_left_alone(store: Store) -> None:
    with store.locked():
        (store.root / ".divbot-store.json").write_text('{"version": 2}')

    with pytest.raises(StoreError, match="found version 2, written by a newer divbot"):
        Store(store.root, Market.USDM)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda x: b"", id="emptied"),
        pytest.param(lambda x: x[: len(x) // 2], id="cut short"),
        pytest.param(lambda x: x[:-8] + b"garbage!", id="end overwritten"),
        pytest.param(lambda x: b"PAR1" + bytes(len(x) - 8) + b"PAR1", id="zeros"),
        pytest.param(lambda x: x[:400] + bytes(600) + x[1000:], id="a bad block"),
    ],
)
def test_a_damaged_file_is_named(store: Store, spoil) -> None:
    store.write(*BTC, candles(24), SOURCE)
    path = store.root / paths(store)[0]
    path.write_bytes(spoil(path.read_bytes()))

    with pytest.raises(StoreError) as caught:
        store.candles(*BTC, *ALL)

    assert str(caught.value).startswith(f"{path}: expected a Parquet file of the store")
    assert "\n" not in str(caught.value)


def test_a_file_of_other_columns_is_no_part_of_the_store(store: Store) -> None:
    store.write(*BTC, candles(24), SOURCE)
    path = store.root / paths(store)[0]
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.drop_columns("volume"), path)

    with pytest.raises(StoreError, match="other columns"):
        store.candles(*BTC, *ALL)


def test_a_file_taken_away_takes_its_empty_folders_along(store: Store) -> None:
    store.write(*BTC, candles(24), SOURCE)
    shelf = store.shelf(*BTC)

    for _, path in shelf.months(store.root):
        store.remove(shelf, path)

    assert [*store.root.iterdir()] == []


def test_spans_join_and_leave_what_is_left() -> None:
    assert joined([Span(5, 7), Span(1, 3), Span(3, 4), Span(6, 6)]) == (Span(1, 4), Span(5, 7))
    assert without(Span(0, 10), [Span(2, 3), Span(8, 12)]) == (Span(0, 2), Span(3, 8))


@given(st.sets(st.integers(0, 60)))
def test_what_candles_cover_holds_each_of_them_and_nothing_else(hours: set[int]) -> None:
    opens = HOUR * np.array(sorted(hours), np.int64)

    spans = covered(opens, HOUR)

    assert [x for span in spans for x in range(*span, HOUR)] == opens.tolist()
    assert joined(spans) == spans


def test_no_tracks_in_a_row_are_no_candles() -> None:
    assert len(in_a_row([], "BTCUSDT").open_time) == 0


@pytest.mark.parametrize("what", ["a folder", "a file"])
def test_what_may_not_be_read_is_told_as_such_and_not_as_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    store = Store(tmp_path, Market.USDM)
    store.write(*BTC, candles(24), RowSource("mine"))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "the system's own words")

    place = "os.listdir" if what == "a folder" else "pyarrow.parquet.read_metadata"
    monkeypatch.setattr(place, refuse)

    with pytest.raises(
        StoreError, match="cannot be read: Permission denied; let this user"
    ) as told:
        store.span(*BTC)
    assert not isinstance(told.value, DamagedFile)


def test_the_store_is_read_and_written_without_pandas(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from divbot.domain.market import Market, Interval\n"
        "from divbot.history.parts import RowSource\n"
        "from divbot.history.store import Store\n"
        "from tests.history.markets import candles\n"
        "store = Store(pathlib.Path(sys.argv[1]), Market.USDM)\n"
        "store.write('BTCUSDT', Interval.H1, candles(9), RowSource('mine'))\n"
        "assert len(store.candles('BTCUSDT', Interval.H1, 0, 1 << 60).open_time) == 9\n"
        "print('pandas' in sys.modules)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"
