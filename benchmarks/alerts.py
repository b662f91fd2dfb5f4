"""How long it takes from a candle's close to the alert handed over, and what a second of it costs.

    python benchmarks/alerts.py --closes 30 --latency 50ms --lag 300ms

A watch as `divbot watch` composes it runs in this process, on 1m candles of 400 symbols; the
exchange has one of its own, answers after `latency` and shows a candle `lag` after its close. Timed
are alerts of the candle that has just closed, from its close on the venue's clock to the call of
the sink; the lag is the venue's, so what counts is the time less the lag. The first two closes are
not counted: kernels are loaded, candles downloaded, the lag learned. Below stands what waiting
costs by interval, from recorded 1m candles: how far the price goes the signal's way in the minute
after the confirming close, in R of the plan, by the second.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from commandline import Parser, milliseconds, run, whole

RECORDED = Path(__file__).parents[2] / "shared" / "data" / "market" / "usdm-1m-2025-05.parquet"
INTERVALS = ("1m", "5m", "15m", "1h")
_NOT_COUNTED = 2
_MINUTE = 60_000


def main() -> None:
    options = parse_arguments()
    timed = [] if options.cost_only else measure(options)
    delays = [x for x in timed if x < _MINUTE]
    costs = list(costs_of_a_second()) if RECORDED.exists() else []
    if options.json:
        left_out = len(timed) - len(delays)
        found = {"delays": delays, "left_out": left_out, "costs": [asdict(x) for x in costs]}
        print(json.dumps(found))
        return
    if not options.cost_only:
        show(options, delays, len(timed) - len(delays))
    print(f"{'interval':<10}{'signals':>8}{'R in a minute':>15}{'error':>8}{'R a second':>12}")
    for cost in costs:
        print(
            f"{cost.interval:<10}{cost.signals:>8}{cost.minute:>+15.4f}{cost.error:>8.4f}"
            f"{cost.minute / 60:>+12.5f}"
        )
    if not costs:
        print(f"no recorded candles at {RECORDED}", file=sys.stderr)


def measure(options: argparse.Namespace) -> list[float]:
    """Return by how many ms each alert was handed over after its close, the lag included."""
    # Here, so that worker processes, which import this script, load none of it.
    from venue import open_exchange

    from divbot.alerts.alert import Alert
    from divbot.app.options import WatchOptions
    from divbot.app.watching import open_watch
    from divbot.settings import load_settings

    posted: list[Alert] = []
    handed: list[int] = []

    def ring() -> None:
        handed.append(watch.clock.now())

    with (
        open_exchange(
            "usdm", options.symbols, latency=options.latency, publish_lag=options.lag, is_nice=True
        ) as exchange,
        tempfile.TemporaryDirectory() as folder,
    ):
        settings = load_settings(
            {
                "top": options.symbols,
                "interval": "1m",
                "base_url": exchange.url,
                "min_score": 0,
                "min_reward_risk": 0,
                "alerts_per_minute": 1000,
                "notify_to": "bell",
                "workers": options.workers,
            }
        )
        with open_watch(
            settings,
            WatchOptions(outbox=Path(folder) / "outbox"),
            threading.Event(),
            ring=ring,
            tell=lambda *_, **__: None,
            on_alerts=posted.extend,
        ) as watch:
            began = watch.clock.now()
            watch.run(timedelta(minutes=options.closes + _NOT_COUNTED + 1))
    # The bell rings for each alert, in the order in which they were posted.
    pairs = zip(posted, handed, strict=False)
    first = began // _MINUTE * _MINUTE + (_NOT_COUNTED + 1) * _MINUTE
    return [float(at - x.at) for x, at in pairs if x.at >= first]


def show(options: argparse.Namespace, delays: Sequence[float], left_out: int) -> None:
    print(
        f"{options.symbols} symbols, latency {options.latency:g} ms, lag {options.lag:g} ms, "
        f"{options.closes} closes, {len(delays)} alerts ({left_out} of older candles left out); "
        "ms after the close, less the lag"
    )
    if not delays:
        return
    own = sorted(x - options.lag for x in delays)
    p90, p99 = (own[min(int(len(own) * share), len(own) - 1)] for share in (0.9, 0.99))
    print(f"median {statistics.median(own):.0f}, p90 {p90:.0f}, p99 {p99:.0f}, worst {own[-1]:.0f}")


@dataclass(frozen=True, slots=True)
class Cost:
    """What became of prices after signals, in R; above 0 they ran away."""

    interval: str
    signals: int
    minute: float
    error: float
    """The standard error of it."""


def costs_of_a_second() -> Iterator[Cost]:
    """Yield what the minute after the confirming close brings, for each interval."""
    import numpy as np
    import pandas as pd

    market = [x for _, x in pd.read_parquet(RECORDED).sort_values("open_time").groupby("symbol")]
    for interval in INTERVALS:
        moves = np.concatenate([_moves(rows, interval) for rows in market])
        error = float(moves.std() / len(moves) ** 0.5)
        yield Cost(interval, len(moves), float(moves.mean()), error)


def _moves(rows: Any, interval: str) -> Any:
    """Return how far the price of a symbol went in the minute after each signal, in R."""
    import numpy as np

    from divbot.app.scan_rules import plan_rules
    from divbot.candle_arrays import Candles
    from divbot.domain.market import Interval
    from divbot.kernels.analysis import analyse
    from divbot.kernels.divergence import SYMBOL
    from divbot.scanner.block import build_block
    from divbot.scanner.signals.measurement import plans, sides
    from divbot.settings import load_settings

    length = Interval(interval)
    opens = rows.open_time // length.milliseconds * length.milliseconds
    parts = rows.groupby(opens)
    prices = parts.agg({"open": "first", "high": "max", "low": "min", "close": "last"})
    series = Candles(
        prices.index.to_numpy(),
        *(prices[x].to_numpy() for x in ("open", "high", "low", "close")),
        np.ones(len(prices)),
    )
    rules = plan_rules(load_settings({}))
    block = build_block({"": series}, length, len(rows))
    analysis = analyse(block.high, block.low, block.close, rules.indicator)
    found = analysis.after_warm_up()
    confirmed = analysis.confirmed(found)
    closes = block.open_times(confirmed, found[:, SYMBOL]) + length.milliseconds
    minute = np.searchsorted(rows.open_time.to_numpy(), closes)
    stop, _ = plans(block, analysis, found, rules)
    close = block.close[confirmed, found[:, SYMBOL]]
    is_there = minute < len(rows)
    is_there &= rows.open_time.to_numpy()[np.minimum(minute, len(rows) - 1)] == closes
    side, at = sides(found)[is_there], minute[is_there]
    risk = side * (close - stop)[is_there]
    went = side * (rows.close.to_numpy()[at] - rows.open.to_numpy()[at])
    # Where there is next to no risk left, a move is any number of R.
    is_sound = risk > close[is_there] * 1e-4
    return went[is_sound] / risk[is_sound]


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--closes", type=whole(1, 10_000), default=30)
    parser.add_argument("--symbols", type=whole(1, 5000), default=400)
    parser.add_argument("--latency", type=milliseconds, default=50.0)
    parser.add_argument("--lag", type=milliseconds, default=300.0, help="of the venue's candles")
    parser.add_argument("--workers", type=whole(1, 256), help="by itself as divbot chooses")
    parser.add_argument("--cost-only", action="store_true", help="measure no delay")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
