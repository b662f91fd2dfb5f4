"""What the mathematics costs on one core, beside TA-Lib's RSI and ATR alone in the same run.

    python benchmarks/kernels.py

First 400 symbols of 1000 candles: RSI, ATR, pivots and all four divergences here, RSI and ATR
there, the best of many rounds that take turns. Then the cost of a candle, from short histories to
long ones and from one symbol to 2000: it should stay the same. TA-Lib is an extra (`.[test]`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.analysis import analyse

SHAPES = [(100, 400), (1000, 400), (10_000, 40), (100_000, 4), (1000, 1), (1000, 40), (1000, 2000)]

Block = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def main() -> None:
    options = parse_arguments()
    ours, theirs = beside(options.bars, options.symbols, options.rounds)
    shapes = {f"{bars} x {symbols}": cost(bars, symbols) for bars, symbols in SHAPES}
    if options.json:
        print(json.dumps({"ours_ms": ours, "talib_ms": theirs, "ns_per_candle": shapes}))
        return
    print(f"{options.symbols} symbols x {options.bars} candles, best of {options.rounds}")
    print(f"  RSI, ATR, pivots, divergences  {ours:6.2f} ms")
    if theirs is not None:
        print(f"  RSI and ATR by TA-Lib          {theirs:6.2f} ms")
        print(f"  ratio                          {ours / theirs:6.2f}")
    print("candles x symbols   ns per candle")
    for shape, nanoseconds in shapes.items():
        print(f"{shape:>17}  {nanoseconds:14.1f}")


def beside(bars: int, symbols: int, rounds: int) -> tuple[float, float | None]:
    """Return the best ms of ours, and of TA-Lib's where it is installed."""
    high, low, close = block(bars, symbols)
    work: list[Callable[[], object]] = [lambda: analyse(high, low, close)]
    try:
        import talib
    except ImportError:
        print("TA-Lib is not installed: nothing to compare with", file=sys.stderr)
    else:
        rows = [tuple(np.ascontiguousarray(x.T) for x in (high, low, close))]
        work.append(
            lambda: [
                (talib.RSI(c, 14), talib.ATR(h, lo, c, 14))
                for h, lo, c in zip(*rows[0], strict=True)
            ]
        )
    taken = [[timed(x) for x in work] for _ in range(rounds)]
    best = [min(seconds) for seconds in zip(*taken, strict=True)]
    return best[0] * 1e3, best[1] * 1e3 if len(best) > 1 else None


def cost(bars: int, symbols: int) -> float:
    """Return the best ns per candle of a block of that shape."""
    high, low, close = block(bars, symbols)
    best = min(timed(lambda: analyse(high, low, close)) for _ in range(20))
    return best * 1e9 / (bars * symbols)


def block(bars: int, symbols: int) -> Block:
    """Return high, low and close of random walks."""
    steps = np.random.default_rng(1).standard_normal((bars, symbols))
    close = np.cumprod(1 + 0.01 * np.clip(steps, -5, 5), axis=0)
    return close * 1.001, close * 0.999, close


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--bars", type=int, default=1000)
    parser.add_argument("--symbols", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
