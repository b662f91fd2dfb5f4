"""A download holds the market, candle for candle, whatever is wrong with the archive."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from divbot.domain.clock import parse_time
from divbot.domain.errors import StoreError
from divbot.domain.market import Interval, Market
from divbot.history.download import DownloadStages
from divbot.history.kind import StoredKind
from divbot.history.spans import Span
from tests.exchange.servers import running

from .supplies import (
    download,
    is_its_funding,
    is_the_market,
    mend,
    new_store,
    spoil,
    supply_of,
)

NOW = parse_time("2024-07-10T09:00")
SPAN = Span(parse_time("2024-04-01"), NOW)
MONTH = Span(parse_time("2024-05-01"), parse_time("2024-06-01"))
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")


@pytest.fixture(scope="module")
def exchange() -> Iterator[str]:
    """Serve a quiet market of a few symbols; return its address."""
    with running(symbols=3, at=NOW, weight_limit=1_000_000) as connection:
        yield f"http://{connection.host}:{connection.port}"


@pytest.fixture
def base_url(exchange: str) -> Iterator[str]:
    """Return the same, whole again afterwards."""
    yield exchange
    mend(exchange)


def test_monthly_and_daily_files_and_the_venue_make_a_whole(base_url: str, tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with supply_of(base_url, store) as supply:
        shelves = [store.shelf(x, Interval.H1) for x in SYMBOLS]
        shelves += [store.shelf(x, None, StoredKind.FUNDING) for x in SYMBOLS]

        outcome = download(supply, shelves, SPAN)

        assert outcome.problems == []
        assert supply.holes(shelves, SPAN) == []
        for symbol in SYMBOLS:
            assert is_the_market(supply, symbol, Interval.H1, SPAN)
            assert is_its_funding(supply, symbol, SPAN)
    notes = [note for _, note in store.notes(store.shelf("BTCUSDT", Interval.H1))]
    names = [
        {x.name.removeprefix("data/futures/um/").partition("/")[0] for x in n.sources}
        for n in notes
    ]
    assert names == [{"monthly"}, {"monthly"}, {"monthly"}, {"daily", "REST"}]


def test_what_is_there_already_is_not_fetched_again(base_url: str, tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with supply_of(base_url, store) as supply:
        shelves = [store.shelf(x, Interval.H1) for x in SYMBOLS]
        shelves += [store.shelf(x, None, StoredKind.FUNDING) for x in SYMBOLS]
        download(supply, shelves, SPAN)

        again = supply.downloader(DownloadStages()).plan(shelves, SPAN)

    assert again == ([], [])


def test_a_shorter_range_takes_nothing_away(base_url: str, tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with supply_of(base_url, store) as supply:
        shelves = [store.shelf("BTCUSDT", Interval.H1)]
        download(supply, shelves, SPAN)

        download(supply, shelves, MONTH)

        assert is_the_market(supply, "BTCUSDT", Interval.H1, SPAN)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing_day", ""),
        ("missing_hours", ""),
        ("rows_twice", ""),
        ("rows_out_of_order", ""),
        ("rows_contradict", "two of"),
        ("wrong_values", ""),
        ("cut_zip", "is not what its checksum says"),
        ("zip_bomb", "expected a zip with one CSV file"),
        ("no_checksum", ""),
        ("other_checksum", "is that of"),
        ("absent", ""),
        ("late", ""),
        ("denied_file", "HTTP 403"),
    ],
)
def test_a_spoiled_month_is_made_good_by_its_days(
    base_url: str, tmp_path: Path, kind: str, said: str
) -> None:
    spoil(base_url, kind, "BTCUSDT-1h-2024-05.zip")
    store = new_store(tmp_path)
    with supply_of(base_url, store) as supply:
        shelves = [store.shelf("BTCUSDT", Interval.H1)]

        outcome = download(supply, shelves, MONTH)

        assert is_the_market(supply, "BTCUSDT", Interval.H1, MONTH)
        assert supply.holes(shelves, MONTH) == []
    assert [said in x for x in outcome.problems] == [True] * bool(said)


def test_holes_of_a_month_are_filled_from_its_days(base_url: str, tmp_path: Path) -> None:
    spoil(base_url, "missing_day", "BTCUSDT-1h-2024-05.zip")
    store = new_store(tmp_path)
    shelf = store.shelf("BTCUSDT", Interval.H1)
    with supply_of(base_url, store) as supply:
        download(supply, [shelf], MONTH)

    note = store.note(shelf, MONTH)
    assert note is not None
    monthly, daily = (x.name for x in note.sources)
    assert "/monthly/" in monthly
    assert "/daily/" in daily


@pytest.mark.parametrize("kind", ["missing_hours", "cut_zip", "absent", "wrong_values"])
def test_what_days_lack_too_comes_from_the_venue(base_url: str, tmp_path: Path, kind: str) -> None:
    spoil(base_url, "missing_day", "BTCUSDT-1h-2024-05.zip")
    spoil(base_url, kind, "", count=1000)
    store = new_store(tmp_path)
    with supply_of(base_url, store) as supply:
        download(supply, [store.shelf("BTCUSDT", Interval.H1)], MONTH)

        assert is_the_market(supply, "BTCUSDT", Interval.H1, MONTH)


@pytest.mark.parametrize(
    "kind",
    [
        *("listing_denied", "listing_error", "listing_slow_down", "listing_cut"),
        *("listing_other_root", "listing_html"),
    ],
)
def test_a_listing_that_fails_is_asked_for_again(base_url: str, tmp_path: Path, kind: str) -> None:
    spoil(base_url, kind, count=2)
    store = new_store(tmp_path)
    with supply_of(base_url, store) as supply:
        download(supply, [store.shelf("BTCUSDT", Interval.H1)], MONTH)

        assert is_the_market(supply, "BTCUSDT", Interval.H1, MONTH)


def test_an_archive_without_lists_leaves_holes_and_says_so(base_url: str, tmp_path: Path) -> None:
    spoil(base_url, "listing_denied", count=1000)
    store = new_store(tmp_path)
    with supply_of(base_url, store) as supply:
        shelf = store.shelf("BTCUSDT", Interval.H1)

        jobs, failed = supply.downloader(DownloadStages()).plan([shelf], MONTH)

    assert jobs == []
    assert [(x.shelf, x.span) for x in failed] == [(shelf, MONTH)]
    assert "HTTP 403" in failed[0].reason


def test_a_file_that_was_replaced_is_fetched_again(base_url: str, tmp_path: Path) -> None:
    spoil(base_url, "wrong_values", "BTCUSDT-1h-2024-05.zip")
    store = new_store(tmp_path)
    with supply_of(base_url, store) as supply:
        shelves = [store.shelf("BTCUSDT", Interval.H1)]
        download(supply, shelves, MONTH)
        mend(base_url)

        outcome = download(supply, shelves, MONTH)

        assert outcome.files == 1
        assert is_the_market(supply, "BTCUSDT", Interval.H1, MONTH)


@pytest.mark.parametrize("interval", [Interval.M30, Interval.D1, Interval.D3, Interval.W1])
def test_every_length_of_candle_is_whole(base_url: str, tmp_path: Path, interval: Interval) -> None:
    store = new_store(tmp_path)
    span = Span(parse_time("2024-04-03"), NOW)
    with supply_of(base_url, store) as supply:
        shelves = [store.shelf("BTCUSDT", interval)]

        download(supply, shelves, span)

        assert is_the_market(supply, "BTCUSDT", interval, span)
        assert supply.holes(shelves, span) == []


class Cut(DownloadStages):
    """End a download as Ctrl-C does, after so many files."""

    def __init__(self, after: int) -> None:
        self._left = after

    def finished(self, months: int) -> None:
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt


@pytest.mark.parametrize("after", [1, 2, 5])
def test_a_download_that_is_cut_off_goes_on_where_it_was(
    base_url: str, tmp_path: Path, after: int
) -> None:
    store = new_store(tmp_path)
    shelves = [store.shelf(x, Interval.H1) for x in SYMBOLS]
    with supply_of(base_url, store) as supply, pytest.raises(KeyboardInterrupt):
        download(supply, shelves, SPAN, Cut(after))
    for shelf in shelves:
        assert all(note.rows for _, note in store.notes(shelf))

    with supply_of(base_url, store) as supply:
        download(supply, shelves, SPAN)

        assert all(is_the_market(supply, x, Interval.H1, SPAN) for x in SYMBOLS)


def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    base_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store(tmp_path)
    shelves = [store.shelf(x, Interval.H1) for x in SYMBOLS]
    write, left = os.write, [12_000]

    def full(descriptor: int, content: memoryview) -> int:
        left[0] -= len(content)
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, content)

    monkeypatch.setattr("divbot.files.os.write", full)
    with (
        supply_of(base_url, store) as supply,
        pytest.raises(StoreError, match="No space left on device"),
    ):
        download(supply, shelves, SPAN)
    monkeypatch.undo()

    assert list(store.root.rglob("*.part")) == []
    with supply_of(base_url, store) as supply:
        download(supply, shelves, SPAN)
        assert all(is_the_market(supply, x, Interval.H1, SPAN) for x in SYMBOLS)


def test_a_damaged_file_of_the_store_is_fetched_again(base_url: str, tmp_path: Path) -> None:
    store = new_store(tmp_path)
    shelves = [store.shelf("BTCUSDT", Interval.H1)]
    with supply_of(base_url, store) as supply:
        download(supply, shelves, SPAN)
        path = shelves[0].path(store.root, MONTH)
        path.write_bytes(path.read_bytes()[:500])

        download(supply, shelves, SPAN)

        assert is_the_market(supply, "BTCUSDT", Interval.H1, SPAN)


def test_spot_is_read_in_microseconds(tmp_path: Path) -> None:
    now = parse_time("2025-02-10T09:00")
    span = Span(parse_time("2024-12-01"), now)
    store = new_store(tmp_path, Market.SPOT)
    with running(symbols=1, at=now, markets=(Market.SPOT,), weight_limit=1_000_000) as connection:
        base_url = f"http://{connection.host}:{connection.port}"
        with supply_of(base_url, store) as supply:
            symbol = next(iter(supply.instruments))

            download(supply, [store.shelf(symbol, Interval.H4)], span)

            assert is_the_market(supply, symbol, Interval.H4, span)
