"""Recordings in one table: a parquet or CSV file with a row for each symbol and candle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from divbot.arrays import Floats
from divbot.domain.errors import RecordingError
from divbot.extras import PYARROW, how_to_install
from divbot.recordings.decoding import decoding
from divbot.recordings.track import Track, check_track, times_of

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ("open_time", "open", "high", "low", "close", "volume")
_COLUMNS = ("symbol", *_NUMBERS)


def read_table(path: Path) -> list[Track]:
    """Return what the file holds, one track for each symbol, in the file's order.

    Raise RecordingError when it cannot be read, lacks a column, or has a row that cannot be.
    """
    frame = _read(path)
    missing = [name for name in _COLUMNS if name not in frame.columns]
    if missing:
        raise RecordingError(
            f"{path}: expected columns {', '.join(_COLUMNS)}, found no {', '.join(missing)}"
        )
    tracks = _tracks(frame, str(path), {name: _numbers(path, frame, name) for name in _NUMBERS})
    for track in tracks:
        check_track(track)
    return tracks


def _read(path: Path) -> pd.DataFrame:
    kind = path.suffix.lower()
    if kind in (".parquet", ".pq"):
        return _read_parquet(path)
    if kind == ".csv":
        return _read_csv(path)
    raise RecordingError(
        f"{path}: expected a .parquet or .csv file or a folder of archive zips, found "
        f"{kind or 'a file without an ending'}"
    )


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise RecordingError(
            f"{path}: reading parquet needs pyarrow, which is not installed; "
            f"run: {how_to_install(PYARROW)}"
        ) from error
    with decoding(path, "a parquet file", "write it again", others=(pa.ArrowException,)):
        with pq.ParquetFile(path) as file:
            chosen = [name for name in _COLUMNS if name in file.schema_arrow.names]
            # A column that is there twice does not get past `select`.
            table = file.read(columns=chosen).select(chosen)
        table.validate(full=True)  # else names that are no text are found out much later
        # What another program noted for pandas, of an index and the like, is no part of a market.
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
        return frame


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    with decoding(path, "a CSV file", "write it again, in UTF-8"):
        # As text: pandas' own parser of floats may miss the last bit, and would take a coin
        # named NA for a hole.
        return pd.read_csv(path, dtype=str, keep_default_na=False)


def _numbers(path: Path, frame: pd.DataFrame, name: str) -> Floats:
    with decoding(path, f"numbers in column {name}", "write plain numbers"):
        numbers: Floats = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers


def _tracks(frame: pd.DataFrame, source: str, numbers: dict[str, Floats]) -> list[Track]:
    codes, symbols = frame["symbol"].factorize()
    nameless = np.flatnonzero(codes < 0)
    if len(nameless):
        raise RecordingError(
            f"{source}: expected a symbol in every row, found none in {len(nameless)} rows, the "
            f"first of them row {nameless[0] + 1}; fill them in or remove them"
        )
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(symbols) + 1))
    times = times_of(numbers["open_time"], source)[order]
    columns = [numbers[name][order] for name in _NUMBERS[1:]]
    tracks = []
    for symbol, first, last in zip(symbols, bounds[:-1], bounds[1:], strict=True):
        opened, high, low, close, volume = (each[first:last] for each in columns)
        time = times[first:last]
        tracks.append(Track(str(symbol), source, time, opened, high, low, close, volume))
    return tracks
