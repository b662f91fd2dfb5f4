"""What a source of market data asks first, and that nobody waits for what it does not know yet."""

from __future__ import annotations

from divbot.binance.budget import WeightBudget
from divbot.binance.listing.rules import UniverseRules
from divbot.binance.market_data import BinanceSource
from divbot.domain.clock import ManualClock
from divbot.domain.market import Market

KNOWN, USED = 100, 5000
"""What a venue is thought to allow a minute; what it says was used there, as it allows more."""


def test_whoever_asks_what_the_venue_allows_does_not_wait(quiet_market: str) -> None:
    clock = ManualClock()
    budget = WeightBudget(clock, KNOWN)
    source = BinanceSource(Market.USDM, (quiet_market,), budget, UniverseRules(top=9), quiet_market)

    with source.open_listing() as listing:
        budget.lease(budget.open_lease()).saw(USED, sent_at=clock.monotonic())
        limits = listing.limits()

    assert (limits.limit, budget.limit) == (1_000_000, 1_000_000)
    assert clock.monotonic() == 0.0
