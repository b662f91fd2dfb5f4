"""The store in the layouts of other programs: freqtrade's, and a CSV file for each symbol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

import numpy as np

from divbot.files import write_whole
from divbot.history import freqtrade
from divbot.history.kind import StoredKind
from divbot.history.shelf import Shelf
from divbot.history.spans import Span
from divbot.history.store import Store
from divbot.recordings.track import Track

_CSV_NAMES = "Open,High,Low,Close,Volume"


class Layout(StrEnum):
    """What is written."""

    FEATHER = "freqtrade-feather"
    PARQUET = "freqtrade-parquet"
    CSV = "csv"
    """As backtesting.py and vectorbt read it: a time index, and Open High Low Close Volume."""


def export(
    store: Store, shelves: Iterable[Shelf], span: Span, folder: Path, layout: Layout
) -> Iterator[tuple[Shelf, Path | None]]:
    """Write each shelf's part of `span` below `folder`; give its file, None where it has no name.

    What has no candles there gets no file. One symbol is in memory at a time.
    """
    for shelf in shelves:
        path = _path(shelf, folder, layout)
        if path is None or _write(store, shelf, span, path):
            yield shelf, path


def _path(shelf: Shelf, folder: Path, layout: Layout) -> Path | None:
    if layout is Layout.CSV:
        kind = "" if shelf.kind is StoredKind.KLINES else f"-{shelf.kind}"
        length = f"-{shelf.interval.file_name}" if shelf.interval else ""
        return folder / f"{shelf.symbol}{length}{kind}.csv"
    ending = ".feather" if layout is Layout.FEATHER else ".parquet"
    name = freqtrade.file_name(shelf.market, shelf.kind, shelf.interval, shelf.symbol, ending)
    return None if name is None else folder / name


def _write(store: Store, shelf: Shelf, span: Span, path: Path) -> bool:
    is_csv = path.suffix == ".csv"
    if shelf.kind is StoredKind.FUNDING:
        funding = store.funding(shelf.symbol, *span)
        if len(funding) and is_csv:
            rows = zip(_dates(funding.at), funding.rate.tolist(), strict=True)
            _write_lines(path, "Date,Rate", (f"{date},{rate!r}" for date, rate in rows))
        elif len(funding):
            freqtrade.write_funding(path, funding, is_simulated=bool(store.is_simulated))
        return len(funding) > 0
    track = store.kept(shelf, *span)
    if len(track.open_time) and is_csv:
        _write_lines(path, f"Date,{_CSV_NAMES}", _csv_rows(track))
    elif len(track.open_time):
        freqtrade.write_candles(path, track, is_simulated=bool(store.is_simulated))
    return len(track.open_time) > 0


def _csv_rows(track: Track) -> Iterator[str]:
    columns = (track.open, track.high, track.low, track.close, track.volume)
    rows = zip(_dates(track.open_time), *(x.tolist() for x in columns), strict=True)
    return (",".join((date, *map(repr, numbers))) for date, *numbers in rows)


def _dates(times: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[str]:
    return [f"{x}Z" for x in np.datetime_as_string(times.astype("datetime64[ms]"), unit="s")]


def _write_lines(path: Path, head: str, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "".join(f"{line}\n" for line in (head, *lines)).encode(), is_durable=False)
