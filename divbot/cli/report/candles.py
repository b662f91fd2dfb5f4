"""What a chart of candles shows: plain lists for the script of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import Any

import numpy as np

from divbot.arrays import Floats
from divbot.cli.figures import multiple
from divbot.domain.clock import utc_text
from divbot.domain.names import words
from divbot.domain.signals import Opportunity
from divbot.scanner.checks.examination import Examination, TriedDivergence

_RSI_DIGITS = 4
_SAME = 9
"""Digits of a price that tell something: binary rounding begins beyond."""


def series_document(found: Examination) -> dict[str, Any]:
    """Return candles, RSI and divergences; rows are counted from 0, a missing candle is null."""
    digits = decimals(found.close)
    rows = {time: row for row, time in enumerate(found.open_time.tolist())}
    return {
        "at": found.open_time.tolist(),
        "open": _numbers(found.open),
        "high": _numbers(found.high),
        "low": _numbers(found.low),
        "close": _numbers(found.close),
        "volume": _numbers(found.volume),
        "rsi": _numbers(np.round(found.rsi, _RSI_DIGITS)),
        "decimals": digits,
        "divergences": [_divergence(x, found, rows, digits) for x in found.divergences],
    }


def plan_document(opportunity: Opportunity, found: Examination) -> dict[str, Any]:
    """Return the plan of an opportunity, and which divergence of `found` it is about."""
    known = [x.divergence for x in found.divergences]
    return {
        "divergence": known.index(opportunity.divergence),
        "side": opportunity.side.value,
        "entry": float(opportunity.price),
        "stop": float(opportunity.stop),
        "target": float(opportunity.target),
    }


def decimals(prices: Floats) -> int:
    """Return how many decimals the venue writes `prices` with, so far as they tell."""
    exponents = (Decimal(repr(x)).as_tuple().exponent for x in prices[~np.isnan(prices)].tolist())
    return max((-x for x in exponents if isinstance(x, int)), default=0)


def _numbers(values: Floats) -> list[float | None]:
    return [None if x != x else x for x in values.tolist()]


def _divergence(
    x: TriedDivergence, found: Examination, rows: Mapping[int, int], digits: int
) -> dict[str, Any]:
    divergence = x.divergence
    confirmed = rows[divergence.confirmed]
    return {
        "kind": divergence.kind.value,
        "side": divergence.kind.side.value,
        "rows": [rows[divergence.previous_pivot], rows[divergence.pivot]],
        "confirmed": confirmed,
        "rsi": [round(x.rsi_previous, _RSI_DIGITS), round(x.rsi, _RSI_DIGITS)],
        "price": [x.price_previous, x.price],
        "atr": float(f"{found.atr[confirmed]:.{_SAME}g}"),
        "outcome": x.outcome,
        "text": _text(_lines(x, found, digits)),
    }


def _lines(x: TriedDivergence, found: Examination, digits: int) -> list[str]:
    divergence = x.divergence
    kind = words(divergence.kind.value)
    end = words(x.outcome)
    if x.ended is not None and x.result is not None:
        held = found.interval.steps_between(divergence.confirmed, x.ended)
        end = f"{end}, {multiple(x.result)} R after {held} candle{'s' if held > 1 else ''}"
    return [
        f"{kind}: {divergence.kind.side.value}",
        f"confirmed {utc_text(found.interval.close_of(divergence.confirmed))} UTC",
        f"RSI {x.rsi_previous:.1f} \u2192 {x.rsi:.1f}",
        f"price {x.price_previous:.{digits}f} \u2192 {x.price:.{digits}f}",
        f"stop {x.stop:.{digits}f}, target {x.target:.{digits}f}",
        end,
    ]


def _text(lines: Sequence[str]) -> str:
    """Return lines for a chart, which takes a text for markup."""
    return "<br>".join(map(escape, lines))
