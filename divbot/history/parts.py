"""One file of the store: a month of candles or of funding in Parquet, and what it says of itself.

The schema is one for all candles and one for all funding, so that other tools read any number of
files as one table; what no source tells is null. In the file's own metadata, below `divbot`, stands
a `Note` in JSON: where the rows come from and what is missing. A file and its note are replaced
together or not at all. Files of candles of a minute or less have a row group for each day (UTC), so
that a day can be read alone.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Floats
from divbot.domain.durations import DAY
from divbot.domain.errors import InputError, RecordingError, StoreError
from divbot.domain.market import Interval
from divbot.extras import PYARROW, how_to_install
from divbot.files import why_unwritable, write_whole
from divbot.history.candles import ALWAYS, OPTIONAL, told
from divbot.history.funding import LONGEST, FundingTrack
from divbot.history.shelf import unreadable
from divbot.history.spans import Span
from divbot.recordings.decoding import decoding
from divbot.recordings.track import Track

VERSION = 1
"""Of the files' schema and note, and of the store's layout."""
MEND = "`divbot data verify` fetches it again, or delete it"
_NOTE = b"divbot"
_WHOLE = frozenset({"trades"})
_LEVEL = 3
_EVER = 0, 1 << 62
_FOOTERS = 512
"""That are kept: those of a month of minutes of 400 symbols are 100 MB."""
_NOTES = 1 << 14

_Columns: TypeAlias = dict[str, NDArray[np.int64] | Floats | None]


@dataclass(frozen=True, slots=True)
class RowSource:
    """Where rows come from."""

    name: str
    """A key of the archive, `REST`, or the path of a file that was imported."""
    sha256: str = ""
    etag: str = ""
    modified: str = ""
    """Last-Modified, as the listing writes it."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a file says of itself."""

    rows: int
    first: int
    """The first open, ms UTC."""
    last: int
    """The last open, ms UTC."""
    holes: tuple[Span, ...] = ()
    """Between the first and the last candle."""
    sources: tuple[RowSource, ...] = ()
    nowhere: tuple[Span, ...] = ()
    """What the venue itself was asked for and has not."""
    digest: str = ""
    """BLAKE2 of the rows, whatever they are packed in."""
    periods: tuple[int, int] | None = None
    """Of funding: how far from the first and the last, in ms, others were due at most."""

    @property
    def outer_periods(self) -> tuple[int, int]:
        """Return the same; the longest there are of a file that does not say."""
        return self.periods or (LONGEST, LONGEST)


class DamagedFile(StoreError):
    """A file of the store is not what it was when it was written."""


def packages() -> tuple[Any, Any]:
    """Return pyarrow and its part for Parquet; InputError, with what to do, where it is missing."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise InputError(
            "the store of candles needs pyarrow (divbot's extra `history`), which is not "
            f"installed; run: {how_to_install(PYARROW)}"
        ) from error
    return pa, pq


def candles_schema() -> Any:
    """Return the columns of candles, in pyarrow's terms."""
    pa, _ = packages()
    return pa.schema(
        [
            pa.field("open_time", pa.timestamp("ms", tz="UTC"), nullable=False),
            *(pa.field(name, pa.float64(), nullable=False) for name in ALWAYS),
            *(pa.field(x, pa.int64() if x in _WHOLE else pa.float64()) for x in OPTIONAL),
        ]
    )


def funding_schema() -> Any:
    """Return the columns of funding, in pyarrow's terms."""
    pa, _ = packages()
    return pa.schema(
        [
            pa.field("time", pa.timestamp("ms", tz="UTC"), nullable=False),
            pa.field("settled_at", pa.timestamp("ms", tz="UTC"), nullable=False),
            pa.field("rate", pa.float64(), nullable=False),
            pa.field("hours", pa.int64()),
            pa.field("mark_price", pa.float64()),
        ]
    )


def write_candles(path: Path, track: Track, note: Note, interval: Interval) -> None:
    """Put the candles of one month in the place of the file at `path`; raise StoreError."""
    columns: _Columns = {"open_time": track.open_time}
    columns |= {name: getattr(track, name) for name in ALWAYS}
    columns |= {name: told(track, name) for name in OPTIONAL}
    days = track.open_time // DAY if interval.milliseconds <= Interval.M1.milliseconds else None
    _write(path, candles_schema(), columns, note, days)


def write_funding(path: Path, funding: FundingTrack, note: Note) -> None:
    """Put the settlements of one month in the place of the file at `path`; raise StoreError."""
    columns: _Columns = {
        "time": funding.at,
        **{x: getattr(funding, x) for x in ("settled_at", "rate", "hours", "mark_price")},
    }
    _write(path, funding_schema(), columns, note, None)


