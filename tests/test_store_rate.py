"""The base rate of a scan comes from the user's store, where it holds that market and interval."""

from __future__ import annotations

from pathlib import Path

import pytest

from divbot.app import store_rate
from divbot.app.scan_rules import base_rate, prepare_rate, scan_rules
from divbot.app.trials import open_trials
from divbot.domain.market import Interval, Market
from divbot.history import store as stores
from divbot.history.parts import RowSource
from divbot.history.store import Store
from divbot.research import rates
from divbot.scanner.evidence.base_rates import BaseRate, rates_text
from divbot.settings import Settings
from tests.history.made import DAY, START, walked
from tests.research.trials import seal


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def filled(root: Path, *, is_simulated: bool = False) -> Store:
    store = Store(root, Market.USDM)
    with store.locked(is_simulated=is_simulated):
        for number in range(4):
            track = walked(f"S{number}USDT", number, 24 * 120)
            store.write(track.symbol, Interval.H1, track, RowSource("made"))
    return store


def settings(root: Path, **changes: object) -> Settings:
    return Settings(store=root, market=Market.USDM, interval=Interval.H1, **changes)  # type: ignore[arg-type]


def test_a_scan_starts_from_what_its_store_shows(tmp_path: Path) -> None:
    filled(tmp_path / "store")

    found = base_rate(settings(tmp_path / "store"), Interval.H1)

    assert found.source.startswith("4 symbols of the store, 2024-01-")
    assert found.cases > 100


def test_a_damaged_ledger_of_trials_stops_no_scan(tmp_path: Path) -> None:
    filled(tmp_path / "store")
    seal(open_trials(is_simulated=False), range(10, 20))
    open_trials(is_simulated=False).path.write_bytes(b"no ledger" * 1000)
    told: list[str] = []

    prepare_rate(settings(tmp_path / "store"), told.append, lambda *_: None)

    assert base_rate(settings(tmp_path / "store"), Interval.H1).source.endswith(", shipped")
    assert "shipped is used: " in told[0]
    assert "it is no ledger of trials" in told[0]


def test_of_days_that_a_sweep_has_sealed_nothing_is_counted(tmp_path: Path) -> None:
    filled(tmp_path / "store")
    asked, first = settings(tmp_path / "store"), START // DAY
    whole = base_rate(asked, Interval.H1)

    seal(open_trials(is_simulated=False), range(first + 60, first + 100))
    without = base_rate(asked, Interval.H1)
    seal(open_trials(is_simulated=False), range(first, first + 200))
    nothing = base_rate(asked, Interval.H1)

    assert whole.source == without.source
    assert 0.5 * whole.cases < without.cases < 0.8 * whole.cases
    assert nothing.source.endswith(", shipped")


@pytest.mark.parametrize(
    ("market", "interval"),
    [(Market.SPOT, Interval.H1), (Market.USDM, Interval.M5)],
    ids=["another market", "another interval"],
)
def test_what_the_store_does_not_hold_is_shipped(
    market: Market, interval: Interval, tmp_path: Path
) -> None:
    filled(tmp_path / "store")

    found = base_rate(settings(tmp_path / "store").model_copy(update={"market": market}), interval)

    assert found.source.endswith(", shipped")


def test_prices_of_a_local_exchange_are_no_evidence(tmp_path: Path) -> None:
    filled(tmp_path / "store", is_simulated=True)

    assert base_rate(settings(tmp_path / "store"), Interval.H1).source.endswith(", shipped")


def test_a_damaged_store_stops_no_scan(tmp_path: Path) -> None:
    filled(tmp_path / "store")
    for path in (tmp_path / "store").rglob("*.parquet"):
        path.write_bytes(b"no parquet")

    assert base_rate(settings(tmp_path / "store"), Interval.H1).source.endswith(", shipped")


def test_a_damaged_store_is_told_of_with_the_rate_that_is_used_instead(tmp_path: Path) -> None:
    store = filled(tmp_path / "store")
    told: list[str] = []
    _, damaged = store.shelf("S2USDT", Interval.H1).months(store.root)[0]
    damaged.write_bytes(b"no parquet")

    prepare_rate(settings(tmp_path / "store"), told.append, lambda *_: None)

    (line,) = told
    assert str(damaged) in line
    assert "2024-01-06 to 2025-05-31, shipped is used" in line
    assert "\n" not in line


def test_counting_a_store_tells_how_far_it_is_and_a_second_time_nothing(tmp_path: Path) -> None:
    filled(tmp_path / "store")
    asked, stages = settings(tmp_path / "store"), []

    for _ in range(2):
        prepare_rate(asked, pytest.fail, lambda *x: stages.append(x))

    assert [x for x in stages if x[1] == x[2]] == [("candles", 4, 4), ("base rates", 4, 4)]
    assert stages[0] == ("candles", 0, 4)


def test_the_users_own_file_beats_the_store(tmp_path: Path) -> None:
    filled(tmp_path / "store")
    own = BaseRate(Market.USDM, Interval.H1, "mine", 800, 8, 1.01, 0.02, 0.0, 0.03)
    path = tmp_path / "rates.toml"
    path.write_text(rates_text([own]))

    assert base_rate(settings(tmp_path / "store", base_rates=path), Interval.H1) == own


def test_it_is_counted_once_and_again_when_the_store_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, counts = filled(tmp_path / "store"), []
    real = rates.rate_before

    def counted(*given: object, **more: object) -> BaseRate | None:
        counts.append(given)
        return real(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(rates, "rate_before", counted)
    asked = settings(tmp_path / "store")

    first, second = base_rate(asked, Interval.H1), base_rate(asked, Interval.H1)
    with store.locked():
        more = walked("S9USDT", 9, 24 * 60, start=START + 10 * DAY)
        store.write("S9USDT", Interval.H1, more, RowSource("made"))
    third = base_rate(asked, Interval.H1)

    assert first == second
    assert third.source.startswith("5 symbols")
    assert len(counts) == 2


def test_what_was_counted_is_found_without_opening_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path / "store")
    asked = settings(tmp_path / "store")
    first = base_rate(asked, Interval.H1)

    monkeypatch.setattr(stores, "read_note", unwanted)
    monkeypatch.setattr(stores, "read_candles", unwanted)

    assert base_rate(asked, Interval.H1) == first


def test_whoever_brings_a_rate_asks_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path / "store")
    known = BaseRate(Market.USDM, Interval.H1, "of then", 800, 8, 1.01, 0.02, 0.0, 0.03)

    monkeypatch.setattr(store_rate, "store_rate", unwanted)

    assert scan_rules(settings(tmp_path / "store"), known).rate == known


def unwanted(*_: object) -> None:
    raise AssertionError("nobody was to ask for that")
