"""Recordings in a folder of zips as Binance's archive (data.binance.vision) holds them.

One CSV in each zip, with or without a header; times in ms or, on spot from 2025 on, in us, which
magnitude tells; SYMBOL-INTERVAL-DATE.zip says the rest, and SYMBOL-INTERVAL-DATE.zip.CHECKSUM
beside it holds the SHA-256 of the zip. Only the folders above a zip tell of which market it is,
and whether it holds the last, mark or index price: the same name stands for each.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np

from divbot.arrays import Floats
from divbot.domain.clock import utc_text
from divbot.domain.errors import RecordingError
from divbot.domain.market import Interval
from divbot.recordings.decoding import decoding
from divbot.recordings.track import Track, check_track, times_of

_DATE = r"\d{4}-\d\d?(-\d\d?)?\.zip"  # some months lack their zero
_CANDLES = re.compile(rf"(?P<symbol>.+)-(?P<interval>\d+[smhdwM]o?)-{_DATE}", re.IGNORECASE)
_OTHERS = re.compile(rf".+-[a-z]+-{_DATE}", re.IGNORECASE)
"""Trades, funding and whatever else the archive keeps beside candles."""
_ZIP = re.compile(
    r"(?P<symbol>.+)-(?P<what>[A-Za-z0-9]+)-(?P<year>\d{4})-(?P<month>\d\d?)(-(?P<day>\d\d?))?"
    r"\.zip"
)
_MARKETS = frozenset({"spot", "um", "cm", "option"})
_KINDS = frozenset(
    {
        *_MARKETS,
        *("klines", "markPriceKlines", "indexPriceKlines", "premiumIndexKlines"),
    }
)
_FIELDS = 12
_PRICES = ("open", "high", "low", "close", "volume")
_SUMS = ("quote_volume", "trades", "taker_volume", "taker_quote_volume")
_COLUMNS = {name: column for column, name in (*enumerate(_PRICES, 1), *enumerate(_SUMS, 7))}
"""The fields of a track, and where they stand in a row."""
_MICROSECONDS_FROM = 100_000_000_000_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HEADER = re.compile(rb"[A-Za-z][^\r\n]*[\r\n]*")
_LARGEST = 1 << 30  # a month of 1s candles is a third of it
_AGAIN = "download it again, or pack its CSV anew without a password"


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One zip of the archive, by what its name and its folders say."""

    path: Path
    kind: tuple[str, ...]
    """The market and the kind of price, as far as folders below the chosen one tell."""
    symbol: str
    interval: str


@dataclass(frozen=True, slots=True)
class RecordedZip:
    """One zip of candles or funding, of any market and price, by its name and folders."""

    path: Path
    market: str
    """spot, um or cm, as a folder above it says; empty where none does."""
    product: str
    """klines, markPriceKlines or another, as a folder above it says; empty where none does."""
    symbol: str
    interval: Interval | None
    """None: it holds no candles."""
    what: str
    """What else it holds, as fundingRate; empty for candles."""
    begin: int
    """When its month or day begins, ms UTC."""


def zips_below(folder: Path) -> Iterator[RecordedZip]:
    """Give the zips below `folder` whose names are the archive's; others are no matter."""
    for path in _zips(folder):
        match = _ZIP.fullmatch(path.name)
        if match is None:
            continue
        length = match["what"].replace("1mo", "1M")
        interval = next((x for x in Interval if x.value == length), None)
        year, month, day = (int(x or 1) for x in match.group("year", "month", "day"))
        with decoding(path, "a date in its name", "rename it"):
            begin = round(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)
        what = "" if interval else match["what"]
        market, product = _place(folder, path)
        yield RecordedZip(path, market, product, match["symbol"], interval, what, begin)


