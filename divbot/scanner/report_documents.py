"""What a scan finds as texts and numbers: for JSON, for a CSV, for pandas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from divbot.domain.market import DroppedRow
from divbot.domain.signals import Divergence, Evidence, Opportunity, Stance

if TYPE_CHECKING:
    import pandas

_COUNT, _NUMBER, _TEXT, _TIME = "int64", "float64", "str", "int64"  # ms UTC
OPPORTUNITY_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "rank": _COUNT,
        "symbol": _TEXT,
        "signal": _TEXT,
        "kind": _TEXT,
        "score": _NUMBER,
        "confidence": _NUMBER,
        "confidence_low": _NUMBER,
        "confidence_high": _NUMBER,
        "expectancy": _NUMBER,
        "cases": _COUNT,
        "rsi_previous": _NUMBER,
        "rsi": _NUMBER,
        "price": _NUMBER,
        "atr_percent": _NUMBER,
        "stop": _NUMBER,
        "target": _NUMBER,
        "reward_risk": _NUMBER,
        "age": _COUNT,
        "confirmed_at": _TIME,
        "previous_pivot": _TIME,
        "pivot": _TIME,
        "confirmed": _TIME,
        "pivot_price_previous": _NUMBER,
        "pivot_price": _NUMBER,
    }
)
"""The flat fields of an opportunity, as the CSV orders its columns, and their types in pandas."""


def opportunity_document(opportunity: Opportunity) -> dict[str, Any]:
    """Return an opportunity as numbers and texts; times in ms UTC."""
    divergence = opportunity.divergence
    return {
        "rank": opportunity.rank,
        "symbol": divergence.symbol,
        "signal": opportunity.side.value,
        "kind": divergence.kind.value,
        "score": opportunity.score,
        **evidence_document(opportunity.evidence),
        "rsi_previous": opportunity.rsi_previous,
        "rsi": opportunity.rsi,
        "price": float(opportunity.price),
        "atr_percent": opportunity.atr_percent,
        "stop": float(opportunity.stop),
        "target": float(opportunity.target),
        "reward_risk": opportunity.reward_risk,
        "age": opportunity.age,
        "confirmed_at": opportunity.confirmed_at,
        "previous_pivot": divergence.previous_pivot,
        "pivot": divergence.pivot,
        "confirmed": divergence.confirmed,
        "pivot_price_previous": float(opportunity.pivot_price_previous),
        "pivot_price": float(opportunity.pivot_price),
        "score_parts": {
            part.name: {"value": part.value, "weight": part.weight} for part in opportunity.parts
        },
        **_higher_document(opportunity),
    }


def _higher_document(opportunity: Opportunity) -> dict[str, Any]:
    """Return what longer intervals say; nothing where one interval was scanned alone."""
    if opportunity.higher is None:
        return {}
    stances = {x.interval.value: stance_document(x) for x in opportunity.higher}
    return {"higher": stances, "aligned": opportunity.is_aligned}


def stance_document(stance: Stance) -> dict[str, Any]:
    """Return what an interval says as texts and numbers; None is what is not known, or not there.

    Of a symbol that was not scanned at that interval all is None.
    """
    if not stance.at:
        return dict.fromkeys(("as_of", "trend", "way", "divergence", "age"))
    kind = stance.kind
    return {
        "as_of": stance.at,
        "trend": stance.trend,
        "way": stance.way,
        "divergence": kind.value if kind else None,
        "age": stance.age if kind else None,
    }


def evidence_document(evidence: Evidence | None) -> dict[str, Any]:
    """Return what is to be expected; nothing but a number of cases where nothing is."""
    if evidence is None:
        names = ("confidence", "confidence_low", "confidence_high", "expectancy")
        return {**dict.fromkeys(names), "cases": 0}
    return {
        "confidence": round(evidence.confidence, 4),
        "confidence_low": round(evidence.low, 4),
        "confidence_high": round(evidence.high, 4),
        "expectancy": round(evidence.expectancy, 4),
        "cases": evidence.cases,
    }


def divergence_document(divergence: Divergence) -> dict[str, Any]:
    """Return a divergence as texts and times in ms UTC."""
    return {
        "symbol": divergence.symbol,
        "kind": divergence.kind.value,
        "previous_pivot": divergence.previous_pivot,
        "pivot": divergence.pivot,
        "confirmed": divergence.confirmed,
    }


def dropped_document(row: DroppedRow) -> dict[str, Any]:
    """Return a dropped row as texts and numbers; its symbol is None where it cannot be read."""
    return {
        "list": row.source,
        "row": row.number,
        "symbol": row.symbol or None,
        "reason": row.reason,
    }


def opportunity_frame(opportunities: Iterable[Opportunity]) -> pandas.DataFrame:
    """Return one row for each, with times in UTC; of the same types where there is none."""
    import pandas as pd

    rows = [opportunity_document(x) for x in opportunities]
    frame = pd.DataFrame(
        {
            name: pd.Series([row[name] for row in rows], dtype=type_)
            for name, type_ in OPPORTUNITY_FIELDS.items()
        }
    )
    for name in ("previous_pivot", "pivot", "confirmed", "confirmed_at"):
        frame[name] = pd.to_datetime(frame[name], unit="ms", utc=True)
    return frame
