"""Other programs' layouts: what goes out comes back, and folders of zips go where they belong."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from divbot import cli
from divbot.domain.clock import parse_time
from divbot.domain.errors import InputError, RecordingError
from divbot.domain.market import Interval, Market
from divbot.history.exports import Layout, export
from divbot.history.funding import FundingTrack
from divbot.history.imports import import_any
from divbot.history.kind import StoredKind
from divbot.history.parts import RowSource
from divbot.history.spans import Span
from divbot.history.store import Store
from tests.conftest import DATA
from tests.recordings.files import archive_row, write_zip

from .markets import START, candles

EVER = Span(0, 1 << 60)
SOURCE = RowSource("a test")
FILUSDT = DATA / "archive"
MINUTE = 60_000


def filled(folder: Path, market: Market = Market.USDM) -> Store:
    """Return a store of two symbols, one of which has a name that is not Latin."""
    store = Store(folder / "store", market)
    for symbol in ("BTCUSDT", "币安人生USDT"):
        store.write(symbol, Interval.H1, candles(50, symbol=symbol), SOURCE)
    store.write("BTCUSDT", Interval.MONTH, candles(1, interval=Interval.MONTH), SOURCE)
    if market is Market.USDM:
        store.write_funding("BTCUSDT", FundingTrack.of([START], [0.0001]), SOURCE)
    return store


@pytest.mark.parametrize(
    ("market", "names"),
    [
        (Market.SPOT, ["BTC_USDT-1Mo", "BTC_USDT-1h"]),
        (
            Market.USDM,
            [
                "futures/BTC_USDT_USDT-1Mo-futures",
                "futures/BTC_USDT_USDT-1h-funding_rate",
                "futures/BTC_USDT_USDT-1h-futures",
            ],
        ),
    ],
)
@pytest.mark.parametrize("layout", [Layout.FEATHER, Layout.PARQUET])
def test_freqtrade_s_layout_goes_out_and_comes_back(
    tmp_path: Path, market: Market, names: list[str], layout: Layout
) -> None:
    store, folder = filled(tmp_path, market), tmp_path / "out"

    written = list(export(store, store.shelves(), EVER, folder, layout))
    back = Store(tmp_path / "back", market)
    import_any(back, folder)

    ending = layout.value.replace("freqtrade-", ".")
    paths = sorted(str(x.relative_to(folder)) for x in folder.rglob("*.*"))
    assert paths == [f"{x}{ending}" for x in names]
    assert [shelf.symbol for shelf, path in written if path is None] == ["币安人生USDT"]
    one, other = (x.candles("BTCUSDT", Interval.H1, *EVER) for x in (store, back))
    assert one.close.tolist() == other.close.tolist()
    assert one.open_time.tolist() == other.open_time.tolist()
    assert other.quote_volume is None
    rates = [x.funding("BTCUSDT", *EVER).rate.tolist() for x in (store, back)]
    assert rates[0] == rates[1]


def test_a_feather_file_is_what_freqtrade_reads(tmp_path: Path) -> None:
    store = filled(tmp_path)

    list(export(store, [store.shelf("BTCUSDT", Interval.H1)], EVER, tmp_path, Layout.FEATHER))

    frame = pd.read_feather(tmp_path / "futures" / "BTC_USDT_USDT-1h-futures.feather")
    assert [*frame.columns] == ["date", "open", "high", "low", "close", "volume"]
    assert frame.date[0] == pd.Timestamp("2024-01-30", tz="UTC")
    assert frame.close.tolist() == candles(50).close.tolist()


def test_a_csv_file_is_what_backtesting_reads(tmp_path: Path) -> None:
    store = filled(tmp_path)

    list(export(store, [store.shelf("BTCUSDT", Interval.H1)], EVER, tmp_path, Layout.CSV))

    frame = pd.read_csv(tmp_path / "BTCUSDT-1h.csv", index_col=0, parse_dates=True)
    assert [*frame.columns] == ["Open", "High", "Low", "Close", "Volume"]
    assert frame.index.is_monotonic_increasing
    assert str(frame.index.tz) == "UTC"
    assert frame.Close.tolist() == candles(50).close.tolist()


def test_files_of_another_market_are_refused(tmp_path: Path) -> None:
    store = filled(tmp_path, Market.SPOT)
    list(export(store, store.shelves(), EVER, tmp_path / "out", Layout.FEATHER))

    with pytest.raises(InputError, match="expected freqtrade's files of USD-M futures"):
        import_any(Store(tmp_path / "back", Market.USDM), tmp_path / "out")


@pytest.mark.skipif(not FILUSDT.exists(), reason=f"needs {FILUSDT}")
def test_a_real_zip_is_read_exactly(tmp_path: Path) -> None:
    store = Store(tmp_path, Market.USDM)

    import_any(store, FILUSDT)

    zipped = next(FILUSDT.rglob("*.zip"))
    with zipfile.ZipFile(zipped) as archive:
        lines = archive.read(archive.namelist()[0]).decode().splitlines()[1:]
    rows = [line.split(",") for line in lines]
    found = store.candles("FILUSDT", Interval.M1, *EVER)
    assert found.open_time.tolist() == [int(row[0]) for row in rows]
    columns = {"open": 1, "high": 2, "low": 3, "close": 4, "volume": 5, "quote_volume": 7}
    columns |= {"trades": 8, "taker_volume": 9, "taker_quote_volume": 10}
    for name, number in columns.items():
        assert getattr(found, name).tolist() == [float(row[number]) for row in rows], name
    note = next(note for _, note in store.notes(store.shelf("FILUSDT", Interval.M1)))
    assert [x.sha256 for x in note.sources] == [hashlib.sha256(zipped.read_bytes()).hexdigest()]


def rows(*places: int, price: str = "1.5") -> str:
    start = parse_time("2024-07-30")
    lines = [archive_row(start + n * MINUTE, start + (n + 1) * MINUTE - 1) for n in places]
    return "\n".join(lines).replace(",1.5,", f",{price},")


def put(folder: Path, path: str, text: str) -> None:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    write_zip(place, text, checksum="good")


def test_each_zip_of_a_folder_goes_where_it_belongs(tmp_path: Path) -> None:
    um = "data/futures/um/monthly"
    put(tmp_path, f"{um}/klines/AAAUSDT/1m/AAAUSDT-1m-2024-07.zip", rows(0, 1, 3))
    put(tmp_path, "data/futures/um/daily/klines/AAAUSDT/1m/AAAUSDT-1m-2024-07-30.zip", rows(2, 3))
    marked = rows(0, price="1.6")
    put(tmp_path, f"{um}/markPriceKlines/AAAUSDT/1m/AAAUSDT-1m-2024-07.zip", marked)
    put(tmp_path, f"{um}/indexPriceKlines/AAAUSDT/1m/AAAUSDT-1m-2024-07.zip", rows(0))
    funding = (
        f"calc_time,funding_interval_hours,last_funding_rate\n{parse_time('2024-07-30')},8,0.0001"
    )
    put(tmp_path, f"{um}/fundingRate/AAAUSDT/AAAUSDT-fundingRate-2024-07.zip", funding)
    put(tmp_path, "data/spot/monthly/klines/AAAUSDT/1m/AAAUSDT-1m-2024-07.zip", rows(7))
    store = Store(tmp_path / "store", Market.USDM)

    found = import_any(store, tmp_path)

    start = parse_time("2024-07-30")
    times = store.candles("AAAUSDT", Interval.M1, *EVER).open_time
    assert times.tolist() == [start + n * MINUTE for n in range(4)]
    assert store.marks("AAAUSDT", *EVER).open.tolist() == [1.6]
    assert store.funding("AAAUSDT", *EVER).rate.tolist() == [0.0001]
    assert len(found.skipped) == 2
    assert found.rows == {"1m candles": 4, "1m mark price candles": 1, "funding rates": 1}


def test_a_zip_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    text = f"{rows(0)}\n{rows(0, price='1.6')}"
    put(tmp_path, "AAAUSDT-1m-2024-07.zip", text)

    with pytest.raises(RecordingError, match="found two of 2024-07-30 00:00 UTC that contradict"):
        import_any(Store(tmp_path / "store", Market.USDM), tmp_path)


def test_a_zip_of_another_checksum_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "AAAUSDT-1m-2024-07.zip", rows(0))
    (tmp_path / "AAAUSDT-1m-2024-07.zip.CHECKSUM").write_text(f"{'0' * 64}  x.zip")

    with pytest.raises(RecordingError, match="expected SHA-256 0000"):
        import_any(Store(tmp_path / "store", Market.USDM), tmp_path)


def test_a_folder_without_zips_of_the_market_is_told(tmp_path: Path) -> None:
    put(tmp_path, "data/spot/monthly/klines/AAAUSDT/1m/AAAUSDT-1m-2024-07.zip", rows(7))

    with pytest.raises(RecordingError, match="expected zips of USD-M futures"):
        import_any(Store(tmp_path / "store", Market.USDM), tmp_path)


def test_prune_removes_whole_months_of_what_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = filled(tmp_path)
    where = ["--store", str(store.root)]

    assert cli.exit_code(["data", "prune", *where, "--yes"]) == 2
    assert cli.exit_code(["data", "prune", *where, "-i", "1h", "--timerange", "-20240201"]) == 2
    assert (
        cli.exit_code(["data", "prune", *where, "-i", "1h", "--timerange", "-20240201", "-y"]) == 0
    )

    assert "say what to remove" in capsys.readouterr().err
    left = store.candles("BTCUSDT", Interval.H1, *EVER)
    assert left.open_time[0] == parse_time("2024-02-01")
    assert len(store.candles("BTCUSDT", Interval.MONTH, *EVER).open_time) == 1
    assert len(store.funding("BTCUSDT", *EVER)) == 1
    assert store.symbols(Interval.M1, StoredKind.MARK) == ()


def test_prune_says_which_months_it_leaves_and_when_there_is_none_to_remove(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = filled(tmp_path)
    words = ["data", "prune", "--store", str(store.root), "-i", "1h", "-y", "--timerange"]

    assert cli.exit_code([*words, "20240115-20240210"]) == 0

    told = capsys.readouterr()
    assert "2024-01, 2024-02: only a part lies in the range, so all of it stays" in told.err
    assert told.out == f"nothing to remove: {store.root} holds no whole month of that\n"
    assert len(store.candles("BTCUSDT", Interval.H1, *EVER).open_time) == 50