def _place(folder: Path, path: Path) -> tuple[str, str]:
    """Return what the folders above a zip say of its market and product."""
    above = path.resolve().parts[:-1]
    products = [x for x in above if x in _KINDS - _MARKETS]
    # Far above, a folder may be called spot for other reasons: there it takes the archive's two.
    pairs = [y for x, y in pairwise(above) if x in ("data", "futures") and y in _MARKETS]
    markets = [x for x in path.relative_to(folder).parts[:-1] if x in _MARKETS]
    return (*pairs, *markets, "")[0], (*reversed(products), "")[0]


def read_archive(folder: Path, interval: Interval | None) -> list[Track]:
    """Return what the zips below `folder` hold, one track for each symbol that has candles.

    With `interval`, zips of others are left aside. Raise RecordingError when there is no zip, when
    intervals, markets or kinds of prices are mixed, when two files hold the same candle, or when a
    zip is damaged.
    """
    chosen = _chosen(folder, interval)
    _expect_one_kind(folder, chosen)
    by_symbol: dict[str, list[Track]] = defaultdict(list)
    for file in chosen:
        track = _track(file)
        if len(track.open_time):
            check_track(track)
            by_symbol[file.symbol].append(track)
    return [_joined(folder, tracks) for tracks in by_symbol.values()]


def _chosen(folder: Path, interval: Interval | None) -> list[ArchiveFile]:
    files = _files(folder)
    if not files:
        raise RecordingError(
            f"{folder}: expected zips named like BTCUSDT-1m-2024-07.zip, found none"
        )
    found = sorted({file.interval for file in files})
    if interval is None and len(found) > 1:
        raise RecordingError(
            f"{folder}: expected candles of one interval, found {', '.join(found)}; "
            "choose one with --interval"
        )
    chosen = [file for file in files if interval is None or file.interval == interval.value]
    if not chosen:
        raise RecordingError(
            f"{folder}: expected {interval} candles, found {', '.join(found)}; change --interval"
        )
    return chosen


def _files(folder: Path) -> list[ArchiveFile]:
    return [file for path in _zips(folder) if (file := _file(folder, path)) is not None]


def _zips(folder: Path) -> list[Path]:
    with decoding(folder, "a folder that can be read", "check its permissions"):
        return sorted(path for path in _below(folder) if path.suffix.lower() == ".zip")


def _below(folder: Path) -> Iterator[Path]:
    """Give all files below `folder`; unlike a glob, raise OSError for a folder that is shut."""
    for place, _, names in os.walk(folder, onerror=_refuse):
        yield from (Path(place) / name for name in names)


def _refuse(error: OSError) -> None:
    raise error


def _file(folder: Path, path: Path) -> ArchiveFile | None:
    """Return what the zip at `path` is; None where it holds no candles but has its place there."""
    match = _CANDLES.fullmatch(path.name)
    if match is not None:
        kind = tuple(part for part in path.relative_to(folder).parts if part in _KINDS)
        return ArchiveFile(path, kind, match["symbol"], match["interval"].replace("1mo", "1M"))
    if _OTHERS.fullmatch(path.name):
        return None
    raise RecordingError(
        f"{path}: expected a zip named like BTCUSDT-1m-2024-07.zip, found another name; rename it "
        "or take it away"
    )


def _expect_one_kind(folder: Path, files: list[ArchiveFile]) -> None:
    kinds = {file.kind: file.path.relative_to(folder) for file in reversed(files)}
    if len(kinds) > 1:
        found = " and ".join(
            f"{' '.join(kind) or 'unnamed ones'} ({path})" for kind, path in sorted(kinds.items())
        )
        raise RecordingError(
            f"{folder}: expected candles of one market and one kind of price, found {found}; "
            "name a folder that holds one of them alone"
        )


def _track(file: ArchiveFile) -> Track:
    return track_in(file.path, verified(file.path), file.symbol)


