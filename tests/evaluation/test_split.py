"""Which days choose, which days judge, and which do neither."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from divbot.evaluation.split import divide, open_at_most
from tests.evaluation.stories import DAY

HOUR = DAY // 24
histories = st.integers(0, 2_000)
horizons = st.integers(1, 20 * DAY)


@pytest.mark.parametrize(
    ("days", "longest", "gap", "run", "runs"),
    [
        pytest.param(365, open_at_most(12, HOUR), 1, 7, (34, 17), id="a year of 1h"),
        pytest.param(365, open_at_most(287, 5 * 60_000), 1, 7, (34, 17), id="a day to the ms"),
        pytest.param(365, open_at_most(288, 5 * 60_000), 2, 7, (34, 17), id="a candle longer"),
        pytest.param(730, open_at_most(12, HOUR), 1, 7, (69, 35), id="two years"),
        pytest.param(450, open_at_most(48, 4 * HOUR), 9, 18, (16, 8), id="4h, just enough"),
        pytest.param(449, open_at_most(48, 4 * HOUR), 9, 18, (15, 8), id="4h, a day too few"),
        pytest.param(20, open_at_most(48, 4 * HOUR), 9, 18, (0, 0), id="no whole run"),
        pytest.param(10, open_at_most(48, 4 * HOUR), 9, 18, (0, 0), id="less than the gaps"),
    ],
)
def test_a_history_is_divided_by_the_longest_trade(
    days: int, longest: int, gap: int, run: int, runs: tuple[int, int]
) -> None:
    split = divide(range(1000, 1000 + days), longest)

    assert (split.gap, split.run) == (gap, run)
    assert (split.development_runs, split.holdout_runs) == runs
    assert (split.shortage is None) == (runs >= (16, 8))


@given(histories, horizons)
def test_the_parts_lie_apart(days: int, longest: int) -> None:
    split = divide(range(days), longest)
    assume(split.shortage is None)

    assert split.days.start <= split.development.start
    assert split.development.stop + split.gap == split.holdout.start
    assert split.holdout.stop + split.gap == split.days.stop
    assert len(split.development) % split.run == len(split.holdout) % split.run == 0
    assert split.gap * DAY >= longest


@given(histories, horizons)
def test_days_that_begin_earlier_move_no_holdout_out_of_the_end(days: int, longest: int) -> None:
    split = divide(range(days), longest)
    assume(split.shortage is None)

    assert split.holdout_runs == max(8, round((days - 2 * split.gap) // split.run / 3))
    assert split.development.start - split.days.start < split.run


def test_the_last_days_are_dropped_for_every_setting() -> None:
    split = divide(range(365), 3 * DAY)

    assert split.holdout.stop == 365 - 3


@given(histories, horizons, histories)
def test_a_holdout_begins_after_all_that_is_known(days: int, longest: int, known: int) -> None:
    split = divide(range(days), longest, known_until=known)

    assert not len(split.holdout) or split.holdout.start > known + split.gap


@given(histories, horizons)
def test_a_second_search_of_the_same_days_has_the_same_holdout(days: int, longest: int) -> None:
    first = divide(range(days), longest)
    assume(first.shortage is None)

    second = divide(range(days), longest, known_until=first.development[-1])

    assert second == first


def test_between_known_days_and_a_holdout_lies_a_gap() -> None:
    first = divide(range(365), 3 * DAY)

    later = divide(range(365), 3 * DAY, known_until=first.development[-1] + 1)

    assert later.holdout_runs == first.holdout_runs - 1
    assert later.development_runs == first.development_runs + 1


def test_spent_days_develop_and_new_days_judge() -> None:
    first = divide(range(365), DAY)

    later = divide(range(365 + 80), DAY, known_until=first.holdout[-1])

    assert later.shortage is None
    assert later.holdout.start > first.holdout[-1] + later.gap
    assert {*first.holdout} <= {*later.development}


def test_a_window_whose_end_was_used_has_no_holdout() -> None:
    later = divide(range(365), DAY, known_until=500)

    assert later.holdout_runs == 0
    assert later.development_runs == 51
    told = "days that a search or a backtest has used can judge no more"
    assert str(later.shortage).endswith(told)


def test_too_short_a_history_says_how_long_it_must_be() -> None:
    split = divide(range(300), open_at_most(48, 4 * HOUR))

    assert split.shortage == (
        "300 days are too few: with a gap of 9 and runs of 18, 450 days are needed"
    )


def test_lengths_grow_without_a_jump_back() -> None:
    runs = [divide(range(days), DAY).development_runs for days in range(150, 800)]

    assert all(0 <= later - earlier <= 1 for earlier, later in pairwise(runs[60:]))
