"""`divbot data download` as its user sees it: plans, holes, and one line for each trouble."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from divbot import cli
from divbot.app.download import DownloadPlan, Wish
from divbot.cli.download_text import plan_lines
from divbot.domain.clock import parse_time
from divbot.domain.market import Interval, Market
from divbot.history.spans import Span
from divbot.history.store import Store
from tests.cli.commands import divbot, eventually, start
from tests.exchange.servers import running
from tests.history.supplies import control, is_the_market, mend, spoil, supply_of

NOW = parse_time("2024-07-10T09:00")
NO_FUNDING = json.dumps({"kind": "html403", "path": "fundingRate", "count": 99})


@pytest.fixture(scope="module")
def exchange() -> Iterator[str]:
    """Serve a market in which symbols die, are renamed and come back; return its address."""
    with running(symbols=8, at=NOW, weight_limit=1_000_000, awkward=True) as connection:
        yield f"http://{connection.host}:{connection.port}"


@pytest.fixture
def base_url(exchange: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    yield exchange
    mend(exchange)


def run(base_url: str, *words: str, store: str | None = "store") -> int:
    where = ["--store", store] if store else []
    return cli.exit_code(["data", "download", "--base-url", base_url, *where, *words])


def test_a_dry_run_says_how_much_it_would_be_and_writes_nothing(
    base_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--symbols", "BTCUSDT", "-i", "1h,4h", "--timerange", "20240501-20240601", "--dry-run")
    assert run(base_url, *words) == 0

    first, second = capsys.readouterr().out.splitlines()
    assert first == "1 symbol, 1h, 4h, funding, 2024-05-01 00:00 to 2024-06-01 00:00 UTC"
    assert second.startswith("3 files of ")
    assert second.endswith(" kB to fetch")
    assert not (tmp_path / "store").exists()


def test_json_says_the_same_to_programs(base_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--symbols", "BTCUSDT", "-i", "4h", "--timerange", "20240501-20240601", "--json")
    assert run(base_url, *words) == 0

    found = json.loads(capsys.readouterr().out)
    assert (found["files"], found["fetched_files"], found["holes"]) == (2, 2, [])
    assert found["bytes"] == found["fetched_bytes"] > 1000
    assert found["simulated"] is True


def test_dead_symbols_are_included_unless_nobody_wants_them(
    base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--all", "-i", "1d", "--timerange", "20240401-")
    assert run(base_url, *words, "--allow-holes") == 0
    store = Store(Path("store"), Market.USDM)
    with supply_of(base_url, store) as supply:
        trading = {x for x, each in supply.instruments.items() if each.status == "TRADING"}
    everything = set(store.symbols(Interval.D1))
    assert everything - trading
    assert not [x for x in everything if "_" in x and x[-1].isdigit()]
    assert all("USDT" in x for x in everything)

    assert run(base_url, *words, "--no-dead", "--allow-holes", store="living") == 0

    living = set(Store(Path("living"), Market.USDM).symbols(Interval.D1))
    assert living == everything & trading


def test_the_most_traded_are_those_of_any_day_of_the_range(
    base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--top", "2", "-i", "1h", "--timerange", "20240701-20240703")
    assert run(base_url, *words, "--dry-run") == 0
    said = capsys.readouterr().out
    assert "which are among the 2 most traded is known after daily candles are fetched" in said
    assert "at most" in said

    assert run(base_url, *words) == 0

    store = Store(Path("store"), Market.USDM)
    best = set()
    for day in (parse_time("2024-06-30"), parse_time("2024-07-01")):
        volumes = {
            x: store.candles(x, Interval.D1, day, day + 1).quote_volume
            for x in store.symbols(Interval.D1)
        }
        traded = {x: float(y[0]) for x, y in volumes.items() if y is not None and len(y)}
        best |= set(sorted(traded, key=lambda x: -traded[x])[:2])
    assert best <= set(store.symbols(Interval.H1))
    assert len(store.symbols(Interval.H1)) < len(store.symbols(Interval.D1))


def test_holes_are_listed_with_their_reason_and_end_with_4(
    base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(base_url, "listing_denied", count=100_000)

    assert run(base_url, "--symbols", "BTCUSDT", "-i", "1h", "--days", "60", store="other") == 4

    said = capsys.readouterr()
    assert "hole: BTCUSDT 1h: 2024-05-11 00:00 to 2024-07-10 09:00 UTC: " in said.out
    assert "HTTP 403" in said.out
    assert run(base_url, "--symbols", "BTCUSDT", "-i", "1h", "--allow-holes", store="other") == 0


def test_funding_that_is_missing_is_a_hole(
    base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--symbols", "ETHUSDT", "-i", "4h", "--timerange", "20240401-20240701")
    for month in ("05", "06"):
        spoil(base_url, "absent", f"ETHUSDT-fundingRate-2024-{month}.zip")
    control(base_url, "POST", "/divbot/faults", NO_FUNDING)

    code = run(base_url, *words)
    control(base_url, "DELETE", "/divbot/faults")

    assert code == 4
    reason = "neither archive nor venue has given it"
    hole = "hole: ETHUSDT funding: 2024-05-01 00:00 to 2024-07-01 00:00"
    assert f"{hole} UTC: {reason}\n1 hole\n" in capsys.readouterr().out
    assert cli.exit_code(["data", "list", "--store", "store", "--symbols", "ETHUSDT"]) == 0
    assert hole in capsys.readouterr().out

    assert run(base_url, *words) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--timerange", "20250101-20240101"], "expected a range of time"),
        (["--timerange", "20270101-"], "expected a range that has begun"),
        (["--timerange", "-20150101"], "when the archive begins"),
        (["--timerange", "20100101-20110101"], "when the archive begins"),
        (["--timerange", "20240101-", "--days", "3"], "--timerange and --days exclude each other"),
        (["-i", "1s"], "USD-M futures have no candles of 1s"),
        (["-i", "5m,7m"], "expected one of 1s, 1m"),
        (["--symbols", "BTCUSD"], "unknown symbol 'BTCUSD'"),
        (["--symbols", "BTCUSDT", "--all"], "--symbols and --all exclude each other"),
        (["--archive-url", "http://127.0.0.1:9"], "belong together"),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, list) else "",
)
def test_what_makes_no_sense_is_told_in_one_line(
    base_url: str, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(base_url, *words) == 2

    told = capsys.readouterr()
    assert said in told.err
    assert (told.err.count("\n"), told.out) == (1, "")


def test_prices_of_a_local_exchange_get_no_place_among_real_ones(
    base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(base_url, "--symbols", "BTCUSDT", store=None) == 2
    assert "give them a store of their own with --store" in capsys.readouterr().err

    with Store(Path("store"), Market.USDM).locked(is_simulated=False):
        pass
    assert run(base_url, "--symbols", "BTCUSDT") == 2
    assert "this store holds Binance's prices, and these are a local" in capsys.readouterr().err


def test_two_downloads_at_once_are_one_too_many(
    base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store(Path("store"), Market.USDM).locked():
        assert run(base_url, "--symbols", "BTCUSDT", "-i", "1h") == 5

    assert "another divbot writes to this store" in capsys.readouterr().err


def test_an_exchange_that_cannot_be_reached_is_told(
    base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("http://127.0.0.1:9", "--symbols", "BTCUSDT") == 3

    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
def test_a_download_that_was_ended_goes_on_where_it_was(
    base_url: str, tmp_path: Path, number: int
) -> None:
    words = ["data", "download", "--base-url", base_url, "--store", str(tmp_path / "store")]
    words += ["--symbols", "BTCUSDT,ETHUSDT", "-i", "15m", "--timerange", "20230701-", "-q"]
    store = Store(tmp_path / "store", Market.USDM)

    process = start(*words)
    assert eventually(lambda: any(store.root.rglob("*.parquet")))
    os.kill(process.pid, number)
    process.communicate(timeout=60)

    assert process.returncode == (130 if number == signal.SIGINT else -number)
    kept = len(list(store.root.rglob("*.parquet")))
    again = divbot(*words)
    assert (again.returncode, again.stderr) == (0, "")
    assert len(list(store.root.rglob("*.parquet"))) > kept
    assert list(store.root.rglob("*.part")) == []
    with supply_of(base_url, store) as supply:
        for symbol in ("BTCUSDT", "ETHUSDT"):
            span = store.span(symbol, Interval.M15)
            assert span is not None
            assert is_the_market(supply, symbol, Interval.M15, span)


def test_a_range_in_which_nothing_was_traded_is_not_told_to_be_in_the_store() -> None:
    wish = Wish((), 400, (Interval.H1,), Span(0, 1))

    *_, last = plan_lines(DownloadPlan(wish, (), (), ()))

    assert last == "nothing to fetch: nothing was traded in that range"
