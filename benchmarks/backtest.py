"""A year of a synthetic market from Parquet to the journal of a backtest.

    python benchmarks/backtest.py [SYMBOLS] [MONTHS] [WORKERS] [--folder FOLDER]

It writes candles of 1m and 5m to FOLDER, once (400 symbols of a year: 6 GB), and prints seconds and
MB (what processes share counted once) of a backtest of 5m with 1m detail for the first time, and
again with other trading settings. Trading never pauses: the default limits would end it after days.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backtest_market import fill
from commandline import run
from machine import tree_pss

from divbot.app.backtest import backtest
from divbot.app.options import BacktestOptions
from divbot.domain.market import Market
from divbot.history.store import Store
from divbot.settings import Settings
from divbot.trading.journal.journal import read


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Print what a block takes, at its end."""
    most, is_over = [0.0], threading.Event()

    def look() -> None:
        while not is_over.wait(0.1):
            most[0] = max(most[0], tree_pss(os.getpid()))

    watching = threading.Thread(target=look, daemon=True)
    watching.start()
    began, spent = time.perf_counter(), time.process_time()
    yield
    seconds, own = time.perf_counter() - began, time.process_time() - spent
    is_over.set()
    watching.join()
    print(f"{what:<40} {seconds:8.2f} s  {own:8.2f} s of this process  {most[0]:8.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("symbols", 400), ("months", 12), ("workers", 2)):
        parser.add_argument(name, type=int, nargs="?", default=default)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "divbot-years")
    given = parser.parse_args()
    store = Store(given.folder / f"{given.symbols}x{given.months}", Market.USDM)
    with measured(f"writing to {store.root}"):
        fill(store, given.symbols, given.months)
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_CACHE_HOME"] = os.environ["XDG_STATE_HOME"] = home
        settings = Settings(
            interval="5m", workers=given.workers, max_daily_loss=1, max_drawdown=1, risk="0.1%"
        )
        for number, (what, changed) in enumerate(
            (
                ("backtest, first", {}),
                ("again, other trading settings", {"max_positions": 5, "max_holding": "6h"}),
            )
        ):
            options = BacktestOptions(journal=Path(home) / f"{number}.db")
            with measured(what):
                traded = backtest(
                    store, settings.model_copy(update=_read(changed)), options, lambda *_: None
                )
            ledger = read(traded.journal).ledger
            print(f"  {len(ledger.closed):,} trades, {ledger.equity:,.2f} USDT")


def _read(changed: dict[str, object]) -> dict[str, object]:
    return {name: getattr(Settings(**{name: value}), name) for name, value in changed.items()}


if __name__ == "__main__":
    run(main)
