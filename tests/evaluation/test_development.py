"""The search of development: neither order nor copies change it, and what was tried counts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divbot.evaluation.daily import DailyResults
from divbot.evaluation.development import GATE, Search, search
from divbot.evaluation.finding import Finding
from tests.evaluation.stories import YEAR, columns, results_of, runs_of, verdict_on

SOME = {f"setting {k}": (0.02 * k, 0.02 * k) for k in range(8)}
seeds = st.integers(0, 10_000)


def found(results: DailyResults, **options: object) -> Search:
    return search(results, YEAR, draws=999, **options)


@given(seeds)
@settings(max_examples=25)
def test_settings_in_another_order_get_the_same_verdict(seed: int) -> None:
    results = runs_of(SOME, seed=seed)
    order = np.random.default_rng(seed).permutation(len(results.settings)).tolist()

    assert verdict_on(results.of(order)) == verdict_on(results)


@given(seeds)
@settings(max_examples=25)
def test_copied_settings_get_the_same_verdict(seed: int) -> None:
    results = runs_of(SOME, seed=seed)
    copied = DailyResults(
        (*results.settings, *(f"{name}, copied" for name in results.settings)),
        results.days,
        np.concatenate([results.net_r] * 2),
        np.concatenate([results.trades] * 2),
    )

    alone, doubled = verdict_on(results), verdict_on(copied)

    assert doubled.finding is alone.finding
    assert doubled.holdout == alone.holdout
    assert {x.p for x in doubled.search.standings} == {x.p for x in alone.search.standings}


def test_another_seed_draws_other_luck_of_the_same_kind() -> None:
    results = runs_of(SOME)

    first, second = (found(results, seed=seed).winner for seed in (1, 2))

    assert first.p != second.p
    assert first.p == pytest.approx(second.p, abs=0.06)


def test_standings_are_in_order_of_t_with_the_figures_of_a_table() -> None:
    standings = found(runs_of(SOME)).standings

    assert [x.t for x in standings] == sorted((x.t for x in standings), reverse=True)
    assert [x.p for x in standings] == sorted(x.p for x in standings)
    assert {(x.active_runs, x.effect.runs, x.effect.trades) for x in standings} == {(34, 34, 476)}


def test_settings_tried_before_were_chances_of_luck_too() -> None:
    results = runs_of(SOME)
    before = runs_of({f"before {k}": (0.0, 0.0) for k in range(200)}, seed=9)

    alone, together = found(results).winner, found(results, tried=before).winner

    assert together.setting == alone.setting
    assert together.p > 2 * alone.p


def test_settings_tried_again_cost_nothing() -> None:
    results = runs_of(SOME)

    again = found(results, tried=results)

    assert [x.p for x in again.standings] == [x.p for x in found(results).standings]


def test_of_what_was_tried_only_development_counts() -> None:
    results = runs_of(SOME)
    tried = runs_of({f"before {k}": (0.0, 0.0) for k in range(20)}, seed=9)
    net_r = tried.net_r.copy()
    net_r[:, columns(YEAR.holdout)] = 7.0
    other = dataclasses.replace(tried, net_r=net_r)

    assert found(results, tried=other) == found(results, tried=tried)


@pytest.mark.parametrize("lost", [1, 2])
def test_each_sweep_whose_results_are_lost_adds_p_once_more(lost: int) -> None:
    results = runs_of(SOME)

    p = found(results, lost_sweeps=lost).winner.p

    assert p == pytest.approx((lost + 1) * found(results).winner.p)


def test_p_is_no_more_than_one_however_much_is_lost() -> None:
    assert {x.p for x in found(runs_of(SOME), lost_sweeps=10**6).standings} == {1.0}


def test_the_gate_is_shut_by_p() -> None:
    results = runs_of(SOME)
    lost = int(GATE / found(results).winner.p)

    assert found(results, lost_sweeps=lost - 1).finding is None
    assert found(results, lost_sweeps=lost).finding is Finding.NO_EDGE_FOUND


def twins() -> DailyResults:
    """Return two settings that are alike in development, and a better and a worse neighbour."""
    rows = dict(zip("abcd", runs_of(dict.fromkeys("abcd", (0.1, 0.1))).net_r, strict=True))
    tied = columns(range(YEAR.holdout.start))
    rows["c"][tied] = rows["b"][tied]
    rows["a"] -= 0.5
    rows["d"] -= 0.1
    return results_of(rows, YEAR.days)


def test_a_tie_goes_to_the_setting_with_the_better_neighbours() -> None:
    results = twins()
    places = np.array([[0], [1], [3], [4]])  # a beside b, c beside d

    standings = found(results, steps=places).standings

    assert [x.setting for x in standings] == ["c", "b", "d", "a"]
    assert standings[0].t == standings[1].t


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
def test_a_tie_without_a_grid_goes_by_name_and_not_by_order(order: list[int]) -> None:
    assert found(twins().of(order)).winner.setting == "b"


def test_the_share_on_a_plateau_is_told_of_a_grid_alone() -> None:
    results = runs_of(SOME)
    places = np.arange(8)[:, None]

    assert found(results).on_plateau is None
    assert 0 < found(results, steps=places).on_plateau <= 1


def test_luck_s_curve_counts_every_world() -> None:
    luck = found(runs_of(SOME)).luck

    assert sum(luck.counts) == 999
    assert len(luck.edges) == len(luck.counts) + 1
    assert luck.usual < luck.rare


def test_where_all_are_hopeless_there_is_no_curve() -> None:
    hopeless = found(runs_of(dict.fromkeys("abc", (-2.0, -2.0))))

    assert hopeless.finding is Finding.EVERY_SETTING_LOSES
    assert hopeless.luck is None
    assert {x.p for x in hopeless.standings} == {1.0}


def test_ineligible_neighbours_support_nobody() -> None:
    results = runs_of(SOME)
    rarely = results.trades.copy()
    rarely[3] = 0
    results = dataclasses.replace(results, trades=rarely)

    judged = found(results, steps=np.arange(8)[:, None])

    assert len(judged.standings) == 7
    assert "setting 3" not in {x.setting for x in judged.standings}
