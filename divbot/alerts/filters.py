"""Which opportunities are worth telling of."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from divbot.domain.signals import Opportunity


@dataclass(frozen=True, slots=True)
class Filters:
    """What an opportunity has to come to, at least."""

    score: float = 0.0
    confidence: float = 0.0
    expectancy: float | None = None
    """In R; None: any, and none at all."""
    reward_risk: Decimal = Decimal(0)

    def pass_(self, opportunity: Opportunity) -> bool:
        """Tell whether it comes to that; where nothing is known, nothing is expected."""
        evidence = opportunity.evidence
        confidence = evidence.confidence if evidence else 0.0
        if opportunity.score < self.score or confidence < self.confidence:
            return False
        if opportunity.reward_risk < self.reward_risk:
            return False
        if self.expectancy is None:
            return True
        return evidence is not None and evidence.expectancy >= self.expectancy
