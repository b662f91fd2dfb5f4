"""How far the account fell below what it had been worth before.

Only valuations count: what happened between two of them is not known. Source of the definitions:
Magdon-Ismail and Atiya, "Maximum Drawdown", Risk 17 (2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from divbot.trading.figures.curve import Valuation


@dataclass(frozen=True, slots=True)
class Drawdown:
    """One fall from a peak to the trough after it."""

    peak: Valuation
    """The last valuation at the highest equity before the fall."""
    trough: Valuation
    recovered_at: int | None
    """When the equity was first back at the peak, ms UTC; None: not yet."""

    @property
    def amount(self) -> Decimal:
        """Return the money lost from peak to trough."""
        return self.peak.equity - self.trough.equity

    @property
    def depth(self) -> float:
        """Return the part of the peak that was lost, 0 to 1."""
        return float(_fall(self.peak, self.trough))


def maximum_drawdown(curve: Sequence[Valuation]) -> Drawdown | None:
    """Return the fall that lost the largest part of its peak; None where the equity never fell."""
    worst: tuple[Valuation, Valuation] | None = None
    for peak, now in zip(_peaks(curve), curve, strict=True):
        if now.equity < peak.equity and (worst is None or _fall(peak, now) > _fall(*worst)):
            worst = peak, now
    if worst is None:
        return None
    peak, trough = worst
    back = (x.at for x in curve if x.at > trough.at and x.equity >= peak.equity)
    return Drawdown(peak, trough, next(back, None))


def underwater(curve: Sequence[Valuation]) -> tuple[float, ...]:
    """Return, for each valuation, the part of the highest equity until then that is lost."""
    return tuple(float(_fall(*pair)) for pair in zip(_peaks(curve), curve, strict=True))


def _peaks(curve: Sequence[Valuation]) -> list[Valuation]:
    peaks: list[Valuation] = []
    for now in curve:
        is_peak = not peaks or now.equity >= peaks[-1].equity
        peaks.append(now if is_peak else peaks[-1])
    return peaks


def _fall(peak: Valuation, now: Valuation) -> Decimal:
    return (peak.equity - now.equity) / peak.equity
