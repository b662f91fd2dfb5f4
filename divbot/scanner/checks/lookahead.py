"""Replays every prefix of a history: what was known then must be what is known now of then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Integers
from divbot.kernels.analysis import Analysis, analyse
from divbot.scanner.block import Block
from divbot.scanner.evidence.samples import REACHED_TARGET, UNRESOLVED
from divbot.scanner.evidence.trial import try_divergences
from divbot.scanner.signals.plan import PlanRules


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay of all prefixes showed."""

    prefixes: int
    divergences: int
    ended: int
    """Those whose trade has ended."""
    changes: tuple[str, ...]
    """What was not the same in some prefix, in words; empty as it should be."""


def replay(block: Block, rules: PlanRules) -> Replay:
    """Return what every prefix of `block` shows, compared with the whole."""
    whole = analyse(block.high, block.low, block.close, rules.indicator)
    samples = try_divergences(block, whole, whole.divergences, rules)
    confirmed = whole.confirmed(whole.divergences)
    outcomes = _Outcomes(samples.outcome, samples.result, confirmed, confirmed + samples.held)
    changes = []
    bars = len(block.close)
    for end in range(1, bars + 1):
        part = block.between(0, end)
        then = analyse(part.high, part.low, part.close, rules.indicator)
        changes += [
            f"{x} of the first {end} candles" for x in _changes(whole, then, confirmed, end)
        ]
        if not changes and not outcomes.hold(part, then, rules, end):
            changes.append(f"what became of trades in the first {end} candles")
    ended = int((samples.outcome >= REACHED_TARGET).sum())
    return Replay(bars, len(confirmed), ended, tuple(changes))


@dataclass(frozen=True, slots=True)
class _Outcomes:
    """What became of all trades of the whole history, in the order of confirmation."""

    outcome: NDArray[np.int8]
    result: NDArray[np.float32]
    confirmed: Integers
    ended: Integers

    def hold(self, part: Block, then: Analysis, rules: PlanRules, end: int) -> bool:
        """Tell whether the first `end` candles show what had ended by then, and no more."""
        known = self.confirmed < end
        found = try_divergences(part, then, then.divergences, rules)
        over = self.ended[known] < end
        # Whether a trade is entered is known with the candle of its entry.
        over &= (self.outcome[known] >= REACHED_TARGET) | (self.confirmed[known] + 1 < end)
        expected = np.where(over, self.outcome[known], UNRESOLVED)
        result = np.where(over, self.result[known], np.nan)
        return np.array_equal(found.outcome, expected) and np.array_equal(
            found.result, result, equal_nan=True
        )


def _changes(whole: Analysis, then: Analysis, confirmed: Integers, end: int) -> list[str]:
    same = {
        "RSI": np.array_equal(then.rsi, whole.rsi[:end], equal_nan=True),
        "ATR": np.array_equal(then.atr, whole.atr[:end], equal_nan=True),
        "divergences": np.array_equal(then.divergences, whole.divergences[confirmed < end]),
    }
    return [name for name, is_same in same.items() if not is_same]
