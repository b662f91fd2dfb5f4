"""What a download would be, and what it came to, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from divbot.app.download import DownloadPlan
from divbot.cli.data_text import size_text
from divbot.domain.names import counted
from divbot.history.download import DownloadOutcome
from divbot.history.holes import Hole
from divbot.history.kind import StoredKind
from divbot.history.store import Store

_MOST_NAMED = 10


def plan_lines(plan: DownloadPlan) -> Iterator[str]:
    """Give what is to be done, in words."""
    what = ", ".join([*plan.wish.intervals, *_besides(plan)])
    yield f"{counted(plan.symbols)}, {what}, {plan.wish.span} UTC"
    if plan.is_at_most:
        yield (
            f"which are among the {plan.wish.top} most traded is known after daily candles are "
            "fetched; for all symbols it would be:"
        )
    asked = sum(not x.files for x in plan.jobs)
    venue = f"; {counted(asked, 'month')} by REST" if asked else ""
    at_most = "at most " if plan.is_at_most else ""
    if plan.files or asked:
        yield f"{at_most}{counted(plan.files, 'file')} of {size_text(plan.size)} to fetch{venue}"
    elif plan.shelves:
        yield "nothing to fetch: the store holds all that there is of it"
    else:
        yield "nothing to fetch: nothing was traded in that range"


def _besides(plan: DownloadPlan) -> Iterator[str]:
    kinds = {x.kind for x in plan.shelves}
    if StoredKind.FUNDING in kinds:
        yield "funding"
    if StoredKind.MARK in kinds:
        yield "1m mark price"


def problem_lines(outcome: DownloadOutcome) -> Iterator[str]:
    """Give what was wrong with files and answers, shortly."""
    yield from outcome.problems[:_MOST_NAMED]
    if (left := len(outcome.problems) - _MOST_NAMED) > 0:
        yield f"and {left} more problems with files or answers; --json names them all"


def result_lines(store: Store, outcome: DownloadOutcome, holes: Sequence[Hole]) -> Iterator[str]:
    """Give what a download came to, with every hole."""
    simulated = " - SIMULATED PRICES" if store.is_simulated else ""
    yield (
        f"{store.root}: {counted(outcome.files, 'file')} of {size_text(outcome.size)} fetched, "
        f"{counted(outcome.months, 'month')} written{simulated}"
    )
    for hole in holes:
        yield f"hole: {hole.shelf}: {hole.span} UTC: {hole.reason}"
    if holes:
        is_of_candles = any(x.shelf.interval for x in holes)
        meaning = "; no divergence spans one" if is_of_candles else ""
        yield f"{counted(len(holes), 'hole')}{meaning}"


def document(
    store: Store,
    plan: DownloadPlan,
    outcome: DownloadOutcome | None = None,
    holes: Sequence[Hole] | None = None,
) -> dict[str, Any]:
    """Return the same with every problem; times in ms UTC."""
    result: dict[str, Any] = {
        "schema": 1,
        "store": str(store.root),
        "market": store.market.value,
        "simulated": store.is_simulated,
        "intervals": [x.value for x in plan.wish.intervals],
        "from": plan.wish.span.start,
        "to": plan.wish.span.end,
        "symbols": plan.symbols,
        "at_most": plan.is_at_most,
        "files": plan.files,
        "bytes": plan.size,
    }
    if outcome is not None:
        result |= {
            "fetched_files": outcome.files,
            "fetched_bytes": outcome.size,
            "months": outcome.months,
            "problems": outcome.problems,
        }
    missing = plan.failed if holes is None else holes
    return result | {"holes": [hole_document(x) for x in missing]}


def hole_document(hole: Hole) -> dict[str, Any]:
    """Return a hole as programs read it."""
    shelf = hole.shelf
    return {
        "symbol": shelf.symbol,
        "kind": shelf.kind.value,
        "interval": shelf.interval and shelf.interval.value,
        "from": hole.span.start,
        "to": hole.span.end,
        "reason": hole.reason,
    }
