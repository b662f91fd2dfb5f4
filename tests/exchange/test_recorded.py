import builtins
import json
import struct

import numpy as np
import pandas as pd
import pytest

from divbot.domain.clock import ManualClock, parse_time
from divbot.domain.errors import InputError, RecordingError
from divbot.domain.market import Interval, Market
from divbot.exchange.market.recorded import load_tape
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.server import open_desks
from tests.conftest import SHIPPED
from tests.recordings.files import MINUTE, START, archive_row, table, write_csv, write_zip

from .markets import DATA, ask, get, open_times

SPOT_5M = {
    folder / "market" / "spot-5m-2024-07.parquet": symbols
    for folder, symbols in ((SHIPPED, 6), (DATA, 379))
}
"""How many symbols each recording has."""
ARCHIVE = DATA / "archive"
HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore"
)


def desk_of(path, market=Market.SPOT, **options):
    chosen = ExchangeOptions(markets=(market,), recorded=path, **options)
    return open_desks(chosen, ManualClock(START + 10**10))[0]


@pytest.mark.parametrize("path", SPOT_5M, ids=["shipped", "all symbols"])
@pytest.mark.parametrize("market", list(Market))
def test_every_real_price_comes_back_as_the_very_same_float(market, path):
    if not path.exists():
        pytest.skip(f"not on this machine: {path}")
    frame = pd.read_parquet(path)
    desk = desk_of(path, market)
    groups = dict(iter(frame.groupby("symbol", observed=True)))

    for symbol, group in groups.items():
        rows = get(desk, "klines", symbol=symbol, interval="5m", limit=1000)

        recorded = group[["open", "high", "low", "close"]].to_numpy()[-1000:-1]
        served = np.array([[float(each) for each in row[1:5]] for row in rows[:-1]])
        assert _bits(served) == _bits(recorded), symbol
        assert open_times(rows) == group["open_time"].tolist()[-1000:], symbol

    assert len(groups) == SPOT_5M[path]


def test_spot_writes_8_decimals_of_recorded_prices():
    (row,) = get(desk_of(next(iter(SPOT_5M))), "klines", symbol="PEPEUSDT", interval="1d", limit=1)

    assert {len(each.partition(".")[2]) for each in row[1:6]} == {8}


@pytest.mark.skipif(not ARCHIVE.exists(), reason=f"needs {ARCHIVE}")
def test_an_archive_is_served_with_the_figures_it_holds():
    rows = get(desk_of(ARCHIVE, Market.USDM), "klines", symbol="FILUSDT", interval="1M")

    assert [row[0] for row in rows] == [1690848000000]
    assert rows[0][8] > 10**6


@pytest.mark.parametrize("text", [HEADER + "\n", ""], ids=["headed", "headless"])
@pytest.mark.parametrize("unit", [1, 1000], ids=["milliseconds", "microseconds"])
def test_archive_rows_are_served_as_they_are(tmp_path, text, unit):
    lines = [
        archive_row(time * unit, (time + MINUTE) * unit - 1)
        for time in (START, START + MINUTE, START + 2 * MINUTE)
    ]
    write_zip(tmp_path / "AAAUSDT-1m-2024-07-30.zip", text + "\n".join(lines), checksum="good")

    rows = get(desk_of(tmp_path, Market.USDM), "klines", symbol="AAAUSDT", interval="1m")

    assert rows[1] == [
        START + MINUTE,
        *("1.50", "1.75", "1.25", "1.50", "1000.5"),
        START + 2 * MINUTE - 1,
        "1500.75000000",
        12,
        *("600.5", "900.75000000", "0"),
    ]


def test_archive_files_of_one_symbol_are_joined_by_date(tmp_path):
    day = 1440 * MINUTE
    for folder, date, start in (("a", "2024-07-31", START + day), ("b", "2024-07-30", START)):
        (tmp_path / folder).mkdir()
        rows = [archive_row(start + n * MINUTE, start + (n + 1) * MINUTE - 1) for n in (0, 1)]
        write_zip(tmp_path / folder / f"AAAUSDT-1m-{date}.zip", "\n".join(rows))

    rows = get(desk_of(tmp_path), "klines", symbol="AAAUSDT", interval="1m")

    assert open_times(rows) == [START, START + MINUTE, START + day, START + day + MINUTE]


def test_the_archives_months_are_named_differently(tmp_path):
    write_zip(tmp_path / "AAAUSDT-1m-2024-07.zip", archive_row(START, START + MINUTE - 1))
    write_zip(tmp_path / "AAAUSDT-1mo-2024-07.zip", "unread")

    assert load_tape(tmp_path, Interval.M1).interval is Interval.M1


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_may_mix_its_symbols(tmp_path, kind):
    frame = pd.concat([table(symbol="AAAUSDT"), table(symbol="BBBBTC")]).sort_values(
        "open_time", kind="stable"
    )
    path = tmp_path / f"market.{kind}"
    if kind == "csv":
        write_csv(path, frame)
    else:
        frame.to_parquet(path)

    listed = get(desk_of(path), "exchangeInfo")["symbols"]

    assert {(each["symbol"], each["baseAsset"], each["quoteAsset"]) for each in listed} == {
        ("AAAUSDT", "AAA", "USDT"),
        ("BBBBTC", "BBB", "BTC"),
    }


