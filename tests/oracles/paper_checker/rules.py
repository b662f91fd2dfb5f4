"""The arithmetic of paper fills: every amount in units, rounded against the trader."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

UNIT = Decimal("1e-8")
MAINTENANCE = Decimal("0.025")
"""Part of the notional below which the margin of a future must not fall."""
BUFFER = Decimal("0.05")
"""Part of the way from entry to liquidation that is left beyond a stop."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How the run was set up."""

    fee: Decimal
    slippage: Decimal
    risk: Decimal
    leverage: int
    max_positions: int
    max_holding: int
    """ms"""
    interval: int
    """ms"""
    is_spot: bool = False
    lag: int = 0
    """ms of market time by which a quote may be older or newer than it says."""
    skew: int = 0
    """ms of market time by which the clock of the trader may be ahead of the market's."""


def up(value: Decimal, unit: Decimal = UNIT) -> Decimal:
    return (value / unit).to_integral_value(ROUND_CEILING) * unit


def down(value: Decimal, unit: Decimal = UNIT) -> Decimal:
    return (value / unit).to_integral_value(ROUND_FLOOR) * unit


def slipped(price: Decimal, side: int, slippage: Decimal, tick: Decimal) -> Decimal:
    """Return what a market order gets: side is 1 for one that buys, -1 for one that sells."""
    return up(price * (1 + slippage), tick) if side > 0 else down(price * (1 - slippage), tick)


def gained(sign: int, entry: Decimal, exit: Decimal, quantity: Decimal) -> Decimal:
    return down(sign * (exit - entry) * quantity)


def liquidation_price(
    sign: int, wallet: Decimal, quantity: Decimal, entry: Decimal
) -> Decimal | None:
    """Return where the wallet no longer covers the maintenance; None where it always does."""
    price = (wallet - sign * quantity * entry) / (quantity * (MAINTENANCE - sign))
    return price if price > 0 else None


def liquidated_at(
    sign: int, wallet: Decimal, quantity: Decimal, entry: Decimal, tick: Decimal
) -> Decimal | None:
    """Return the price of the venue that is reached first of those at which that is so."""
    exact = liquidation_price(sign, wallet, quantity, entry)
    return exact and (up(exact, tick) if sign > 0 else down(exact, tick))


def is_far(sign: int, entry: Decimal, stop: Decimal, liquidation: Decimal | None) -> bool:
    """Tell whether a stop is reached well before the liquidation price."""
    if liquidation is None:
        return True
    return sign * (stop - liquidation) >= BUFFER * abs(entry - liquidation)
