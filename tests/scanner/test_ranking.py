from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, localcontext
from itertools import repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.domain.market import Interval
from divbot.domain.signals import Divergence, Evidence, Kind, Opportunity, Side, Signal
from divbot.scanner.signals.ranking import EvidenceOf, plan_of, rank
from divbot.scanner.signals.score import DEFAULT_WEIGHTS, PARTS
from tests.scanner.fakes import RANKING, START, STEP, TRADE, listed

EXTREMES = st.integers(1, 10**30 - 1), st.sampled_from([-60, -30, -8, -2, 0])
PRICES = (
    *("price_previous", "price", "confirmed_close", "confirmed_atr"),
    *("highest_since", "lowest_since", "last_close", "last_atr"),
)
CENT = Decimal("0.01")
EVIDENCE = Evidence(0.3, 0.02, -0.25, 5000)


def bullish(**changes: Any) -> Signal:
    """A regular bullish divergence: lows 100 and 98, RSI 25 and 35, confirmed at 101, ATR 2."""
    divergence = Divergence(
        "AAAUSDT", Kind.REGULAR_BULLISH, START, START + 20 * STEP, START + 25 * STEP
    )
    return replace(
        Signal(
            divergence=divergence,
            rsi_previous=25.0,
            rsi=35.0,
            price_previous=100.0,
            price=98.0,
            confirmed_close=101.0,
            confirmed_atr=2.0,
            highest_since=102.0,
            lowest_since=100.5,
            last_close=101.5,
            last_atr=2.03,
            extreme=25.0,
            trend=0.0,
            line_of_sight=1.0,
        ),
        **changes,
    )


def bearish(**changes: Any) -> Signal:
    """The mirror image of `bullish` around 100 and RSI 50."""
    signal = bullish()
    divergence = replace(signal.divergence, kind=Kind.REGULAR_BEARISH)
    return replace(
        signal,
        **{
            "divergence": divergence,
            "rsi_previous": 75.0,
            "rsi": 65.0,
            "price_previous": 100.0,
            "price": 102.0,
            "confirmed_close": 99.0,
            "highest_since": 99.5,
            "lowest_since": 98.0,
            "last_close": 98.5,
        }
        | changes,
    )


def ranked(
    *signals: Signal,
    age: int = 2,
    evidence: Evidence | Sequence[Evidence] | None = EVIDENCE,
    **changes: Any,
) -> tuple[Opportunity, ...]:
    universe = {x.divergence.symbol: listed(x.divergence.symbol, CENT) for x in signals}
    return rank(
        signals,
        universe,
        replace(RANKING, **changes),
        Interval.M5,
        lambda _: age,
        told(evidence),
    )


def told(evidence: Evidence | Sequence[Evidence] | None) -> EvidenceOf:
    """Return what tells the same of each signal, or of one after the other."""
    each = iter(evidence) if isinstance(evidence, list) else repeat(evidence)
    return lambda *_: next(each)


def test_a_long_plan_risks_from_the_close_to_beyond_the_pivot() -> None:
    # stop 98 - 0.5 * 2; risk 101 - 97; target 101 + 2 * 4
    assert plan_of(bullish(), CENT, TRADE) == (Decimal("97.00"), Decimal("109.00"))


def test_a_short_plan_mirrors_a_long_one() -> None:
    assert plan_of(bearish(), CENT, TRADE) == (Decimal("103.00"), Decimal("91.00"))


def test_plans_are_rounded_away_from_optimism() -> None:
    tick = Decimal("0.1")
    long = plan_of(bullish(price=98.04, confirmed_atr=0.0), tick, TRADE)
    short = plan_of(bearish(price=101.96, confirmed_atr=0.0), tick, TRADE)

    assert long == (Decimal("98.0"), Decimal("107.0"))  # 98.04 down, 106.92 up
    assert short == (Decimal("102.0"), Decimal("93.0"))  # 101.96 up, 93.08 down


@pytest.mark.parametrize(
    "signal",
    [
        pytest.param(bullish(confirmed_close=96.9), id="long, closed below the stop"),
        pytest.param(bearish(confirmed_close=103.1), id="short, closed above the stop"),
        pytest.param(bullish(price=0.5), id="a stop below zero"),
        pytest.param(bearish(confirmed_close=20.0), id="a target below zero"),
        pytest.param(bullish(price=1.005, confirmed_atr=2.0), id="a stop rounded to zero"),
    ],
)
def test_without_a_sane_risk_there_is_no_plan(signal: Signal) -> None:
    assert plan_of(signal, CENT, TRADE) is None
    assert ranked(signal) == ()


@pytest.mark.parametrize(
    ("signal", "is_open"),
    [
        pytest.param(bullish(lowest_since=97.01), True, id="long, just above the stop"),
        pytest.param(bullish(lowest_since=97.0), False, id="long, at the stop"),
        pytest.param(bullish(highest_since=108.99), True, id="long, just below the target"),
        pytest.param(bullish(highest_since=109.0), False, id="long, at the target"),
        pytest.param(bearish(highest_since=102.99), True, id="short, just below the stop"),
        pytest.param(bearish(highest_since=103.0), False, id="short, at the stop"),
        pytest.param(bearish(lowest_since=91.01), True, id="short, just above the target"),
        pytest.param(bearish(lowest_since=91.0), False, id="short, at the target"),
    ],
)
def test_what_was_stopped_or_reached_since_is_no_opportunity(signal: Signal, is_open: bool) -> None:
    assert bool(ranked(signal)) is is_open


