"""Where the venue answers, how much it grants, and how many rows it tells at once.

Read off the official spot and USD-M REST documentation (spot 2026-07-21, USD-M 2026-05-28) for the
exchange alone: a client whose tables it shared could not be found wrong by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from divbot.domain.market import Market

ROOT = {Market.SPOT: "/api/v3", Market.USDM: "/fapi/v1"}
"""What the paths of each market begin with."""
MINUTE_WEIGHT = {Market.SPOT: 6000, Market.USDM: 2400}
"""The request weight that each market grants an address a minute."""
FUNDING_REQUESTS = 500
"""How many requests for funding are granted in five minutes."""


@dataclass(frozen=True, slots=True)
class RowLimit:
    """How many rows one request is answered with."""

    default: int
    maximum: int


KLINES = {Market.SPOT: RowLimit(500, 1000), Market.USDM: RowLimit(500, 1500)}
TRADES = RowLimit(500, 1000)
FUNDING = RowLimit(100, 1000)
LEVELS = {Market.SPOT: RowLimit(100, 5000), Market.USDM: RowLimit(500, 1000)}
FUTURES_LEVELS = (5, 10, 20, 50, 100, 500, 1000)
"""Futures tell just these numbers of levels, spot any."""
MOST_SYMBOLS = 100
"""How many symbols one request for windows of one's own may name."""
