"""A year of a synthetic market from Parquet to the journal: what `divbot backtest` takes for it.

    python benchmarks/backtest.py [SYMBOLS] [MONTHS] [WORKERS] [--folder FOLDER]
                                  [--only year|length|freqtrade ...] [--freqtrade PATH]

Candles of 1m and 5m are written to FOLDER, once (400 symbols of a year: 7 GB), and kept. Printed
are seconds, processor seconds and MB of the whole tree of processes (what they share counted once):

- year: a backtest of 5m with 1m detail for the first time, again with other trading settings, and
  again with the limits of the account lifted, at which trading on random walks else soon ends;
- length: what a candle takes in a month, a year and two years, nothing kept from one to the next;
- freqtrade, where PATH or FREQTRADE names its executable: 2,220 candles of 15m of as many spot
  symbols, beside a backtest of freqtrade's own on the same candles.

Processor seconds hardly tell of others on the machine, seconds do: where others take a part of the
cores, their share is printed. Linux only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from backtest_market import START, fill, fill_with
from commandline import Parser, run, whole
from freqtrade_backtest import backtest_by_freqtrade, pairs_of
from machine import NOISY
from peers import executable
from spending import Spent, own_environment, spent_by
from venue import DIVBOT, open_exchange

from divbot.domain.clock import utc_text
from divbot.domain.market import Interval, Market
from divbot.history.columns import month_at, steps_of_month
from divbot.history.store import Store
from divbot.trading.journal.journal import read

_LIFTED = ["--max-daily-loss=100%", "--max-drawdown=100%", "--risk=0.1%"]
_OTHERS = ["--max-positions=5", "--max-holding=6h"]
_MONTHS = (1, 12, 24)
_ROWS = 2220
_JOURNAL = "run.db"
_PARTS = ("year", "length", "freqtrade")


def main() -> None:
    given = parse_arguments()
    given.folder.mkdir(parents=True, exist_ok=True)
    parts = given.only or _PARTS
    if "year" in parts:
        measure_a_year(given)
    if "length" in parts:
        measure_lengths(given)
    if "freqtrade" in parts and given.freqtrade:
        measure_beside_freqtrade(given)


def measure_a_year(given: argparse.Namespace) -> None:
    """Trade the same year three times; what the first prepares is kept."""
    store = Store(given.folder / f"{given.symbols}x{given.months}", Market.USDM)
    fill(store, given.symbols, given.months)
    print(f"{given.symbols} symbols, {given.months} months of 5m with 1m detail")
    with _home(given.folder) as home:
        for what, flags in (
            ("first, default settings", []),
            ("again, other trading settings", _OTHERS),
            ("again, limits lifted", _LIFTED),
        ):
            traded(what, store, given, given.months, [*flags, "--interval=5m"], home)


def measure_lengths(given: argparse.Namespace) -> None:
    """Trade ranges of several lengths, each from nothing."""
    store = Store(given.folder / f"{given.symbols}x{max(_MONTHS)}-5m", Market.USDM)
    fill(store, given.symbols, max(_MONTHS), with_minutes=False)
    print(f"{given.symbols} symbols, candles of 5m alone, limits lifted, first")
    with _home(given.folder) as home:
        for months in _MONTHS:
            flags = [*_LIFTED, "--interval=5m", "--detail=5m"]
            spent = traded(f"{months} months", store, given, months, flags, home)
            candles = given.symbols * (_end(months) - START) // Interval.M5.milliseconds
            print(f"  {spent.processor / candles * 1e6:.2f} processor seconds a million candles")
            shutil.rmtree(home / "divbot" / "past")


def measure_beside_freqtrade(given: argparse.Namespace) -> None:
    """Let both trade the same candles."""
    with _home(given.folder) as home, open_exchange("spot", given.symbols) as exchange:
        pairs = pairs_of(exchange.url, given.symbols)
        store = Store(home / "store", Market.SPOT)
        fill_with(store, pairs, Interval.M15, _ROWS)
        print(f"{len(pairs)} spot symbols, {_ROWS} candles of 15m")
        # What is compared are processor seconds, of which a second process takes some to begin.
        # Neither has shorter candles: there is nothing to ask the archive for.
        flags = [f"--store={store.root}", "--market=spot", "--interval=15m", "--detail=15m"]
        flags.append("--sequential")
        ours = {
            what: _by_divbot(f"divbot, {what}", [*flags, *more], home, exchange.pid)
            for what, more in (("first", []), ("again", []), ("again, limits lifted", _LIFTED))
        }
        theirs = backtest_by_freqtrade(given.freqtrade, exchange, store, home)
        _tell("freqtrade", theirs)
    for what, spent in ours.items():
        print(f"  freqtrade: {theirs.processor / spent.processor:.0f} times divbot, {what}")


def traded(
    what: str,
    store: Store,
    given: argparse.Namespace,
    months: int,
    flags: Sequence[str],
    home: Path,
) -> Spent:
    """Trade the first `months` of a store of futures."""
    start, end = (utc_text(x)[:10] for x in (START, _end(months)))
    flags = [f"--store={store.root}", f"--timerange={start}/{end}", *flags]
    return _by_divbot(what, [*flags, f"--top={given.symbols}", f"--workers={given.workers}"], home)


@contextmanager
def _home(folder: Path) -> Iterator[Path]:
    """Provide an empty home for what divbot keeps, its kernels compiled: that is done once."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        home = Path(name)
        little = Store(home / "little", Market.USDM)
        fill(little, 2, 1)
        _spent(["--interval=5m", "--min-score=0", f"--store={little.root}"], home)
        yield home


def _by_divbot(what: str, flags: Sequence[str], home: Path, besides: int = -1) -> Spent:
    spent = _spent(flags, home, besides)
    _tell(what, spent)
    ledger = read(home / _JOURNAL).ledger
    print(f"  {len(ledger.closed):,} trades, {ledger.equity:,.2f} USDT", flush=True)
    return spent


def _spent(flags: Sequence[str], home: Path, besides: int = -1) -> Spent:
    journal = home / _JOURNAL
    journal.unlink(missing_ok=True)
    command = [*DIVBOT, "backtest", f"--journal={journal}", *flags]
    places = dict.fromkeys(("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"), str(home))
    return spent_by(command, {**own_environment(), **places}, besides)


def _tell(what: str, spent: Spent) -> None:
    noise = f"  others took {spent.others:.0%} of the cores" if spent.others > NOISY else ""
    print(
        f"{what:<32} {spent.seconds:8.2f} s  {spent.processor:8.2f} s of processors  "
        f"{spent.most:6.0f} MB{noise}",
        flush=True,
    )


def _end(months: int) -> int:
    return steps_of_month(month_at(START) + months, Interval.M5)[0] * Interval.M5.milliseconds


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("symbols", type=whole(1, 900), nargs="?", default=400)
    parser.add_argument("months", type=whole(1, 24), nargs="?", default=12)
    parser.add_argument("workers", type=whole(0, 64), nargs="?", default=2)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "divbot-years")
    parser.add_argument("--only", choices=_PARTS, nargs="+", help="a part of it")
    parser.add_argument(
        "--freqtrade",
        type=executable,
        default=os.environ.get("FREQTRADE"),
        help="its executable, to measure it, too",
    )
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
