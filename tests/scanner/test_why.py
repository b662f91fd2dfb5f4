"""Why a symbol is not open to trade: told by the prices that its plan has."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import numpy as np

from divbot.domain.clock import ManualClock
from divbot.domain.market import Interval
from divbot.domain.universe import ListStanding, Rule
from divbot.scanner.cycle import Scanner
from divbot.scanner.why import Story, listing_story, scan_story
from divbot.scanner.workforce.inline import InlinePool
from tests.scanner.fakes import FakeSource, candles_of, names, rules

TICK = Decimal("0.00001")


def stories(source: FakeSource, **changes: object) -> list[Story]:
    """Return what becomes of the symbols of `source` in a scan."""
    kept = rules(max_age=30, **changes)
    listing = source.open_listing()
    universe = listing.universe()
    scanner = Scanner(listing, source, InlinePool(source, 2), ManualClock(), kept)
    report = scanner.cycle()
    scanner.close()
    return [
        scan_story(
            listing_story(x, universe.standing_of(x)),
            listing.final_candles(x, kept.interval, kept.limit),
            report,
            kept,
        )
        for x in source.symbols
    ]


def test_each_symbol_stands_where_its_volume_puts_it_or_is_left_out_with_the_rule() -> None:
    symbols = names(5)
    universe = FakeSource(symbols).open_listing().universe()
    listed = [x.symbol for x in universe.listed]
    without = universe.without([listed[1]], Rule.EXCLUDED, "not asked for")

    found = [without.standing_of(x) for x in listed]

    assert [x.place for x in found] == [1, 0, 2, 3, 4]
    assert [x.count for x in found] == [4, 0, 4, 4, 4]
    assert [[y.rule for y in x.left_out] for x in found] == [[], [Rule.EXCLUDED], [], [], []]
    assert without.standing_of("NOPE") == ListStanding()


def test_what_was_touched_is_a_price_of_the_venue() -> None:
    stopped = [x.stopped_by for x in stories(FakeSource(names(60)))]

    told = [x.detail for x in stopped if x and x.rule == "open to trade"]
    levels = [re.findall(r"the (stop|target) at (\S+) was touched", x) for x in told]
    found = [(name, Decimal(level)) for each in levels for name, level in each]
    assert {name for name, _ in found} == {"stop", "target"}
    assert all(level.as_tuple().exponent == TICK.as_tuple().exponent for _, level in found)


def test_the_age_of_a_monthly_signal_is_counted_in_months() -> None:
    first = np.datetime64("1990-01", "M")
    # The newest is February: 31 days before its end it was January.
    months = np.arange(first, first + 12 * 33 + 2).astype("datetime64[ms]").astype(np.int64)
    special = {
        symbol: replace(candles_of(number, len(months)), open_time=months)
        for number, symbol in enumerate(names(60))
    }

    told = [
        (x.opportunity.age, step.detail)
        for x in stories(FakeSource(names(60), special=special), interval=Interval.MONTH)
        for step in x.steps
        if x.opportunity and step.rule == "fresh"
    ]

    assert told
    assert all(re.match(rf"confirmed {age} candles? ago", detail) for age, detail in told)
