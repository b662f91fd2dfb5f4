"""Sweep after sweep on the same days: settings and looks count, and what is sealed stays so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from divbot.evaluation import DailyResults, Finding
from divbot.research.trials.conclusion import Conclusion, conclude, plan
from divbot.research.trials.entries import Judged, Opening, Trial
from divbot.research.trials.knowledge import knowledge_of, sealed_on
from tests.evaluation.stories import YEAR, runs_of
from tests.research.trials import (
    FADING,
    WINNER,
    WORTHLESS,
    concluded,
    conclusion_of,
    ledger_in,
    swept,
    swept_of,
)


def finding(conclusion: Conclusion) -> Finding:
    return conclusion.verdict.finding


def test_an_edge_is_confirmed_and_its_days_are_spent(tmp_path: Path) -> None:
    first = concluded(tmp_path, WINNER)
    second = concluded(tmp_path, WINNER, seed=2)

    assert finding(first) is Finding.EDGE_CONFIRMED
    assert first.winner is not None
    assert first.winner.days == YEAR.holdout
    assert finding(second) is Finding.NOT_ENOUGH_DATA
    assert "days that a search or a backtest has used can judge no more" in str(second.verdict)


def test_a_second_search_counts_the_settings_of_the_first(tmp_path: Path) -> None:
    alone = concluded(tmp_path / "alone", {"one": (0.15, 0)}, seed=5)
    many = {f"setting {k}": (0.0, 0.0) for k in range(40)}
    concluded(tmp_path / "after", many, seed=9)
    after = concluded(tmp_path / "after", {"one": (0.15, 0)}, seed=5)

    p = [x.verdict.search.standings[0].p for x in (alone, after)]
    assert after.tried == 40
    assert p[1] > 3 * p[0]


def test_a_look_that_failed_makes_the_next_one_dearer(tmp_path: Path) -> None:
    looks = [concluded(tmp_path, FADING, seed=seed) for seed in (1, 2, 3)]

    assert [finding(x) for x in looks] == [Finding.NOT_CONFIRMED] * 3
    assert [x.verdict.look for x in looks] == [1, 2, 3]
    assert [round(x.verdict.level, 5) for x in looks] == [0.04, 0.005, 0.00167]


def test_the_same_sweep_again_is_no_further_trial_and_has_the_same_verdict(tmp_path: Path) -> None:
    first = concluded(tmp_path, FADING)
    concluded(tmp_path, WORTHLESS, seed=4)
    head = ledger_in(tmp_path).read().head
    again = concluded(tmp_path, FADING)

    assert (again.number, again.is_repeated, first.is_repeated) == (first.number, True, False)
    assert str(again.verdict) == str(first.verdict)
    assert again.verdict.search.standings == first.verdict.search.standings
    assert ledger_in(tmp_path).read().head == head


def test_another_program_is_another_trial(tmp_path: Path) -> None:
    conclusion_of(tmp_path, swept(FADING))

    other = conclusion_of(tmp_path, swept(FADING, code="changed"))

    assert (other.is_repeated, other.verdict.look) == (False, 2)


def test_a_shut_gate_costs_no_look(tmp_path: Path) -> None:
    shut = concluded(tmp_path, WORTHLESS)
    after = concluded(tmp_path, WINNER, seed=3)

    assert finding(shut) in (Finding.NO_EDGE_FOUND, Finding.EVERY_SETTING_LOSES)
    assert (finding(after), after.verdict.look) == (Finding.EDGE_CONFIRMED, 1)


def test_to_reveal_a_failed_look_tells_it_and_spends_the_days(tmp_path: Path) -> None:
    failed = concluded(tmp_path, FADING)
    revealed = conclusion_of(tmp_path, swept(FADING), reveal=True)
    after = concluded(tmp_path, WINNER, seed=3)

    assert failed.winner is None
    assert (finding(revealed), revealed.verdict.look) == (Finding.NOT_CONFIRMED, 1)
    assert revealed.winner is not None
    assert finding(after) is Finding.NOT_ENOUGH_DATA


def test_lost_sweeps_and_lost_looks_count(tmp_path: Path) -> None:
    concluded(tmp_path, FADING)
    concluded(tmp_path, FADING, seed=2)
    ledger_in(tmp_path).path.unlink()

    after = concluded(tmp_path, FADING, seed=3)

    assert after.verdict.look == 3
    knowledge = knowledge_of(ledger_in(tmp_path).read().written, YEAR.days)
    assert knowledge.lost_sweeps == 2
    assert any("of which 0 are there" in x for x in after.problems)


def test_each_lost_sweep_makes_luck_likelier_once_more(tmp_path: Path) -> None:
    for seed in (8, 9):
        concluded(tmp_path / "lost", WORTHLESS, seed=seed)
    ledger_in(tmp_path / "lost").path.unlink()

    one = {"one": (0.15, 0)}
    alone, after = (concluded(tmp_path / x, one, seed=5) for x in ("alone", "lost"))

    p = [x.verdict.search.standings[0].p for x in (alone, after)]
    assert p[1] == pytest.approx(3 * p[0])


def test_a_holdout_begins_after_every_day_that_was_seen(tmp_path: Path) -> None:
    """A look back from half a year later must not judge by days that chose before."""
    first = concluded(tmp_path, WORTHLESS)
    later = shifted(runs_of(WINNER, seed=8), 120)

    second = conclusion_of(tmp_path, swept_of(later))

    seen = first.verdict.search.split.development[-1]
    assert second.verdict.search.split.holdout.start > seen


def test_days_far_away_count_for_nothing(tmp_path: Path) -> None:
    concluded(tmp_path, WINNER)

    other = conclusion_of(tmp_path, swept_of(shifted(runs_of(WINNER, seed=2), 1000)))

    assert (finding(other), other.tried) == (Finding.EDGE_CONFIRMED, 0)


def shifted(results: DailyResults, days: int) -> DailyResults:
    span = range(results.days.start + days, results.days.stop + days)
    return DailyResults(results.settings, span, results.net_r, results.trades)


@pytest.mark.parametrize(
    "means", [WORTHLESS, FADING, WINNER], ids=["gate shut", "not confirmed", "confirmed"]
)
def test_sealed_results_are_nowhere(means: dict[str, tuple[float, float]], tmp_path: Path) -> None:
    """Two worlds that differ in nothing but sealed results leave the same, byte for byte."""
    results = runs_of(means)
    other = replace(results, net_r=results.net_r.copy())
    told = 1 if means is WINNER else 0
    other.net_r[told:, YEAR.development.stop :] *= 1.5

    seen = []
    for name, world in (("one", results), ("two", other)):
        found = conclusion_of(tmp_path / name, swept_of(world))
        files = {x.name: x.read_bytes() for x in (tmp_path / name).iterdir()}
        winner = found.winner.net_r.tobytes() if found.winner else None
        development = found.development.net_r.tobytes()
        seen.append((str(found.verdict), found.verdict.search, development, winner, files))

    assert seen[0] == seen[1]
    assert (seen[0][3] is None) is (means is not WINNER)


def test_days_that_another_program_has_seen_meanwhile_are_run_as_well(tmp_path: Path) -> None:
    ledger, world = ledger_in(tmp_path), swept(WORTHLESS)
    early = plan(ledger, YEAR.days, world.longest).development.stop - 100

    found = conclude(ledger, world, early, lambda _: pytest.fail("opened"))

    assert found is None
    assert ledger.read().written == ()


def test_a_kill_after_the_look_was_written_costs_this_look_and_no_other(tmp_path: Path) -> None:
    world, ledger = swept(FADING), ledger_in(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        conclude(ledger, world, YEAR.development.stop, interrupted)

    other, again = concluded(tmp_path, FADING, seed=2), concluded(tmp_path, FADING)

    assert (other.verdict.look, again.verdict.look) == (2, 1)
    assert str(again.verdict) == str(concluded(tmp_path / "calm", FADING).verdict)


def interrupted(_: str) -> DailyResults:
    raise KeyboardInterrupt


def test_the_ledger_keeps_development_and_of_the_holdout_only_what_was_told(tmp_path: Path) -> None:
    conclusion = concluded(tmp_path, WINNER)

    trial, opening, judged = ledger_in(tmp_path).read().written
    assert isinstance(trial.entry, Trial)
    assert isinstance(opening.entry, Opening)
    assert isinstance(judged.entry, Judged)
    assert trial.results is not None
    assert trial.results.days == YEAR.development == trial.entry.known
    assert judged.results is not None
    assert (judged.results.settings, judged.results.days) == (("good",), YEAR.holdout)
    assert judged.entry.text == str(conclusion.verdict)


def test_where_nothing_can_be_judged_nothing_is_shown_or_known(tmp_path: Path) -> None:
    short = runs_of(WINNER).within(range(100))

    conclusion = conclusion_of(tmp_path, swept_of(short))

    assert finding(conclusion) is Finding.NOT_ENOUGH_DATA
    assert len(conclusion.development.days) == 0
    assert knowledge_of(ledger_in(tmp_path).read().written, range(365)).known_until is None


def test_sealed_days_are_known_by_their_trial_until_they_are_spent(tmp_path: Path) -> None:
    def sealed() -> dict[int, range]:
        return sealed_on(ledger_in(tmp_path).read().written, range(300, 2000))

    concluded(tmp_path, FADING)
    assert sealed() == {1: range(300, YEAR.holdout.stop)}

    conclusion_of(tmp_path, swept(FADING), reveal=True)
    assert sealed() == {}


def test_copies_of_settings_tried_before_cost_nothing(tmp_path: Path) -> None:
    one = runs_of({"a": (0.25, 0), **{f"s {k}": (0, 0) for k in range(9)}}, seed=6)
    alone = conclusion_of(tmp_path / "a", swept_of(one))
    conclusion_of(tmp_path / "b", swept_of(one, code="older"))

    after = conclusion_of(tmp_path / "b", swept_of(one))

    assert after.tried == 10
    assert after.verdict.search.standings == alone.verdict.search.standings
