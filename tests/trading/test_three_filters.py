"""One published report, and what is shown, entered and closed of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from divbot.domain.clock import ManualClock
from divbot.domain.durations import MINUTE
from divbot.domain.events import Exited
from divbot.domain.fills import Reason
from divbot.domain.signals import Side
from divbot.scanner.cache import ReportCache
from divbot.scanner.cycle import Scanner
from divbot.scanner.report import Report
from divbot.scanner.workforce.inline import InlinePool
from tests.scanner.fakes import FakeSource, names, rules
from tests.trading.fakes import ENTRIES, RULES, SIZING, Trader, d, entered, started

EAGER = replace(
    RULES,
    entries=replace(ENTRIES, max_positions=50, min_score=0, take_earlier=True),
    sizing=replace(SIZING, risk=d("0.0001"), min_reward_risk=d(0)),
)


@pytest.fixture
def pool() -> Iterator[InlinePool]:
    pool = InlinePool(FakeSource(names(60)), connections=2)
    yield pool
    pool.close()


def scan(pool: InlinePool, **changes: Any) -> Report:
    source = FakeSource(names(60))
    return Scanner(source.open_listing(), source, pool, ManualClock(), rules(**changes)).cycle()


def trading_on(report: Report, trader: Trader) -> Trader:
    """Return `trader` after a step with `report`, at the prices that this is about."""
    cache = ReportCache()
    cache.publish(report, report.as_of)
    trader.feed.newest = cache.findings()
    trader.market.time = report.as_of
    held = (x.symbol for x in trader.ledger.positions.values())
    trader.market.quoted = {
        x.divergence.symbol: (float(x.price), float(x.price)) for x in report.open_to_trade
    } | dict.fromkeys(held, (100, 100))
    trader.step()
    return trader


def test_how_many_are_shown_changes_no_entry(pool: InlinePool) -> None:
    few, all_ = scan(pool, best=1), scan(pool, best=1000)

    held = [
        [x.symbol for x in trading_on(each, Trader(rules=EAGER)).ledger.positions.values()]
        for each in (few, all_)
    ]

    assert len(few.opportunities) == 1
    assert held[0] == held[1]
    assert len(held[0]) > 5


def test_the_side_that_is_asked_for_limits_entries_and_no_exit(pool: InlinePool) -> None:
    buys = scan(pool, best=1, sides=frozenset({Side.BUY}))
    opposite = next(x for x in buys.fresh if x.kind.side is Side.SELL)
    before = opposite.confirmed - MINUTE
    events = replace(started(), at=before), entered(opposite.symbol, at=before, quantity=1)
    trader = Trader(*events, rules=EAGER)
    trader.market.time = before

    trading_on(buys, trader)

    (closed,) = [x for x in trader.journal.events if isinstance(x, Exited)]
    assert closed.reason is Reason.OPPOSITE
    assert {x.side for x in trader.ledger.positions.values()} == {Side.BUY}
