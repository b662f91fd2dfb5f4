"""A market that was recorded: real candles of one interval, served as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from divbot.arrays import Floats
from divbot.domain.market import Interval
from divbot.exchange.market.contracts import contract_named
from divbot.exchange.market.tape import (
    CLOSE,
    COLUMNS,
    HIGH,
    LOW,
    OPEN,
    OPEN_TIME,
    QUOTE_VOLUME,
    TAKER_QUOTE_VOLUME,
    TAKER_VOLUME,
    TRADES,
    VOLUME,
    Rows,
    SymbolListing,
)
from divbot.recordings.exactness import decimals_of, units_of
from divbot.recordings.recording import read_tracks
from divbot.recordings.track import Track

_VOLUME_DECIMALS = 8
_MOST_UNITS = 4e18  # of all candles of a symbol together: any sum of them fits 64 bits
_MEAN_TRADE = 300  # in quote units; trades are not recorded in plain tables


class RecordedTape:
    """Give the candles of a recording; gaps in it stay gaps."""

    is_recorded = True

    def __init__(self, interval: Interval, tracks: list[Track]) -> None:
        self.interval = interval
        self.first = min(int(track.open_time[0]) for track in tracks)
        self.last = max(int(track.open_time[-1]) for track in tracks)
        by_turnover = sorted(tracks, key=lambda each: (-each.turnover, each.symbol))
        self.listings = tuple(_listing(track, rank) for rank, track in enumerate(by_turnover))
        self._rows = [
            _rows(track, listing) for track, listing in zip(by_turnover, self.listings, strict=True)
        ]

    def candles(self, number: int, start: int, end: int) -> Rows:
        """Return the candles of listing `number` with start <= open time < end (ms UTC)."""
        rows = self._rows[number]
        first, last = np.searchsorted(rows[:, OPEN_TIME], [start, end])
        return rows[first:last]


def load_tape(path: Path, interval: Interval | None = None) -> RecordedTape:
    """Load what `read_tracks` reads; RecordingError too where a price is not exact."""
    return RecordedTape(*read_tracks(path, interval))


def _listing(track: Track, rank: int) -> SymbolListing:
    contract = contract_named(track.symbol, int(track.open_time[0]))
    return SymbolListing(
        symbol=track.symbol,
        base=contract.base,
        quote=contract.quote,
        terms=contract.terms,
        price_decimals=decimals_of(track.prices, f"{track.source}: {track.symbol}"),
        volume_decimals=_volume_decimals(track.volume),
        quote_decimals=_room(track.quote_volumes, _VOLUME_DECIMALS),
        listed_at=int(track.open_time[0]),
        spread_ppm=10 + 3 * rank,
    )


def _volume_decimals(volume: Floats) -> int:
    room = _room(volume, _VOLUME_DECIMALS)
    for decimals in range(room):
        scaled = volume * 10.0**decimals
        if np.array_equal(np.rint(scaled) / 10.0**decimals, volume):
            return decimals
    return room


def _room(values: Floats, decimals: int) -> int:
    """Return the most decimals, up to `decimals`, that leave room for sums in 64 bits."""
    total = float(values.sum())
    while decimals and total * 10.0**decimals > _MOST_UNITS:
        decimals -= 1
    return decimals


def _rows(track: Track, listing: SymbolListing) -> Rows:
    rows = np.empty((len(track.open_time), COLUMNS), dtype=np.int64)
    rows[:, OPEN_TIME] = track.open_time
    for column, name in ((OPEN, "open"), (HIGH, "high"), (LOW, "low"), (CLOSE, "close")):
        rows[:, column] = units_of(getattr(track, name), listing.price_decimals)
    rows[:, VOLUME] = units_of(track.volume, listing.volume_decimals)
    rows[:, QUOTE_VOLUME] = units_of(track.quote_volumes, listing.quote_decimals)
    if track.trades is None or track.taker_volume is None or track.taker_quote_volume is None:
        _invent_trades(rows, track)
        return rows
    rows[:, TRADES] = track.trades
    rows[:, TAKER_VOLUME] = units_of(track.taker_volume, listing.volume_decimals)
    rows[:, TAKER_QUOTE_VOLUME] = units_of(track.taker_quote_volume, listing.quote_decimals)
    return rows


def _invent_trades(rows: Rows, track: Track) -> None:
    """Fill in what a plain table lacks: takers bought more where the close is near the high."""
    traded = rows[:, VOLUME] > 0
    rows[:, TRADES] = np.where(traded, 1 + track.quote_volumes // _MEAN_TRADE, 0)
    span = np.maximum(rows[:, HIGH] - rows[:, LOW], 1)
    percent = 30 + 40 * (rows[:, CLOSE] - rows[:, LOW]) // span
    rows[:, TAKER_VOLUME] = rows[:, VOLUME] // 100 * percent
    rows[:, TAKER_QUOTE_VOLUME] = rows[:, QUOTE_VOLUME] // 100 * percent
