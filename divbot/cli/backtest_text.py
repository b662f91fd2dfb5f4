"""A backtest as text and as a document: the figures of its run, and what only it knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from divbot.cli.bias_text import Bias, bias_document, bias_text
from divbot.cli.columns import table_text
from divbot.cli.destination import Fit
from divbot.cli.recorded import heading_document
from divbot.cli.stats_text import LEFT_OUT_FIRST, breakdown_columns, stats_text
from divbot.trading.figures.breakdown import By
from divbot.trading.figures.documents import stats_document

if TYPE_CHECKING:
    from divbot.app.backtest_result import Backtest
    from divbot.history.spans import Span

_SHOWN = 10


def backtest_text(result: Backtest, by: By | None, fit: Fit) -> str:
    """Return the figures as `divbot stats` shows them, a table by time, and the bias."""
    parts = [stats_text(result.recorded, result.figures, fit)]
    if by is not None and result.figures.closed.trades:
        columns = breakdown_columns(by, result.figures.balance)
        parts.append(table_text(columns, result.figures.by[by], order=LEFT_OUT_FIRST, fit=fit))
    if bias := bias_of(result):
        parts.append(bias_text(bias))
    parts.append(f"journal {result.recorded.path}\n")
    return "\n".join(parts)


def backtest_document(result: Backtest) -> dict[str, Any]:
    """Return the same as `divbot stats --json`, with assumptions, holes (ms UTC) and the bias."""
    bias = bias_of(result)
    return {
        **heading_document(result.recorded),
        "journal": str(result.recorded.path),
        "assumptions": list(result.notes),
        "holes": _hole_documents(result.holes),
        "unpaid": _hole_documents(result.unpaid),
        "bias": bias and bias_document(bias),
        **stats_document(result.figures),
    }


def _hole_documents(holes: Iterable[tuple[str, Span]]) -> list[dict[str, Any]]:
    return [{"symbol": symbol, "start": hole.start, "end": hole.end} for symbol, hole in holes]


def bias_of(result: Backtest) -> Bias | None:
    """Return what hindsight made of it; None where it was not asked for."""
    return Bias(result.then, result.figures) if result.then else None


def hole_lines(result: Backtest) -> Iterator[str]:
    """Yield a line for each hole, of many the longest."""
    yield from _longest("candles", "no divergence spans that", result.holes)
    yield from _longest("funding rates", "positions pay and get none then", result.unpaid)


def _longest(what: str, meaning: str, holes: Sequence[tuple[str, Span]]) -> Iterator[str]:
    longest = sorted(holes, key=lambda x: (x[1].start - x[1].end, x))
    for symbol, hole in longest[:_SHOWN]:
        yield f"{what} of {symbol} are missing from {hole} UTC: {meaning}"
    if len(longest) > _SHOWN:
        yield (
            f"and {len(longest) - _SHOWN} shorter holes of {what}: `divbot data list --symbols` "
            "lists them"
        )