def track_in(path: Path, packed: bytes, symbol: str, most: int = _LARGEST) -> Track:
    """Return the candles of a zip as they stand in it, in whatever order.

    Raise RecordingError, naming `path`, for a damaged zip and for one of more than `most` bytes of
    text.
    """
    fields = rows_in(path, packed, _FIELDS, most)
    times = times_of(fields[:, 0], f"{path}")
    return Track(
        symbol=symbol,
        source=str(path),
        open_time=np.where(times > _MICROSECONDS_FROM, times // 1000, times),
        **{name: fields[:, column].copy() for name, column in _COLUMNS.items()},
    )


def _joined(folder: Path, tracks: list[Track]) -> Track:
    """Return the candles of all `tracks`, which are of one symbol, in the order of time.

    Days that fill a hole in their month are welcome; a candle that stands in two files is not, as
    the two may tell it differently.
    """
    if len(tracks) == 1:
        return tracks[0]
    times = np.concatenate([track.open_time for track in tracks])
    order = np.argsort(times, kind="stable")
    twice = np.flatnonzero(np.diff(times[order]) == 0)
    if len(twice):
        owners = np.repeat(np.arange(len(tracks)), [len(track.open_time) for track in tracks])
        one, other = (tracks[owners[order[twice[0] + place]]].source for place in (0, 1))
        raise RecordingError(
            f"{one}: expected each candle in one file, found that of "
            f"{utc_text(int(times[order[twice[0]]]))} UTC and {len(twice) - 1} more in "
            f"{other} too; take one of the two files away"
        )
    return Track.joined(tracks, order, source=str(folder))


def verified(path: Path) -> bytes:
    """Return the bytes of a zip, which fit the checksum beside it, if there is one."""
    with decoding(path, "a zip with one CSV file", _AGAIN, found="what does not unpack"):
        packed = path.read_bytes()
        _verify(path, packed)
        return packed


def rows_in(path: Path, packed: bytes, fields: int, most: int = _LARGEST) -> Floats:
    """Return the `fields` of every row; times up to 2**53, in us until 2255, stay exact."""
    with (
        decoding(path, "a zip with one CSV file", _AGAIN, found="what does not unpack"),
        zipfile.ZipFile(BytesIO(packed)) as archive,
    ):
        text = archive.read(_member(path, archive, most).filename)  # errors name what was given
    return _parse(path, text, fields)


def _member(path: Path, archive: zipfile.ZipFile, most: int) -> zipfile.ZipInfo:
    """Return the one file of a zip; RecordingError for none, several, or one that is too large."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) != 1 or members[0].file_size > most:
        found = (
            f"one of {members[0].file_size} bytes" if len(members) == 1 else f"{len(members)} files"
        )
        raise RecordingError(
            f"{path}: expected a zip with one CSV file of at most {most} bytes, found {found}; "
            f"{_AGAIN}"
        )
    return members[0]


def _verify(path: Path, packed: bytes) -> None:
    beside = path.with_name(f"{path.name}.CHECKSUM")
    if not beside.exists():
        return
    expected = beside.read_text("utf-8", errors="replace").split()[:1]
    found = hashlib.sha256(packed).hexdigest()
    if expected != [found]:
        raise RecordingError(
            f"{path}: expected SHA-256 {''.join(expected) or 'in its CHECKSUM file'}, "
            f"found {found}; download both files again"
        )


def _parse(path: Path, text: bytes, count: int) -> Floats:
    text = text.removeprefix(_BYTE_ORDER_MARK)
    if header := _HEADER.match(text):
        text = text[header.end() :]
    if not text.strip():
        return np.empty((0, count))
    with decoding(path, f"{count} numeric columns", "download it again"):
        # Without comments: a row is none because of a mark before it.
        fields: Floats = np.loadtxt(BytesIO(text), delimiter=",", comments=None, ndmin=2)
    if fields.shape[1] != count:
        raise RecordingError(
            f"{path}: expected {count} columns, found {fields.shape[1]}; download it again"
        )
    return fields
