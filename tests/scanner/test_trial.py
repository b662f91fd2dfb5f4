"""Past divergences as trades: what a worker makes of its block, and the parent of all blocks."""

from __future__ import annotations

import numpy as np
import pytest

from divbot.domain.clock import ManualClock
from divbot.domain.market import Interval
from divbot.kernels import outcomes
from divbot.kernels.analysis import Analysis, analyse
from divbot.scanner.block import Block, build_block
from divbot.scanner.cycle import Scanner
from divbot.scanner.evidence import samples as parent
from divbot.scanner.evidence.trial import try_divergences
from divbot.scanner.signals.measurement import clearness, extremes, trends
from divbot.scanner.workforce.inline import InlinePool
from tests import reference
from tests.scanner.fakes import (
    RATE,
    RULES,
    TRADE,
    FakeSource,
    candles_of,
    names,
    rules,
)


def market() -> tuple[Block, Analysis]:
    series = {f"S{n}USDT": candles_of(n, 900) for n in range(6)}
    block = build_block(series, Interval.M5, rows=1000)
    return block, analyse(block.high, block.low, block.close)


def test_each_divergence_is_entered_at_the_open_after_its_confirmation() -> None:
    block, analysis = market()
    events = analysis.after_warm_up()

    found = try_divergences(block, analysis, events, TRADE)

    assert len(found.outcome) == len(events) > 50
    for k, (column, kind, _, pivot, _) in enumerate(events.tolist()):
        confirmed, sign = pivot + 5, 1 if kind < 2 else -1
        columns = (x[:, column].tolist() for x in (block.open, block.high, block.low, block.close))
        price = (block.low if sign > 0 else block.high)[pivot, column]
        stop = price - sign * 0.5 * analysis.atr[confirmed, column]
        close = block.close[confirmed, column]
        expected = reference.outcome(
            list(zip(*columns, strict=True)),
            confirmed,
            "BUY" if sign > 0 else "SELL",
            stop,
            close + 2 * (close - stop),
            fee=TRADE.fee,
            slippage=TRADE.slippage,
            horizon=TRADE.horizon,
        )
        outcome = parent.OUTCOMES[found.outcome[k]].replace("_", " ")
        assert outcome == expected.outcome
        assert found.result[k] == pytest.approx(expected.result, rel=1e-5, nan_ok=True)
        assert found.held[k] == max(expected.ended - confirmed, 0)


def test_parent_and_kernel_number_fates_alike() -> None:
    assert parent.OUTCOMES == ("unresolved", "not_entered", "target", "stop", "expired")
    assert [getattr(outcomes, x) for x in ("UNRESOLVED", "NOT_ENTERED", "EXPIRED")] == [0, 1, 4]
    assert (outcomes.REACHED_TARGET, outcomes.REACHED_STOP) == (2, 3)
    assert parent.REACHED_TARGET == 2


def test_the_more_extreme_rsi_counts_of_a_short_from_the_other_end() -> None:
    _, analysis = market()
    events = analysis.after_warm_up()

    found = extremes(analysis, events)

    for (column, kind, previous, pivot, _), extreme in zip(events.tolist(), found, strict=True):
        both = analysis.rsi[previous, column], analysis.rsi[pivot, column]
        assert extreme == (min(both) if kind < 2 else 100 - max(both))


def test_a_trend_is_measured_in_the_signal_s_direction() -> None:
    block, analysis = market()
    event = analysis.after_warm_up()[:1]
    row, column = event[0, 3] + 5, event[0, 0]
    went = block.close[row, column] - block.close[row - 100, column]

    trend = trends(block, analysis, event)[0]

    sign = 1 if event[0, 1] < 2 else -1
    assert trend == pytest.approx(sign * went / (10 * analysis.atr[row, column]))


@pytest.mark.parametrize(
    ("close", "rsi", "expected"),
    [(10.0, 40.0, 1.0), (8.0, 40.0, 0.5), (10.0, 20.0, 0.5), (8.0, 20.0, 0.0)],
)
def test_the_line_of_sight_is_clear_for_price_and_for_rsi(
    close: float, rsi: float, expected: float
) -> None:
    block, analysis = market()
    events = np.array([[0, 0, 200, 220, 150]])
    block.low[200, 0], block.low[220, 0] = 9.0, 8.5
    block.close[200:221, 0] = 10.0
    analysis.rsi[200:221, 0] = 40.0
    analysis.rsi[200, 0], analysis.rsi[220, 0] = 25.0, 30.0
    block.close[210, 0], analysis.rsi[210, 0] = close, rsi

    assert clearness(block, analysis, events).tolist() == [expected]


def test_a_scan_tells_of_every_opportunity_what_to_expect() -> None:
    source = FakeSource(names(60), bars=900)
    pool = InlinePool(source, connections=2)

    report = Scanner(source.open_listing(), source, pool, ManualClock(), rules(best=100)).cycle()

    pool.close()
    assert report.summary.base_rate == RATE
    assert len(report.opportunities) == 5
    for x in report.opportunities:
        assert x.evidence is not None
        assert x.evidence.cases == RATE.cases
        assert 0 < x.evidence.low < x.evidence.confidence < x.evidence.high < 1
        fair = 1 / (1 + x.reward_risk)
        assert x.evidence.confidence <= RATE.believed_ratio * fair + 1e-9


def test_a_scan_tells_what_became_of_past_divergences_but_of_skipped_symbols() -> None:
    known = names(5)
    behind = candles_of(7, 900).between(0, 600)
    source = FakeSource((*known, "BEHINDUSDT"), bars=900, special={"BEHINDUSDT": behind})
    pool = InlinePool(source, connections=2)

    summary = Scanner(source.open_listing(), source, pool, ManualClock(), RULES).cycle().summary

    pool.close()
    series = {symbol: candles_of(sum(symbol.encode()), 900) for symbol in known}
    block = build_block(series, Interval.M5, rows=1000)
    analysis = analyse(block.high, block.low, block.close)
    found = try_divergences(block, analysis, analysis.after_warm_up(), TRADE)
    assert [x.symbol for x in summary.skipped] == ["BEHINDUSDT"]
    assert summary.past == {
        name: int((found.outcome == number).sum()) for number, name in enumerate(parent.OUTCOMES)
    }
    assert sum(summary.past.values()) == summary.divergences > 50
