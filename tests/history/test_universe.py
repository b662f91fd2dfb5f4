from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divbot.binance.listing.rules import UniverseRules
from divbot.domain.market import Interval, Market
from divbot.history.columns import one_by_one, open_columns
from divbot.history.instruments import instrument_named
from divbot.history.ranks import let_in, rank_month
from divbot.history.universe import PastUniverse
from divbot.recordings.track import Track
from tests.history.made import DAY, HOUR, START, MadeHistory, quiet, walked
from tests.research.live_twin import LiveTwin


def universe_of(
    history: MadeHistory,
    folder: Path,
    rules: UniverseRules,
    *,
    first: int = START + 2 * DAY,
    is_todays: bool = False,
) -> PastUniverse:
    columns = open_columns(history, Interval.H1, (START, history.end), folder, one_by_one)
    may_be = let_in(columns, history.market, rules)
    ranked = [
        rank_month(columns, x, history.market, rules, may_be, folder)
        for x in range(len(columns.months))
    ]
    steps = columns.step_at_close(first), columns.step_at_close(history.end) + 1
    return PastUniverse(columns, history.market, rules, ranked, steps, is_todays=is_todays)


def names(history: MadeHistory, past: PastUniverse, close: int) -> set[str]:
    listed = past.is_listed(close // HOUR - 1)
    return {x for x, is_on in zip(history.symbols(Interval.H1), listed, strict=True) if is_on}


def busy(symbol: str, seed: int, rows: int = 24 * 8, **more: float) -> Track:
    """Return a walk whose volume comes and goes."""
    track = walked(symbol, seed, rows, **more)  # type: ignore[arg-type]
    swing = 1 + 0.9 * np.sin(np.arange(rows) / 30 + seed)
    return replace(track, volume=track.volume * swing)


@given(
    seeds=st.lists(st.integers(0, 99), min_size=6, max_size=9, unique=True),
    top=st.integers(1, 6),
    quiet_from=st.integers(50, 140),
)
@settings(max_examples=10)
def test_the_list_at_each_close_is_what_the_live_rules_choose(
    seeds: list[int], top: int, quiet_from: int
) -> None:
    tracks = [busy(f"S{n}USDT", seed, 24 * 6) for n, seed in enumerate(seeds)]
    tracks[0] = quiet(tracks[0], quiet_from)
    tracks[1] = walked("S1USDT", seeds[1], 24 * 2, start=START + 3 * DAY + 5 * HOUR)
    history = MadeHistory({x.symbol: x for x in tracks})
    rules = UniverseRules(top=top, min_age=1.0, include=("S2*",), exclude=("S3USDT",))
    twin = LiveTwin(history, rules)

    with TemporaryDirectory() as folder:
        past = universe_of(history, Path(folder), rules)
        for close in range(START + 2 * DAY, history.end + 1, HOUR):
            expected = twin.listed(close)
            assert names(history, past, close) == expected
            if close % (13 * HOUR):
                continue
            whole = past.universe(close // HOUR - 1, ())
            assert {x.symbol for x in whole.listed} == expected
            assert [x.rule for x in whole.left_out] == [x.rule for x in twin.universe().left_out]


def test_who_is_on_the_list_stays_near_its_end(tmp_path: Path) -> None:
    volumes = {"AUSDT": 10.0, "BUSDT": 9.0, "CUSDT": 8.0, "DUSDT": 7.0, "EUSDT": 6.0, "FUSDT": 5.0}
    tracks = {x: flat_volume(x, n, y) for n, (x, y) in enumerate(volumes.items())}
    # It overtakes E on the fourth day, which stays at rank 6 of 5.
    tracks["FUSDT"].volume[3 * 24 :] = 6.5e6
    history = MadeHistory(tracks)

    past = universe_of(history, tmp_path, UniverseRules(top=5, min_age=0.0))

    assert "FUSDT" not in names(history, past, START + 3 * DAY)
    assert names(history, past, START + 5 * DAY) == set(tracks)


def flat_volume(symbol: str, seed: int, millions: float, move: float = 0.001) -> Track:
    track = walked(symbol, seed, 24 * 8, move=move)
    return replace(track, volume=np.full(len(track.volume), millions * 1e6))


def test_what_is_held_is_in_the_universe_for_its_position_alone(tmp_path: Path) -> None:
    history = MadeHistory({x: busy(x, n) for n, x in enumerate(("AUSDT", "BUSDT", "CUSDT"))})
    past = universe_of(history, tmp_path, UniverseRules(top=1, min_age=0.0))
    close = START + 4 * DAY
    (listed,) = names(history, past, close)
    held = next(x for x in history.tracks if x != listed)

    for found in (
        past.universe(close // HOUR - 1, (held,)),
        past.part(close // HOUR - 1, (), (held,)),
    ):
        own = next(x for x in found.listed if x.symbol == held)
        assert own.is_only_held
        assert own.is_wanted


@pytest.mark.parametrize(
    ("market", "listed"),
    [(Market.USDM, [False, False, True]), (Market.SPOT, [True, True, True])],
    ids=["futures name their listing", "spot names none"],
)
def test_age_counts_from_the_first_candle_with_trades(
    market: Market, listed: list[bool], tmp_path: Path
) -> None:
    late = walked("LATEUSDT", 2, 24 * 18, start=START + 2 * DAY)
    late.volume[: 24 * 2] = 0.0
    history = MadeHistory({"AUSDT": walked("AUSDT", 1, 24 * 20), "LATEUSDT": late}, market)

    past = universe_of(history, tmp_path, UniverseRules(top=9, min_age=10.0))

    first = START + 4 * DAY
    closes = [first + HOUR, first + 10 * DAY - HOUR, first + 10 * DAY]
    assert ["LATEUSDT" in names(history, past, x) for x in closes] == listed
    assert "LATEUSDT" not in names(history, past, first)


def test_a_peg_is_known_after_five_days(tmp_path: Path) -> None:
    peg = walked("PEGUSDT", 1, 24 * 20, price=1.0, tick=4, move=0.0001)
    history = MadeHistory({"AUSDT": walked("AUSDT", 2, 24 * 20), "PEGUSDT": peg})

    past = universe_of(history, tmp_path, UniverseRules(top=9, min_age=0.0))

    # Judged on the first day, of which nothing was over, and again a week later.
    days = [START + x * DAY for x in (3, 7, 9, 19)]
    assert ["PEGUSDT" in names(history, past, x) for x in days] == [True, True, False, False]


def test_a_peg_that_is_known_takes_no_place_on_the_list(tmp_path: Path) -> None:
    peg = walked("PEGUSDT", 1, 24 * 12, price=1.0, tick=4, move=0.0001, volume=1e9)
    others = {
        symbol: flat_volume(symbol, number, millions, move=0.01)
        for number, (symbol, millions) in enumerate({"AUSDT": 9.0, "BUSDT": 8.0}.items())
    }
    history = MadeHistory({"PEGUSDT": peg, **others})

    past = universe_of(history, tmp_path, UniverseRules(top=1, min_age=0.0))

    assert names(history, past, START + 3 * DAY) == {"PEGUSDT"}
    assert names(history, past, START + 8 * DAY) == {"AUSDT"}


def test_the_list_of_the_end_is_that_of_all_closes(tmp_path: Path) -> None:
    history = MadeHistory({f"S{x}USDT": busy(f"S{x}USDT", x) for x in range(5)})
    rules = UniverseRules(top=2, min_age=0.0)

    then = universe_of(history, tmp_path, rules)
    todays = universe_of(history, tmp_path, rules, is_todays=True)

    last = names(history, then, history.end)
    closes = range(START + 2 * DAY, history.end + 1, HOUR)
    assert {frozenset(names(history, todays, x)) for x in closes} == {frozenset(last)}
    assert len({frozenset(names(history, then, x)) for x in closes}) > 1


def test_symbols_chosen_by_name_are_the_list_from_their_first_trade_on(tmp_path: Path) -> None:
    late = walked("LATEUSDT", 2, 24 * 4, start=START + 4 * DAY)
    history = MadeHistory({"AUSDT": busy("AUSDT", 1), "LATEUSDT": late, "BUSDT": busy("BUSDT", 3)})
    rules = UniverseRules(top=1, symbols=("LATEUSDT", "AUSDT"), min_age=5.0)

    past = universe_of(history, tmp_path, rules)

    assert names(history, past, START + 4 * DAY) == {"AUSDT"}
    assert names(history, past, START + 4 * DAY + HOUR) == {"AUSDT", "LATEUSDT"}
    whole = past.universe((START + 5 * DAY) // HOUR - 1, ())
    assert [x.is_wanted for x in whole.listed] == [True, True]


@pytest.mark.parametrize(
    ("name", "base", "quote", "contract"),
    [
        ("BTCUSDT", "BTC", "USDT", "PERPETUAL"),
        ("BTCFDUSD", "BTC", "FDUSD", "PERPETUAL"),
        ("BTCUSDT_240628", "BTC", "USDT", "CURRENT_QUARTER"),
        ("USDCUSDT", "USDC", "USDT", "PERPETUAL"),
        ("SOMETHING", "SOMETHING", "", "PERPETUAL"),
    ],
)
def test_a_name_tells_base_quote_and_contract(
    name: str, base: str, quote: str, contract: str
) -> None:
    found = instrument_named(name, Market.USDM, 5)

    assert (found.base, found.quote, found.contract, found.listed_at) == (base, quote, contract, 5)


@pytest.mark.parametrize(
    "name",
    ["USDCUSDT", "EURUSDT", "PAXGUSDT", "NVDAUSDT", "BTCUSDT_240628", "BTCBUSD", "BTCUPUSDT"],
)
def test_what_the_live_rules_leave_out_by_its_name_is_on_no_list(name: str, tmp_path: Path) -> None:
    history = MadeHistory({"BTCUSDT": busy("BTCUSDT", 1), name: busy(name, 2)}, Market.USDM)

    past = universe_of(history, tmp_path, UniverseRules(top=9, min_age=0.0))

    assert names(history, past, START + 5 * DAY) == {"BTCUSDT"}
