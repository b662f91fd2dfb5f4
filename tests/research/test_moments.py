"""The law of leaving out: every look writes the same journal as those at which something may be."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divbot.domain.market import Interval, Market
from divbot.domain.positions import MINUTE
from divbot.domain.signals import Side
from divbot.research.backtest import every_look
from divbot.research.moments import Moments
from tests.research.fakes import (
    RULES,
    START,
    Backtest,
    Bars,
    Paid,
    PricesOfArrays,
    WrittenReports,
    signal_at,
    walk,
)

NAMES = ("AAAUSDT", "BTCUSDT", "CCCUSDT")
HOUR = 60 * MINUTE


def parts(least: int, most: int, scale: float) -> Any:
    return st.integers(least, most).map(lambda x: x * scale)


@st.composite
def markets(draw: Any, minutes: int) -> PricesOfArrays:
    """Walks of some symbols, with gaps; with funding and mark prices, or without."""
    last, mark, paid = {}, {}, {}
    for name in NAMES[: draw(st.integers(1, 3))]:
        seed, step = draw(st.integers(0, 10_000)), draw(parts(1, 8, 0.0005))
        bars = walk(seed, minutes, step=step, price=draw(st.sampled_from([0.5, 7.0, 100.0])))
        random = np.random.default_rng(seed)
        is_there = random.random(minutes) > draw(st.sampled_from([0, 0, 0.02, 0.5]))
        is_there[0] = True
        if draw(st.booleans()):
            at = int(draw(st.integers(1, minutes - 1)))
            is_there[at : at + draw(st.sampled_from([1, 30, 200, 5000]))] = False
        last[name] = bars.only(is_there)
        if draw(st.booleans()):
            off = 1 + draw(parts(-5, 5, 0.01))
            mark[name] = Bars(bars.open_time, *(x * off for x in bars[1:])).only(is_there)
        times = (
            START + HOUR * np.arange(1, minutes // 60 + 1) + draw(st.sampled_from([0, 14, 70_000]))
        )
        rates = random.choice([0.0001, -0.0007, 0.003, 0.03], len(times))
        paid[name] = Paid(times, rates, np.where(random.random(len(times)) < 0.5, np.nan, 101.0))
    return PricesOfArrays(last, mark, paid if draw(st.booleans()) else {})


def signals(
    prices: PricesOfArrays, minutes: int, interval: Interval, count: int, seed: int
) -> list[Any]:
    """Return so many signals, of all symbols, with stops near and far."""
    random, length = np.random.default_rng(seed), interval.milliseconds // MINUTE
    found = {}
    for _ in range(count):
        name, side = random.choice(list(prices.last)), random.choice(list(Side))
        minute = length * int(random.integers(1, minutes // length))
        found[name, minute] = signal_at(
            prices.last[name],
            minute,
            str(name),
            Side(side),
            way=float(random.choice([0.002, 0.005, 0.01, 0.04])),
            ratio=float(random.choice([0.5, 1.0, 2.0, 4.0])),
            score=round(float(random.uniform(1, 10)), 1),
            interval=interval,
        )
    return list(found.values())


@st.composite
def rules(draw: Any, interval: Interval) -> Any:
    market = draw(st.sampled_from(Market))
    return replace(
        RULES,
        market=market,
        interval=interval,
        mark_every=draw(st.sampled_from([1, 5, 60, 60, 420, 7])) * MINUTE,
        entries=replace(
            RULES.entries,
            max_positions=draw(st.integers(1, 3)),
            min_score=draw(st.sampled_from([0.0, 4.0])),
            long_only=market is Market.SPOT,
            take_earlier=draw(st.booleans()),
            cooldown=draw(st.sampled_from([0, 7, 60])) * MINUTE,
            max_daily_loss=Decimal(draw(st.sampled_from(["0.01", "0.03", "1"]))),
            max_drawdown=Decimal(draw(st.sampled_from(["0.02", "0.2", "1"]))),
        ),
        exits=replace(
            RULES.exits,
            max_holding=draw(st.sampled_from([None, 45 * MINUTE, 200 * MINUTE + 1])),
            on_opposite=draw(st.booleans()),
        ),
        sizing=replace(
            RULES.sizing,
            market=market,
            risk=Decimal(draw(st.sampled_from(["0.01", "0.05", "0.3"]))),
            leverage=draw(st.sampled_from([1, 10, 20])),
            min_reward_risk=Decimal(draw(st.sampled_from(["0", "1", "1.5"]))),
            trail_atr=draw(st.sampled_from([None, None, Decimal("0.7")])),
        ),
    )


@st.composite
def backtests(draw: Any) -> Backtest:
    minutes = draw(st.sampled_from([200, 600, 2000]))
    interval, detail = draw(
        st.sampled_from(
            [(Interval.M5, Interval.M1), (Interval.M15, Interval.M1), (Interval.M15, Interval.M5)]
        )
    )
    prices = draw(markets(minutes))
    if detail is not Interval.M1:
        prices = prices.longer(detail)
    reports = WrittenReports(
        tuple(prices.last),
        signals(
            prices,
            minutes,
            interval,
            draw(st.integers(0, minutes // 10)),
            draw(st.integers(0, 999)),
        ),
        interval,
        max_age=RULES.entries.max_age,
    )
    return Backtest(
        prices,
        reports,
        rules=draw(rules(interval)),
        minutes=minutes,
        check_interval=draw(st.sampled_from([60, 60, 40, 300, 420])) * 1000,
        detail=detail,
        balance=Decimal(draw(st.sampled_from(["10000", "50", "6"]))),
    )


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@given(backtests())
@settings(max_examples=25)
def test_every_look_writes_the_same_journal_as_those_that_matter(backtest: Backtest) -> None:
    with tempfile.TemporaryDirectory() as name:
        every, some = Path(name) / "every.db", Path(name) / "some.db"

        expected = backtest.run(every, every_look)
        looks = backtest.looks
        found = backtest.run(some, Moments)

        assert found == expected
        assert some.read_bytes() == every.read_bytes()
        assert backtest.looks <= looks
