"""Candles as freqtrade keeps them: a file for each pair and length, in feather or parquet.

    BTC_USDT-5m.feather                             spot
    futures/BTC_USDT_USDT-5m-futures.feather        futures, and so mark and funding_rate

Columns date (open time, UTC), open, high, low, close, volume; of funding, the rate is in `open`.
freqtrade reads names of Latin letters, digits and _ alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from divbot.domain.errors import RecordingError
from divbot.domain.market import Interval, Market
from divbot.files import whole_file
from divbot.history.candles import ALWAYS
from divbot.history.funding import FundingTrack
from divbot.history.kind import StoredKind
from divbot.history.parts import packages
from divbot.recordings.decoding import decoding
from divbot.recordings.track import Track, check_track

ENDINGS = (".feather", ".parquet")
FOLDER = "futures"
FUNDING_LENGTH = "1h"
"""How freqtrade calls the files of funding, whatever its hours."""
_QUOTE = "USDT"
_NAME = re.compile(
    r"(?P<base>[A-Za-z0-9_]+?)_(?P<quote>[A-Z]+)(?:_(?P<margin>(?P=quote)))?"
    r"-(?P<length>\d+[smhdwM]o?)(?:-(?P<type>futures|mark|funding_rate|spot))?"
)
_TYPES = {StoredKind.KLINES: "futures", StoredKind.MARK: "mark", StoredKind.FUNDING: "funding_rate"}
_KINDS = {text: kind for kind, text in _TYPES.items()}
_SIMULATED = {b"divbot": b'{"simulated": true}'}
"""In the metadata of a file whose prices are a local exchange's."""
_AGAIN = "let freqtrade download it again"
_PLAIN = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Named:
    """What the name of a file says."""

    path: Path
    market: Market
    kind: StoredKind
    interval: Interval | None
    symbol: str


def file_name(
    market: Market, kind: StoredKind, interval: Interval | None, symbol: str, ending: str
) -> str | None:
    """Return where freqtrade looks for it; None for a symbol that it cannot name."""
    base = symbol.removesuffix(_QUOTE)
    if base == symbol or not _PLAIN.fullmatch(base):
        return None
    length = interval.value.replace("1M", "1Mo") if interval else FUNDING_LENGTH
    if market is Market.SPOT:
        return f"{base}_{_QUOTE}-{length}{ending}"
    return f"{FOLDER}/{base}_{_QUOTE}_{_QUOTE}-{length}-{_TYPES[kind]}{ending}"


def named(path: Path) -> Named | None:
    """Return what a file of freqtrade's is; None for any other file."""
    match = _NAME.fullmatch(path.stem) if path.suffix in ENDINGS else None
    if match is None:
        return None
    length = match["length"].replace("1Mo", "1M")
    interval = next((x for x in Interval if x.value == length), None)
    kind = _KINDS.get(match["type"] or "", StoredKind.KLINES)
    if interval is None:
        return None
    market = Market.USDM if match["margin"] else Market.SPOT
    symbol = f"{match['base']}{match['quote']}"
    return Named(path, market, kind, None if kind is StoredKind.FUNDING else interval, symbol)


def files_in(path: Path) -> Iterator[Named]:
    """Give all of freqtrade's files in a folder and in its folder of futures, or the one file."""
    folders = (path, path / FOLDER) if path.is_dir() else ()
    paths = [x for folder in folders if folder.is_dir() for x in sorted(folder.iterdir())]
    for each in paths or [path]:
        if found := named(each):
            yield found


def write_candles(path: Path, track: Track, *, is_simulated: bool) -> None:
    """Write candles to a new file, which says of itself whether they are simulated."""
    columns = [getattr(track, x) for x in ALWAYS]
    _write(path, track.open_time, columns, is_simulated=is_simulated)


def write_funding(path: Path, funding: FundingTrack, *, is_simulated: bool) -> None:
    """Write rates of funding to a new file, which says of itself whether they are simulated."""
    nothing = np.zeros(len(funding))
    columns = [funding.rate, *[nothing] * (len(ALWAYS) - 1)]
    _write(path, funding.at, columns, is_simulated=is_simulated)


def says_simulated(path: Path) -> bool:
    """Tell whether a file says of itself that what it holds is simulated."""
    return _SIMULATED.items() <= (_read_table(path, []).schema.metadata or {}).items()


def read_candles(file: Named) -> Track:
    """Return the candles of a file; RecordingError for a bad one."""
    table = _read(file.path)
    track = Track(file.symbol, str(file.path), table.pop("date"), **table)
    if len(track.open_time):
        check_track(track)
    return track


def read_funding(file: Named) -> FundingTrack:
    """Return the rates of a file; RecordingError for a bad one."""
    table = _read(file.path)
    return FundingTrack.of(table["date"], table["open"])


def _write(path: Path, times: Any, columns: list[Any], *, is_simulated: bool) -> None:
    pa, pq = packages()
    import pyarrow.feather as pf

    date = pa.array(times, type=pa.int64()).cast(pa.timestamp("ms", tz="UTC"))
    table = pa.Table.from_arrays([date, *map(pa.array, columns)], names=["date", *ALWAYS])
    table = table.replace_schema_metadata(_SIMULATED if is_simulated else None)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, is_durable=False) as file:
        if path.suffix == ".feather":
            pf.write_feather(table, file, compression="lz4")
        else:
            pq.write_table(table, file)


def _read_table(path: Path, columns: list[str] | None = None) -> Any:
    """Return some columns of a file, or all; RecordingError for a bad one."""
    pa, pq = packages()
    import pyarrow.feather as pf

    with decoding(path, "a file of freqtrade's", _AGAIN, others=(pa.ArrowException,)):
        read = pf.read_table if path.suffix == ".feather" else pq.read_table
        return read(path, columns=columns)


def _read(path: Path) -> dict[str, Any]:
    pa, _ = packages()
    table = _read_table(path)
    missing = [x for x in ("date", *ALWAYS) if x not in table.column_names]
    if missing:
        raise RecordingError(
            f"{path}: expected columns date, {', '.join(ALWAYS)}, found no {', '.join(missing)}"
        )
    with decoding(path, "times and numbers", _AGAIN, others=(pa.ArrowException,)):
        times = table.column("date").cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())
        numbers = {x: table.column(x).cast(pa.float64()).to_numpy() for x in ALWAYS}
        return {"date": times.to_numpy(), **numbers}
