"""Years of a synthetic market: what it takes before a backtest can begin, and a look at each close.

    python benchmarks/past.py [SYMBOLS] [MONTHS] [WORKERS]

It prints seconds and MB (what processes share counted once) of opening the past for the first time,
of opening it again with other weights in the score, of candidates over all of it, and of glances;
and beside them the floor: the kernels alone over as many candles, by one process.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from commandline import run
from machine import Others, tree_pss
from past_market import START, STEP, Synthetic

from divbot.app.scanning import scan_rules
from divbot.binance.listing.rules import UniverseRules
from divbot.domain.market import Interval, Market
from divbot.kernels.analysis import analyse
from divbot.research.past import PastScanner
from divbot.settings import Settings

_GLANCES = 200


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Print what a block takes, at its end."""
    most, is_over = [0.0], threading.Event()

    def look() -> None:
        while not is_over.wait(0.1):
            most[0] = max(most[0], tree_pss(os.getpid()))

    watching = threading.Thread(target=look, daemon=True)
    watching.start()
    began, spent, others = time.perf_counter(), time.process_time(), Others(os.getpid())
    yield
    seconds, own = time.perf_counter() - began, time.process_time() - spent
    taken = others.share(seconds)
    is_over.set()
    watching.join()
    print(
        f"{what:<46} {seconds:8.2f} s  {own:7.2f} s of this process  {most[0]:6.0f} MB  "
        f"others took {taken:.0%} of the cores"
    )


def main() -> None:
    given = sys.argv[1:]
    count, months, workers = map(int, [*given, *("400", "12", "2")[len(given) :]])
    history = Synthetic(count, months)
    rules = scan_rules(Settings(market=Market.USDM, interval=Interval.M5))
    rules = replace(rules, with_divergences=False)
    end = history.span("", Interval.M5)[1]
    with tempfile.TemporaryDirectory() as folder:
        for what in ("first", "again, with other weights in the score"):
            with (
                measured(f"open, {what}"),
                PastScanner.open(
                    history,
                    (START, end),
                    rules,
                    UniverseRules(top=count),
                    cache=Path(folder),
                    workers=workers,
                ) as past,
            ):
                pass
            weights = {**rules.ranking.weights, "rsi": 0.1}
            rules = replace(rules, ranking=replace(rules.ranking, weights=weights))
        with measured("candidates of all closes"):
            found = sum(
                len(past.candidates(int(start), int(start) + 30 * 86_400_000))
                for start in np.arange(START, end, 30 * 86_400_000)
            )
        print(f"  {found:,} candidates at {len(past.closes):,} closes")
        closes = np.random.default_rng(0).choice(past.closes[1000:], _GLANCES, replace=False)
        closes.sort()
        with measured(f"{_GLANCES} glances"):
            offers = [len(past.glance(int(close)).open_to_trade) for close in closes]
        print(f"  {np.mean(offers):.1f} opportunities each")
    candles = count * (end - START) // STEP
    block = [np.random.default_rng(x).random((10_000, 50)).cumsum(axis=0) for x in range(3)]
    with measured(f"floor: the kernels over {candles:,} candles"):
        for _ in range(max(candles // block[0].size, 1)):
            analyse(*block)


if __name__ == "__main__":
    run(main)
