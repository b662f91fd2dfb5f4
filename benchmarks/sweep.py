"""A search of many settings over years of a synthetic market: seconds, memory, bytes a unit.

    python benchmarks/sweep.py [SETTINGS] [SYMBOLS] [MONTHS] [WORKERS] [cluster]

Candles of 5m; 25 settings at a time share their signals. It prints what making the candles takes,
and then the search: seconds, MB of the whole tree (what is shared counted once), units and bytes.
With `cluster`, the search is done by one Dask worker, and again by WORKERS, each a process.
"""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice, product
from pathlib import Path

from commandline import run
from machine import tree_pss
from past_market import START, Synthetic

from divbot.binance.listing.rules import UniverseRules
from divbot.domain.market import Interval
from divbot.domain.signals import Kind
from divbot.kernels.indicator import Indicator
from divbot.research.sweep.cluster import cluster_hands
from divbot.research.sweep.hands import Hands, OwnHands, PoolHands
from divbot.research.sweep.market import MarketRules
from divbot.research.sweep.run import search, units_of
from divbot.research.sweep.variants import SignalInputs, TradeInputs, Variant, name_of
from divbot.research.venue import Spreads

sys.path.insert(0, str(Path(__file__).parents[1]))

DAY = 86_400_000
_STOPS, _RATIOS = (0.25, 0.5, 1.0, 1.5, 2.0), (1.0, 1.5, 2.0, 3.0, 4.0)


def variants(count: int) -> list[Variant]:
    """Return so many: 25 of each set of signals."""
    signals = product((3, 4, 5, 7, 9), (5, 6, 8, 10), (60, 80, 100))
    points = product(signals, _STOPS, _RATIOS)
    return [_variant(*point) for point in islice(points, count)]


def _variant(signal: tuple[int, int, int], stop: float, ratio: float) -> Variant:
    left, right, most = signal
    indicator = Indicator(pivot_left=left, pivot_right=right, range_max=most)
    numbers = {"left": left, "right": right, "most": most, "stop": stop, "ratio": ratio}
    return Variant(
        name_of({name: str(x) for name, x in numbers.items()}),
        SignalInputs(Interval.M5, indicator, 499),
        TradeInputs(
            kinds=frozenset(Kind),
            stop_atr=stop,
            reward_risk=ratio,
            least_reward_risk=0.0,
            trail_atr=None,
            max_holding=DAY,
            on_opposite=True,
            fee=0.0005,
            slippage=0.0002,
            leverage=10,
        ),
    )


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Print what a block takes, at its end."""
    most, is_over = [0.0], threading.Event()

    def look() -> None:
        while not is_over.wait(0.2):
            most[0] = max(most[0], tree_pss(os.getpid()))

    watching = threading.Thread(target=look, daemon=True)
    watching.start()
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    is_over.set()
    watching.join()
    print(f"{what:<40} {seconds:8.2f} s  {most[0]:8.0f} MB", flush=True)


def main() -> None:
    given = [x for x in sys.argv[1:] if x != "cluster"]
    settings, count, months, workers = map(int, [*given, *("500", "400", "12", "2")[len(given) :]])
    history = Synthetic(count, months)
    tried = variants(settings)
    days = range(START // DAY + 3, history.span("", Interval.M5)[1] // DAY)
    rules = MarketRules(
        detail=None,
        universe=UniverseRules(top=count, min_age=0.0),
        is_todays=False,
        spreads=Spreads(Decimal("0.0004")),
    )
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        with PoolHands.started(workers) as hands:
            with measured("candles and lists, once"):
                units = units_of(history, tried, days, rules, cache=cache, hands=hands)
            shipped = max(len(pickle.dumps(unit)) for _, unit in units)
            print(f"  {len(units)} units of at most {shipped} bytes", flush=True)
            if "cluster" not in sys.argv:
                _searched(history, tried, days, rules, cache, hands, f"search, {workers} workers")
                return
        _on_clusters(history, tried, days, rules, cache, workers)


def _searched(
    history: Synthetic,
    tried: list[Variant],
    days: range,
    rules: MarketRules,
    cache: Path,
    hands: Hands,
    what: str,
) -> None:
    with measured(what):
        found = search(history, tried, days, rules, cache=cache, hands=hands, makers=OwnHands())
    print(f"  {found.units} units, {found.results.trades.sum():,} trades", flush=True)


def _on_clusters(
    history: Synthetic,
    tried: list[Variant],
    days: range,
    rules: MarketRules,
    cache: Path,
    workers: int,
) -> None:
    from tests.research.sweep.cluster import local_cluster

    for count in (1, workers):
        place = cache / f"dask-{count}"
        place.mkdir()
        with local_cluster(place, count) as cluster, cluster_hands(cluster.address) as hands:
            _searched(history, tried, days, rules, cache, hands, f"search, {count} Dask workers")
            for path in cache.glob("**/*.signals.npy"):
                path.unlink()  # the next one begins where this one did


if __name__ == "__main__":
    run(main)
