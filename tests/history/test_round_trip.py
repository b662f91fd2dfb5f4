"""Out through the archive and back: what was downloaded is the market, candle for candle.

In the suite a few symbols with many faults; as a soak the whole market for half a year, killed
twenty times on the way: `pytest -m soak -n0 -s tests/history/test_round_trip.py`.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from divbot.domain.clock import parse_time
from divbot.domain.market import Interval, Market
from divbot.history.inventory import held
from divbot.history.kind import StoredKind
from divbot.history.spans import Span
from divbot.history.store import Store
from tests.cli.commands import CLOCK, DIVBOT, environment
from tests.exchange.servers import running

from .supplies import control, download, is_its_funding, is_the_market, new_store, supply_of

NOW = parse_time("2024-07-10T09:00")
KINDS = (
    *("missing_day", "missing_hours", "rows_twice", "rows_out_of_order", "rows_contradict"),
    *("cut_zip", "zip_bomb", "no_checksum", "other_checksum", "absent", "late", "denied_file"),
)
WRONG = ("wrong_values", "replaced")
"""Wrong values under a right checksum: candles that do not hang together are found out."""
_PAID = 150
"""Of how many symbols funding is compared, too."""
LISTINGS = (
    *("listing_denied", "listing_error", "listing_slow_down", "listing_cut"),
    *("listing_other_root", "listing_html", "listing_standing"),
)
SPAN = Span(parse_time("2024-01-01"), NOW)


def defects(rate: float, kinds: Sequence[str]) -> str:
    return f"seed=7,rate={rate},kinds={'+'.join(kinds)}"


@pytest.mark.parametrize(
    ("interval", "kinds"),
    [(Interval.H1, (*KINDS, *WRONG)), (Interval.H4, KINDS), (None, KINDS)],
    ids=["1h, values wrong too", "4h", "funding"],
)
def test_a_market_with_many_faults_comes_back_as_it_was(
    tmp_path: Path, interval: Interval | None, kinds: Sequence[str]
) -> None:
    store, plan = new_store(tmp_path), defects(0.3, kinds)
    kind = StoredKind.KLINES if interval else StoredKind.FUNDING
    with running(symbols=5, at=NOW, weight_limit=10**6, archive_defects=plan) as connection:
        base_url = f"http://{connection.host}:{connection.port}"
        with supply_of(base_url, store) as supply:
            symbols = list(supply.instruments)
            shelves = [store.shelf(x, interval, kind) for x in symbols]

            outcome = download(supply, shelves, SPAN)

            assert outcome.problems
            assert supply.holes(shelves, SPAN) == []
            for symbol in symbols:
                if interval:
                    assert is_the_market(supply, symbol, interval, SPAN), symbol
                else:
                    assert is_its_funding(supply, symbol, SPAN), symbol


@pytest.mark.soak
def test_the_whole_market_comes_back_though_it_is_killed_on_the_way(tmp_path: Path) -> None:
    symbols, kills = int(os.environ.get("SYMBOLS", "400")), int(os.environ.get("KILLS", "20"))
    interval = Interval(os.environ.get("INTERVAL", "1h"))
    span = Span(parse_time("2024-01-01"), parse_time("2024-07-01"))
    store, chance = Store(tmp_path / "store", Market.USDM), random.Random(7)
    with running(
        symbols=symbols,
        at=NOW,
        weight_limit=10**7,
        archive_defects=defects(0.03, (*KINDS, *WRONG, *LISTINGS)),
        faults="seed=7,rate=0.03",
    ) as connection:
        base_url = f"http://{connection.host}:{connection.port}"
        words = ["data", "download", "--base-url", base_url, "--store", str(store.root), "--all"]
        words += ["-i", interval.value, "--timerange", "20240101-20240701"]
        started = CLOCK.monotonic()
        killed = 0
        stretch = max(symbols * 12 // (2 * kills), 2)  # of about so many files twice
        while (
            code := _run(words, store, chance.randrange(stretch) if killed < kills else None)
        ) != 0:
            assert code in (-signal.SIGKILL, 3, 4), code
            killed += code == -signal.SIGKILL
        seconds = CLOCK.monotonic() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        control(base_url, "DELETE", "/divbot/faults")
        with supply_of(base_url, store) as supply:
            names = sorted(supply.instruments)
            wrong = [x for x in names if not is_the_market(supply, x, interval, span)]
        # Wrong rates under a right checksum are found out once their file is replaced.
        control(base_url, "DELETE", "/divbot/archive")
        assert _run(["data", "verify", *words[2:6]], store, None) == 0
        with supply_of(base_url, store) as supply:
            # Asked at the pace of a venue: of more symbols it would take minutes more.
            wrong += [x for x in names[:_PAID] if not is_its_funding(supply, x, span)]
        whole = [held(store, x) for x in store.shelves()]
    print(
        f"\n{len(names)} symbols, {killed} kills, {seconds:.0f} s, at most {peak:.0f} MB; "
        f"{sum(x.rows for x in whole)} rows in {sum(x.files for x in whole)} files of "
        f"{sum(x.size for x in whole) / 1e6:.0f} MB; {len(wrong)} symbols differ: {wrong[:5]}"
    )
    assert wrong == []
    assert killed == kills


def _run(words: list[str], store: Store, months: int | None) -> int:
    """Run a download; kill it once it has written so many months. Return its exit code."""
    before = _files(store)
    process = subprocess.Popen(
        [*DIVBOT, *words], env=environment(), stdout=subprocess.DEVNULL, stderr=sys.stderr
    )
    while months is not None and process.poll() is None:
        if _files(store) > before + months:
            process.kill()
        CLOCK.wait(0.1)
    return process.wait()


def _files(store: Store) -> int:
    return sum(1 for _ in store.root.rglob("*.parquet"))
