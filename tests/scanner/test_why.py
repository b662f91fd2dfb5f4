"""Why a symbol is not open to trade: told by the prices that its plan has."""

from __future__ import annotations

import re
from decimal import Decimal

from divbot.domain.clock import ManualClock
from divbot.scanner.cycle import Scanner
from divbot.scanner.why import Story, listing_story, scan_story
from divbot.scanner.workforce.inline import InlinePool
from tests.scanner.fakes import FakeSource, names, rules

TICK = Decimal("0.00001")


def stories(count: int) -> list[Story]:
    """Return what becomes of so many symbols in a scan."""
    source, kept = FakeSource(names(count)), rules(max_age=30)
    listing = source.open_listing()
    universe = listing.universe()
    scanner = Scanner(listing, source, InlinePool(source, 2), ManualClock(), kept)
    report = scanner.cycle()
    scanner.close()
    return [
        scan_story(
            listing_story(x, universe),
            listing.final_candles(x, kept.interval, kept.limit),
            report,
            kept,
        )
        for x in source.symbols
    ]


def test_what_was_touched_is_a_price_of_the_venue() -> None:
    stopped = [x.stopped_by for x in stories(60)]

    told = [x.detail for x in stopped if x and x.rule == "open to trade"]
    levels = [re.findall(r"the (stop|target) at (\S+) was touched", x) for x in told]
    found = [(name, Decimal(level)) for each in levels for name, level in each]
    assert {name for name, _ in found} == {"stop", "target"}
    assert all(level.as_tuple().exponent == TICK.as_tuple().exponent for _, level in found)
