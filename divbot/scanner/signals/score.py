"""The score of an opportunity: parts from 0 to 1, each with a weight of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from divbot.domain.signals import Evidence, ScorePart, Signal

if TYPE_CHECKING:
    from divbot.arrays import Floats

Number = TypeVar("Number", float, "Floats")

Weights = Mapping[str, float]
"""How much each part counts, in whatever unit."""

DEFAULT_WEIGHTS: Weights = MappingProxyType(
    {
        "rsi": 0.2,
        "price": 0.15,
        "zone": 0.15,
        "line_of_sight": 0.1,
        "trend": 0.1,
        "freshness": 0.1,
        "liquidity": 0.05,
        "expectancy": 0.15,
    }
)
_FULL_RSI = 20.0
_FULL_PRICE_ATRS = 3.0
_MIDDLE_RSI = 50.0
_FULL_ZONE = 20.0
_MIDDLE_EXPECTANCY = 0.5
_NO_LIQUIDITY = 6.0
_FULL_LIQUIDITY = 3.0
"""Powers of ten of USDT: none at the first, full so many above it."""
TREND_BARS = 100
"""Candles before the confirmation that a trend is measured over."""
PARTS: Mapping[str, str] = MappingProxyType(
    {
        "rsi": f"the difference in RSI between the two pivots; full at {_FULL_RSI:g} points",
        "price": f"the difference in price between them; full at {_FULL_PRICE_ATRS:g} ATRs",
        "zone": f"the more extreme RSI; none at {_MIDDLE_RSI:g}, full at "
        f"{_MIDDLE_RSI - _FULL_ZONE:g} (BUY) or {_MIDDLE_RSI + _FULL_ZONE:g} (SELL)",
        "line_of_sight": "no close (half) and no RSI (half) beyond the line between the pivots",
        "trend": f"the way of the last {TREND_BARS} candles; full with the signal, none against it",
        "freshness": "how new the signal is; full on the confirming candle, none once too old",
        "liquidity": f"the 24 h volume; none at {10 ** (_NO_LIQUIDITY - 6):g} million USDT, "
        f"full at {10 ** (_NO_LIQUIDITY + _FULL_LIQUIDITY - 9):g} billion",
        "expectancy": f"the expected result; none at {-_MIDDLE_EXPECTANCY:g} R, full at "
        f"{_MIDDLE_EXPECTANCY:+g} R",
    }
)
PROVEN = frozenset({"expectancy"})
"""The parts by which the upper third of signals did better than the lower one on recorded years.

Counted by `divbot verify calibration`, with a week as one observation; see docs/signals.md.
"""
UNJUDGED = frozenset({"freshness"})
"""Full for all where signals are judged: at their confirmation."""


def score_parts(
    signal: Signal,
    freshness: float,
    quote_volume: Decimal,
    evidence: Evidence | None,
    weights: Weights,
) -> tuple[ScorePart, ...]:
    """Return what speaks for `signal`; the weights of the parts together are 1.

    Without evidence nothing is expected.
    """
    values = unbounded_parts(
        rsi=abs(signal.rsi - signal.rsi_previous),
        distance=abs(signal.price - signal.price_previous),
        # Where nothing moved there are no ATRs to measure in.
        atr=signal.confirmed_atr or math.inf,
        extreme=signal.extreme,
        line_of_sight=signal.line_of_sight,
        trend=signal.trend,
        freshness=freshness,
        magnitude=math.log10(max(float(quote_volume), 1.0)),
        expectancy=-_MIDDLE_EXPECTANCY if evidence is None else evidence.expectancy,
    )
    whole = sum(weights.values())
    return tuple(
        ScorePart(name, min(max(value, 0.0), 1.0), weights[name] / whole)
        for name, value in values.items()
    )


def unbounded_parts(
    *,
    rsi: Number,
    distance: Number,
    atr: Number,
    extreme: Number,
    line_of_sight: Number,
    trend: Number,
    freshness: Number,
    magnitude: Number,
    expectancy: Number,
) -> dict[str, Number]:
    """Return what each part is worth before it is kept within 0 and 1; numbers or arrays.

    `rsi` and `distance` are the differences of the two pivots in RSI and price, `magnitude` is the
    power of ten of the volume.
    """
    return {
        "rsi": rsi / _FULL_RSI,
        "price": distance / (_FULL_PRICE_ATRS * atr),
        "zone": (_MIDDLE_RSI - extreme) / _FULL_ZONE,
        "line_of_sight": line_of_sight,
        "trend": (1 + trend) / 2,
        "freshness": freshness,
        "liquidity": (magnitude - _NO_LIQUIDITY) / _FULL_LIQUIDITY,
        "expectancy": _MIDDLE_EXPECTANCY + expectancy,
    }
