"""Recordings in one table: a parquet or CSV file with a row for each symbol and candle."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

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
    frame = read_columns(path, _COLUMNS)
    tracks = _tracks(frame, str(path), {name: numbers_of(path, frame, name) for name in _NUMBERS})
    for track in tracks:
        check_track(track)
    return tracks


def read_columns(path: Path, wanted: Sequence[str]) -> pd.DataFrame:
    """Return a file that has the `wanted` columns; those of a CSV file as text."""
    frame = _read(path, wanted)
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise RecordingError(
            f"{path}: expected columns {', '.join(wanted)}, found no {', '.join(missing)}"
        )
    return frame


def has_columns(path: Path, wanted: Collection[str]) -> bool:
    """Tell whether a parquet or CSV file has all `wanted` columns; not whether they make sense."""
    frame = _read(path, tuple(wanted), rows=0) if path.is_file() else ()
    return all(name in frame for name in wanted)


def _read(path: Path, wanted: Sequence[str], rows: int | None = None) -> pd.DataFrame:
    kind = path.suffix.lower()
    if kind in (".parquet", ".pq"):
        return _read_parquet(path, wanted, rows)
    if kind == ".csv":
        return _read_csv(path, rows)
    raise RecordingError(
        f"{path}: expected a .parquet or .csv file or a folder of archive zips, found "
        f"{kind or 'a file without an ending'}"
    )


def _read_parquet(path: Path, wanted: Sequence[str], rows: int | None) -> pd.DataFrame:
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
            chosen = [name for name in wanted if name in file.schema_arrow.names]
            # A column that is there twice does not get past `select`.
            read = file.read if rows is None else partial(file.read_row_groups, [])
            table = read(columns=chosen).select(chosen)
        table.validate(full=True)  # else names that are no text are found out much later
        # What another program noted for pandas, of an index and the like, is no part of a market.
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
        return frame


def _read_csv(path: Path, rows: int | None) -> pd.DataFrame:
    import pandas as pd

    with decoding(path, "a CSV file", "write it again, in UTF-8"):
        # As text: pandas' own parser of floats may miss the last bit, and would take a coin
        # named NA for a hole.
        return pd.read_csv(path, dtype=str, keep_default_na=False, nrows=rows)


def numbers_of(path: Path, frame: pd.DataFrame, name: str) -> Floats:
    """Return a column as floats; an empty cell is NaN."""
    with decoding(path, f"numbers in column {name}", "write plain numbers"):
        numbers: Floats = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers


def rows_by_symbol(frame: pd.DataFrame, source: str) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Give each symbol, in the file's order, with the numbers of its rows."""
    codes, symbols = frame["symbol"].factorize()
    nameless = np.flatnonzero(codes < 0)
    if len(nameless):
        raise RecordingError(
            f"{source}: expected a symbol in every row, found none in {len(nameless)} rows, the "
            f"first of them row {nameless[0] + 1}; fill them in or remove them"
        )
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(symbols) + 1))
    for symbol, first, last in zip(symbols, bounds[:-1], bounds[1:], strict=True):
        yield str(symbol), order[first:last]


def _tracks(frame: pd.DataFrame, source: str, numbers: dict[str, Floats]) -> list[Track]:
    groups = list(rows_by_symbol(frame, source))
    times = times_of(numbers["open_time"], source)
    columns = [numbers[name] for name in _NUMBERS[1:]]
    return [
        Track(symbol, source, times[rows], *(each[rows] for each in columns))
        for symbol, rows in groups
    ]
