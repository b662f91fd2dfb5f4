"""A run is one experiment: what goes on in a journal, and what begins another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from divbot.app.journals import open_journal, open_runs
from divbot.app.options import PaperOptions
from divbot.binance.trading_data import BinanceTrading
from divbot.cli.lines import event_line
from divbot.domain.clock import parse_time
from divbot.domain.errors import InputError
from divbot.domain.events import SessionBegan
from divbot.settings import load_settings
from divbot.trading.journal.journal import Journal, read
from tests.trading.events import STARTED, entered
from tests.trading.fakes import Told
from tests.trading.old_journals import copied, version_of

NOON = parse_time("2026-11-20T12:00")
HERE = "http://127.0.0.1:8000"
SPOT = "https://data-api.binance.vision"


@dataclass
class Venue:
    """As much of a venue as a journal asks for."""

    time: int = NOON
    simulated: bool = False

    def now(self) -> int:
        return self.time


class Begun:
    """One start of `divbot paper`, as far as its journal."""

    def __init__(self, settings: dict[str, Any], venue: Venue, options: PaperOptions) -> None:
        self.told = Told()
        self.lines: list[str] = []
        with open_journal(
            load_settings(settings),
            options,
            cast("BinanceTrading", venue),
            lambda event, ledger: self.lines.append(event_line(event, ledger)),
            self.told,
            listed=("BTCUSDT", "ETHUSDT"),
        ) as journal:
            self.path, self.ledger = journal.path, journal.ledger

    @property
    def name(self) -> str:
        return self.path.stem


Paper = Callable[..., Begun]


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paper:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def begin(
        *,
        at: int = NOON,
        simulated: bool = False,
        options: PaperOptions | None = None,
        **settings: Any,
    ) -> Begun:
        return Begun(settings, Venue(at, simulated), options or PaperOptions())

    return begin


def test_a_run_goes_on_where_nothing_is_changed(paper: Paper) -> None:
    first, second = paper(), paper()

    assert second.path == first.path
    assert second.ledger.sessions == 2
    assert second.told == []


@pytest.mark.parametrize(
    ("changed", "other"),
    [
        pytest.param({"interval": "1m"}, "Binance USD-M futures 1m", id="another interval"),
        pytest.param({"market": "spot"}, "Binance spot 5m at https://api.binance", id="market"),
        pytest.param({"base_url": "https://fapi2.binance.com"}, "at https://fapi2.", id="address"),
        pytest.param(
            {"base_url": HERE, "simulated": True},
            f"local exchange USD-M futures 5m at {HERE}",
            id="venue",
        ),
    ],
)
def test_another_experiment_is_a_run_of_its_own_and_says_so(
    paper: Paper, changed: dict[str, Any], other: str
) -> None:
    first = paper()

    second = paper(**changed)

    assert second.path != first.path
    assert second.ledger.sessions == 1
    (said,) = second.told
    assert said.startswith("! a new run begins: none is on ")
    assert other in said
    assert f"{first.name} on Binance USD-M futures 5m at https://fapi.binance.com" in said
    assert paper().path == first.path
    assert paper(**changed).path == second.path


def test_two_exchanges_on_one_machine_are_two_experiments(paper: Paper) -> None:
    one = paper(base_url=HERE, simulated=True)
    two = paper(base_url="http://127.0.0.1:8001", simulated=True)

    assert one.path != two.path
    assert paper(base_url=f"{HERE}/", simulated=True).path == one.path


def test_an_address_keeps_no_password(paper: Paper) -> None:
    begun = paper(base_url="https://me:secret@EXAMPLE.org/")

    assert begun.ledger.address == "https://example.org"
    assert b"secret" not in begun.path.read_bytes()


def test_a_changed_setting_is_an_event_and_is_told(paper: Paper) -> None:
    first = paper(leverage=5, symbols="BTCUSDT")

    second = paper(leverage=5, risk=0.02, symbols="BTCUSDT,ETHUSDT", fee=0.001)

    *_, resumed = read(first.path).events
    assert isinstance(resumed, SessionBegan)
    assert resumed.changed == {
        "risk": ("0.01", "0.02"),
        "symbols": ("BTCUSDT", "BTCUSDT,ETHUSDT"),
        "fee": ("None", "0.001"),
    }
    assert second.lines == [
        "2026-11-20 12:00:00Z INFO    START session 2 of Binance USD-M futures 5m, LIVE PRICES, "
        "symbols "
        "BTCUSDT -> BTCUSDT,ETHUSDT, risk 0.01 -> 0.02, fee unset -> 0.001"
    ]


def test_what_only_concerns_this_machine_is_no_change_of_the_run(paper: Paper) -> None:
    paper()

    second = paper(workers=2, connections=3, keep_candles=False, request_timeout="3s", best=5)

    assert second.lines == [
        "2026-11-20 12:00:00Z INFO    START session 2 of Binance USD-M futures 5m, LIVE PRICES"
    ]


def test_another_balance_is_refused_with_the_way_out(paper: Paper) -> None:
    first = paper(balance=500)

    with pytest.raises(InputError) as refused:
        paper(balance=1000)

    assert str(refused.value) == (
        f"{first.path} began with a balance of 500 USDT, which stays: expected no other, "
        "found 1000; begin a new run with --fresh"
    )
    assert paper(balance=1000, options=PaperOptions(fresh=True)).ledger.cash == 1000


def test_a_balance_that_is_not_given_is_that_of_the_run(paper: Paper) -> None:
    first = paper(balance=500)

    assert paper().path == paper(balance="500.00").path == first.path


def test_a_file_with_another_run_is_refused(paper: Paper, tmp_path: Path) -> None:
    options = PaperOptions(journal=tmp_path / "run.db")
    paper(options=options)

    with pytest.raises(InputError) as refused:
        paper(options=options, interval="1m")

    assert str(refused.value) == (
        f"{tmp_path / 'run.db'} holds a run on Binance USD-M futures 5m at "
        "https://fapi.binance.com, not on Binance USD-M futures 1m at https://fapi.binance.com; "
        "name another file"
    )
    assert paper(options=options).ledger.sessions == 2


def test_demos_are_one_market_whatever_their_port(paper: Paper, tmp_path: Path) -> None:
    options = PaperOptions(demo=True, journal=tmp_path / "demo.db")
    paper(options=options, simulated=True, interval="1m")

    again = paper(options=options, simulated=True, interval="1m")

    assert (again.ledger.sessions, again.ledger.address) == (2, "demo")


def old_journal(folder: Path, name: str, **about: Any) -> Path:
    """Write a journal as divbot did before it kept addresses: few settings, no count of runs."""
    started = replace(STARTED, venue="Binance", **about)
    with Journal.create(folder / f"{name}.db", started) as journal:
        journal.write(
            SessionBegan(started.at, 1, {"risk": "0.01", "leverage": "10", "fee": "None"}, {})
        )
        journal.write(entered())
    return folder / f"{name}.db"


def test_a_journal_without_an_address_goes_on_and_belongs_to_one_from_then_on(
    paper: Paper,
) -> None:
    old = old_journal(open_runs().new(0, STARTED.market, "5m").parent, "2026-11-20T190312-usdm-5m")  # type: ignore[arg-type]

    later = read(old).ledger.at
    again = paper(at=later, risk=0.02, stop_atr=0.7)
    elsewhere = paper(at=later, base_url="https://fapi2.binance.com")

    assert again.path == old
    assert again.lines == [
        "2026-11-20 19:04:12Z INFO    START session 2 of Binance USD-M futures 5m, LIVE PRICES, "
        "risk 0.01 -> 0.02"
    ]
    assert again.ledger.address == "https://fapi.binance.com"
    assert elsewhere.path != old


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        pytest.param({}, {}, "", id="the defaults"),
        pytest.param({"cooldown": "90.0"}, {"cooldown": "1.5h"}, "", id="the same time"),
        pytest.param(
            {"cooldown": "90.0"}, {"cooldown": "2h"}, ", cooldown 90.0 -> 2h", id="another time"
        ),
        pytest.param({"risk": "0.02"}, {"risk": "2%"}, "", id="the same part"),
        pytest.param({"gone": "5"}, {}, "", id="a setting that is no more"),
    ],
)
def test_a_journal_of_times_without_units_goes_on_unchanged(
    paper: Paper, tmp_path: Path, before: dict[str, str], now: dict[str, str], told: str
) -> None:
    bare = {"min_age": "10.0", "cooldown": "60.0", "max_holding": "24.0", "max_report_age": "300.0"}
    with Journal.create(tmp_path / "old.db", replace(STARTED, venue="Binance")) as journal:
        kept = {**bare, "check_interval": "60.0", "risk": "0.01", **before}
        journal.write(SessionBegan(STARTED.at, 1, kept, {}))

    again = paper(at=STARTED.at, options=PaperOptions(journal=tmp_path / "old.db"), **now)

    (line,) = again.lines
    assert line.endswith(f"START session 2 of Binance USD-M futures 5m, LIVE PRICES{told}")


def test_a_run_that_an_older_divbot_began_goes_on_and_its_original_is_told(
    paper: Paper, tmp_path: Path
) -> None:
    path = copied("version-1-usdm", tmp_path / "run.db")
    later, options = read(path).ledger.at, PaperOptions(demo=True, journal=path)

    again = paper(at=later, options=options, simulated=True, interval="1m", risk=0.03)
    after = paper(at=later, options=options, simulated=True, interval="1m", risk=0.03)

    (original,) = tmp_path.glob("run.v1-*.db")
    assert again.told == [f"! {path} was upgraded; as the older divbot wrote it, it is {original}"]
    assert "START session 3 of local exchange USD-M futures 1m" in again.lines[0]
    assert again.lines[0].endswith(", risk 0.02 -> 0.03")
    assert (again.ledger.address, after.told) == ("demo", [])


def test_a_run_that_cannot_go_on_is_not_upgraded(paper: Paper, tmp_path: Path) -> None:
    path = copied("version-1-usdm", tmp_path / "run.db")
    later, options = read(path).ledger.at, PaperOptions(demo=True, journal=path)

    for changed in ({"interval": "5m"}, {"at": later - 3_600_000}):
        with pytest.raises(InputError, match=r"run\.db (holds a run|goes on to)"):
            paper(**{"at": later, "interval": "1m"} | changed, options=options, simulated=True)

    assert version_of(path) == 1
    assert not list(tmp_path.glob("run.v1-*.db"))


def test_a_fresh_run_is_the_newest_whatever_this_machine_s_clock_says(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = paper()
    monkeypatch.setattr("divbot.domain.clock.SystemClock.now", lambda _: NOON - 365 * 86_400_000)
    fresh = paper(options=PaperOptions(fresh=True))

    assert fresh.name < first.name
    assert paper().path == fresh.path
    latest = open_runs().latest()
    assert latest is not None
    assert latest.path == fresh.path
