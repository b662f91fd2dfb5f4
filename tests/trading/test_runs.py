from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from divbot.domain.clock import parse_time
from divbot.domain.errors import InputError, JournalError
from divbot.domain.market import Interval, Market
from divbot.trading.journal.journal import Journal
from divbot.trading.journal.runs import Runs
from tests.trading.events import STARTED

AT = parse_time("2026-11-20T19:03:12")
SECOND, DAY = 1000, 86_400_000
SPOT, USDM = Market.SPOT, Market.USDM


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runs")


def begin(
    runs: Runs,
    at: int,
    market: Market = USDM,
    *,
    is_demo: bool = False,
    venue: str = "",
    number: int = 0,
    began: int | None = None,
) -> str:
    """Begin a run that this machine's clock dates `at`, and the venue's `began`."""
    path = runs.new(at, market, Interval.M5, is_demo=is_demo)
    started = replace(
        STARTED,
        at=at if began is None else began,
        market=market,
        is_simulated=is_demo,
        venue=venue or "binance",
        number=number,
    )
    Journal.create(path, started).close()
    return path.stem


@pytest.mark.parametrize(
    ("at", "market", "interval", "is_demo", "name"),
    [
        (AT, USDM, Interval.M5, False, "2026-11-20T190312-usdm-5m.db"),
        (AT + 999, USDM, Interval.M5, False, "2026-11-20T190312-usdm-5m.db"),
        (AT + DAY, SPOT, Interval.H4, True, "2026-11-21T190312-spot-4h-demo.db"),
        (AT, SPOT, Interval.MONTH, False, "2026-11-20T190312-spot-1M.db"),
    ],
)
def test_a_run_is_named_by_its_start_market_and_interval(
    runs: Runs, at: int, market: Market, interval: Interval, is_demo: bool, name: str
) -> None:
    path = runs.new(at, market, interval, is_demo=is_demo)

    assert path.name == name
    path.parent.mkdir()
    path.touch()
    (found,) = runs.all()
    assert (found.at, found.market, found.interval) == (at // 1000 * 1000, market, interval)
    assert (found.is_demo, found.path, found.name) == (is_demo, path, name.removesuffix(".db"))


def test_a_new_run_never_has_an_old_one_s_name(runs: Runs) -> None:
    names = [begin(runs, AT) for _ in range(11)]

    assert names[:3] == [f"2026-11-20T190312-usdm-5m{x}" for x in ("", "-2", "-3")]
    assert [run.name for run in runs.all()] == names


def test_the_latest_run_is_the_one_that_started_last_whatever_was_touched(runs: Runs) -> None:
    old, new = begin(runs, AT), begin(runs, AT + SECOND)

    os.utime(runs.named(old).path, (2_000_000_000, 2_000_000_000))
    os.utime(runs.named(new).path, (1, 1))

    assert runs.latest() == runs.named(new)


def test_the_newest_run_is_told_by_what_the_journals_hold(runs: Runs) -> None:
    # The names are those of a clock that was set back, and then forth.
    names = [
        begin(runs, AT + DAY, number=0, began=AT),
        begin(runs, AT, number=0, began=AT + DAY),
        begin(runs, AT + 9 * DAY, number=1, began=AT - DAY),
        begin(runs, AT - 365 * DAY, number=2, began=AT - 2 * DAY),
    ]

    assert [run.name for run in runs.all()] == names
    assert runs.next_number() == 3


def test_a_damaged_run_stands_where_its_name_puts_it(runs: Runs) -> None:
    names = [begin(runs, AT + n * DAY, number=n + 1) for n in range(3)]
    runs.named(names[1]).path.write_bytes(b"nothing")

    assert [run.name for run in runs.all()] == names


@pytest.mark.parametrize(
    ("market", "venue", "include_demo", "place"),
    [
        pytest.param(None, None, True, 4, id="any"),
        pytest.param(None, None, False, 3, id="no demo"),
        pytest.param(SPOT, None, True, 2, id="a market"),
        pytest.param(None, "binance", False, 1, id="a venue"),
        pytest.param(SPOT, "binance", True, 0, id="both"),
        pytest.param(None, "elsewhere", True, None, id="none"),
    ],
)
def test_the_latest_run_of_a_kind(
    runs: Runs, market: Market | None, venue: str | None, include_demo: bool, place: int | None
) -> None:
    names = [
        begin(runs, AT, SPOT),
        begin(runs, AT + 1 * DAY, USDM),
        begin(runs, AT + 2 * DAY, SPOT, venue="http://127.0.0.1:1"),
        begin(runs, AT + 3 * DAY, USDM, venue="http://127.0.0.1:1"),
        begin(runs, AT + 4 * DAY, USDM, is_demo=True, venue="demo"),
    ]

    found = runs.latest(market, venue, include_demo=include_demo)

    assert (found and found.name) == (None if place is None else names[place])


def test_a_damaged_run_is_not_passed_over_silently(runs: Runs) -> None:
    begin(runs, AT)
    broken = runs.named(begin(runs, AT + DAY))
    broken.path.write_bytes(b"")

    with pytest.raises(JournalError, match=f"{broken.name}.db: is no journal"):
        runs.latest(venue="binance")

    assert runs.latest() == broken


def test_no_folder_holds_no_runs(runs: Runs, tmp_path: Path) -> None:
    assert runs.all() == ()
    assert runs.latest() is None
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_listed_is_told(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)

    with pytest.raises(JournalError, match="runs: cannot be listed: Permission denied"):
        runs.all()


def test_other_files_are_no_runs(runs: Runs) -> None:
    name = begin(runs, AT)
    folder = runs.named(name).path.parent
    for other in (
        f"{name}.db-wal",
        f"{name}.db-shm",
        f"{name}.db.lock",
        f".{name}.db.part",
        f"{name}.db.bak",
        f"copy of {name}.db",
        "2026-02-31T190312-usdm-5m.db",
        "2026-11-20T190312-margin-5m.db",
        "2026-11-20T190312-usdm-7m.db",
        "notes.txt",
    ):
        (folder / other).touch()

    assert [run.name for run in runs.all()] == [name]


def test_a_run_is_found_by_its_name(runs: Runs) -> None:
    name = begin(runs, AT)

    assert runs.named(name) == runs.named(f"{name}.db") == runs.latest()


@pytest.mark.parametrize("name", ["2026", "", "../runs/2026-11-20T190312-usdm-5m", "x.db"])
def test_no_such_run_names_those_there_are(runs: Runs, name: str) -> None:
    begin(runs, AT)
    begin(runs, AT + SECOND, SPOT)

    with pytest.raises(InputError) as refused:
        runs.named(name)

    assert str(refused.value) == (
        f"no run is called {name!r}; there are 2026-11-20T190313-spot-5m, 2026-11-20T190312-usdm-5m"
    )


def test_of_many_runs_the_newest_are_named(runs: Runs) -> None:
    for n in range(13):
        begin(runs, AT + n * SECOND)

    with pytest.raises(
        InputError, match=r"are 2026-11-20T190324-\S+, .*190315-usdm-5m and 3 older"
    ):
        runs.named("none")


def test_without_any_run_the_folder_is_named(runs: Runs, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        runs.named("x")

    assert str(refused.value) == f"no run is called 'x'; there are none in {tmp_path / 'runs'}"
