"""Markets whose truth is known, through the whole of a search, to its verdict."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from divbot.evaluation import Finding, Verdict, divide, judge
from divbot.evaluation import search as compare
from divbot.research.sweep.hands import OwnHands
from divbot.research.sweep.run import longest_of, search
from divbot.research.sweep.variants import Variant
from tests.history.made import HOUR
from tests.research.sweep.markets import FIRST, PaidHistory, rules, variants
from tests.research.sweep.planted import memoryless, with_edge

DAYS = 240
FREE = {"fee": 0.0, "slippage": 0.0}
CLAIMS_FREE, CLAIMS_WITH_COSTS = 16, 3
"""Of 200 searches where there is nothing to find, at most."""


def tried(**costs: float) -> tuple[Variant, ...]:
    return variants((0.5, 1.0, 2.0), (1.0, 2.0, 4.0), (4, 5), holding=24 * HOUR, **costs)  # type: ignore[arg-type]


def verdict_on(
    history: PaidHistory, chosen: tuple[Variant, ...], cache: Path, spread: str
) -> Verdict:
    """Return the verdict; the holdout is computed of the winner alone, once the gate is passed."""
    days, market = range(FIRST + 32, FIRST + DAYS), rules(spread)
    split = divide(days, longest_of(chosen, market))
    sealed = range(split.development.stop, days.stop)
    found = search(history, chosen, days, market, sealed=sealed, cache=cache, hands=OwnHands())
    steps = np.array([x.place for x in found.variants])
    compared = compare(found.results, split, steps=steps)
    if compared.finding is not None or compared.winner is None:
        return judge(compared, found.results)
    winner = [x for x in found.variants if x.name == compared.winner.setting]
    opened = search(history, winner, days, market, cache=cache, hands=OwnHands())
    return judge(compared, opened.results)


def claims(seeds: range, folder: Path, *, spread: str, **costs: float) -> int:
    words = []
    for seed in seeds:
        history = memoryless(seed, DAYS, symbols=6)
        words.append(verdict_on(history, tried(**costs), folder / str(seed), spread).finding)
    assert Finding.NOT_ENOUGH_DATA not in words
    return words.count(Finding.EDGE_CONFIRMED)


def test_candles_without_memory_bring_no_claim(tmp_path: Path) -> None:
    assert claims(range(3), tmp_path, spread="0", **FREE) == 0


def test_an_edge_that_was_planted_is_found(tmp_path: Path) -> None:
    history = with_edge(1, DAYS, symbols=6, drift=1.5)

    verdict = verdict_on(history, tried(), tmp_path, spread="0.0004")

    assert verdict.finding is Finding.EDGE_CONFIRMED
    assert verdict.holdout is not None
    assert verdict.holdout.effect.r > 0.1


@pytest.mark.soak
def test_200_markets_without_memory_bring_few_claims(tmp_path: Path) -> None:
    assert claims(range(200), tmp_path, spread="0", **FREE) <= CLAIMS_FREE


@pytest.mark.soak
def test_200_markets_without_memory_bring_next_to_none_with_costs(tmp_path: Path) -> None:
    assert claims(range(200), tmp_path, spread="0.0004") <= CLAIMS_WITH_COSTS
