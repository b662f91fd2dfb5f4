"""One block of symbols from download to signals: what a worker process does.

Imported by every worker: nothing here may load typer, rich, pydantic or pandas.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from divbot.arrays import Integers
from divbot.candle_arrays import Candles
from divbot.domain.clock import Clock
from divbot.domain.errors import DivbotError, StopAsking, TryAgain, VenueError
from divbot.domain.market import Interval
from divbot.domain.signals import Divergence, Signal, Stance
from divbot.kernels.analysis import Analysis, analyse
from divbot.kernels.divergence import SYMBOL
from divbot.recordings.grid import steps_of
from divbot.scanner.block import Block, build_block
from divbot.scanner.evidence.samples import OUTCOMES
from divbot.scanner.evidence.trial import try_divergences
from divbot.scanner.port import Connection, MarketData
from divbot.scanner.signals.measurement import (
    divergences_of,
    last_rows,
    signals_of,
    stances_of,
)
from divbot.scanner.workforce.task import (
    LATEST_LAG,
    BlockResult,
    BlockTask,
    Coverage,
    Failure,
)

_GIVE_UP_AFTER = 8
_PART = 20
"""Symbols that are analysed together, while others are still on their way."""


class BlockWorker:
    """Download and analyse blocks over one connection; `on_symbol` is told of each download."""

    def __init__(
        self,
        connection: Connection,
        threads: int,
        clock: Clock,
        on_symbol: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._on_symbol = on_symbol
        self._threads = ThreadPoolExecutor(threads, "download")

    def scan(self, task: BlockTask) -> BlockResult:
        """Return the signals of a block; a symbol that fails is reported and costs only itself.

        Raise the error where the venue answers for no symbol at all, or wants all to stop.
        """
        started = self._clock.monotonic()
        market_data = self._connection.on_lease(task.lease)
        download = _Download(market_data, task, self._clock, self._on_symbol)
        found: list[_Found] = []
        analysed = 0.0
        with closing(download.parts(self._threads)) as parts:
            for part in parts:
                began = self._clock.monotonic()
                found += [_find(group, task) for group in _split(part, task)]
                analysed += self._clock.monotonic() - began
        return _result(
            found,
            failures=download.failures,
            download_seconds=download.ended_at - started,
            analysis_seconds=analysed,
        )

    def close(self) -> None:
        """Let go of every connection; what is still under way is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._connection.close()


def scan_candles(series: Mapping[str, Candles], task: BlockTask) -> BlockResult:
    """Return what `series` show, which are at hand and all as of one moment."""
    fetched = {symbol: _Fetched(candles, 0.0) for symbol, candles in series.items()}
    return _result([_find(group, task) for group in _split(fetched, task)])


@dataclass(frozen=True, slots=True)
class _Fetched:
    """Candles, and when they came."""

    candles: Candles
    at: float


