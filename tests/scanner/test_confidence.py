"""What past cases say: nothing is believed that does not show again."""

from __future__ import annotations

import numpy as np
import pytest

from divbot.domain.signals import Evidence, Kind
from divbot.scanner.confidence import FAIR_CASES, Group, History, Resolved
from divbot.scanner.likeness import KIND_NUMBERS, trend_of, trends_of, zone_of, zones_of
from divbot.scanner.trial import KINDS

SYMBOLS = 20
Cells = np.ndarray


def cases(
    share: Cells, *, hours: int = 30, each: int = 40, common: float = 0.0, seed: int = 1
) -> Resolved:
    """Draw cases whose chance is `share` by kind; `common` is what all of some hours share."""
    random = np.random.default_rng(seed)
    count = hours * each
    when = np.repeat(np.arange(hours), each)
    kind, zone, trend = (random.integers(0, n, count) for n in (4, 3, 3))
    luck = common * random.standard_normal((hours, 2))
    chance = np.clip(np.asarray(share)[kind] + luck[when, kind // 2], 0, 1)
    won = (random.random(count) < chance).astype(np.float64)
    group = Group(kind, zone, trend, random.integers(0, SYMBOLS, count))
    return Resolved(group, kind < 2, when, won, 3 * won - 1.1)


def evidence(past: Resolved, kind: int = 0) -> Evidence:
    found = History(past, SYMBOLS, 2.0).evidence(Group(kind, 1, 1, 1))
    assert found is not None
    return found


def some(past: Resolved, count: int) -> Resolved:
    return Resolved(Group(*(x[:count] for x in past.group)), *(x[:count] for x in past[1:]))


def test_without_a_case_nothing_is_said() -> None:
    nothing = some(cases([0.3] * 4), 0)

    history = History(nothing, SYMBOLS, 2.0)

    assert history.evidence(Group(0, 0, 0, 0)) is None
    assert history.market() is None


def test_few_cases_leave_what_a_price_without_memory_gives() -> None:
    found = evidence(some(cases([0.9] * 4), 3))

    assert found.market_cases == 3
    assert 1 / 3 < found.confidence < (FAIR_CASES / 3 + 3) / (FAIR_CASES + 3) + 1e-9
    assert found.high - found.low > 0.25


def test_where_all_are_alike_all_are_told_the_market_s_share() -> None:
    past = cases([0.25] * 4)

    told = {evidence(past, kind).confidence for kind in range(4)}

    market = (FAIR_CASES / 3 + past.won.sum()) / (FAIR_CASES + len(past.won))
    assert max(told) - min(told) < 0.02
    assert min(told) == pytest.approx(market, abs=0.02)


def test_the_market_s_evidence_is_what_a_group_of_nothing_of_its_own_is_told() -> None:
    past = cases([0.25] * 4)

    market = History(past, SYMBOLS, 2.0).market()

    assert market is not None
    assert market.cases == market.market_cases == len(past.won)
    assert market.confidence == pytest.approx(evidence(past).confidence, abs=0.02)
    assert market.expectancy == pytest.approx(past.result.mean())
    assert market.high - market.low <= evidence(past).high - evidence(past).low


def test_a_kind_that_is_better_again_and_again_is_told_so() -> None:
    past = cases([0.6, 0.3, 0.3, 0.3])

    assert evidence(past, 0).confidence == pytest.approx(0.6, abs=0.07)
    assert evidence(past, 3).confidence == pytest.approx(0.3, abs=0.07)
    assert evidence(past, 0).expectancy > evidence(past, 3).expectancy + 0.5


def test_the_luck_of_one_night_is_no_virtue() -> None:
    shown, told = 0.0, 0.0
    for seed in range(30):
        past = cases([0.3] * 4, hours=6, each=300, common=0.2, seed=seed)
        shown += np.ptp([past.won[past.group.kind == kind].mean() for kind in range(4)])
        told += np.ptp([evidence(past, kind).confidence for kind in range(4)])

    assert shown / 30 > 0.1
    assert told < 0.4 * shown


def test_cases_that_lean_on_each_other_are_worth_less() -> None:
    apart, together = cases([0.3] * 4), cases([0.3] * 4, common=0.3)

    widths = [x.high - x.low for x in (evidence(apart), evidence(together))]

    assert widths[1] > 1.5 * widths[0]


def test_the_interval_holds_the_true_share_about_as_often_as_it_says() -> None:
    held = 0
    for seed in range(100):
        found = evidence(cases([0.3] * 4, each=20, seed=seed))
        held += found.low <= 0.3 <= found.high

    assert held >= 85


def test_cases_alike_are_those_of_kind_zone_and_trend() -> None:
    past = cases([0.3] * 4)
    group = past.group
    alike = (group.kind == 2) & (group.zone == 1) & (group.trend == 1)

    found = evidence(past, 2)

    assert (found.cases, found.market_cases) == (alike.sum(), len(past.won))


def test_a_symbol_that_differs_again_and_again_is_told_its_own_share() -> None:
    past = cases([0.3] * 4, hours=60, each=200)
    chance = np.where(past.group.symbol < SYMBOLS // 2, 0.6, 0.1)
    won = (np.random.default_rng(2).random(len(chance)) < chance).astype(np.float64)
    history = History(past._replace(won=won, result=3 * won - 1.1), SYMBOLS, 2.0)

    good, bad = (history.evidence(Group(0, 1, 1, symbol)) for symbol in (0, SYMBOLS - 1))

    assert good is not None
    assert bad is not None
    assert good.confidence > 0.45
    assert bad.confidence < 0.25
    assert good.expectancy > bad.expectancy + 0.6


def test_kinds_have_the_kernels_numbers() -> None:
    assert {kind: number for number, kind in KINDS.items()} == KIND_NUMBERS
    assert list(KIND_NUMBERS) == list(Kind)


def test_zones_and_trends_have_their_bounds() -> None:
    extremes, trends = [29.9, 30.0, 49.9, 50.0], [-0.51, -0.5, 0.49, 0.5]

    assert zones_of(np.array(extremes)).tolist() == list(map(zone_of, extremes)) == [0, 1, 1, 2]
    assert trends_of(np.array(trends)).tolist() == list(map(trend_of, trends)) == [0, 1, 1, 2]
