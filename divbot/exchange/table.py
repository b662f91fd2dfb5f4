"""Recordings in one table: a parquet or CSV file with a row for each symbol and candle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from divbot.domain.errors import RecordingError
from divbot.exchange.track import Floats, Track
from divbot.extras import PYARROW, how_to_install

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ("open_time", "open", "high", "low", "close", "volume")
_COLUMNS = ("symbol", *_NUMBERS)


def read_table(path: Path) -> list[Track]:
    """Return what the file holds, one track for each symbol, in the file's order.

    Raise RecordingError when it cannot be read or lacks a column.
    """
    frame = _read(path)
    missing = [name for name in _COLUMNS if name not in frame.columns]
    if missing:
        raise RecordingError(
            f"{path}: expected columns {', '.join(_COLUMNS)}, found no {', '.join(missing)}"
        )
    return _tracks(frame, str(path), {name: _numbers(path, frame, name) for name in _NUMBERS})


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
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except ImportError as error:
        raise RecordingError(
            f"{path}: reading parquet needs pyarrow, which is not installed; "
            f"run: {how_to_install(PYARROW)}"
        ) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, "parquet", error) from error


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        # As text: pandas' own parser of floats may miss the last bit, and would take a coin
        # named NA for a hole.
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise _unreadable(path, "CSV", error) from error


def _unreadable(path: Path, kind: str, error: Exception) -> RecordingError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return RecordingError(f"{path}: expected a {kind} file, found what does not read: {lines[0]}")


def _numbers(path: Path, frame: pd.DataFrame, name: str) -> Floats:
    try:
        numbers: Floats = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise RecordingError(
            f"{path}: expected numbers in column {name}, found something else: {error}; "
            "write plain numbers"
        ) from error
    if name == "open_time" and not np.isfinite(numbers).all():
        raise RecordingError(f"{path}: expected a time in every row of open_time, found none")
    return numbers


def _tracks(frame: pd.DataFrame, source: str, numbers: dict[str, Floats]) -> list[Track]:
    codes, symbols = frame["symbol"].factorize()
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(symbols) + 1))
    # Exact: even in microseconds a time is below 2**53.
    times = numbers["open_time"][order].astype(np.int64)
    columns = [numbers[name][order] for name in _NUMBERS[1:]]
    tracks = []
    for symbol, first, last in zip(symbols, bounds[:-1], bounds[1:], strict=True):
        opened, high, low, close, volume = (each[first:last] for each in columns)
        time = times[first:last]
        tracks.append(Track(str(symbol), source, time, opened, high, low, close, volume))
    return tracks
