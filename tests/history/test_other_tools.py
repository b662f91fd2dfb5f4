"""The store is plain Parquet: pandas, polars and DuckDB open it, as the documents say."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

from divbot.domain.market import Interval, Market
from divbot.history.parts import RowSource
from divbot.history.store import Store

from .markets import DAY, START, candles

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
    return tmp_path


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
