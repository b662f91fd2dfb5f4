"""A backtest on the store: minutes are fetched where it first needs them, and stay."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from divbot.app.backtest import backtest
from divbot.app.detail import Detail
from divbot.app.options import BacktestOptions
from divbot.app.stores import open_store
from divbot.domain.clock import parse_time
from divbot.domain.durations import MINUTE
from divbot.domain.fills import Basis
from divbot.domain.ledger import fold
from divbot.domain.market import Interval, Market
from divbot.history.spans import Span
from divbot.history.store import Store
from divbot.settings import Settings
from divbot.trading.journal.journal import JournalCopy, read
from tests.cli.paper_runs import STARTED, entered, exited
from tests.exchange.servers import running
from tests.history.supplies import mend, spoil, supply_of

NOW = parse_time("2024-07-10T09:00")
SPAN = Span(parse_time("2024-06-23"), NOW)
TRADED = Span(parse_time("2024-06-29T06:00"), parse_time("2024-07-03T12:00"))
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def exchange() -> Iterator[str]:
    """Serve a quiet market of a few symbols; return its address."""
    with running(symbols=3, at=NOW, weight_limit=1_000_000) as connection:
        yield f"http://{connection.host}:{connection.port}"


@pytest.fixture(scope="module")
def downloaded(exchange: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with candles of 15m, and nothing shorter."""
    store = Store(tmp_path_factory.mktemp("store") / "store", Market.USDM)
    with supply_of(exchange, store) as supply, store.locked(is_simulated=True):
        downloader = supply.downloader(None)
        jobs, _ = downloader.plan([store.shelf(x, Interval.M15) for x in SYMBOLS], SPAN)
        downloader.run(jobs)
    return store.root


class Fetched(NamedTuple):
    """What a backtest came to that fetched what it needed."""

    root: Path
    journal: Path
    told: list[str]
    stages: list[tuple[str, int, int]]


@pytest.fixture(scope="module")
def fetched(exchange: str, downloaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Fetched:
    """Return a backtest that fetched its minutes, and the store that has them now."""
    root = Path(shutil.copytree(downloaded, tmp_path_factory.mktemp("fetched") / "store"))
    journal, stages = root.with_name("fetched.db"), []
    *_, told = traded(root, journal, exchange, progress=lambda *x: stages.append(x))
    return Fetched(root, journal, told, stages)


@pytest.fixture(autouse=True, scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what is computed in folders of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp("home")))
        yield


def traded(
    root: Path, journal: Path, base_url: str, detail: Interval | None = None, **others: object
) -> tuple[JournalCopy, tuple[str, ...], list[str]]:
    """Trade the range; return the run, its notes, and what was told meanwhile."""
    settings = Settings(
        store=root,
        base_url=base_url,
        interval=Interval.M15,
        limit=330,
        min_age=timedelta(0),
        max_drawdown=1,
        max_daily_loss=1,
        sequential=True,
    )
    told: list[str] = []
    options = BacktestOptions(*TRADED, detail=detail, journal=journal)
    progress = others.get("progress", lambda *_: None)
    found = backtest(open_store(settings), settings, options, progress, told.append)  # type: ignore[arg-type]
    return read(journal), found.notes, told


def test_what_was_fetched_is_traded_like_what_was_there(fetched: Fetched, tmp_path: Path) -> None:
    run, notes, told = traded(fetched.root, tmp_path / "stored.db", NOBODY)

    assert (tmp_path / "stored.db").read_bytes() == fetched.journal.read_bytes()
    assert len(run.ledger.closed) > 5
    assert not any(x.exit.is_of_candle_longer_than(MINUTE) for x in run.ledger.closed)
    assert not any("1m" in x for x in (*notes, *told))


def test_each_month_that_is_traded_is_fetched_with_its_bytes_told(fetched: Fetched) -> None:
    (line,) = (x for x in fetched.told if "1m" in x)
    assert line.startswith("fetched 6 months of 1m candles as they were needed, ")
    sizes = [x[1:] for x in fetched.stages if x[0] == "fetching BTCUSDT 1m"]
    assert sizes[-1][0] == sizes[-1][1] > 100_000
    assert Store(fetched.root, Market.USDM).symbols(Interval.M1) == SYMBOLS


def test_the_intervals_own_candles_fetch_nothing(downloaded: Path, tmp_path: Path) -> None:
    _, notes, told = traded(downloaded, tmp_path / "run.db", NOBODY, Interval.M15)

    assert Store(downloaded, Market.USDM).symbols(Interval.M1) == ()
    assert not any("fetch" in x or "reach" in x for x in (*notes, *told))


def test_without_a_network_the_intervals_own_candles_stand_in_and_a_line_says_so(
    downloaded: Path, tmp_path: Path
) -> None:
    run, notes, told = traded(downloaded, tmp_path / "run.db", NOBODY)
    own, _, _ = traded(downloaded, tmp_path / "own.db", NOBODY, Interval.M15)

    ended = [x.exit.is_of_candle_longer_than(MINUTE) for x in run.ledger.closed].count(True)
    (line,) = (x for x in (*notes, *told) if "1m" in x)
    assert line.startswith(
        f"{ended} of {len(run.ledger.closed)} trades were ended by candles of 15m"
    )
    assert "cannot reach 127.0.0.1:9" in line
    assert ended > 2
    # No price is known within them: what is traded is what is traded without any shorter ones.
    assert run.ledger.closed == own.ledger.closed


def test_a_month_without_a_monthly_file_comes_from_its_days_and_the_venue(
    exchange: str, downloaded: Path, fetched: Fetched, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(downloaded, tmp_path / "store"))
    spoil(exchange, "absent", "BTCUSDT-1m-2024-06.zip")
    spoil(exchange, "cut_zip", "BTCUSDT-1m-2024-07-02.zip")

    try:
        traded(root, tmp_path / "run.db", exchange)
    finally:
        mend(exchange)

    assert (tmp_path / "run.db").read_bytes() == fetched.journal.read_bytes()


def test_ctrl_c_while_a_month_is_fetched_leaves_a_sound_store_and_no_run(
    exchange: str, downloaded: Path, fetched: Fetched, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(downloaded, tmp_path / "store"))

    def pressed(what: str, *_: int) -> None:
        if what == "fetching ETHUSDT 1m":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        traded(root, tmp_path / "run.db", exchange, progress=pressed)

    assert not (tmp_path / "run.db").exists()
    traded(root, tmp_path / "again.db", exchange)
    assert (tmp_path / "again.db").read_bytes() == fetched.journal.read_bytes()


@pytest.mark.parametrize(
    ("length", "stood_in"), [(5 * MINUTE, False), (15 * MINUTE, True)], ids=["5m", "15m"]
)
def test_only_what_is_longer_than_the_detail_stands_in_for_it(length: int, stood_in: bool) -> None:
    entry = entered(1, "SOLUSDT")
    (trade,) = fold([STARTED, entry, exited(entry, "169.61")]).closed
    candle = replace(trade.exit, basis=Basis.CANDLE, at=trade.exit.basis_at + length - MINUTE)
    trade = replace(trade, exit=candle)
    detail = Detail(Interval.M5, Store(Path(), Market.USDM), lambda *_: None, None)

    notes = list(detail.notes(Interval.M15, [trade]))

    assert [x.startswith("1 of 1 trades were ended by candles of 15m") for x in notes] == (
        [True] if stood_in else []
    )
