"""What is stated, judged: nothing looks ahead, and recorded years come out as stated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from divbot.app.verification import calibration_of, open_recorded_block
from divbot.domain.market import Interval, Market
from divbot.kernels.analysis import analyse
from divbot.scanner.block import Block, build_block
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.evidence.calibration import (
    Calibration,
    Statements,
    calibrate,
    count_rate,
    thirds,
)
from divbot.scanner.evidence.expectations import Expectations
from divbot.scanner.evidence.repetition import repetition
from divbot.scanner.evidence.walk import Walk, walk
from divbot.scanner.evidence.weekly import WEEK
from divbot.settings import load_settings
from tests import reference
from tests.scanner.fakes import TRADE, candles_of

CHANCE = BaseRate(Market.USDM, Interval.M5, "what chance gives")
WINDOW = 400


def market(symbols: int = 6, bars: int = 900) -> Block:
    series = {f"S{n}USDT": candles_of(n, bars) for n in range(symbols)}
    return build_block(series, Interval.M5, rows=bars + 100)


def drawn(seed: int, *, weeks: int = 60, each: int = 100, won: np.ndarray | None = None) -> Walk:
    """Draw cases of a price without memory; `won` decides instead where it is given."""
    random = np.random.default_rng(seed)
    count = weeks * each
    confirmed = np.sort(random.integers(0, weeks * 168, count))
    way = random.uniform(0.5, 6, count)
    blank = Walk(
        symbol=random.integers(0, 10, count),
        kind=random.integers(0, 4, count),
        is_long=random.random(count) < 0.5,
        confirmed=confirmed,
        time=confirmed * (WEEK // 168),
        ended=confirmed + random.integers(1, 60, count),
        way=way,
        reward=2 * way,
        price=np.full(count, 100.0),
        atr=np.ones(count),
        won=np.zeros(count),
        result=np.zeros(count),
        parts={"good": random.random(count), "idle": np.ones(count)},
    )
    share, _ = Expectations(TRADE, CHANCE).stated(blank.way, blank.reward, blank.price, blank.atr)
    happened = random.random(count) < share if won is None else won
    return replace(blank, won=happened.astype(np.float64), result=np.where(happened, 1.9, -1.1))


def judged(cases: Walk, rate: BaseRate = CHANCE) -> Calibration:
    found = calibrate(cases, TRADE, rate, WINDOW)
    assert found is not None
    return found


def test_a_walk_knows_each_case_as_a_slow_reference_does() -> None:
    block = market(3)
    analysis = analyse(block.high, block.low, block.close)

    found = walk(block, None, TRADE)

    assert len(found) > 20
    assert (np.diff(found.confirmed) >= 0).all()
    for k in range(len(found)):
        row, column = int(found.confirmed[k]), int(found.symbol[k])
        sign = 1 if found.is_long[k] else -1
        columns = (x[:, column].tolist() for x in (block.open, block.high, block.low, block.close))
        close = block.close[row, column]
        expected = reference.outcome(
            list(zip(*columns, strict=True)),
            row,
            "BUY" if sign > 0 else "SELL",
            close - sign * found.way[k],
            close + sign * found.reward[k],
            fee=TRADE.fee,
            slippage=TRADE.slippage,
            horizon=TRADE.horizon,
        )
        assert found.won[k] == (expected.outcome == "target")
        assert found.result[k] == pytest.approx(expected.result, rel=1e-5)
        assert found.ended[k] == expected.ended
        assert found.atr[k] == analysis.atr[row, column]
        assert found.reward[k] == pytest.approx(TRADE.reward_risk * found.way[k])


@pytest.mark.parametrize("place", [40, 80])
def test_what_comes_after_a_confirmation_changes_nothing_stated(place: int) -> None:
    block = market()
    cut = int(walk(block, None, TRADE).confirmed[place]) + 1
    later = {x: getattr(block, x).copy() for x in ("open", "high", "low", "close")}
    # From a little at first: what is entered at the next open has to be entered there.
    for prices in later.values():
        prices[cut:] *= np.linspace(1.001, 3, len(prices) - cut)[:, None]

    told, again = (stated_before(x, cut) for x in (block, replace(block, **later)))
    # Whether a case has ended by the last candle is what came after.
    both = told.keys() & again.keys()

    assert {x: told[x] for x in both} == {x: again[x] for x in both}
    assert len(both) > 30


def stated_before(block: Block, cut: int) -> dict[tuple[int, ...], tuple[float, ...]]:
    """Return what is known of each case that was confirmed before `cut`."""
    found = walk(block, np.ones(block.close.shape), TRADE)
    found = found.chosen(found.confirmed < cut)
    stated = Expectations(TRADE, CHANCE).stated(found.way, found.reward, found.price, found.atr)
    columns = [*stated, *found.parts.values()]
    keys = zip(found.symbol.tolist(), found.confirmed.tolist(), found.kind.tolist(), strict=True)
    rows = zip(*(x.tolist() for x in columns), strict=True)
    return dict(zip(keys, rows, strict=True))


def test_a_price_without_memory_is_stated_as_it_comes() -> None:
    found = judged(drawn(1))

    assert found.whole.stated == pytest.approx(found.whole.share, abs=0.015)
    assert found.whole.calibration_error < 0.02
    assert found.whole.brier < found.whole.brier_constant
    assert found.whole.brier_constant == pytest.approx(found.whole.share * (1 - found.whole.share))
    assert sum(x.cases for x in found.whole.bins) == found.whole.cases == 6000


def test_the_hit_rate_so_far_is_that_of_what_had_ended() -> None:
    cases = drawn(2, weeks=6, each=30)

    shares = [
        cases.won[cases.ended < row].mean() if (cases.ended < row).any() else cases.won.mean()
        for row in cases.confirmed
    ]

    expected = np.mean((np.array(shares) - cases.won) ** 2)
    assert judged(cases).brier_running == pytest.approx(expected)


def test_the_second_half_is_stated_from_what_had_ended_in_the_first() -> None:
    cases = drawn(3)
    middle = (int(cases.confirmed[0]) + int(cases.confirmed[-1])) // 2
    late = cases.ended >= middle
    flipped = replace(cases, won=np.where(late, 1 - cases.won, cases.won))

    told, again = (judged(x).second_half for x in (cases, flipped))

    assert told is not None
    assert again is not None
    assert told.stated == again.stated
    assert told.share != again.share
    early = replace(cases, won=np.where(late, cases.won, 1 - cases.won))
    other = judged(early).second_half
    assert other is not None
    assert other.stated != told.stated


def test_a_market_that_does_better_than_chance_has_a_rate_above_one() -> None:
    cases = drawn(4)
    luckier = np.random.default_rng(5).random(len(cases)) < 0.1

    usual, better = (
        count_rate(x, TRADE, Market.SPOT, Interval.H1, "drawn")
        for x in (cases, replace(cases, won=np.maximum(cases.won, luckier)))
    )

    assert usual.ratio_error is not None
    assert abs(usual.ratio - 1) < 3 * usual.ratio_error
    assert better.ratio > 1 + 3 * usual.ratio_error
    assert (better.cases, better.weeks) == (len(cases), len(np.unique(cases.week)))


def test_where_no_target_was_reached_chance_alone_counts() -> None:
    cases = drawn(4)

    found = count_rate(
        replace(cases, won=np.zeros(len(cases))), TRADE, Market.SPOT, Interval.H1, "drawn"
    )

    assert (found.ratio, found.ratio_error) == (0.0, None)
    assert found.believed_ratio == 1.0


def test_a_part_that_tells_is_told_from_one_that_does_not() -> None:
    cases = drawn(6)
    chance = np.random.default_rng(7).random(len(cases)) < 0.2 + 0.25 * cases.parts["good"]
    told = replace(cases, result=np.where(chance, 1.9, -1.1))

    parts = judged(told).parts

    good = parts["good"]
    assert good is not None
    assert good.difference.differs
    assert good.upper - good.lower == pytest.approx(good.difference.value)
    assert parts["idle"] is None
    plain = judged(cases).parts["good"]
    assert plain is not None
    assert not plain.difference.differs


def test_of_few_different_values_those_below_the_most_are_the_lower_ones() -> None:
    cases = drawn(8)
    steps = np.where(np.arange(len(cases)) % 4 == 0, 0.5, 1.0)

    found = thirds(steps, cases)

    assert found is not None
    assert found.lower == pytest.approx(cases.result[steps < 1].mean())
    assert found.upper == pytest.approx(cases.result[steps == 1].mean())


def test_a_habit_comes_again_and_luck_does_not() -> None:
    random = np.random.default_rng(9)
    cases = drawn(10, weeks=100, each=200)
    habit = np.where(cases.symbol < 5, 0.5, 0.15)
    steady = (random.random(len(cases)) < habit) - habit.mean()
    luck = (random.random(len(cases)) < 0.3) - 0.3

    shown, none = (repetition(cases, x, WINDOW)["symbol"] for x in (steady, luck))

    assert shown is not None
    assert shown.low is not None
    assert shown.low > 0.5
    assert none is not None
    assert none.low is not None
    assert none.low < 0.1


def test_a_window_shows_what_had_ended_in_it_and_nothing_else() -> None:
    cases = drawn(11, weeks=20)
    surprise = np.random.default_rng(12).normal(size=len(cases))

    shown, happened = [], []
    for k, row in enumerate(cases.confirmed.tolist()):
        inside = (cases.confirmed >= row - WINDOW) & (cases.confirmed < row) & (cases.ended < row)
        if inside.sum() >= 30:
            shown.append(surprise[inside].mean())
            happened.append(surprise[k])

    found = repetition(cases, surprise, WINDOW)["market"]
    x, y = np.array(shown), np.array(happened)
    assert found is not None
    assert found.value == pytest.approx((x * y).sum() / (x * x).sum())


def test_without_an_end_there_is_nothing_to_judge() -> None:
    assert calibrate(drawn(13).chosen(np.zeros(6000, np.bool_)), TRADE, CHANCE, WINDOW) is None


RECORDINGS = [
    ("history/usdm-1h-2024", "usdm"),
    ("history/usdm-4h-2024", "usdm"),
    ("history/spot-1h-2022", "spot"),
    ("market/spot-5m-2024-07", "spot"),
    ("market/usdm-1m-2025-05", "usdm"),
]


@pytest.fixture(scope="module", params=RECORDINGS, ids=[name for name, _ in RECORDINGS])
def recorded(request: pytest.FixtureRequest, data: Path) -> Calibration:
    name, kind = request.param
    recording = open_recorded_block(data / f"{name}.parquet")
    return calibration_of(recording, load_settings({"market": kind}))


def test_recorded_years_come_out_as_stated(recorded: Calibration) -> None:
    assert recorded.second_half is not None
    for found in (recorded.whole, recorded.second_half):
        assert found.brier <= found.brier_constant + 0.0008
        assert found.calibration_error <= 0.03
        assert wrong_side(found) == []
    assert recorded.whole.brier < recorded.brier_running


def wrong_side(found: Statements) -> list[float]:
    """Return the bins of 500 and more that happened on the other side of the mean than stated."""
    return [
        x.low
        for x in found.bins
        if x.cases >= 500
        and (x.stated - found.stated) * (x.happened - found.share) < 0
        and abs(x.happened - found.share) > 0.02
    ]


def test_what_is_expected_to_cost_less_brought_more(recorded: Calibration) -> None:
    expectancy = recorded.parts["expectancy"]

    assert expectancy is not None
    assert expectancy.difference.value > 0.05
    assert expectancy.difference.high is None or expectancy.difference.high > 0.15
    assert recorded.whole.expected == pytest.approx(recorded.whole.result, abs=0.05)


def test_what_windows_showed_did_not_come_again(recorded: Calibration) -> None:
    for found in recorded.repeated.values():
        assert found is not None
        assert found.value < 0.15
