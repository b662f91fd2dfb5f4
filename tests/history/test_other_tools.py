"""The store is plain Parquet: pandas, polars and DuckDB open it, as the documents say."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from divbot.domain.market import Interval, Market
from divbot.history.funding import FundingTrack
from divbot.history.parts import RowSource
from divbot.history.spans import month_of
from divbot.history.store import Store

from .markets import DAY, HOUR, START, candles

COLUMNS = ["open_time", "open", "high", "low", "close", "volume", "quote_volume", "trades"]
COLUMNS += ["taker_volume", "taker_quote_volume"]
OF_THE_FOLDERS = ["market", "kind", "interval", "symbol"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a store of two symbols and two months; of one of them only prices are known."""
    store = Store(tmp_path, Market.USDM)
    bare = dict.fromkeys(("quote_volume", "trades", "taker_volume", "taker_quote_volume"))
    for symbol, columns in (("BTCUSDT", {}), ("币安人生USDT", bare)):
        track = candles(96, symbol=symbol, **columns)
        with store.locked():  # which leaves files of its own
            store.write(symbol, Interval.H1, track, RowSource("a test"))
    path = store.shelf("BTCUSDT", Interval.H1).path(store.root, month_of(START - 31 * DAY))
    aside = store.aside(path)  # which none of them may look at
    aside.parent.mkdir(parents=True)
    aside.write_bytes(b"damaged")
    return tmp_path


@pytest.fixture
def funded(root: Path) -> Path:
    """Return the folder of the funding of one symbol, beside its candles."""
    rates = FundingTrack.of([START + 7, START + 8 * HOUR], [0.0001, -0.0002], [8, np.nan])
    Store(root, Market.USDM).write_funding("BTCUSDT", rates, RowSource("a test"))
    return root / "market=usdm" / "kind=funding"


def test_pandas_opens_it(root: Path) -> None:
    frame = pd.read_parquet(root)

    assert [*frame.columns] == COLUMNS + OF_THE_FOLDERS
    assert len(frame) == 2 * 96
    assert str(frame.open_time.dtype) == "datetime64[ms, UTC]"
    btc = frame[frame.symbol == "BTCUSDT"].sort_values("open_time")
    assert btc.close.tolist() == candles(96).close.tolist()


def test_polars_opens_it(root: Path) -> None:
    frame = pl.scan_parquet(root / "market=usdm" / "kind=klines").collect()

    assert frame.columns == [*COLUMNS, "interval", "symbol"]
    assert frame.schema["open_time"] == pl.Datetime("ms", "UTC")
    btc = frame.filter(pl.col("symbol") == "BTCUSDT").sort("open_time")
    assert btc["close"].to_list() == candles(96).close.tolist()
    assert frame["trades"].null_count() == 96


def test_duckdb_opens_it(root: Path) -> None:
    query = f"""
        SELECT symbol, count(*), count(trades), min(epoch_ms(open_time)), sum(volume)
        FROM read_parquet('{root}/**/*.parquet', hive_partitioning = true)
        WHERE interval = '1h' GROUP BY symbol ORDER BY symbol
    """

    rows = duckdb.sql(query).fetchall()

    assert [row[:4] for row in rows] == [
        ("BTCUSDT", 96, 96, START),
        ("币安人生USDT", 96, 0, START),
    ]
    assert rows[0][4] == pytest.approx(candles(96).volume.sum())
    assert START + 96 * 3_600_000 == START + 4 * DAY


def test_each_of_them_opens_funding(funded: Path) -> None:
    query = f"""
        SELECT epoch_ms(time), epoch_ms(settled_at), rate, hours, mark_price, symbol
        FROM read_parquet('{funded}/**/*.parquet', hive_partitioning = true) ORDER BY time
    """
    rows = [
        (START, START + 7, 0.0001, 8, None, "BTCUSDT"),
        (START + 8 * HOUR, START + 8 * HOUR, -0.0002, None, None, "BTCUSDT"),
    ]
    names = ["time", "settled_at", "rate", "hours", "mark_price", "symbol"]

    assert duckdb.sql(query).fetchall() == rows
    assert [*pd.read_parquet(funded).columns] == names
    frame = pl.scan_parquet(funded).with_columns(pl.col(pl.Datetime).dt.epoch("ms")).collect()
    assert frame.columns == names
    assert frame.rows() == rows


def test_candles_of_all_markets_are_one_table(root: Path) -> None:
    Store(root, Market.SPOT).write("BTCUSDT", Interval.D1, candles(3), RowSource("a test"))
    query = f"""
        SELECT market, interval, count(*)
        FROM read_parquet('{root}/*/kind=klines/**/*.parquet', hive_partitioning = true)
        GROUP BY ALL ORDER BY ALL
    """

    assert duckdb.sql(query).fetchall() == [("spot", "1d", 3), ("usdm", "1h", 192)]
