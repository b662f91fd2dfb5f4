"""`divbot data`: what is put into the store, what it tells of it, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from divbot import cli
from divbot.app.how_to_fetch import how_to_download
from divbot.domain.clock import parse_time
from divbot.domain.market import Interval, Market
from divbot.history.funding import FundingTrack
from divbot.history.parts import RowSource
from divbot.history.spans import Span
from divbot.history.store import Store
from tests.conftest import SHIPPED
from tests.history.markets import START as CANDLES
from tests.history.markets import candles
from tests.recordings.files import table, write_csv

RECORDED = SHIPPED / "market" / "spot-5m-2024-07.parquet"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sit in an empty folder, with a store of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def run(*arguments: str | Path) -> int:
    return cli.exit_code(["data", *map(str, arguments)])


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict]:
    capsys.readouterr()
    assert run("list", "--json", *arguments) == 0
    return json.loads(capsys.readouterr().out)["shelves"]


def test_what_recorded_takes_is_imported(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("import", RECORDED, "--market", "spot") == 0

    frame = pd.read_parquet(RECORDED)
    store = Store(home / "data" / "divbot" / "history", Market.SPOT)
    symbols = store.symbols(Interval.M5)
    assert symbols == tuple(sorted(frame.symbol.unique()))
    for symbol in symbols:
        track = store.candles(symbol, Interval.M5, 0, 1 << 60)
        own = frame[frame.symbol == symbol]
        assert track.open_time.tolist() == own.open_time.tolist()
        assert track.close.tolist() == own.close.tolist()
        assert track.quote_volume is None
    assert f"{len(frame):,} 5m candles of {len(symbols)} symbols" in capsys.readouterr().err


def test_every_market_is_verified_unless_one_is_named(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import", RECORDED, "--market", "spot") == 0
    capsys.readouterr()

    assert run("verify", "--local") == 0
    of_all = capsys.readouterr().out
    assert run("verify", "--local", "--market", "usdm") == 0
    of_futures = capsys.readouterr().out

    assert "hashed, 0 damaged" in of_all
    assert of_futures.startswith("nothing of that in ")


def test_another_folder_is_the_store_where_it_is_named(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_csv(home / "m.csv", table())

    assert run("import", file, "--store", "there") == 0

    assert [x["rows"] for x in listed(capsys, "--store", "there")] == [4]
    assert listed(capsys) == []


def test_the_list_tells_market_interval_symbols_range_holes_and_bytes(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = table(10).drop(index=[4, 5])
    assert run("import", write_csv(home / "m.csv", frame)) == 0
    size = next(home.rglob("*.parquet")).stat().st_size
    capsys.readouterr()

    assert run("list") == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == (
        ["market", "kind", "interval", "symbols", "from", "to", "rows", "holes", "missing", "size"]
    )
    assert lines[3].split() == [
        *("USD-M", "futures", "klines", "1m", "1", "2024-07-30", "00:00", "2024-07-30", "00:10"),
        *("8", "1", "2", f"{size / 1000:.1f}", "kB"),
    ]
    assert run("list", "--symbols", "AAAUSDT") == 0
    assert "hole: AAAUSDT 1m: 2024-07-30 00:04 to 2024-07-30 00:06" in capsys.readouterr().out


def test_an_empty_store_says_what_fills_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0

    assert "`divbot data download` fetches some" in capsys.readouterr().out


def test_a_store_of_other_candles_is_not_called_empty(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_store(home / "store", is_simulated=False)
    for words in (("-i", "5m"), ("--market", "spot")):
        assert run("list", "--store", "store", *words) == 0

        assert capsys.readouterr().out.startswith("nothing of that in store; `divbot data list`")


def test_funding_rates_are_imported(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times = [1722297600000 + n * 28_800_000 for n in range(3)]
    rows = {"symbol": "BTCUSDT", "time": times, "rate": [0.0001, -0.0002, 0.0003]}
    pd.DataFrame(rows).to_parquet(home / "f.parquet")

    assert run("import", "f.parquet", "--market", "usdm") == 0
    assert run("import", "f.parquet", "--market", "spot") == 2

    assert "use --market usdm" in capsys.readouterr().err
    found = Store(home / "data" / "divbot" / "history", Market.USDM).funding("BTCUSDT", 0, 1 << 60)
    assert (found.at.tolist(), found.rate.tolist()) == (times, rows["rate"])


def a_store(folder: Path, *, is_simulated: bool) -> Store:
    """Return a store of one candle and one settlement."""
    store = Store(folder, Market.USDM)
    with store.locked(is_simulated=is_simulated):
        store.write("BTCUSDT", Interval.H1, candles(1), RowSource("mine"))
        store.write_funding("BTCUSDT", FundingTrack.of([CANDLES], [0.0001]), RowSource("mine"))
    return store


@pytest.mark.parametrize("is_simulated", [True, False], ids=["simulated", "real"])
@pytest.mark.parametrize("layout", ["freqtrade-feather", "freqtrade-parquet"])
def test_what_was_exported_gets_into_no_store_of_the_other_kind(
    home: Path, is_simulated: bool, layout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = a_store(home / "own", is_simulated=is_simulated)
    a_store(home / "other", is_simulated=not is_simulated)
    assert run("export", "out", "--store", "own", "--format", layout) == 0
    assert run("import", "out", "--store", "own") == 0
    assert run("import", "out", "--store", "new") == 0
    assert own.is_simulated is is_simulated
    assert Store(home / "new", Market.USDM).is_simulated is (is_simulated or None)
    capsys.readouterr()

    assert run("import", "out", "--store", "other") == 2

    told = capsys.readouterr().err
    assert "name another store with --store" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("columns", ["open,high,low,close,volume", "rate"])
def test_files_get_into_no_store_of_simulated_prices(
    home: Path, columns: str, capsys: pytest.CaptureFixture[str]
) -> None:
    time, values = ("time", "0.1") if columns == "rate" else ("open_time", "1,1,1,1,1")
    (home / "m.csv").write_text(f"symbol,{time},{columns}\nBTCUSDT,1722297600000,{values}\n")
    a_store(home / "store", is_simulated=True)

    assert run("import", "m.csv", "-i", "1m", "--store", "store") == 2

    told = capsys.readouterr().err
    assert "store holds a local exchange's prices, and these are Binance's" in told
    assert told.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_told(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_csv(home / "m.csv", table())

    assert run("import", file, "--store", "m.csv/there") == 5

    said = capsys.readouterr().err
    assert said.startswith("divbot: m.csv/there: cannot be written: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("words", ["list", "export out", "prune -y", "verify --local"])
def test_a_symbol_that_the_store_lacks_is_told_with_the_nearest_name(
    home: Path, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    a_store(home / "store", is_simulated=False)

    assert run(*words.split(), "--store", "store", "--symbols", "BTCUSDT,BCTUSDT") == 2

    told = capsys.readouterr()
    assert told.err == (
        "divbot: unknown symbol 'BCTUSDT': the store holds none of it; did you mean BTCUSDT?\n"
    )
    assert told.out == ""


@pytest.mark.parametrize(
    "words",
    ["list", "export out", "prune -i 1h", "verify --local", "import m.csv", "download --days 3"],
)
def test_a_file_in_the_place_of_a_store_is_told(
    home: Path, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(home / "m.csv", table())

    assert run(*words.split(), "--store", "m.csv") == 2

    told = capsys.readouterr().err
    assert told.startswith("divbot: m.csv: expected the folder of a store, found a file; ")
    assert told.count("\n") == 1


def test_an_export_of_nothing_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_store(home / "store", is_simulated=False)

    assert run("export", "out", "--store", "store", "-i", "5m") == 2

    assert "store: expected candles of " in capsys.readouterr().err
    assert not (home / "out").exists()


def test_a_damaged_file_is_listed_as_such_and_costs_no_other(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = pd.concat([table(), table(symbol="BBBUSDT")])
    assert run("import", write_csv(home / "m.csv", both)) == 0
    path = next(home.rglob("symbol=AAAUSDT/*.parquet"))
    path.write_bytes(path.read_bytes()[:100])
    capsys.readouterr()

    assert run("list") == 5

    said = capsys.readouterr()
    assert f"{path}: expected a Parquet file of the store" in said.err
    assert said.out.splitlines()[3].split()[4] == "2"


def test_what_is_missing_is_told_with_the_command_that_fetches_it() -> None:
    span = Span(parse_time("2024-01-01"), parse_time("2025-01-01"))

    told = how_to_download(Market.USDM, [Interval.M5], span, 400, "--top 400")

    assert told == (
        "divbot data download --market usdm -i 5m --top 400 --timerange 20240101-20250101 "
        "(about 1,560 MB)"
    )
