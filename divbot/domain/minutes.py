"""What a venue tells of a symbol minute by minute: short candles, and settlements of funding."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from divbot.domain.fills import Candle


@dataclass(frozen=True, slots=True)
class Minutes:
    """Short candles of one symbol in the order of time; how short, the market says."""

    final: tuple[Candle, ...]
    """Those that will not change any more."""
    forming: Candle | None
    """The newest one, which still changes; None where there is none."""


@dataclass(frozen=True, slots=True)
class FundingRate:
    """One settlement of funding."""

    at: int
    """The venue's own time for it, ms UTC: shortly after it was due."""
    rate: Decimal
    """What a long position pays, as a part of its value; below zero: it receives."""
    mark_price: Decimal
    """The price that the value was taken at."""
