"""One block of symbols from download to signals: what a worker process does.

Imported by every worker: nothing here may load typer, rich, pydantic or pandas.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from divbot.domain.clock import Clock
from divbot.domain.errors import DivbotError, StopUntil, VenueError, VenueRefused
from divbot.domain.market import Interval
from divbot.domain.signals import Divergence, Kind, Signal
from divbot.kernels.analysis import PIVOT_RIGHT, Analysis, after_warm_up, analyse
from divbot.kernels.divergence import (
    HIDDEN_BEARISH,
    HIDDEN_BULLISH,
    KIND,
    PIVOT,
    PREVIOUS,
    REGULAR_BEARISH,
    REGULAR_BULLISH,
    SYMBOL,
)
from divbot.scanner.block import Block, build_block, steps_of
from divbot.scanner.port import Candles, MarketData
from divbot.scanner.task import (
    LATEST_LAG,
    MINIMUM_CANDLES,
    BlockResult,
    BlockTask,
    Coverage,
    Failure,
)

_GIVE_UP_AFTER = 8

KINDS = {
    REGULAR_BULLISH: Kind.REGULAR_BULLISH,
    HIDDEN_BULLISH: Kind.HIDDEN_BULLISH,
    REGULAR_BEARISH: Kind.REGULAR_BEARISH,
    HIDDEN_BEARISH: Kind.HIDDEN_BEARISH,
}


class BlockWorker:
    """Download and analyse blocks over one session; `on_symbol` is told of each download."""

    def __init__(
        self,
        market_data: MarketData,
        connections: int,
        clock: Clock,
        on_symbol: Callable[[], None],
    ) -> None:
        self._market_data = market_data
        self._clock = clock
        self._on_symbol = on_symbol
        self._threads = ThreadPoolExecutor(connections, "download")

    def scan(self, task: BlockTask) -> BlockResult:
        """Return the signals of a block; a symbol that fails is reported and costs only itself.

        Raise the error where the venue answers for no symbol at all, or wants all to stop.
        """
        started = self._clock.monotonic()
        download = _Download(self._market_data, task, self._on_symbol)
        series, failures = download.run(self._threads)
        downloaded = self._clock.monotonic()
        signals, divergences = _signals(_usable(series, task.interval), task)
        return BlockResult(
            coverage=tuple(
                _coverage(symbol, candles, task.interval) for symbol, candles in series.items()
            ),
            failures=failures,
            signals=signals,
            divergences=divergences,
            worker=os.getpid(),
            download_seconds=downloaded - started,
            analysis_seconds=self._clock.monotonic() - downloaded,
            weight=self._market_data.take_weight(),
        )

    def close(self) -> None:
        """Let go of every connection; what is still under way is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._market_data.close()


class _Download:
    """One block's candles, asked for side by side."""

    def __init__(
        self, market_data: MarketData, task: BlockTask, on_symbol: Callable[[], None]
    ) -> None:
        self._market_data = market_data
        self._task = task
        self._on_symbol = on_symbol
        # Guards the three below, and the count: every thread of the block writes them.
        self._lock = threading.Lock()
        self._answered = False
        self._errors: list[DivbotError] = []
        self._fatal: VenueError | None = None

    def run(self, threads: ThreadPoolExecutor) -> tuple[dict[str, Candles], tuple[Failure, ...]]:
        """Return the candles by symbol, and why the others have none."""
        found = list(threads.map(self._fetch, self._task.symbols))
        if self._fatal is not None:
            raise self._fatal
        if not self._answered and self._errors and isinstance(self._errors[-1], VenueError):
            raise self._errors[-1]
        answers = dict(zip(self._task.symbols, found, strict=True))
        return (
            {symbol: x for symbol, x in answers.items() if not isinstance(x, Failure)},
            tuple(x for x in answers.values() if isinstance(x, Failure)),
        )

    def _fetch(self, symbol: str) -> Candles | Failure:
        if self._fatal is not None:
            return Failure(symbol, str(self._fatal))
        try:
            candles = self._market_data.final_candles(symbol, self._task.interval, self._task.limit)
        except DivbotError as error:
            self._note(error)
            return Failure(symbol, str(error))
        else:
            self._answered = True
            return candles
        finally:
            with self._lock:
                self._on_symbol()

    def _note(self, error: DivbotError) -> None:
        """Stop the whole block for an error that every other symbol would meet too."""
        with self._lock:
            self._errors.append(error)
            hopeless = len(self._errors) >= _GIVE_UP_AFTER and not self._answered
            if isinstance(error, StopUntil | VenueRefused) or (
                hopeless and isinstance(error, VenueError)
            ):
                self._fatal = error