@pytest.mark.parametrize(
    ("price", "decimals"),
    [
        (1.0, 0),
        (0.1, 1),
        (66574.01, 2),
        (123456.789012, 6),
        (1e-8, 8),
        (1e-12, 12),
        (12345.678901234567, None),
        (1.2345e-9, None),
        (0.30000000000000004, None),
    ],
)
def test_the_tick_is_the_least_that_writes_every_price(tmp_path, price, decimals):
    frame = table()
    frame[["open", "high", "low", "close"]] = price
    path = write_csv(tmp_path / "market.csv", frame)

    if decimals is None:
        with pytest.raises(RecordingError, match="at most 12 decimals"):
            load_tape(path)
    else:
        assert load_tape(path).listings[0].price_decimals == decimals


def test_a_coin_named_na_is_a_coin(tmp_path):
    path = write_csv(tmp_path / "market.csv", table(symbol="NA"))

    assert [each.symbol for each in load_tape(path).listings] == ["NA"]


def test_volumes_with_more_than_8_decimals_are_rounded(tmp_path):
    frame = table()
    frame["volume"] = 1 / 3
    path = write_csv(tmp_path / "market.csv", frame)

    row = get(desk_of(path), "klines", symbol="AAAUSDT", interval="1m")[0]

    assert row[5] == "0.33333333"


def test_volumes_too_large_for_8_decimals_are_still_summed_rightly(tmp_path):
    frame = table(1440 * 2)
    frame["volume"] = 1e12 + 0.123
    path = write_csv(tmp_path / "market.csv", frame)

    row = get(desk_of(path), "klines", symbol="AAAUSDT", interval="1M")[0]

    assert float(row[5]) == pytest.approx(1440 * 2 * 1e12, rel=1e-3)


def test_a_recording_starts_at_its_end_with_the_last_candle_half_formed(tmp_path):
    path = write_csv(tmp_path / "market.csv", table())

    rows = get(desk_of(path), "klines", symbol="AAAUSDT", interval="1m")

    assert [row[5] for row in rows] == ["1000.50000000"] * 3 + ["500.20000000"]


def test_a_replay_ends_where_the_recording_does(tmp_path):
    path = write_csv(tmp_path / "market.csv", table())
    clock = ManualClock(START + 10**10)
    options = ExchangeOptions(markets=(Market.SPOT,), recorded=path, at=START, speed=2)
    (desk,) = open_desks(options, clock)
    times = []

    for seconds in (0, 30, 10**6):
        clock.advance(seconds)
        times.append(get(desk, "time")["serverTime"] - START)

    assert times == [0, MINUTE, 4 * MINUTE - 1]


@pytest.mark.parametrize("recorded", [True, False])
def test_a_time_before_the_market_begins_is_refused(tmp_path, recorded):
    path = write_csv(tmp_path / "market.csv", table())
    at = START - 1 if recorded else parse_time("2019-12-31")
    options = ExchangeOptions(recorded=path if recorded else None, symbols=1, at=at)

    with pytest.raises(InputError, match="where this market begins"):
        open_desks(options, ManualClock(START))


def test_both_markets_serve_the_same_recording(tmp_path):
    path = write_csv(tmp_path / "market.csv", table())
    desks = open_desks(ExchangeOptions(recorded=path, speed=0), ManualClock(START))

    prices = [get(desk, "ticker/price", symbol="AAAUSDT")["price"] for desk in desks]

    assert [float(price) for price in prices] == [1.5, 1.5]


def test_a_symbol_outside_ascii_is_served(tmp_path):
    path = write_csv(tmp_path / "market.csv", table(symbol="币安人生USDT"))
    desk = desk_of(path)

    listed = get(desk, "exchangeInfo")["symbols"][0]

    assert (listed["symbol"], listed["baseAsset"]) == ("币安人生USDT", "币安人生")
    assert len(get(desk, "klines", symbol="币安人生USDT", interval="1m")) == 4
    assert json.loads(ask(desk, "ticker/price").body)[0]["symbol"] == "币安人生USDT"


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "market.parquet"
    path.write_bytes(b"PAR1")
    load = builtins.__import__

    def without_pyarrow(name, *rest):
        if name.partition(".")[0] in ("pyarrow", "fastparquet"):
            raise ImportError(name)
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_pyarrow)
    monkeypatch.setattr("importlib.import_module", without_pyarrow)

    with pytest.raises(RecordingError, match=r"-m pip install '?pyarrow"):
        load_tape(path)


def _bits(values):
    return [struct.pack("<d", each) for each in values.ravel()]
