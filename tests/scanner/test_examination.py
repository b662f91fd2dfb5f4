"""One symbol looked at closely: what a chart shows is what the scan saw."""

from __future__ import annotations

import numpy as np
import pytest

from divbot.domain.clock import ManualClock
from divbot.domain.market import Interval
from divbot.kernels.analysis import analyse
from divbot.kernels.divergence import PIVOT, PREVIOUS
from divbot.kernels.outcomes import ENDED, OUTCOME, outcomes
from divbot.scanner.block import build_block
from divbot.scanner.checks.examination import Examination, examine
from divbot.scanner.cycle import Scanner
from divbot.scanner.evidence.samples import OUTCOMES
from divbot.scanner.report import Report
from divbot.scanner.workforce.inline import InlinePool
from divbot.scanner.workforce.pool import Pool, ProcessPool
from tests.scanner.fakes import START, STEP, TRADE, FakeSource, candles_of, names, rules

BARS = 900


def examination(seed: int = 3, *, missing: tuple[int, ...] = ()) -> Examination:
    return examine(
        "AUSDT", candles_of(seed, BARS, missing=missing), Interval.M5, rows=1000, rules=TRADE
    )


def test_it_holds_the_candles_and_what_the_kernels_say_of_them() -> None:
    candles = candles_of(3, BARS)
    block = build_block({"AUSDT": candles}, Interval.M5, rows=1000)
    analysis = analyse(block.high, block.low, block.close)

    found = examination()

    assert found.open_time.tolist() == candles.open_time.tolist()
    for name in ("open", "high", "low", "close"):
        np.testing.assert_array_equal(getattr(found, name), getattr(candles, name))
    np.testing.assert_array_equal(found.rsi, analysis.rsi[:, 0])
    np.testing.assert_array_equal(found.atr, analysis.atr[:, 0])


def test_every_divergence_of_the_window_is_there_with_its_pivots() -> None:
    candles = candles_of(3, BARS)
    block = build_block({"AUSDT": candles}, Interval.M5, rows=1000)
    analysis = analyse(block.high, block.low, block.close)
    events = analysis.after_warm_up()

    found = examination()

    assert len(found.divergences) == len(events) > 10
    for x, event in zip(found.divergences, events.tolist(), strict=True):
        previous, pivot = event[PREVIOUS], event[PIVOT]
        times = [int(candles.open_time[row]) for row in (previous, pivot, pivot + 5)]
        prices = candles.low if x.divergence.kind.value.endswith("bullish") else candles.high
        kept = x.divergence
        assert [kept.previous_pivot, kept.pivot, kept.confirmed] == times
        assert (x.rsi_previous, x.rsi) == (analysis.rsi[previous, 0], analysis.rsi[pivot, 0])
        assert (x.price_previous, x.price) == (prices[previous], prices[pivot])


def test_fates_and_results_are_those_of_the_outcomes_kernel() -> None:
    candles = candles_of(3, BARS)
    found = examination()
    rows = [int(x.divergence.confirmed - START) // STEP - 100 for x in found.divergences]
    sides = [1 if x.divergence.kind.value.endswith("bullish") else -1 for x in found.divergences]

    ends, results = outcomes(
        np.array([(0, row + 1, side) for row, side in zip(rows, sides, strict=True)]),
        np.array([(x.stop, x.target) for x in found.divergences]),
        *(getattr(candles, name)[:, None] for name in ("open", "high", "low", "close")),
        TRADE.fee,
        TRADE.slippage,
        TRADE.horizon,
    )

    assert [x.outcome for x in found.divergences] == [
        OUTCOMES[number] for number in ends[:, OUTCOME]
    ]
    assert {x.outcome for x in found.divergences} >= {"target", "stop"}
    for x, ended, result in zip(found.divergences, ends[:, ENDED].tolist(), results, strict=True):
        assert x.ended == (None if ended < 0 else candles.open_time[ended])
        assert x.result == (None if ended < 0 else pytest.approx(result, rel=1e-6))


def test_a_missing_candle_leaves_its_place_empty() -> None:
    found = examination(missing=(400,))

    assert len(found.open_time) == BARS
    assert np.flatnonzero(np.isnan(found.close)).tolist() == [400]
    assert np.isnan(found.rsi[400])


def scanned(source: FakeSource, pool: Pool, **changes: object) -> Report:
    try:
        listing = source.open_listing()
        return Scanner(listing, source, pool, ManualClock(), rules(**changes)).cycle()
    finally:
        pool.close()


def test_a_report_brings_the_candles_of_what_it_shows_and_no_others() -> None:
    source = FakeSource(names(40), bars=900, wanted=frozenset({"S007USDT"}))

    report = scanned(source, InlinePool(source, 4), with_candles=True, best=3, max_age=40)

    shown = {x.divergence.symbol for x in report.opportunities}
    assert len(report.opportunities) == 3
    assert set(report.candles) == shown | {"S007USDT"}
    assert len(report.candles["S007USDT"].close) == 900


def test_what_is_shown_is_among_the_divergences_of_its_candles() -> None:
    source = FakeSource(names(12), bars=900)

    report = scanned(source, ProcessPool(source, 2, 4), with_candles=True, max_age=40)

    assert report.opportunities
    for shown in report.opportunities:
        symbol = shown.divergence.symbol
        found = examine(symbol, report.candles[symbol], Interval.M5, 1000, TRADE)
        assert shown.divergence in [x.divergence for x in found.divergences]


def test_no_candles_come_back_where_nobody_asks_for_them() -> None:
    source = FakeSource(names(4), bars=900, wanted=frozenset(names(4)))

    assert scanned(source, InlinePool(source, 4), max_age=40).candles == {}


def test_a_symbol_that_was_skipped_has_no_candles_to_show() -> None:
    halted = {"S000USDT": candles_of(5, 900, end=10)}
    source = FakeSource(names(4), bars=299, special=halted, wanted=frozenset(names(2)))

    report = scanned(source, InlinePool(source, 4), with_candles=True)

    assert {x.reason for x in report.summary.skipped} == {"insufficient_history"}
    assert set(report.candles) == {"S000USDT"}


def test_a_symbol_whose_newest_candles_are_missing_has_none_to_show() -> None:
    halted = {"S000USDT": candles_of(5, 900, end=10)}
    source = FakeSource(names(9), bars=900, special=halted, wanted=frozenset(names(2)))

    report = scanned(source, InlinePool(source, 4), with_candles=True)

    assert [(x.symbol, x.reason) for x in report.summary.skipped] == [("S000USDT", "gap")]
    assert set(report.candles) >= {"S001USDT"}
    assert "S000USDT" not in report.candles
