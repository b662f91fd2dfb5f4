"""What is kept of a market; loads nothing, as the command line knows it, too."""

from __future__ import annotations

from enum import StrEnum


class StoredKind(StrEnum):
    """What a file of the store holds."""

    KLINES = "klines"
    """Candles of the last price."""
    MARK = "mark"
    """Candles of the mark price; of futures alone."""
    FUNDING = "funding"
    """Settlements of funding; of futures alone."""
