"""The composition of a look at one symbol: its candles, examined, and the rules it passed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from divbot.app.explanation import as_scanned
from divbot.app.scan_rules import limit_of, plan_rules, scan_rules
from divbot.domain.errors import SymbolError

if TYPE_CHECKING:
    from divbot.binance.market_data import BinanceConnection, BinanceSource
    from divbot.candle_arrays import Candles
    from divbot.domain.market import Interval, Market
    from divbot.domain.signals import Opportunity
    from divbot.domain.universe import ListStanding
    from divbot.scanner.checks.examination import Examination
    from divbot.scanner.cycle import ScanRules
    from divbot.scanner.report import Report
    from divbot.scanner.signals.plan import PlanRules
    from divbot.scanner.why import Step
    from divbot.settings import Settings


@dataclass(frozen=True, slots=True)
class Look:
    """One symbol, as a scan saw it, or as it is now."""

    examination: Examination
    opportunities: tuple[Opportunity, ...]
    steps: tuple[Step, ...]
    """The rules that it passed, and the one that it did not; none where nothing is scanned."""


@dataclass(slots=True)
class Looker:
    """Look at symbols over a connection of its own; can be sent to another process."""

    source: BinanceSource
    limit: int
    plan: PlanRules
    rules: ScanRules
    _connection: BinanceConnection | None = field(default=None, init=False)

    @classmethod
    def of(cls, settings: Settings, source: BinanceSource) -> Looker:
        """Return what looks as the settings scan."""
        return cls(
            # The scanner's workers write what is kept; nobody else does meanwhile.
            replace(source, candles=None),
            limit_of(settings),
            plan_rules(settings),
            scan_rules(settings, with_divergences=False),
        )

    @property
    def market(self) -> Market:
        """Return the market that is looked at."""
        return self.source.market

    def open_lease(self) -> int:
        """Set request weight aside for one look; return the lease's number."""
        return self.source.open_lease(1, self.limit)

    def close_lease(self, lease: int) -> None:
        """Take back what is left of a lease."""
        self.source.close_lease(lease)

    def grant_weight(self) -> str:
        """Grant what is free; return what is waited for, in words."""
        return self.source.grant_weight()

    def open(self) -> None:
        """Connect."""
        self._connection = self.source.open(1)

    def look(
        self,
        symbol: str,
        interval: Interval,
        lease: int,
        report: Report | None,
        standing: ListStanding | None,
    ) -> Look:
        """Return what the candles of `symbol` show: those that `report` is of, or the newest.

        Raise SymbolError where there are none.
        """
        from divbot.scanner.checks.examination import examine

        candles = self._candles(symbol, interval, lease)
        if report is not None:
            candles = as_scanned(candles, report)
        if not len(candles):
            raise SymbolError(f"{symbol}: no {interval.value} candles")
        found = examine(symbol, candles, interval, self.limit, self.plan)
        mine = [x for x in report.open_to_trade if x.divergence.symbol == symbol] if report else ()
        return Look(found, tuple(mine), self._steps(symbol, candles, report, standing))

    def _candles(self, symbol: str, interval: Interval, lease: int) -> Candles:
        if self._connection is None:
            raise RuntimeError("expected it to be open")
        return self._connection.on_lease(lease).final_candles(symbol, interval, self.limit)

    def _steps(
        self, symbol: str, candles: Candles, report: Report | None, standing: ListStanding | None
    ) -> tuple[Step, ...]:
        from divbot.scanner.why import listing_story, scan_story

        if report is None or standing is None:
            return ()
        story = listing_story(symbol, standing)
        if story.stopped_by is None:
            scan_story(story, candles, report, replace(self.rules, interval=report.interval))
        return tuple(story.steps)
