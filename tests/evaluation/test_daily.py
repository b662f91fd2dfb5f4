"""Trades as daily results: each belongs to the day of its entry, and to one part at most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.evaluation.daily import DailyResults, daily_results
from divbot.evaluation.split import divide
from tests.evaluation.stories import DAY

FIRST = 19_000
LONGEST = 3 * DAY
SPLIT = divide(range(FIRST, FIRST + 365), LONGEST)
BOUNDARY = SPLIT.development.stop * DAY


@dataclass(frozen=True)
class Trade:
    entered: int
    lasted: int
    net_r: float = 1.0
    setting: int = 0


def of(
    *trades: Trade, settings: tuple[str, ...] = ("only",), earlier: DailyResults | None = None
) -> DailyResults:
    return daily_results(
        settings,
        SPLIT.days,
        setting=np.array([x.setting for x in trades], dtype=np.int64),
        entered=np.array([x.entered for x in trades], dtype=np.int64),
        closed=np.array([x.entered + x.lasted for x in trades], dtype=np.int64),
        net_r=np.array([x.net_r for x in trades], dtype=np.float64),
        longest=LONGEST,
        earlier=earlier,
    )


def total(results: DailyResults, days: range) -> float:
    return float(results.within(days).net_r.sum())


def test_trades_are_added_up_by_setting_and_day_of_entry() -> None:
    noon = FIRST * DAY + DAY // 2

    results = of(
        Trade(noon, DAY, 2.0),
        Trade(noon + 1, 5, -1.0),
        Trade(noon, 5, 0.5, setting=1),
        Trade(noon + DAY, 5, 4.0, setting=1),
        settings=("one", "two"),
    )

    assert results.net_r[:, :3].tolist() == [[1.0, 0, 0], [0.5, 4.0, 0]]
    assert results.trades[:, :3].tolist() == [[2, 0, 0], [1, 1, 0]]


@given(st.integers(0, 60), st.integers(0, 1 << 32))
def test_trades_may_be_added_in_parts_and_come_to_the_same_bits(cut: int, seed: int) -> None:
    net_r = np.random.default_rng(seed).normal(size=60).tolist()
    trades = [Trade((FIRST + number % 3) * DAY, 5, r) for number, r in enumerate(net_r)]

    whole, parts = of(*trades), of(*trades[cut:], earlier=of(*trades[:cut]))

    assert parts.net_r.tobytes() == whole.net_r.tobytes()
    assert (parts.trades == whole.trades).all()


def test_a_day_begins_at_midnight_and_ends_before_the_next() -> None:
    results = of(Trade(FIRST * DAY - 1, 0), Trade(FIRST * DAY, 0), Trade((FIRST + 1) * DAY - 1, 0))

    assert results.trades.sum() == results.trades[0, 0] == 2


def test_trades_are_purged_by_their_entry_and_not_by_their_end() -> None:
    # Stops come quickly and targets slowly: to drop what ends late is to drop the gains.
    stopped, reached = Trade(BOUNDARY - DAY, 1, -1.0), Trade(BOUNDARY - DAY, 2 * DAY, 2.0)
    in_the_gap = Trade(BOUNDARY, 1, 5.0)

    results = of(stopped, reached, in_the_gap)

    assert total(results, SPLIT.development) == 1.0
    assert total(results, SPLIT.holdout) == 0.0


@given(st.integers(-4 * DAY, 8 * DAY), st.integers(0, LONGEST))
def test_a_trade_open_across_the_boundary_is_in_one_part_at_most(after: int, lasted: int) -> None:
    trade = Trade(BOUNDARY + after, lasted)
    results = of(trade)

    develops, judges = total(results, SPLIT.development), total(results, SPLIT.holdout)

    assert develops + judges <= 1
    if develops:
        assert trade.entered + trade.lasted <= SPLIT.holdout.start * DAY
    assert judges == (trade.entered >= SPLIT.holdout.start * DAY)


def test_trades_of_the_last_days_are_in_neither_part() -> None:
    last = Trade((SPLIT.days.stop - SPLIT.gap) * DAY, 1)

    results = of(last)

    assert total(results, SPLIT.holdout) == 0.0


@pytest.mark.parametrize(("lasted", "found"), [(LONGEST + 1, "259200001"), (-1, "-1")])
def test_a_trade_that_outlasts_the_gap_is_refused(lasted: int, found: str) -> None:
    with pytest.raises(ValueError, match=f"a trade of slow was open for {found} ms; between 0"):
        of(Trade(BOUNDARY, 5), Trade(BOUNDARY, lasted, setting=1), settings=("quick", "slow"))


def test_no_trades_are_results_of_nothing() -> None:
    results = of()

    assert results.net_r.shape == (1, 365)
    assert not results.net_r.any()


def changed(**fields: object) -> DailyResults:
    given = {
        "settings": ("a", "b"),
        "days": range(3),
        "net_r": np.zeros((2, 3)),
        "trades": np.zeros((2, 3), dtype=np.int64),
    }
    return DailyResults(**{**given, **fields})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"net_r": np.zeros((2, 4))}, r"2 settings over 3 days take .* not of \(2, 4\) and"),
        ({"settings": ("a", "a")}, "two settings have one name"),
        ({"days": range(0, 6, 2)}, "a step of 1"),
        ({"net_r": np.array([[0, 0, 0], [0, np.nan, 0]])}, "result of b on day 1 is no number"),
    ],
)
def test_what_are_no_results_is_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        changed(**fields)


@pytest.mark.parametrize("days", [range(-1, 2), range(2, 4)])
def test_days_outside_are_not_given(days: range) -> None:
    with pytest.raises(ValueError, match="not among"):
        changed().within(days)
