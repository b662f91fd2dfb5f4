"""The space of a search: what a user writes, what it means, and what is drawn of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from divbot.app.search_space import SEARCHED, points_of, read_space
from divbot.domain.errors import InputError, SettingsError
from divbot.domain.market import Interval
from divbot.domain.signals import Kind
from divbot.research.sweep.estimate import estimate
from divbot.research.sweep.run import longest_of
from divbot.research.sweep.space import Axis, Space
from divbot.research.sweep.variants import Variant
from divbot.setting_table import SETTINGS
from divbot.settings import Settings, load_settings
from tests.history.made import DAY, HOUR
from tests.research.sweep.markets import FIRST, rules, variants, walks

NUMBERS = Space(tuple(Axis(name, tuple(map(str, range(10)))) for name in "abcd"))


def settings(**given: str) -> Settings:
    return load_settings(given)


def tried(*given: str, **more: str) -> list[Variant]:
    return [x.variant for x in points_of(read_space(given), settings(**more))]


@pytest.mark.parametrize(
    ("given", "values"),
    [
        pytest.param("stop_atr=1,0.25,0.50,0.5", ("0.25", "0.5", "1.0"), id="sorted, each once"),
        pytest.param("reward_risk=1:2:0.5", ("1.0", "1.5", "2.0"), id="range"),
        pytest.param("max_holding=12h:36h:12h", ("12h", "1d", "36h"), id="range of times"),
        pytest.param("fee=0.02%,0.0005", ("0.0002", "0.0005"), id="parts"),
        pytest.param("interval=1h,5m,15m", ("5m", "15m", "1h"), id="intervals by length"),
        pytest.param("trail-atr=1.5,none", ("none", "1.5"), id="left out"),
        pytest.param(
            "kind=regular_bullish+hidden_bullish,hidden_bullish",
            ("hidden_bullish", "hidden_bullish+regular_bullish"),
            id="several names",
        ),
    ],
)
def test_values_are_read_by_the_table_of_settings(given: str, values: tuple[str, ...]) -> None:
    (axis,) = read_space([given]).axes

    assert axis.values == values


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("stopatr=1", "unknown setting 'stopatr' of --set; the nearest known is stop_atr"),
        ("stop_atr=", "stop_atr of --set: expected a value, found an empty one"),
        ("stop_atr=1,,2", "stop_atr of --set: expected a value, found an empty one"),
        ("stop_atr", "expected NAME=VALUE,VALUE or NAME=FROM:TO:STEP, found 'stop_atr'"),
        ("stop_atr=-1", "stop_atr of --set: expected a number from 0 to 100, found -1"),
        ("stop_atr=1:2", "expected FROM:TO:STEP such as 1:4:0.5 or 12h:48h:12h, found '1:2'"),
        ("stop_atr=2:1:1", "expected FROM up to TO by a STEP above 0"),
        ("stop_atr=0:100:0.00001", "10,000,001 values; expected at most 10,000"),
        ("risk=1%", "risk of --set: it changes how much is traded, not which: results are in R"),
        ("min_score=5", "it chooses among signals, and a search trades all of them"),
        ("workers=4", "it changes neither signals nor trades; expected one of interval, kind"),
        ("max_holding=0", "expected a time above 0 in a search, whose trades all end, found 0"),
    ],
)
def test_what_cannot_be_searched_is_one_line(given: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        tried(given)

    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_values_that_do_not_go_together_are_one_line() -> None:
    with pytest.raises(SettingsError, match="range_min: expected at most range_max, 5, found 50"):
        tried("range_min=50", "range_max=5")


def test_ten_million_settings_say_what_they_would_take() -> None:
    space = read_space(["stop_atr=0:99.99:0.01", "reward_risk=0.01:10:0.01"])

    with pytest.raises(InputError, match=r"10,000,000 settings .* need 58 GB .* --sample N"):
        points_of(space, settings())


def test_a_file_says_the_same_as_flags(tmp_path: Path) -> None:
    file = tmp_path / "space.toml"
    file.write_text(
        'stop_atr = [0.5, 1]\nreward_risk = "1:2:0.5"\n'
        'kind = ["regular_bullish", ["regular_bullish", "hidden_bullish"]]\n'
    )
    given = [
        "stop_atr=0.5,1",
        "reward_risk=1:2:0.5",
        "kind=regular_bullish,regular_bullish+hidden_bullish",
    ]

    assert read_space([], file) == read_space(given)
    with pytest.raises(SettingsError, match="stop_atr is given twice"):
        read_space(["stop_atr=2"], file)


def test_a_list_without_a_value_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "space.toml"
    file.write_text("reward_risk = [1, 2]\nstop_atr = []\n")

    with pytest.raises(SettingsError, match=r"^stop_atr in .*: expected a value, found none$"):
        read_space([], file)


def test_a_point_means_its_settings() -> None:
    (variant,) = tried("kind=regular_bullish+regular_bearish", "pivot_left=3", side="BUY", fee="0")

    assert variant.name == "kind=regular_bearish+regular_bullish pivot_left=3"
    assert variant.trade.kinds == {Kind.REGULAR_BULLISH}
    assert variant.signal.indicator.pivot_left == 3
    assert variant.trade.fee == 0
    assert variant.trade.max_holding == 86_400_000


def test_what_is_left_out_stays_so_whatever_the_environment_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DIVBOT_TRAIL_ATR", "2")

    found = tried("trail_atr=none,1.5")

    assert [x.trade.trail_atr for x in found] == [None, 1.5]


def test_the_longest_trade_of_any_setting_parts_development_from_the_holdout() -> None:
    found = tried("max_holding=6h,72h", "interval=1h,4h")

    assert longest_of(found, rules()) == longest_of(found[::-1], rules()) == 76 * HOUR


def test_on_spot_nothing_is_sold_short() -> None:
    (variant,) = tried("stop_atr=1", market="spot")

    assert variant.trade.kinds == {Kind.REGULAR_BULLISH, Kind.HIDDEN_BULLISH}


@pytest.mark.parametrize("name", SEARCHED)
def test_each_setting_that_is_searched_changes_signals_or_trades(name: str) -> None:
    other = {"interval": "1h", "kind": "regular_bullish", "side": "SELL", "range_min": "7"}
    other |= {"symbols": "BTCUSDT", "include": "1000*", "exclude": "*PEPE*", "min_age": "20d"}
    other |= {"max_holding": "7h", "exit_on_opposite": "false", "trail_atr": "2", "fee": "0.1%"}
    (usual,) = tried("stop_atr=0.5")

    (changed,) = tried(f"{name}={other.get(name, '9') if name != 'slippage' else '1%'}")

    assert name in SETTINGS
    assert (changed.signal, changed.trade) != (usual.signal, usual.trade)


@pytest.mark.parametrize("name", [x for x in SETTINGS if x not in SEARCHED])
def test_of_each_other_setting_a_line_says_why_it_is_not(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} of --set: it [a-z].*; expected one of ") as x:
        read_space([f"{name}=1"])

    assert "\n" not in str(x.value)


def test_lists_of_symbols_are_values_like_others() -> None:
    found = tried("symbols=ETHUSDT+BTCUSDT,none", "min_age=5d", top="7")

    assert [x.name for x in found] == [
        "min_age=5d symbols=none",
        "min_age=5d symbols=BTCUSDT+ETHUSDT",
    ]
    universes = [x.signal.universe for x in found]
    assert [(x.top, x.min_age) for x in universes if x] == [(7, 5.0)] * 2
    assert [{*x.symbols} for x in universes if x] == [set(), {"BTCUSDT", "ETHUSDT"}]


@pytest.mark.parametrize("count", [1, 7, 100, 9_999])
def test_a_sample_is_of_different_points_and_hangs_on_its_seed_alone(count: int) -> None:
    one, same, other = (NUMBERS.sample(count, seed) for seed in (1, 1, 2))

    assert len(np.unique(one, axis=0)) == count
    assert one.min() >= 0
    assert one.max() < 10
    assert (one == same).all()
    assert count == 9_999 or not (one == other).all()


def test_a_sample_covers_each_value_evenly() -> None:
    found = NUMBERS.sample(1000, seed=3)

    for axis in found.T:
        assert np.bincount(axis).min() > 85


def test_a_sample_of_more_than_there_is_is_all() -> None:
    assert (NUMBERS.sample(10_001, seed=1) == NUMBERS.grid()).all()


def test_without_scipy_one_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats.qmc", None)

    with pytest.raises(InputError, match=r"scipy is needed: .* -m pip install 'scipy>=1\.15'"):
        NUMBERS.sample(10, seed=1)


def test_more_settings_and_candles_are_said_to_take_longer() -> None:
    history, days = walks(), range(FIRST, FIRST + 100)
    few, more = variants(), variants(pivots=(3, 5))

    small = estimate(history, few, days, workers=1)

    assert small.settings == 4
    assert small.candles == 3 * 24 * 100
    assert estimate(history, more, days, workers=1).seconds == pytest.approx(2 * small.seconds)
    assert estimate(history, few, days, workers=2).seconds == pytest.approx(small.seconds / 2)


@dataclass(frozen=True)
class Listing:
    """So many symbols, all of a year."""

    count: int

    def symbols(self, interval: Interval) -> list[str]:
        return [str(x) for x in range(self.count)]

    def span(self, symbol: str, interval: Interval) -> tuple[int, int]:
        return FIRST * DAY, (FIRST + 365) * DAY


@pytest.mark.parametrize(
    ("interval", "symbols", "settings", "days", "measured"),
    [
        ("5m", 400, 500, 362, 700),
        ("5m", 40, 50, 59, 560),
        ("1h", 5, 5100, 365, 585),
    ],
)
def test_memory_is_said_as_it_was_measured(
    interval: str, symbols: int, settings: int, days: int, measured: float
) -> None:
    """MB of the tree with two workers, by benchmarks/sweep.py; the last by the command."""
    stops = f"stop_atr={','.join(str(x / 1000) for x in range(1000, 1000 + settings))}"

    found = estimate(
        Listing(symbols),  # type: ignore[arg-type]
        tried(stops, interval=interval),
        range(FIRST, FIRST + days),
        workers=2,
    )

    assert found.settings == settings
    assert 0.9 < found.memory / 1e6 / measured < 1.35


@pytest.mark.parametrize(
    ("symbols", "days", "searched", "made"),
    [(400, 362, 300.0, 104.0), (400, 181, 128.8, 58.5), (100, 181, 34.1, 10.0)],
)
def test_processor_seconds_are_said_as_they_were_measured(
    symbols: int, days: int, searched: float, made: float
) -> None:
    """Of 500 settings on candles of 5m and 1m, by benchmarks/sweep.py."""
    stops = f"stop_atr={','.join(str(x / 1000) for x in range(1000, 1025))}"

    found = estimate(
        Listing(symbols),  # type: ignore[arg-type]
        tried(stops, f"range_max={','.join(str(x) for x in range(50, 70))}", interval="5m"),
        range(FIRST, FIRST + days),
        workers=1,
        detail=Interval.M1,
    )

    assert found.settings == 500
    assert 0.7 < found.seconds / searched < 1.4
    assert 0.7 < found.first / made < 1.5


def test_values_have_neighbours_and_names_have_none() -> None:
    found = tried("stop_atr=0.5,1", "kind=regular_bullish,hidden_bullish")

    places = np.array([x.place for x in found])
    apart = np.abs(places[:, None] - places[None]).sum(axis=2)
    assert (np.sort(apart, axis=1) == [0, 1, 2, 3]).all()
