from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from divbot.candle_arrays import Candles
from divbot.domain.clock import SystemClock
from divbot.domain.market import Interval
from divbot.kernels.analysis import Analysis, analyse
from divbot.scanner.block import Block
from divbot.scanner.workforce import worker
from divbot.scanner.workforce.task import BlockTask
from divbot.scanner.workforce.worker import BlockWorker
from tests.scanner.fakes import RANKING, FakeMarketData, FakeSource, candles_of, names

SYMBOLS = (*names(20), "DELISTEDUSDT")
TASK = BlockTask(SYMBOLS, Interval.M5, 1000, RANKING.max_age, RANKING.trade)


@contextmanager
def at_work(market_data: FakeMarketData) -> Iterator[BlockWorker]:
    opened = BlockWorker(market_data, 4, SystemClock(), lambda: None)
    try:
        yield opened
    finally:
        opened.close()


def found() -> tuple[Any, ...]:
    with at_work(FakeMarketData(FakeSource(SYMBOLS))) as opened:
        result = opened.scan(TASK)
    return (
        tuple(replace(x, fetched_at=0.0) for x in result.coverage),
        result.failures,
        tuple(sorted(result.signals, key=lambda x: astuple(x.divergence))),
        tuple(sorted(result.divergences, key=astuple)),
        sum(x.divergences for x in result.coverage),
    )


def test_parts_of_any_size_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    by_size = []
    for size in (1, 7, 20, 1000):
        monkeypatch.setattr(worker, "_PART", size)
        by_size.append(found())

    coverage, failures, signals, divergences, cases = by_size[0]
    assert [x.symbol for x in coverage] == list(names(20))
    assert [x.symbol for x in failures] == ["DELISTEDUSDT"]
    assert cases == len(divergences) > len(signals) > 0
    assert by_size == by_size[:1] * 4


@pytest.mark.parametrize("behind", [1, 700, 5000])
def test_those_left_behind_hide_nobody_and_take_no_room(
    monkeypatch: pytest.MonkeyPatch, behind: int
) -> None:
    build, rows = worker.build_block, []

    def build_and_measure(*arguments: Any) -> Block:
        block = build(*arguments)
        rows.append(len(block.close))
        return block

    monkeypatch.setattr(worker, "build_block", build_and_measure)
    late = {f"LATE{n}USDT": candles_of(n, 400, end=behind) for n in range(9)}
    symbols = (*late, "AUSDT", "NEWUSDT")
    source = FakeSource(symbols, special={**late, "NEWUSDT": candles_of(1, 3)})
    with at_work(FakeMarketData(source)) as opened:
        result = opened.scan(replace(TASK, symbols=symbols))
    with at_work(FakeMarketData(source)) as opened:
        alone = opened.scan(replace(TASK, symbols=("AUSDT",)))

    assert max(rows) <= 2 * TASK.limit
    assert {x.symbol for x in result.coverage} == set(symbols)
    assert {x.symbol for x in result.divergences} == {*late, "AUSDT"}
    assert [x for x in result.divergences if x.symbol == "AUSDT"] == list(alone.divergences)


def test_symbols_are_analysed_while_others_are_on_their_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    has_analysed = threading.Event()

    def analyse_and_tell(*prices: NDArray[np.float64]) -> Analysis:
        result = analyse(*prices)
        has_analysed.set()
        return result

    class LastOneWaits(FakeMarketData):
        def final_candles(
            self, symbol: str, interval: Interval, limit: int, at: int = 0
        ) -> Candles:
            if symbol == "S019USDT":
                assert has_analysed.wait(60)
            return super().final_candles(symbol, interval, limit, at)

    monkeypatch.setattr(worker, "analyse", analyse_and_tell)
    monkeypatch.setattr(worker, "_PART", 5)
    with at_work(LastOneWaits(FakeSource(SYMBOLS))) as opened:
        assert len(opened.scan(TASK).coverage) == 20
