"""What outcomes and confidence add to a scan of 400 symbols of 1000 candles, on one core.

    python benchmarks/outcomes.py

Printed are medians of processor time, all threads together: of the kernels that were there before,
and of each stage that trying past divergences adds, in the worker and in the parent.
"""

from __future__ import annotations

import pickle
import statistics
import time
from collections.abc import Callable

import numpy as np

from divbot.domain.market import Interval
from divbot.domain.signals import Divergence, Kind, Signal
from divbot.kernels.analysis import analyse
from divbot.scanner.block import Block
from divbot.scanner.cases import Past
from divbot.scanner.plan import TradeRules
from divbot.scanner.trial import try_divergences

BARS, SYMBOLS, OPPORTUNITIES, REPEATS = 999, 400, 60, 15
RULES = TradeRules(stop_atr=0.5, reward_risk=2.0, fee=0.0005, slippage=0.0002, horizon=100)


def main() -> None:
    block = random_block()
    analysis = analyse(block.high, block.low, block.close)
    events = analysis.after_warm_up()
    cases = try_divergences(block, analysis, events, RULES)
    past = Past([cases], set(), RULES, Interval.M5)
    signals = [signal(block.symbols[number], number) for number in range(OPPORTUNITIES)]
    print(f"{BARS} candles of {SYMBOLS} symbols, {len(events)} divergences, {past.fates}")
    stages: dict[str, Callable[[], object]] = {
        "RSI to divergences, as before": lambda: analyse(block.high, block.low, block.close),
        "trying all divergences": lambda: try_divergences(block, analysis, events, RULES),
        "sending them to the parent": lambda: pickle.loads(pickle.dumps(cases)),
        "pooling": lambda: Past([cases], set(), RULES, Interval.M5),
        f"evidence of {OPPORTUNITIES}": lambda: [past.evidence(x) for x in signals],
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


def signal(symbol: str, number: int) -> Signal:
    """Return a signal of which only what makes it like others matters."""
    kind = list(Kind)[number % 4]
    figures = dict.fromkeys(Signal.__slots__, 1.0)
    likeness = {"extreme": 20.0 + number % 40, "trend": (number % 7 - 3) / 3}
    divergence = Divergence(symbol, kind, 0, 0, 0)
    return Signal(**{**figures, **likeness, "divergence": divergence})  # type: ignore[arg-type]


def milliseconds(stage: Callable[[], object]) -> float:
    seconds = []
    for _ in range(REPEATS):
        started = time.process_time()
        stage()
        seconds.append(time.process_time() - started)
    return 1000 * statistics.median(seconds)


if __name__ == "__main__":
    main()
