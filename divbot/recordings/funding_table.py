"""Funding rates in one table: a parquet or CSV file with columns symbol, time (ms UTC) and rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Floats
from divbot.domain.errors import RecordingError
from divbot.recordings.table import has_columns, numbers_of, read_columns, rows_by_symbol
from divbot.recordings.track import times_of

_COLUMNS = ("symbol", "time", "rate")


def holds_funding(path: Path) -> bool:
    """Tell whether a file has the columns of funding rates."""
    return has_columns(path, _COLUMNS)


def read_funding_table(path: Path) -> dict[str, tuple[NDArray[np.int64], Floats]]:
    """Return times and rates by symbol; RecordingError for a row that cannot be."""
    frame = read_columns(path, _COLUMNS)
    times = times_of(numbers_of(path, frame, "time"), f"{path}")
    rates = numbers_of(path, frame, "rate")
    beyond = np.flatnonzero(~(np.abs(rates) < 1))
    if len(beyond):
        raise RecordingError(
            f"{path}: expected rates between -1 and 1, found {rates[beyond[0]]!s} in row "
            f"{beyond[0] + 1}; repair or remove that row"
        )
    return {symbol: (times[rows], rates[rows]) for symbol, rows in rows_by_symbol(frame, f"{path}")}