def read_note(path: Path) -> Note:
    """Return what the file at `path` says of itself; StoreError where it is damaged or newer."""
    with _reading(path):
        return _kept_note(path, _stamp(path))


def read_candles(path: Path, symbol: str, start: int, end: int) -> Track:
    """Return the candles of a file that open from `start` to before `end` (ms UTC)."""
    columns = _read(path, candles_schema, "open_time", start, end)
    return Track(symbol, str(path), columns.pop("open_time"), **columns)


def read_funding(path: Path, start: int, end: int) -> FundingTrack:
    """Return the settlements of a file that were due from `start` to before `end` (ms UTC)."""
    columns = _read(path, funding_schema, "time", start, end)
    unknown = np.full(len(columns["time"]), np.nan)
    hours, mark = (unknown if columns[x] is None else columns[x] for x in ("hours", "mark_price"))
    return FundingTrack(columns["time"], columns["settled_at"], columns["rate"], hours, mark)


def check_candles(path: Path, symbol: str) -> None:
    """Raise DamagedFile where the candles of a file are not those that were written."""
    track = read_candles(path, symbol, *_EVER)
    columns = [track.open_time, *(getattr(track, x) for x in ALWAYS)]
    _check(path, [*columns, *(told(track, x) for x in OPTIONAL)])


def check_funding(path: Path) -> None:
    """Raise DamagedFile where the settlements of a file are not those that were written."""
    found = read_funding(path, *_EVER)
    _check(path, [found.at, found.settled_at, found.rate, found.hours, found.mark_price])


def _check(path: Path, columns: Sequence[Any]) -> None:
    if read_note(path).digest != _digest(columns):
        raise DamagedFile(f"{path}: expected the rows that were written, found others; {MEND}")


def _digest(columns: Sequence[Any]) -> str:
    found = hashlib.blake2b(digest_size=16)
    for values in columns:
        # Of the many patterns of bits that are no number, one.
        is_whole = values.dtype == np.int64
        found.update((values if is_whole else np.where(np.isnan(values), np.nan, values)).tobytes())
    return found.hexdigest()


def note_text(note: Note) -> bytes:
    """Return a note as it is written."""
    return json.dumps({"version": VERSION, **asdict(note)}, ensure_ascii=False).encode()


def _note(path: Path, metadata: Any) -> Note:
    written = json.loads((metadata or {})[_NOTE])
    if written["version"] > VERSION:
        raise newer(path, written["version"])
    known = {x.name: written[x.name] for x in fields(Note) if x.name in written}
    known["sources"] = tuple(RowSource(**x) for x in known["sources"])
    for name in ("holes", "nowhere"):
        known[name] = tuple(Span(*x) for x in known[name])
    if known.get("periods"):
        known["periods"] = tuple(known["periods"])
    return Note(**known)


def newer(path: Path, version: object) -> StoreError:
    """Return the error for what a newer divbot has written."""
    return StoreError(
        f"{path}: expected a store of version {VERSION}, found version {version}, written by a "
        "newer divbot; update divbot, or name another folder with --store"
    )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    pa, _ = packages()
    try:
        with decoding(path, "a Parquet file of the store", MEND, others=(pa.ArrowException,)):
            try:
                yield
            except PermissionError as error:  # nothing is wrong with what it holds
                raise unreadable(path, error) from error
    except RecordingError as error:
        raise DamagedFile(str(error)) from error


def _write(
    path: Path, schema: Any, columns: _Columns, note: Note, groups: NDArray[np.int64] | None
) -> None:
    pa, pq = packages()
    note = replace(note, digest=_digest([columns[x] for x in schema.names]))
    arrays = [_arrow(columns[x.name], x.type, nullable=x.nullable) for x in schema]
    table = pa.Table.from_arrays(arrays, schema=schema.with_metadata({_NOTE: note_text(note)}))
    whole = {x.name for x in schema if pa.types.is_timestamp(x.type)}
    content = BytesIO()
    with pq.ParquetWriter(
        content,
        table.schema,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=[x for x in schema.names if x not in whole],
        column_encoding=dict.fromkeys(whole, "DELTA_BINARY_PACKED"),
        write_page_checksum=True,
    ) as writer:
        for start, end in _groups(len(table), groups):
            writer.write_table(table.slice(start, end - start), row_group_size=len(table))
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content.getvalue())


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what a disk raises into a StoreError: what is wrong, and that nothing is lost."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written: {why_unwritable(error)}, or name another folder with "
            "--store; what is there already stays, and the same command goes on with it"
        ) from error


