"""A recorded market, and what is counted on it: whether statements came true, and base rates."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from divbot.arrays import Floats
from divbot.candle_arrays import Candles
from divbot.domain.clock import date_text
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.recordings.grid import steps_of
from divbot.scanner.block import Block, build_block
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.evidence.calibration import Calibration, calibrate, count_rate
from divbot.scanner.evidence.walk import walk
from divbot.scanner.signals.plan import PlanRules


@dataclass(frozen=True, slots=True)
class RecordedBlock:
    """Candles of a market side by side."""

    block: Block
    traded: Floats | None = None
    """By candle in the quote asset, of the shape of the block's arrays; None: nobody knows."""

    @classmethod
    def of(
        cls,
        series: Mapping[str, Candles],
        traded: Mapping[str, Floats],
        interval: Interval,
        rows: int,
    ) -> RecordedBlock:
        """Lay candles side by side, at most `rows` of them, and beside each what it `traded`."""
        block = build_block(series, interval, rows)
        laid = np.zeros(block.close.shape)
        for column, symbol in enumerate(block.symbols):
            steps = steps_of(series[symbol].open_time, interval)
            laid[steps - block.first_step, column] = traded[symbol]
        return cls(block, laid)

    @property
    def span(self) -> tuple[int, int]:
        """Return when the first candle opens, and when the last one closes, ms UTC."""
        columns = np.arange(len(self.block.symbols))
        first, last = (
            self.block.open_times(np.full_like(columns, row), columns)
            for row in (0, len(self.block.close) - 1)
        )
        return int(first.min()), self.block.interval.close_of(int(last.max()))

    @property
    def version(self) -> str:
        """Return what changes whenever a candle does."""
        digest = hashlib.sha256(repr((self.block.symbols, self.span)).encode())
        for prices in (self.block.open, self.block.high, self.block.low, self.block.close):
            digest.update(prices.tobytes())
        return digest.hexdigest()

    def calibration(self, rules: PlanRules, rate: BaseRate, limit: int) -> Calibration:
        """Return how statements and events compare; InputError for too few candles.

        A scan would start from `rate`, and see the confirming candle as the newest of `limit - 1`.
        """
        window = limit - 2 - rules.indicator.warm_up
        found = calibrate(walk(self.block, self.traded, rules), rules, rate, window)
        if found is None:
            raise self._too_few()
        return found

    def base_rate(self, rules: PlanRules, market: Market) -> BaseRate:
        """Return what it says beyond chance; InputError for too few candles."""
        cases = walk(self.block, self.traded, rules)
        if not len(cases):
            raise self._too_few()
        days = " to ".join(date_text(int(x)) for x in (cases.time.min(), cases.time.max()))
        source = f"{len(self.block.symbols)} symbols, {days}"
        return count_rate(cases, rules, market, self.block.interval, source)

    def _too_few(self) -> InputError:
        rows, symbols = self.block.close.shape
        return InputError(
            f"expected candles enough for divergences to end, found {rows:,} of {symbols:,} symbols"
        )