class _Download:
    """One block's candles, asked for side by side."""

    def __init__(
        self,
        market_data: MarketData,
        task: BlockTask,
        clock: Clock,
        on_symbol: Callable[[], None],
    ) -> None:
        self._market_data = market_data
        self._task = task
        self._clock = clock
        self._on_symbol = on_symbol
        # Guards all that follows, and the count: every thread of the block writes them.
        self._lock = threading.Lock()
        self._has_answered = False
        self._failed_in_a_row = 0
        self._last_error: DivbotError | None = None
        self._reason_to_stop: DivbotError | None = None
        self.ended_at = clock.monotonic()
        """When the last answer came."""
        self._failed: list[Failure] = []

    def parts(self, threads: ThreadPoolExecutor) -> Generator[dict[str, _Fetched], None, None]:
        """Yield candles by symbol, a few symbols at a time, while the others are on their way."""
        answers = zip(self._task.symbols, threads.map(self._fetch, self._task.symbols), strict=True)
        part: dict[str, _Fetched] = {}
        for symbol, answer in answers:
            if isinstance(answer, Failure):
                self._failed.append(answer)
            else:
                part[symbol] = answer
            if len(part) == _PART:
                yield part
                part = {}
        self._raise_if_hopeless()
        if part:
            yield part

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Return why the other symbols have no candles."""
        return tuple(self._failed)

    def _raise_if_hopeless(self) -> None:
        stop, last = self._reason_to_stop, self._last_error
        if isinstance(stop, StopAsking):
            raise stop
        if not self._has_answered and isinstance(last, VenueError):
            raise last

    def _fetch(self, symbol: str) -> _Fetched | Failure:
        if self._reason_to_stop is not None:
            return Failure(symbol, f"not asked for any more: {self._reason_to_stop}")
        try:
            task = self._task
            candles = self._market_data.final_candles(symbol, task.interval, task.limit, task.at)
        except DivbotError as error:
            self._note_failure(error)
            return Failure(symbol, str(error))
        else:
            self._note_answer()
            return _Fetched(candles, self._clock.monotonic())
        finally:
            with self._lock:
                self.ended_at = self._clock.monotonic()
                self._on_symbol()

    def _note_answer(self) -> None:
        with self._lock:
            self._has_answered = True
            self._failed_in_a_row = 0

    def _note_failure(self, error: DivbotError) -> None:
        """Stop the block for an error that the other symbols would most likely meet too."""
        with self._lock:
            self._last_error = error
            # A rejection is the symbol's own trouble, however many follow each other.
            self._failed_in_a_row += isinstance(error, TryAgain)
            is_storm = self._failed_in_a_row >= _GIVE_UP_AFTER
            if is_storm or isinstance(error, StopAsking):
                self._reason_to_stop = error


def _coverage(
    symbol: str, fetched: _Fetched, interval: Interval, outcomes: tuple[int, ...]
) -> Coverage:
    open_time, count = fetched.candles.open_time, len(fetched.candles)
    if count == 0:
        return Coverage(symbol, 0, 0, 0, fetched.at)
    first, last = steps_of(open_time[[0, -1]], interval)
    missing = int(last - first) + 1 - count
    return Coverage(symbol, count, missing, int(open_time[-1]), fetched.at, outcomes)


def _split(fetched: Mapping[str, _Fetched], task: BlockTask) -> list[dict[str, _Fetched]]:
    """Split what was fetched: what shares a block ends at about the same time.

    Who is left behind by the market is for the parent to say, who sees all of it.
    """
    ends = {
        symbol: int(steps_of(x.candles.open_time[-1:], task.interval).max(initial=0))
        for symbol, x in fetched.items()
    }
    groups: list[dict[str, _Fetched]] = []
    first = -math.inf
    for symbol in sorted(ends, key=ends.__getitem__):
        if ends[symbol] - first > task.limit:
            groups.append({})
            first = ends[symbol]
        groups[-1][symbol] = fetched[symbol]
    return groups


@dataclass(frozen=True, slots=True)
class _Found:
    """What the candles of some symbols show."""

    coverage: tuple[Coverage, ...]
    signals: tuple[Signal, ...] = ()
    divergences: tuple[Divergence, ...] = ()
    charted: Mapping[str, Candles] = field(default_factory=dict)
    stances: Mapping[str, Stance] = field(default_factory=dict)


def _result(
    found: Sequence[_Found],
    *,
    failures: tuple[Failure, ...] = (),
    download_seconds: float = 0.0,
    analysis_seconds: float = 0.0,
) -> BlockResult:
    return BlockResult(
        coverage=tuple(chain.from_iterable(x.coverage for x in found)),
        failures=failures,
        signals=tuple(chain.from_iterable(x.signals for x in found)),
        divergences=tuple(chain.from_iterable(x.divergences for x in found)),
        worker=os.getpid(),
        download_seconds=download_seconds,
        analysis_seconds=analysis_seconds,
        candles=dict(chain.from_iterable(x.charted.items() for x in found)),
        stances=dict(chain.from_iterable(x.stances.items() for x in found)),
    )


def _find(fetched: Mapping[str, _Fetched], task: BlockTask) -> _Found:
    indicator = task.trade.indicator
    series = {
        symbol: x.candles
        for symbol, x in fetched.items()
        if len(x.candles) >= indicator.minimum_candles
    }
    if not series:
        return _Found(_covered(fetched, task, {}))
    block = build_block(series, task.interval, task.limit)
    analysis = analyse(block.high, block.low, block.close, indicator)
    divergences = analysis.after_warm_up()
    # The market's newest candle is at most so much older than the symbol's own.
    oldest = last_rows(block) - task.max_age - LATEST_LAG
    fresh = divergences[analysis.confirmed(divergences) >= oldest[divergences[:, SYMBOL]]]
    signals = signals_of(block, analysis, fresh)
    return _Found(
        _covered(
            fetched,
            task,
            _outcomes(block, analysis, divergences, task) if task.with_outcomes else {},
        ),
        signals,
        tuple(divergences_of(block, analysis, divergences)) if task.with_divergences else (),
        _charted(series, signals, task),
        stances_of(block, analysis, divergences, task.trade.horizon) if task.with_stances else {},
    )


def _outcomes(
    block: Block, analysis: Analysis, divergences: Integers, task: BlockTask
) -> dict[str, tuple[int, ...]]:
    """Return how many divergences of each symbol ended in which way."""
    counts = np.zeros((len(block.symbols), len(OUTCOMES)), np.int64)
    outcomes = try_divergences(block, analysis, divergences, task.trade).outcome
    np.add.at(counts, (divergences[:, SYMBOL], outcomes), 1)
    return dict(zip(block.symbols, map(tuple, counts.tolist()), strict=True))


def _covered(
    fetched: Mapping[str, _Fetched], task: BlockTask, outcomes: Mapping[str, tuple[int, ...]]
) -> tuple[Coverage, ...]:
    return tuple(
        _coverage(symbol, x, task.interval, outcomes.get(symbol, ()))
        for symbol, x in fetched.items()
    )


def _charted(
    series: Mapping[str, Candles], signals: Iterable[Signal], task: BlockTask
) -> dict[str, Candles]:
    if task.charted is None:
        return {}
    wanted = task.charted | {signal.divergence.symbol for signal in signals}
    return {symbol: candles for symbol, candles in series.items() if symbol in wanted}