def _groups(rows: int, groups: NDArray[np.int64] | None) -> Iterator[tuple[int, int]]:
    bounds = [] if groups is None else (np.flatnonzero(np.diff(groups)) + 1).tolist()
    return zip([0, *bounds], [*bounds, rows], strict=True)


def _arrow(values: Any, type_: Any, *, nullable: bool) -> Any:
    """Return a column for Parquet; where it may be null, it is where there is no number."""
    pa, _ = packages()
    known = None
    if nullable:
        is_known = ~np.isnan(values)
        known = pa.py_buffer(np.packbits(is_known, bitorder="little"))
        values = np.where(is_known, values, 0)
    # Of buffers: pyarrow's own ways from and to numpy import pandas, which takes half a second.
    numbers = np.ascontiguousarray(values, _numbers_of(type_))
    return pa.Array.from_buffers(type_, len(numbers), [known, pa.py_buffer(numbers)])


def _numbers_of(type_: Any) -> type[np.float64] | type[np.int64]:
    """Return what a column's numbers are in memory; times are whole ms."""
    pa, _ = packages()
    return np.float64 if pa.types.is_floating(type_) else np.int64


def _read(path: Path, schema: Callable[[], Any], time: str, start: int, end: int) -> dict[str, Any]:
    """Return the rows in the range by columns; None for a column that is null throughout."""
    _, pq = packages()
    with _reading(path):
        stamp = _stamp(path)
        note = _kept_note(path, stamp)
        # Who reads all of a file does so once, and who reads it by days does so again and again.
        is_all = start <= note.first and note.last < end
        footer = (_footer if is_all else _kept_footer)(path, stamp)
        groups = [x for x, rows in enumerate(footer.groups) if rows.meets(start, end)]
        with pq.ParquetFile(
            path, metadata=footer.metadata, page_checksum_verification=True
        ) as file:
            # Not the metadata's own schema: the two would hold each other, and be garbage for long.
            if not file.schema_arrow.equals(schema()):
                raise ValueError("other columns than the store's")
            table = file.read_row_groups(groups, use_threads=False)
        columns = {name: _numpy(table.column(name)) for name in table.column_names}
    first, last = np.searchsorted(columns[time], [start, end])
    return {x: None if y is None else y[first:last] for x, y in columns.items()}


class _Rows(NamedTuple):
    """The times of a row group, both included, ms UTC; where it is the only one, all."""

    first: float
    last: float

    def meets(self, start: int, end: int) -> bool:
        """Tell whether there may be rows from `start` to before `end`."""
        return self.first < end and self.last >= start


class _Footer(NamedTuple):
    """What the end of a file says of it."""

    metadata: Any
    groups: tuple[_Rows, ...]


class _Stamp(NamedTuple):
    """What is another one once a file was replaced or written to."""

    inode: int
    written_at: int
    size: int


def _stamp(path: Path) -> _Stamp:
    found = os.stat(path)  # noqa: PTH116 - of a path it takes twice as long
    return _Stamp(found.st_ino, found.st_mtime_ns, found.st_size)


def _footer(path: Path, stamp: _Stamp) -> _Footer:  # noqa: ARG001 - what it is kept under
    """Return the footer of the file at `path` as it stands."""
    _, pq = packages()
    metadata = pq.read_metadata(path)
    return _Footer(metadata, tuple(_groups_of(metadata)))


_kept_footer = lru_cache(_FOOTERS)(_footer)


@lru_cache(_NOTES)
def _kept_note(path: Path, stamp: _Stamp) -> Note:  # noqa: ARG001 - what it is kept under
    _, pq = packages()
    return _note(path, pq.read_metadata(path).metadata)


def _groups_of(metadata: Any) -> Iterator[_Rows]:
    if metadata.num_row_groups == 1:
        yield _Rows(-math.inf, math.inf)
        return
    for number in range(metadata.num_row_groups):
        limits = metadata.row_group(number).column(0).statistics
        yield _Rows(*(round(1000 * x.timestamp()) for x in (limits.min, limits.max)))


def _numpy(column: Any) -> Any:
    """Return times as whole numbers and all else as floats; None for a column of nulls."""
    pa, _ = packages()
    if len(column) and column.null_count == len(column):
        return None
    whole = column.combine_chunks()
    known, numbers = whole.buffers()
    dtype = _numbers_of(column.type)
    values = np.frombuffer(numbers or b"", dtype, len(whole), whole.offset * dtype().itemsize)
    if pa.types.is_timestamp(column.type):
        return values
    if not whole.null_count:
        return values.astype(np.float64, copy=False)
    bits = np.unpackbits(np.frombuffer(known, np.uint8), bitorder="little")
    return np.where(bits[whole.offset :][: len(whole)], values, np.nan)
