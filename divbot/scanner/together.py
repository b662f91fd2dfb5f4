"""Reports of several intervals as one: a list of all opportunities, and a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from divbot.domain.market import Interval
from divbot.domain.signals import Opportunity
from divbot.scanner.report import SCHEMA, Report


@dataclass(frozen=True, slots=True)
class RankedRow:
    """An opportunity among those of all intervals."""

    interval: Interval
    opportunity: Opportunity
    """With its rank among all."""


def best_of(reports: Mapping[Interval, Report], best: int) -> tuple[RankedRow, ...]:
    """Return what to show of all reports: by score, what is equal as the reports come."""
    rows = [
        RankedRow(interval, x) for interval, each in reports.items() for x in each.opportunities
    ]
    rows.sort(key=lambda x: -x.opportunity.score)
    return tuple(
        replace(x, opportunity=replace(x.opportunity, rank=number))
        for number, x in enumerate(rows[:best], 1)
    )


def longer_ones(reports: Mapping[Interval, Report]) -> Sequence[Interval]:
    """Return the intervals that say something of what a shorter one finds."""
    return sorted(reports, key=lambda x: x.milliseconds)[1:]


def reports_document(
    reports: Mapping[Interval, Report], *, with_divergences: bool
) -> dict[str, Any]:
    """Return all reports as what `--json` prints: each as that of one interval, by its name."""
    first = next(iter(reports.values()))
    return {
        "schema": SCHEMA,
        "venue": first.venue,
        "market": first.market.value,
        "intervals": [x.value for x in reports],
        "simulated": first.simulated,
        "reports": {
            x.value: each.to_document(with_divergences=with_divergences)
            for x, each in reports.items()
        },
    }
