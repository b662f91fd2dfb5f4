"""When futures pay to hold, and how much.

    every 8, 4 or 1 h -- at the cap --> every hour -- 16 calm ones --> every 4 h

Most symbols keep their own hours for ever. One whose terms name a peak goes through the above: the
venue's rules of 2025-05-02 and 2026-01-02.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from divbot.domain.durations import HOUR
from divbot.exchange.market.tape import SymbolListing

CAP = 2_000_000
"""The highest rate, and below zero the lowest, in units of 10**-8."""

_MOST_LATE = 20
"""ms after it was due at which a settlement is dated, at most."""
_OWN_HOURS = (8, 8, 8, 8, 4, 4, 4, 4, 4, 1)
"""Of ten symbols four have 8, five have 4, one has 1."""
_ALWAYS_8_HOURS = ("BTC", "ETH")
_CALM_SETTLEMENTS = 16
_FADING_SETTLEMENTS = 6  # each rate is half the one before; the seventh is below 0.025 %
_STORM = (_FADING_SETTLEMENTS + _CALM_SETTLEMENTS) * HOUR
_HOURS_AFTER = 4


def hours_at(listing: SymbolListing, time: int) -> int:
    """Return the hours between two settlements, as they are at `time` (ms UTC)."""
    peak = listing.terms.funding_peak_at
    if peak is None or time < peak:
        return _own_hours(listing)
    return 1 if time < peak + _STORM else _HOURS_AFTER


def next_settlement(listing: SymbolListing, time: int) -> int:
    """Return the first settlement after `time`."""
    period = hours_at(listing, time) * HOUR
    return (time // period + 1) * period


def settled_at(listing: SymbolListing, due: int) -> int:
    """Return the time that the venue writes down for the settlement that was `due`."""
    return due + chance(listing.symbol, due) % (_MOST_LATE + 1)


def settled(listing: SymbolListing, first: int, last: int) -> Sequence[int]:
    """Return when the settlements were due that are dated from `first` to `last`, both included."""
    begin, ended = listing.listed_at + 1, listing.terms.ended_at
    end = last if ended is None else min(last, ended)
    due = _due(listing, max(first - _MOST_LATE, begin), end)
    # Between two of them lie hours: no others than the outermost can be dated outside.
    start = 1 if due and settled_at(listing, due[0]) < first else 0
    is_beyond = len(due) > start and settled_at(listing, due[-1]) > last
    return due[start : len(due) - is_beyond]


def _due(listing: SymbolListing, first: int, last: int) -> Sequence[int]:
    peak, own = listing.terms.funding_peak_at, _own_hours(listing)
    if peak is None:
        return _grid(own, first, last)
    calm = peak + _STORM
    return [
        *_grid(own, first, min(last, peak)),
        *_grid(1, max(first, peak + 1), min(last, calm)),
        *_grid(_HOURS_AFTER, max(first, calm + 1), last),
    ]


def _grid(hours: int, first: int, last: int) -> range:
    period = hours * HOUR
    return range(-(-first // period) * period, last + 1, period)


def funding_rate(listing: SymbolListing, time: int) -> int:
    """Return the rate that is paid at the settlement `time`, in units of 10**-8."""
    peak = listing.terms.funding_peak_at
    if peak is not None and peak <= time <= peak + _STORM:
        return CAP >> (time - peak) // HOUR
    return _ordinary_rate(listing.symbol, time // (hours_at(listing, time - 1) * HOUR) - 1)


def _ordinary_rate(symbol: str, slot: int) -> int:
    drawn = chance(symbol, slot)
    return 10_000 + (drawn // 1001 % 3 - 1) * (drawn % 20_000)


def _own_hours(listing: SymbolListing) -> int:
    if listing.terms.funding_hours:
        return listing.terms.funding_hours
    if listing.symbol.startswith(_ALWAYS_8_HOURS):
        return 8
    return _OWN_HOURS[chance(listing.symbol, 0) // 1001 % len(_OWN_HOURS)]


def chance(symbol: str, moment: int) -> int:
    """Return 32 bits that only `symbol` and `moment` decide."""
    return crc32(f"{symbol}/{moment}".encode())
