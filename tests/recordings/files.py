"""Recordings written to files, right and wrong."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pandas as pd

from divbot.domain.clock import parse_time

START = parse_time("2024-07-30")
MINUTE = 60_000
COLUMNS = ["symbol", "open_time", "open", "high", "low", "close", "volume"]


def table(count: int = 4, *, symbol: str = "AAAUSDT", start: int = START) -> pd.DataFrame:
    """Return a good recording of 1m candles."""
    times = [start + number * MINUTE for number in range(count)]
    rows = [(symbol, time, 1.5, 1.75, 1.25, 1.5, 1000.5) for time in times]
    return pd.DataFrame(rows, columns=COLUMNS)


def write_csv(path: Path, frame: pd.DataFrame) -> Path:
    """Write a table as CSV."""
    frame.to_csv(path, index=False)
    return path


def archive_row(time: int, close_time: int) -> str:
    """Return one line as the archive has it."""
    return f"{time},1.5,1.75,1.25,1.5,1000.5,{close_time},1500.75,12,600.5,900.75,0"


def write_zip(path: Path, text: str, *, checksum: str | None = None) -> Path:
    """Write one archive zip; `checksum` "good" writes its own beside it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}.csv", text)
    if checksum is not None:
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if checksum == "good" else checksum
        path.with_name(f"{path.name}.CHECKSUM").write_text(f"{digest}  {path.name}")
    return path
