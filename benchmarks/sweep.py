"""A search of many settings over a year of a synthetic market: time, memory, bytes a unit.

    python benchmarks/sweep.py [SETTINGS] [SYMBOLS] [MONTHS] [WORKERS] [--detail 1m]
                               [--folder FOLDER] [--slopes] [--dask] [--vectorbt PYTHON]

Signals of 5m, outcomes by candles of --detail, all from the store that backtest.py writes as well;
25 settings at a time share their signals. It prints what making the columns takes, and then the
search: seconds, processor seconds and MB of the whole tree (what is shared counted once); and what
goes to workers at once: how long it takes them, and how many bytes travel.

--slopes searches a part instead, and then two and four times as many settings, symbols, and months:
a table of processor seconds and MB, with the exponent of each; 1 is linear, 0 constant.
--dask does a part of it besides by one Dask worker, and again by two, each with one thread.
--vectorbt trades the same signals of a month by vectorbt, which PYTHON has (an environment of its
own: it asks for other versions), on candles of 5m.

Processor seconds hardly tell of others on the machine, seconds do: where others take a part of the
cores, their share is printed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from backtest_market import fill
from commandline import run
from machine import NOISY, Others, seconds_of_tree, tree_pss
from sweep_market import Slice, variants

sys.path.insert(0, str(Path(__file__).parents[1]))

from divbot.binance.listing.rules import UniverseRules
from divbot.domain.durations import DAY
from divbot.domain.market import Interval, Market
from divbot.history.columns import CLOSE, HIGH, LOW, OPEN
from divbot.history.store import Store
from divbot.kernels.plans import REWARD_RISK, STOP_ATR
from divbot.research.past_signals import signals_of_month
from divbot.research.sweep.hands import DoneCases, Hands, OwnHands, PoolHands
from divbot.research.sweep.market import MarketRules
from divbot.research.sweep.run import search, units_of
from divbot.research.sweep.unit import Unit, sums_of
from divbot.research.sweep.variants import Variant
from divbot.research.venue import Spreads

_REST, _LONG_REST = 50, 1000
"""Times as long as a look at memory takes is the pause until the next: it takes a core as well."""
_TIMES = (1, 2, 4)
"""Of a part, for slopes."""


@dataclass
class Spent:
    """What a block took."""

    seconds: float = 0.0
    processor: float = 0.0
    """Seconds of the whole tree."""
    most: float = 0.0
    """MB of the whole tree."""
    others: float = 0.0
    """Part of the cores that others used."""


@contextmanager
def measured(what: str, rest: int = _REST) -> Iterator[Spent]:
    """Print what a block takes, at its end."""
    spent, is_over = Spent(), threading.Event()

    def look() -> None:
        pause = 0.1
        while not is_over.wait(pause):
            began = time.perf_counter()
            spent.most = max(spent.most, tree_pss(os.getpid()))
            pause = max(0.2, rest * (time.perf_counter() - began))

    watching = threading.Thread(target=look, daemon=True)
    watching.start()
    others = Others(os.getpid())
    began, used = time.perf_counter(), seconds_of_tree(os.getpid())
    yield spent
    spent.seconds = time.perf_counter() - began
    spent.processor = seconds_of_tree(os.getpid()) - used
    spent.others = others.share(spent.seconds)
    is_over.set()
    watching.join()
    noise = f"  others took {spent.others:.0%} of the cores" if spent.others > NOISY else ""
    print(
        f"{what:<44} {spent.seconds:8.2f} s  {spent.processor:8.2f} s of processors  "
        f"{spent.most:6.0f} MB{noise}",
        flush=True,
    )


@dataclass(frozen=True)
class Size:
    """How much is searched."""

    settings: int
    symbols: int
    months: int

    @property
    def cells(self) -> int:
        """Return the product of all."""
        return self.settings * self.symbols * self.months

    def __str__(self) -> str:
        return f"{self.settings} settings, {self.symbols} symbols, {self.months} months"


class Weighed:
    """Hands of others, with what goes to them and comes back, in bytes."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self.workers = hands.workers
        self.there: list[int] = []
        self.back: list[int] = []

    def done(self, call: Callable[..., Any], cases: Iterable[tuple[Any, ...]]) -> DoneCases:
        """Let the others do it."""
        for number, result in self._hands.done(call, self._weighed(cases)):
            self.back.append(len(pickle.dumps(result)))
            yield number, result

    def _weighed(self, cases: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for case in cases:
            self.there.append(len(pickle.dumps(case)))
            yield case


@dataclass(frozen=True)
class Searches:
    """Searches of parts of one store."""

    store: Store
    detail: Interval
    folder: Path

    def run(
        self, size: Size, hands: Hands, makers: Hands, what: str = "", *, rest: int = _REST
    ) -> Spent:
        """Make the columns, then search, and print both."""
        weighed = Weighed(hands)
        with measured(f"{size}: columns, once"):
            units_of(*self.asked(size), cache=self.folder, hands=makers)
        with measured(f"{size}: search{what}", rest) as spent:
            found = search(*self.asked(size), cache=self.folder, hands=weighed, makers=makers)
        print(
            f"  {found.results.trades.sum():,} trades; {len(weighed.there)} times work went to "
            f"workers, {spent.processor / len(weighed.there):.1f} s of processors each, "
            f"{max(weighed.there):,} bytes at most; {max(weighed.back):,} at most came back",
            flush=True,
        )
        self.forget_signals()
        return spent

    def asked(self, size: Size) -> tuple[Slice, list[Variant], range, MarketRules]:
        """Return what is searched: history, settings, days and rules."""
        history = Slice(self.store, size.symbols)
        first, last = history.span(history.symbols(Interval.M5)[0], Interval.M5)
        # Three days before, for indicators; a month is a twelfth of a year.
        days = range(first // DAY + 3, min(last // DAY, first // DAY + -(-size.months * 365 // 12)))
        rules = MarketRules(
            detail=self.detail,
            universe=UniverseRules(top=size.symbols, min_age=0.0),
            is_todays=False,
            spreads=Spreads(Decimal("0.0004")),
        )
        return history, variants(size.settings), days, rules

    def forget_signals(self) -> None:
        """Let the next search begin where this one did."""
        for path in self.folder.glob("**/*.signals.npy"):
            path.unlink()


def slopes(searches: Searches, whole: Size, hands: Hands) -> None:
    """Search a part, and then several times as much of it, in each way."""
    part = Size(*(max(x // _TIMES[-1], 1) for x in (whole.settings, whole.symbols, whole.months)))
    searches.run(part, hands, hands, ", before all: workers start")
    found = {part: searches.run(part, hands, hands)}
    lines = []
    for what in ("settings", "symbols", "months"):
        sizes = [replace(part, **{what: x * getattr(part, what)}) for x in _TIMES]
        for size in sizes:
            if size not in found:
                found[size] = searches.run(size, hands, hands)
        lines += [(what, size, found[size], _exponent(found, sizes[0], size)) for size in sizes]
    print(f"\n{'more':<10}{'settings':>9}{'symbols':>9}{'months':>8}", end="")
    print(f"{'processor s':>13}{'exponent':>10}{'MB':>7}{'exponent':>10}")
    for what, size, spent, (seconds, memory) in lines:
        print(
            f"{what:<10}{size.settings:>9}{size.symbols:>9}{size.months:>8}"
            f"{spent.processor:>13.2f}{seconds:>10}{spent.most:>7.0f}{memory:>10}"
        )
    print("exponent: 1 is linear in what grew, below 1 is less; each is against the first of three")


def _exponent(found: dict[Size, Spent], first: Size, size: Size) -> tuple[str, str]:
    """Return how processor seconds and memory grew: by this power of what grew."""
    if size == first:
        return "", ""
    times = math.log(size.cells / first.cells)
    one, other = found[first], found[size]
    return (
        f"{math.log(other.processor / one.processor) / times:.2f}",
        f"{math.log(other.most / one.most) / times:.2f}",
    )


def on_clusters(searches: Searches, size: Size) -> None:
    """Search by one Dask worker, and by two."""
    from divbot.research.sweep.cluster import cluster_hands
    from tests.research.sweep.cluster import local_cluster

    found = []
    for count in (1, 2):
        place = searches.folder / f"dask-{count}"
        place.mkdir()
        with local_cluster(place, count) as cluster, cluster_hands(cluster.address) as hands:
            what = f", {count} Dask worker{'s' * (count > 1)}"
            # A few units for each: to load what is compiled takes as long as one of them.
            searches.run(Size(100, size.symbols, 1), hands, OwnHands(), f"{what}, which start")
            found.append(searches.run(size, hands, OwnHands(), what, rest=_LONG_REST))
    one, two = found
    print(
        f"  two workers: {one.seconds / two.seconds:.2f} times as fast as one; by processor "
        f"seconds, on cores that are free, {2 * one.processor / two.processor:.2f} times at most"
    )


def beside_vectorbt(searches: Searches, symbols: int, python: Path) -> None:
    """Trade the signals of a month: 25 settings by divbot, and again by vectorbt."""
    size = Size(25, symbols, 1)
    searches = replace(searches, detail=Interval.M5)
    units = units_of(*searches.asked(size), cache=searches.folder, hands=OwnHands())
    own = [unit for _, unit in units]
    list(map(sums_of, own))  # finds the signals
    began = time.process_time()
    trades = sum(int(sums_of(unit)[1].sum()) for unit in own)
    seconds = time.process_time() - began
    print(f"{size}, signals that are known, candles of 5m:")
    print(f"  divbot    {seconds:6.2f} s of processors, {trades:9,} trades, every signal of them")
    file = searches.folder / "signals.npz"
    np.savez(file, **_for_vectorbt(own[0]))
    script = Path(__file__).with_name("sweep_vectorbt.py")
    told = json.loads(
        subprocess.run([python, script, file], check=True, stdout=subprocess.PIPE).stdout
    )
    print(
        f"  vectorbt  {told['seconds']:6.2f} s of processors, {told['trades']:9,} trades, one "
        "position at a time for each symbol"
    )
    searches.forget_signals()


def _for_vectorbt(unit: Unit) -> dict[str, np.ndarray]:
    """Return prices, signals, and how far stop and target are, as a part of the price."""
    market = unit.market.open()
    columns, month = market.columns, market.columns.months[unit.month]
    path = signals_of_month(columns, unit.month, unit.indicator, unit.limit, market.path.parent)
    found = np.load(path)
    found = found[(found["kind"] >= 0) & (found["confirmed"] < month.end - 1)]
    symbols = np.arange(len(columns.symbols))
    prices = {
        name: columns.wide(symbols, column, month.first, month.end).T
        for name, column in (("open", OPEN), ("high", HIGH), ("low", LOW), ("close", CLOSE))
    }
    ways = [
        (found["side"] * (found["close"] - found["pivot"]) + plan[STOP_ATR] * found["atr"])
        / found["close"]
        for plan in unit.plans
    ]
    return prices | {
        "row": found["confirmed"] + 1 - month.first,
        "symbol": found["symbol"],
        "side": found["side"],
        "stops": np.array(ways),
        "targets": np.array(
            [way * plan[REWARD_RISK] for way, plan in zip(ways, unit.plans, strict=True)]
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("settings", 500), ("symbols", 400), ("months", 12), ("workers", 2)):
        parser.add_argument(name, type=int, nargs="?", default=default)
    parser.add_argument("--detail", type=Interval, default=Interval.M1)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "divbot-years")
    parser.add_argument("--slopes", action="store_true")
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--vectorbt", type=Path, metavar="PYTHON")
    given = parser.parse_args()
    store = Store(given.folder / "400x12", Market.USDM)
    if len(store.symbols(Interval.M5)) < given.symbols:
        fill(store, 400, 12)
    whole = Size(given.settings, given.symbols, given.months)
    with tempfile.TemporaryDirectory() as folder:
        searches = Searches(store, given.detail, Path(folder))
        with PoolHands.started(given.workers) as hands:
            if given.slopes:
                slopes(searches, whole, hands)
            else:
                searches.run(whole, hands, hands)
        if given.vectorbt:
            beside_vectorbt(searches, min(40, whole.symbols), given.vectorbt)
        if given.dask:
            on_clusters(searches, Size(whole.settings, whole.symbols // 4, min(6, whole.months)))


if __name__ == "__main__":
    run(main)
