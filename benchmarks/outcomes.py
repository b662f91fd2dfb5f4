"""What outcomes and evidence add to a scan of 400 symbols of 1000 candles, on one core.

    python benchmarks/outcomes.py

Printed are medians of processor time, all threads together: of the kernels that find divergences,
of trying all of them as trades, and of what is stated of those that are shown.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from divbot.domain.market import Interval, Market
from divbot.kernels.analysis import analyse
from divbot.scanner.block import Block
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.evidence.expectations import Expectations
from divbot.scanner.evidence.samples import OUTCOMES
from divbot.scanner.evidence.trial import try_divergences
from divbot.scanner.signals.plan import PlanRules

BARS, SYMBOLS, OPPORTUNITIES, REPEATS = 999, 400, 60, 15
RULES = PlanRules(stop_atr=0.5, reward_risk=2.0, fee=0.0005, slippage=0.0002, horizon=100)


def main() -> None:
    block = random_block()
    analysis = analyse(block.high, block.low, block.close)
    events = analysis.after_warm_up()
    counts = np.bincount(
        try_divergences(block, analysis, events, RULES).outcome, minlength=len(OUTCOMES)
    )
    expectations = Expectations(RULES, BaseRate(Market.USDM, Interval.M5, "none"))
    became = ", ".join(f"{count} {name}" for count, name in zip(counts, OUTCOMES, strict=True))
    print(f"{BARS} candles of {SYMBOLS} symbols, {len(events)} divergences: {became}")
    stages: dict[str, Callable[[], object]] = {
        "RSI to divergences": lambda: analyse(block.high, block.low, block.close),
        "trying all divergences": lambda: try_divergences(block, analysis, events, RULES),
        f"evidence of {OPPORTUNITIES}": lambda: [
            expectations.evidence(100.0, 99.0 - number / 60, 102.0, 0.5)
            for number in range(OPPORTUNITIES)
        ],
    }
    for name, stage in stages.items():
        print(f"{name:<32} {milliseconds(stage):>6.2f} ms")


def random_block() -> Block:
    random = np.random.default_rng(1)
    steps = 0.001 * random.standard_normal((BARS, SYMBOLS, 10))
    # By candle and symbol ten prices, each a step from the one before.
    walk = steps.transpose(0, 2, 1).reshape(-1, SYMBOLS).cumsum(axis=0)
    path = 100 * np.exp(walk.reshape(BARS, 10, SYMBOLS))
    opened, close = np.ascontiguousarray(path[:, 0]), np.ascontiguousarray(path[:, -1])
    symbols = tuple(f"S{number}USDT" for number in range(SYMBOLS))
    offsets = np.zeros(SYMBOLS, np.int64)
    high, low = path.max(axis=1), path.min(axis=1)
    return Block(symbols, Interval.M5, 5_000_000, offsets, opened, high, low, close)


def milliseconds(stage: Callable[[], object]) -> float:
    seconds = []
    for _ in range(REPEATS):
        started = time.process_time()
        stage()
        seconds.append(time.process_time() - started)
    return 1000 * statistics.median(seconds)


if __name__ == "__main__":
    main()