def _coverage(symbol: str, candles: Candles, interval: Interval) -> Coverage:
    count = len(candles.open_time)
    if count == 0:
        return Coverage(symbol, 0, 0, 0)
    first, last = steps_of(candles.open_time[[0, -1]], interval)
    return Coverage(symbol, count, int(last - first) + 1 - count, int(candles.open_time[-1]))


def _usable(series: Mapping[str, Candles], interval: Interval) -> dict[str, Candles]:
    """Return the series that are long enough and not left behind by the rest of the block."""
    enough = {
        symbol: candles
        for symbol, candles in series.items()
        if len(candles.open_time) >= MINIMUM_CANDLES
    }
    last_steps = {
        symbol: int(steps_of(candles.open_time[-1:], interval)[0])
        for symbol, candles in enough.items()
    }
    newest = max(last_steps.values(), default=0)
    return {
        symbol: candles
        for symbol, candles in enough.items()
        if newest - last_steps[symbol] <= LATEST_LAG
    }


def _signals(
    series: Mapping[str, Candles], task: BlockTask
) -> tuple[tuple[Signal, ...], tuple[Divergence, ...]]:
    if not series:
        return (), ()
    block = build_block(series, task.interval, task.limit)
    analysis = analyse(block.high, block.low, block.close)
    events = after_warm_up(analysis.divergences)
    divergences = tuple(_divergences(block, events))
    oldest = len(block.close) - 1 - task.max_age
    fresh = events[:, PIVOT] + PIVOT_RIGHT >= oldest
    signals = tuple(
        _signal(block, analysis, event, divergence)
        for event, divergence, is_fresh in zip(events, divergences, fresh, strict=True)
        if is_fresh
    )
    return signals, divergences


def _divergences(block: Block, events: NDArray[np.int64]) -> Iterable[Divergence]:
    columns = events[:, SYMBOL]
    times = (
        block.open_times(rows, columns).tolist()
        for rows in (events[:, PREVIOUS], events[:, PIVOT], events[:, PIVOT] + PIVOT_RIGHT)
    )
    for column, kind, *moments in zip(
        columns.tolist(), events[:, KIND].tolist(), *times, strict=True
    ):
        yield Divergence(block.symbols[column], KINDS[kind], *moments)


def _signal(
    block: Block, analysis: Analysis, event: NDArray[np.int64], divergence: Divergence
) -> Signal:
    column, previous, pivot = int(event[SYMBOL]), int(event[PREVIOUS]), int(event[PIVOT])
    confirmed = pivot + PIVOT_RIGHT
    close = block.close[:, column]
    last = int(np.flatnonzero(close == close)[-1])
    prices = (block.low if divergence.kind.value.endswith("bullish") else block.high)[:, column]
    confirmed_close = float(close[confirmed])
    return Signal(
        divergence=divergence,
        rsi_previous=float(analysis.rsi[previous, column]),
        rsi=float(analysis.rsi[pivot, column]),
        price_previous=float(prices[previous]),
        price=float(prices[pivot]),
        confirmed_close=confirmed_close,
        confirmed_atr=float(analysis.atr[confirmed, column]),
        highest_since=_extreme(block.high[confirmed + 1 :, column], confirmed_close, max),
        lowest_since=_extreme(block.low[confirmed + 1 :, column], confirmed_close, min),
        last_open_time=int(block.open_times(np.array([last]), np.array([column]))[0]),
        last_close=float(close[last]),
        last_atr=float(analysis.atr[last, column]),
    )


def _extreme(
    prices: NDArray[np.float64], none: float, choose: Callable[[Iterable[float]], float]
) -> float:
    present = prices[prices == prices].tolist()
    return choose(present) if present else none
