"""Every number that a user may set: within its bounds all works, beyond them one line says so."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from divbot.app import scan_rules, scanning
from divbot.app.trading_rules import trading_rules
from divbot.binance.protocol.endpoints import Endpoint, request_weight
from divbot.domain.bounds import Bounds
from divbot.domain.clock import ManualClock
from divbot.domain.durations import Duration, milliseconds
from divbot.domain.errors import SettingsError
from divbot.domain.values import Either
from divbot.scanner.cache import ReportCache
from divbot.scanner.cycle import Scanner
from divbot.scanner.thread import BackgroundScanner
from divbot.scanner.workforce.inline import InlinePool
from divbot.setting_table import SETTINGS
from divbot.settings import Settings, load_settings
from divbot.trading.engine.loop import Loop
from tests.scanner.fakes import FakeSource, names
from tests.trading.fakes import Told, Trader, opportunity

RANGE = re.compile(r"a (?:(?:whole )?number|time) from (\S+) to (\S+)[^,]*, found ")


def refusal(name: str, value: object) -> str:
    """Return what is said of a value; nothing where it is taken."""
    return _said(lambda: load_settings({name: value}))


def _said(load: Callable[[], Settings]) -> str:
    try:
        load()
    except SettingsError as error:
        return str(error)
    return ""


NUMBERS = [name for name in Settings.model_fields if RANGE.search(refusal(name, "no number"))]
EXTREMES = [
    "0",
    "-1",
    "1e-9",
    "1e-300",
    "-1e-400",
    "1e9",
    "1e308",
    "1e999999999",
    "nan",
    "-inf",
    "inf",
    "9" * 5000,
    "0." + "3" * 5000,
    "1e",
    "yes",
    "1e-999999999s",
    "1e999999999d",
    "-1s",
    "5%",
    "1e999999999%",
]
OTHERS = [True, [], {}, object(), b"1", 10**5000, "", " "]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_setting_that_is_a_number_has_bounds() -> None:
    readers = {name: x.reader for name, x in SETTINGS.items()}

    assert [x for x, how in readers.items() if isinstance(how, Bounds | Duration | Either)] == (
        NUMBERS
    )


@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_out_of_bounds_is_told_alike_wherever_it_stands(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, variable = tmp_path / "one.toml", f"DIVBOT_{name.upper()}"
    for value in EXTREMES:
        by_flag = refusal(name, value)
        monkeypatch.setenv(variable, value)
        by_variable = _said(lambda: load_settings({}))
        monkeypatch.delenv(variable)
        file.write_text(f'{name} = "{value}"\n')
        by_file = _said(lambda: load_settings({}, file))

        assert by_flag == by_variable == by_file
        assert by_flag == "" or re.match(rf"{name}: expected .*{RANGE.pattern}\S", by_flag)
        assert len(by_flag) < 200


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("text", ["0", "-1", "1e-09", "1e+308", "nan", "inf"])
def test_a_keyword_is_told_as_a_text_is(name: str, text: str) -> None:
    by_keyword, by_flag = refusal(name, float(text)), refusal(name, text)

    assert by_keyword.split(", found")[0] == by_flag.split(", found")[0]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", OTHERS, ids=lambda value: type(value).__name__)
def test_what_is_no_number_is_told_in_one_line(name: str, value: object) -> None:
    said = refusal(name, value)

    assert re.match(rf"{name}: expected .*{RANGE.pattern}", said)
    assert "\n" not in said


def test_a_number_of_thousands_of_digits_in_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "divbot.toml").write_text("top = " + "9" * 5000)

    assert refusal("top", 1) == (
        "the settings file divbot.toml has a number of more than 4300 digits; write a shorter one"
    )


def test_a_file_that_is_nested_without_end_is_told(tmp_path: Path) -> None:
    (tmp_path / "divbot.toml").write_text("top = " + "[" * 50_000)

    assert refusal("top", 1) == "the settings file divbot.toml is nested too deeply"


@pytest.mark.parametrize("end", [1, 2], ids=["the least", "the most"])
@pytest.mark.parametrize("name", NUMBERS)
def test_everything_works_at_the_ends_of_a_range(name: str, end: int) -> None:
    found = RANGE.search(refusal(name, "no number"))
    assert found

    _work(load_settings({name: found[end]}))


@pytest.mark.parametrize("name", NUMBERS)
def test_everything_works_with_whatever_extreme_is_taken(name: str) -> None:
    for value in EXTREMES:
        if not refusal(name, value):
            _work(load_settings({name: value}))


def test_the_least_time_to_hold_a_position_is_not_for_ever() -> None:
    held = trading_rules(load_settings({"max_holding": "1e-9h"})).exits.max_holding

    assert held == 1
    assert trading_rules(load_settings({"max_holding": "0"})).exits.max_holding is None


def _work(settings: Settings) -> None:
    """Let all that is made of settings do one piece of its work."""
    scan_rules.slow_scan_notice(settings)
    assert scanning.workers_of_scan(settings) >= 0
    _spend(settings)
    _scan_twice(settings)
    _step_twice(settings)
    trader = Trader(rules=trading_rules(settings))
    trader.publish(opportunity())
    trader.step()
    trader.step(after=60_000)


def _spend(settings: Settings) -> None:
    with ExitStack() as stack:
        budget = scanning.open_source(settings, stack).budget
    lease = budget.lease(budget.open_lease())
    largest = request_weight(settings.market, Endpoint.TICKER_24HR)
    lease.want(largest)
    budget.grant()
    assert lease.try_take(largest)


def _scan_twice(settings: Settings) -> None:
    source = FakeSource(names(2))
    pool = InlinePool(source, settings.connections)
    rules = scan_rules.scan_rules(settings)
    scanner = Scanner(source.open_listing(), source, pool, ManualClock(), rules)
    cache, has_begun_again = ReportCache(), threading.Event()

    def held() -> tuple[str, ...]:
        if cache.latest():
            has_begun_again.set()
        return ()

    background = BackgroundScanner(
        lambda held: (scanner.cycle(held=held),),
        cache,
        ManualClock(),
        check_interval=milliseconds(settings.check_interval),
        held=held,
        tell=Told(),
    )
    background.start()
    assert has_begun_again.wait(30.0)
    assert background.stop(30.0)
    pool.close()
    assert background.condition.scans >= 2


def _step_twice(settings: Settings) -> None:
    stop, steps = threading.Event(), []

    def step() -> None:
        steps.append(1)
        if len(steps) == 2:
            stop.set()

    every = milliseconds(settings.position_update_interval)
    Loop(ManualClock(1), every, stop, Told()).run(step)
    assert len(steps) == 2