def test_an_opportunity_carries_its_figures() -> None:
    (found,) = ranked(bullish())

    assert (found.rank, found.side, found.age) == (1, Side.BUY, 2)
    assert (found.price, found.stop, found.target) == (
        Decimal("101.50"),
        Decimal("97.00"),
        Decimal("109.00"),
    )
    assert found.reward_risk == pytest.approx(7.5 / 4.5)
    assert found.atr_percent == pytest.approx(2.0)
    assert found.confirmed_at == START + 26 * STEP


def test_the_score_is_the_weighted_sum_of_its_parts() -> None:
    (found,) = ranked(bullish(trend=-0.5, line_of_sight=0.5))

    # RSI 10 of 20; price 2 of 3 * 2; RSI 25 is beyond 30; age 2 of at most 5; 1000 USDT; -0.25 R
    assert {part.name: part.value for part in found.parts} == pytest.approx(
        {
            "rsi": 0.5,
            "price": 1 / 3,
            "zone": 1.0,
            "line_of_sight": 0.5,
            "trend": 0.25,
            "freshness": 1 - 2 / 6,
            "liquidity": 0.0,
            "expectancy": 0.25,
        }
    )
    assert {part.name: part.weight for part in found.parts} == pytest.approx(dict(DEFAULT_WEIGHTS))
    assert found.score == round(10 * sum(x.value * x.weight for x in found.parts), 2)


@pytest.mark.parametrize("part", PARTS)
def test_weights_are_shares_of_their_sum(part: str) -> None:
    only = dict.fromkeys(PARTS, 0.0) | {part: 7.0}

    (found,) = ranked(bullish(), weights=only)

    value = {x.name: x.value for x in found.parts}[part]
    assert found.score == round(10 * value, 2)


def test_without_past_cases_nothing_is_expected() -> None:
    (found,) = ranked(bullish(), evidence=None)

    assert found.evidence is None
    assert found.parts[-1].value == 0.0


def test_a_short_scores_as_its_mirror_image() -> None:
    assert [x.value for x in ranked(bearish())[0].parts] == [
        x.value for x in ranked(bullish())[0].parts
    ]


@pytest.mark.parametrize(
    ("signal", "age", "score"),
    [
        pytest.param(
            bullish(rsi_previous=1.0, rsi=60.0, price=80.0, extreme=1.0, trend=1.0),
            0,
            9.5,
            id="all",
        ),
        pytest.param(
            bullish(rsi=25.0, price=100.0, extreme=60.0, trend=-1.0, line_of_sight=0.0),
            5,
            0.17,
            id="next to none",
        ),
    ],
)
def test_scores_lie_between_0_and_10(signal: Signal, age: int, score: float) -> None:
    evidence = replace(EVIDENCE, expectancy=0.5 if age == 0 else -0.5)

    # Nobody trades it: that is what the most lacks.
    assert ranked(signal, age=age, evidence=evidence)[0].score == score


def test_the_weights_together_are_one() -> None:
    assert sum(DEFAULT_WEIGHTS.values()) == pytest.approx(1.0)
    assert list(DEFAULT_WEIGHTS) == list(PARTS) == [x.name for x in ranked(bullish())[0].parts]


def test_the_best_come_first_and_equals_by_symbol() -> None:
    def of(symbol: str, rsi: float) -> Signal:
        signal = bullish(rsi=rsi)
        return replace(signal, divergence=replace(signal.divergence, symbol=symbol))

    found = ranked(of("CUSDT", 30.0), of("BUSDT", 30.0), of("AUSDT", 28.0), of("DUSDT", 40.0))

    assert [x.divergence.symbol for x in found] == ["DUSDT", "BUSDT", "CUSDT", "AUSDT"]


def test_equal_scores_are_ranked_by_confidence() -> None:
    names = ("AUSDT", "BUSDT", "CUSDT", "DUSDT")
    signals = [
        replace(bullish(), divergence=replace(bullish().divergence, symbol=x)) for x in names
    ]
    evidence = [replace(EVIDENCE, confidence=share) for share in (0.2, 0.4, 0.4, 0.3)]

    found = ranked(*signals, evidence=evidence)

    assert [x.divergence.symbol for x in found] == ["BUSDT", "CUSDT", "DUSDT", "AUSDT"]


def test_nothing_older_than_allowed_is_an_opportunity() -> None:
    assert ranked(bullish(), age=5)
    assert not ranked(bullish(), age=6)


@given(
    tick=st.builds(lambda digits, power: Decimal(digits).scaleb(power), *EXTREMES),
    scale=st.sampled_from([1e-12, 1e-8, 1.0, 1e10, 1e25]),
    signal=st.sampled_from([bullish(), bearish()]),
)
def test_no_tick_that_a_venue_may_name_is_too_much(
    tick: Decimal, scale: float, signal: Signal
) -> None:
    prices = {name: scale * getattr(signal, name) for name in PRICES}
    coin = listed("AAAUSDT", tick, quote_volume=Decimal(10**29))

    found = rank(
        [replace(signal, **prices)],
        {"AAAUSDT": coin},
        RANKING,
        Interval.M5,
        lambda _: 2,
        lambda *_: EVIDENCE,
    )

    with localcontext(prec=200):
        assert all(x.stop % tick == x.target % tick == 0 for x in found)
