"""What a scan publishes: immutable, stamped with the candle time it is as of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from divbot.domain.clock import utc_text
from divbot.domain.market import DroppedRow, Instrument, Interval, Market
from divbot.domain.signals import Divergence, Opportunity
from divbot.scanner.report_documents import (
    divergence_document,
    dropped_document,
    opportunity_document,
    opportunity_frame,
)

if TYPE_CHECKING:
    import pandas

    from divbot.candle_arrays import Candles
    from divbot.scanner.evidence.base_rates import BaseRate

SCHEMA = 1

INSUFFICIENT_HISTORY = "insufficient_history"
YOUNG = "young"
GAP = "gap"
FAILED = "failed"
UNKNOWN = "unknown"
SKIP_REASONS = (INSUFFICIENT_HISTORY, YOUNG, GAP, FAILED, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A symbol that was not scanned, and why."""

    symbol: str
    reason: str
    """One of SKIP_REASONS."""
    detail: str


@dataclass(frozen=True, slots=True)
class Summary:
    """How much of the market the scan covered, and what it took."""

    symbols: int
    scanned: int
    skipped: tuple[Skipped, ...]
    symbols_with_gaps: int
    missing_candles: int
    """Candles that the venue never made; no divergence spans one."""
    divergences: int
    """In the windows of all scanned symbols, after the warm-up rule."""
    open_to_trade: int
    """Opportunities, before the list was cut to the best."""
    request_weight: int
    funnel: Mapping[str, int]
    """How many symbols were left after each step from the venue's listing to the table."""
    past: Mapping[str, int]
    """What became of past divergences as trades: how many of each of evidence.samples.OUTCOMES."""
    base_rate: BaseRate
    """What years say of this market and interval; confidence and expectancy start from it."""
    dropped: tuple[DroppedRow, ...] = ()
    """Rows of the venue's lists that make no sense."""
    behind: int = 0
    """Scanned symbols whose newest candle had not come yet."""

    @property
    def is_whole(self) -> bool:
        """Tell whether the newest candle of all was had of every symbol that goes on."""
        return not self.behind and not self.count(FAILED)

    def count(self, reason: str) -> int:
        """Return how many symbols were skipped for `reason`."""
        return sum(skipped.reason == reason for skipped in self.skipped)


@dataclass(frozen=True, slots=True)
class Timings:
    """Wall seconds of the stages; of the slowest worker where several ran side by side.

    They overlap: symbols are analysed while others are downloaded, which slows both a little.
    """

    listing: float
    download: float
    analysis: float
    total: float


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """One whole scan."""

    venue: str
    market: Market
    interval: Interval
    simulated: bool
    as_of: int
    """The close of the newest final candle, ms UTC; 0 where no symbol had any."""
    summary: Summary
    timings: Timings
    opportunities: tuple[Opportunity, ...]
    """What to show, the best first."""
    divergences: tuple[Divergence, ...]
    """Every one in the windows, by symbol and time; most are history."""
    open_to_trade: tuple[Opportunity, ...] = field(default=(), repr=False)
    """All of the kinds and sides that were asked for: `opportunities` are the best of them."""
    fresh: tuple[Divergence, ...] = field(default=(), repr=False)
    """All that were confirmed lately, of every kind and side, open to trade or not."""
    notices: tuple[str, ...] = ()
    """What a reader should know of how the report came about."""
    held: Mapping[str, Instrument | None] = field(default_factory=dict)
    """How the symbols that are held are listed; None: no more. Of others nothing is known."""
    candles: Mapping[str, Candles] = field(default_factory=dict, compare=False, repr=False)
    """What was analysed, by symbol, where it was asked for: see ScanRules.with_candles."""

    @property
    def title(self) -> str:
        """Return what was scanned, and as of when, in one line."""
        return scan_title(
            self.venue, self.market, self.interval, self.as_of, simulated=self.simulated
        )

    def __repr__(self) -> str:
        return (
            f"<Report: {self.title}; {self.summary.scanned} of {self.summary.symbols} symbols "
            f"scanned, {len(self.opportunities)} shown>"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a line, and the opportunities as a table."""
        return f"<p>{escape(repr(self))}</p>{self.to_frame().to_html(index=False)}"

    def to_document(self, *, with_divergences: bool = False) -> dict[str, Any]:
        """Return the report as what `--json` prints: texts, numbers, lists and dicts."""
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "venue": self.venue,
            "market": self.market.value,
            "interval": self.interval.value,
            "simulated": self.simulated,
            "as_of": self.as_of,
            "notices": list(self.notices),
            "summary": _summary_document(self.summary),
            "timings": {name: round(getattr(self.timings, name), 4) for name in Timings.__slots__},
            "opportunities": [opportunity_document(x) for x in self.opportunities],
        }
        if with_divergences:
            document["divergences"] = [divergence_document(x) for x in self.divergences]
        return document

    def to_frame(self) -> pandas.DataFrame:
        """Return the opportunities as a pandas DataFrame, one row each, with times in UTC.

        Every column has the same type in each report, one without opportunities included.
        """
        return opportunity_frame(self.opportunities)


def scan_title(
    venue: str, market: Market, interval: Interval, as_of: int, *, simulated: bool
) -> str:
    """Return what was looked at, and `as_of` when (ms UTC; 0: no candle was found), in one line."""
    when = f"as of {utc_text(as_of)} UTC" if as_of else "no candles"
    notice = " - SIMULATED PRICES" if simulated else ""
    return f"{venue} {market.title}, {interval.value}, {when}{notice}"


def _summary_document(summary: Summary) -> dict[str, Any]:
    return {
        "symbols": summary.symbols,
        "scanned": summary.scanned,
        "skipped": {reason: summary.count(reason) for reason in SKIP_REASONS},
        "skipped_symbols": [
            {"symbol": x.symbol, "reason": x.reason, "detail": x.detail} for x in summary.skipped
        ],
        "symbols_with_gaps": summary.symbols_with_gaps,
        "missing_candles": summary.missing_candles,
        "divergences": summary.divergences,
        "opportunities": summary.open_to_trade,
        "request_weight": summary.request_weight,
        "funnel": dict(summary.funnel),
        "past": dict(summary.past),
        "base_rate": {
            "source": summary.base_rate.source,
            "cases": summary.base_rate.cases,
            "weeks": summary.base_rate.weeks,
        },
        "dropped_rows": [dropped_document(x) for x in summary.dropped],
    }
