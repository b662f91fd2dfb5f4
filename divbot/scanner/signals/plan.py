"""The plan of a trade: one rule for what is offered now and for samples of the past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from divbot.arrays import Floats
from divbot.kernels.indicator import TRADINGVIEW, Indicator

Number = TypeVar("Number", float, Floats)


@dataclass(frozen=True, slots=True)
class PlanRules:
    """How a divergence would be traded."""

    stop_atr: float
    """The stop lies so many ATRs beyond the later pivot."""
    reward_risk: float
    """The target, as a multiple of the way from the confirming close to the stop."""
    fee: float
    """Of each fill; a part of the price."""
    slippage: float
    """Of each fill but that of a target; a part of the price."""
    horizon: int
    """Candles after which a past trade is closed at the market."""
    indicator: Indicator = TRADINGVIEW
    """How the divergence is found, and over how many candles the ATR goes."""


def stop_and_target(
    side: Number, pivot: Number, close: Number, atr: Number, rules: PlanRules
) -> tuple[Number, Number]:
    """Return stop and target, unrounded; numbers or arrays of one shape.

    `side` is 1 to buy and -1 to sell, `pivot` the price at the later pivot; `close` and `atr` are
    those of the confirming candle.
    """
    stop = pivot - side * (rules.stop_atr * atr)
    return stop, close + rules.reward_risk * (close - stop)
