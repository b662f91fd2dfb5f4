"""The five verdicts, and what each may tell."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.evaluation.daily import DailyResults
from divbot.evaluation.development import search
from divbot.evaluation.finding import Finding
from divbot.evaluation.looks import level_of, look_at
from divbot.evaluation.runs import run_sums, t_statistics
from divbot.evaluation.split import divide
from divbot.evaluation.student import upper_quantile, upper_tail
from tests.evaluation.stories import DAY, YEAR, columns, runs_of, verdict_on

EARNS = {"good": (0.3, 0.3), "fair": (0.1, 0.1), "bad": (-0.1, -0.1)}
FADES = {"good": (0.3, -0.1), "fair": (0.1, 0.1), "bad": (-0.1, -0.1)}
NOTHING = dict.fromkeys("abcdefgh", (0.0, 0.0))
LOSES = dict.fromkeys("abcdefgh", (-0.5, -0.5))


@pytest.mark.parametrize(
    ("means", "finding", "opened", "told"),
    [
        pytest.param(EARNS, Finding.EDGE_CONFIRMED, True, True, id="earns before and after"),
        pytest.param(FADES, Finding.NOT_CONFIRMED, True, False, id="earned before"),
        pytest.param(NOTHING, Finding.NO_EDGE_FOUND, False, False, id="luck"),
        pytest.param(LOSES, Finding.EVERY_SETTING_LOSES, False, False, id="loses"),
    ],
)
def test_a_search_comes_to_its_finding(
    means: dict[str, tuple[float, float]], finding: Finding, *, opened: bool, told: bool
) -> None:
    verdict = verdict_on(runs_of(means, seed=2))

    assert verdict.finding is finding
    assert verdict.opened is opened
    assert verdict.spent is told


def test_words_are_those_of_the_procedure() -> None:
    assert [str(finding) for finding in Finding] == [
        "NOT ENOUGH DATA",
        "EVERY SETTING LOSES",
        "NO EDGE FOUND",
        "NOT CONFIRMED",
        "EDGE CONFIRMED",
    ]


@pytest.mark.parametrize("days", [0, 1, 9, 150])
def test_a_short_history_is_not_judged(days: int) -> None:
    split = divide(range(days), DAY)

    verdict = verdict_on(runs_of(EARNS, split=split), split)

    assert verdict.finding is Finding.NOT_ENOUGH_DATA
    assert str(verdict) == (
        f"NOT ENOUGH DATA: {days} days are too few: with a gap of 1 and runs of 7, 170 days are "
        "needed."
    )
    assert verdict.smallest_edge is None


def trading_in(development: int, holdout: int) -> DailyResults:
    """Return a setting that trades in so many runs of either part."""
    results = runs_of({"rare": (0.3, 0.3)})
    traded = np.zeros(365, dtype=bool)
    for part, runs in ((YEAR.development, development), (YEAR.holdout, holdout)):
        traded[part.start : part.start + 7 * runs : 7] = True
    return DailyResults(
        results.settings, results.days, results.net_r * traded, results.trades * traded
    )


@pytest.mark.parametrize(
    ("development", "holdout", "judged"),
    [(16, 8, True), (15, 8, False), (16, 7, False), (34, 0, False)],
)
def test_a_setting_that_trades_in_few_runs_is_not_judged(
    development: int, holdout: int, *, judged: bool
) -> None:
    verdict = verdict_on(trading_in(development, holdout))

    assert (verdict.finding is not Finding.NOT_ENOUGH_DATA) is judged
    assert judged or verdict.search.shortage == (
        "none of 1 settings trades in 16 runs of development and 8 of the holdout"
    )


def test_a_rare_setting_beside_others_is_left_out() -> None:
    often, rare = runs_of(EARNS), trading_in(10, 10)
    both = DailyResults(
        (*often.settings, "rare"),
        often.days,
        np.concatenate([often.net_r, rare.net_r]),
        np.concatenate([often.trades, rare.trades]),
    )

    found = verdict_on(both).search

    assert found.settings == 4
    assert found.standings == verdict_on(often).search.standings


def with_t(t: float) -> DailyResults:
    """Return one setting whose runs of development have this t statistic."""
    results = runs_of({"only": (0.0, 0.0)})
    sums = run_sums(results.within(YEAR.development).net_r, 7)[0]
    # Where the mean is 0 and the spread 1, the t statistic is sqrt(34) times what is added.
    even = (sums - sums.mean()) / sums.std(ddof=1) + t / np.sqrt(34)
    net_r = results.net_r.copy()
    net_r[0, columns(YEAR.development)] = np.repeat(even / 7, 7)
    return DailyResults(results.settings, results.days, net_r, results.trades)


@pytest.mark.parametrize(
    ("excess", "finding"),
    [(1e-6, Finding.NO_EDGE_FOUND), (-1e-6, Finding.EVERY_SETTING_LOSES)],
)
def test_every_setting_loses_where_the_best_does_so_significantly(
    excess: float, finding: Finding
) -> None:
    verdict = verdict_on(with_t(-upper_quantile(0.05, 33) + excess))

    assert verdict.finding is finding


@pytest.mark.parametrize("seed", range(8))
def test_a_winner_that_lost_a_little_opens_nothing(seed: int) -> None:
    # Luck's half of the worlds is drawn, and may be a little less than half.
    assert verdict_on(with_t(-1e-9), seed=seed).finding is Finding.NO_EDGE_FOUND


@given(st.integers(0, 10_000), st.floats(-9, 9))
def test_development_sees_nothing_of_other_days(seed: int, amount: float) -> None:
    results = runs_of(EARNS)
    elsewhere = np.ones(365, dtype=bool)
    elsewhere[columns(YEAR.development)] = False
    other = np.random.default_rng(seed).normal(amount, 1, results.net_r.shape)
    changed = dataclasses.replace(results, net_r=np.where(elsewhere, other, results.net_r))

    assert search(changed, YEAR, draws=99) == search(results, YEAR, draws=99)


@given(st.integers(0, 10_000))
def test_gap_and_last_days_change_no_verdict(seed: int) -> None:
    results = runs_of(EARNS)
    used = np.zeros(365, dtype=bool)
    used[columns(YEAR.development)] = used[columns(YEAR.holdout)] = True
    rng = np.random.default_rng(seed)
    changed = DailyResults(
        results.settings,
        results.days,
        np.where(used, results.net_r, rng.normal(5, 9, results.net_r.shape)),
        np.where(used, results.trades, rng.integers(0, 9, results.trades.shape)),
    )

    assert verdict_on(changed) == verdict_on(results)


@given(st.integers(0, 10_000))
def test_a_fail_tells_one_word(seed: int) -> None:
    before = runs_of(FADES, seed=2)
    net_r = before.net_r.copy()
    other = np.random.default_rng(seed).normal(-0.5, 2, net_r.shape)
    net_r[:, columns(YEAR.holdout)] = other[:, columns(YEAR.holdout)]

    verdict = verdict_on(dataclasses.replace(before, net_r=net_r))

    assert verdict == verdict_on(before)
    assert str(verdict) == str(verdict_on(before))


def test_only_the_winner_s_holdout_is_looked_at() -> None:
    results = runs_of(EARNS, seed=2)
    net_r = results.net_r.copy()
    net_r[1:, columns(YEAR.holdout)] += 5

    assert verdict_on(dataclasses.replace(results, net_r=net_r)) == verdict_on(results)


@pytest.mark.parametrize("means", [FADES, NOTHING])
def test_what_is_revealed_is_told_and_spent(means: dict[str, tuple[float, float]]) -> None:
    results = runs_of(means, seed=2)

    verdict = verdict_on(results, reveal=True)

    assert verdict.finding is verdict_on(results).finding
    assert verdict.opened
    assert verdict.spent
    assert "On the holdout it earns" in str(verdict)


def test_the_holdout_is_tested_by_student_s_t_of_its_runs() -> None:
    results = runs_of(EARNS, seed=2)
    winner = results.of([results.settings.index("good")]).within(YEAR.holdout)

    told = verdict_on(results).holdout

    t = t_statistics(run_sums(winner.net_r, 7))[0]
    assert told is not None
    assert (told.t, told.p) == pytest.approx((t, upper_tail(t, 16)))
    assert (told.effect.trades, told.effect.runs) == (2 * 119, 17)


def barely(p: float) -> DailyResults:
    """Return a winner whose holdout has this p value."""
    results = runs_of({"only": (0.3, 0.0)}, seed=2)
    sums = run_sums(results.within(YEAR.holdout).net_r, 7)[0]
    even = (sums - sums.mean()) / sums.std(ddof=1) + upper_quantile(p, 16) / np.sqrt(17)
    net_r = results.net_r.copy()
    net_r[0, columns(YEAR.holdout)] = np.repeat(even / 7, 7)
    return dataclasses.replace(results, net_r=net_r)


@pytest.mark.parametrize(
    ("p", "look", "confirmed"),
    [
        (0.0399, 1, True),
        (0.0401, 1, False),
        (0.0049, 2, True),
        (0.0051, 2, False),
        (0.0016, 3, True),
        (0.0017, 3, False),
    ],
)
def test_each_look_makes_the_next_dearer(p: float, look: int, *, confirmed: bool) -> None:
    verdict = verdict_on(barely(p), look=look)

    assert (verdict.finding is Finding.EDGE_CONFIRMED) is confirmed
    assert verdict.look == look
    assert verdict.level == level_of(look)


def test_a_look_at_days_that_were_opened_is_counted() -> None:
    opened: list[range] = []
    findings = []
    for _ in range(2):
        verdict = verdict_on(barely(0.03), look=look_at(YEAR.holdout, opened))
        opened += [YEAR.holdout] * verdict.opened
        findings.append(verdict.finding)

    assert findings == [Finding.EDGE_CONFIRMED, Finding.NOT_CONFIRMED]


def test_all_looks_together_are_wrong_in_five_of_a_hundred() -> None:
    levels = [level_of(look) for look in range(1, 100_001)]

    assert sum(levels) == pytest.approx(0.05, abs=1e-6)
    assert sum(levels) < 0.05


def test_looks_are_counted_from_one() -> None:
    with pytest.raises(ValueError, match="from 1, not from 0"):
        verdict_on(runs_of(EARNS), look=0)


def test_the_smallest_edge_is_the_holdout_s_where_it_is_told() -> None:
    verdict = verdict_on(runs_of(EARNS, seed=2))

    assert verdict.holdout is not None
    expected = (upper_quantile(0.04, 16) + 0.86) * verdict.holdout.effect.standard_error
    assert verdict.smallest_edge == pytest.approx(expected)


@pytest.mark.parametrize("means", [FADES, NOTHING, LOSES])
def test_the_smallest_edge_is_told_of_a_sealed_holdout_too(
    means: dict[str, tuple[float, float]],
) -> None:
    verdict = verdict_on(runs_of(means, seed=2))

    winner = verdict.search.winner
    assert winner is not None
    expected = (upper_quantile(0.04, 16) + 0.86) * winner.effect.standard_error * np.sqrt(34 / 17)
    assert verdict.smallest_edge == pytest.approx(expected)


@pytest.mark.parametrize(
    ("means", "said"),
    [
        (EARNS, "EDGE CONFIRMED: good, the best of 3 settings, passes on the holdout (look 1). "
         "On the holdout it earns"),
        (FADES, "NOT CONFIRMED: good, the best of 3 settings, fails on the holdout (look 1). "
         "An edge below 0."),
        (NOTHING, "NO EDGE FOUND: "),
        (LOSES, "EVERY SETTING LOSES: "),
    ],
)  # fmt: skip
def test_a_verdict_is_read_in_sentences(means: dict[str, tuple[float, float]], said: str) -> None:
    text = str(verdict_on(runs_of(means, seed=2)))

    assert text.startswith(said)
    assert text.endswith(" R would usually be missed.")
    assert "profitable" not in text
    assert "optimal" not in text


@pytest.mark.parametrize(
    ("means", "said"),
    [
        pytest.param({"good": EARNS["good"]}, "good passes on the holdout", id="earns"),
        pytest.param({"bad": LOSES["a"]}, "bad loses (t = -", id="loses"),
    ],
)
def test_of_one_setting_nothing_is_said_about_others(
    means: dict[str, tuple[float, float]], said: str
) -> None:
    text = str(verdict_on(runs_of(means, seed=2)))

    assert f": {said}" in text
