"""Nothing that is done at a moment depends on what came later; and a leak would be seen."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divbot.domain.durations import MINUTE
from divbot.domain.events import Event, Exited, Funded, Trailed
from divbot.domain.signals import Side
from divbot.research.backtest import every_look
from divbot.research.moments import Moments
from divbot.research.venue import PastTrading, Quotes, exact
from tests.research.fakes import (
    RULES,
    START,
    Backtest,
    Bars,
    Glance,
    Paid,
    PricesOfArrays,
    WrittenReports,
    signal_at,
    walk,
)

A, MINUTES = "AAAUSDT", 900
HOUR = 60 * MINUTE


class LaterQuotes(PastTrading):
    """A leak: quotes of the minute that has just begun, as it will end."""

    def quotes(self) -> Quotes:
        before = self.at
        self.at += self.candle_length
        try:
            return super().quotes()
        finally:
            self.at = before


class EarlyFunding(PastTrading):
    """A leak: at each settlement the rate of the next one is known."""

    def funding(self, symbol: str, start: int, end: int) -> tuple[...]:
        found = super().funding(symbol, start, end)
        rates = [x for _, _, x, _ in self.settled(symbol)]
        places = {due: n for n, (due, *_) in enumerate(self.settled(symbol))}
        following = (rates[min(places[x.at] + 1, len(rates) - 1)] for x in found)
        return tuple(replace(x, rate=exact(rate)) for x, rate in zip(found, following, strict=True))


class WholeMinutes(PastTrading):
    """A leak: the candle that has just opened is known as it will end."""

    def minutes(self, symbol: str, start: int, end: int) -> Any:
        before = self.at
        self.at += self.candle_length
        try:
            return super().minutes(symbol, start, end)
        finally:
            self.at = before


class EarlyReports(WrittenReports):
    """A leak: what a close confirms is entered while the candle still forms."""

    def glance(
        self, close: int, held: Collection[str] = (), *, among: Collection[str] | None = None
    ) -> Glance:
        return super().glance(close + self.interval.milliseconds, held, among=among)

    def candidates(self, start: int, end: int) -> Any:
        found = super().candidates(start, end + self.interval.milliseconds)
        return found._replace(close=found.close - self.interval.milliseconds)


def backtest(seed: int, **planted: Any) -> Backtest:
    """Return a backtest that trades much; what is planted takes the place of what is honest."""
    bars, random = walk(seed, MINUTES), np.random.default_rng(seed)
    given = [
        signal_at(bars, minute, side=Side(side), way=0.01)
        for minute, side in zip(
            range(30, MINUTES, 40), random.choice(list(Side), MINUTES), strict=False
        )
    ]
    times = START + HOUR * np.arange(1, MINUTES // 60)
    paid = Paid(times, random.choice([0.0003, -0.002], len(times)), np.full(len(times), np.nan))
    reports = planted.pop("reports", WrittenReports)((A,), given)
    prices = PricesOfArrays({A: bars}, {}, {A: paid})
    return Backtest(prices, reports, rules=RULES, minutes=MINUTES, **planted)


def known_at(whole: Backtest, cut: int) -> Backtest:
    """Return what was known of a market at the last look before `cut` minutes are over."""
    end = START + cut * MINUTE
    prices = whole.prices.until(end)
    for symbol, bars in prices.last.items():
        # Of the candle that opens at that look, its open.
        prices.last[symbol] = Bars(
            bars.open_time,
            bars.open,
            *(np.append(x[:-1], bars.open[-1]) for x in (bars.high, bars.low, bars.close)),
        )
    signals = [x for x in whole.reports.given if x.confirmed_at < end]
    reports = replace(whole.reports, given=signals)
    return replace(whole, prices=prices, reports=reports, minutes=cut)


def is_ahead(
    whole: Backtest, later: list[Event], cut: int, folder: Path, choose: Any = every_look
) -> bool:
    """Tell whether the events `later` of a run know something that came after `cut` minutes."""
    found = known_at(whole, cut).run(folder / f"found-{cut}.db", choose)
    # A run is valued at its end, which one that goes on has no reason to do.
    count = len(found) - (later[: len(found)] != found)
    end = START + cut * MINUTE
    rest = [x for x in later[count:] if x.at < end and not _is_known_late(x, end)]
    return later[:count] != found[:count] or bool(rest)


def _is_known_late(event: Event, end: int) -> bool:
    """Tell whether an event of the last minute is known once that has ended."""
    is_of_a_minute = isinstance(event, Exited | Trailed | Funded)
    return is_of_a_minute and event.at >= end - MINUTE


@given(st.integers(0, 500), st.integers(31, MINUTES - 1), st.sampled_from([every_look, Moments]))
@settings(max_examples=10)
def test_a_run_to_any_moment_is_the_beginning_of_one_that_goes_on(
    seed: int, cut: int, choose: Any
) -> None:
    whole = backtest(seed)
    with tempfile.TemporaryDirectory() as name:
        later = whole.run(Path(name) / "later.db", choose)

        assert not is_ahead(whole, later, cut, Path(name), choose)


@given(st.integers(0, 500), st.integers(31, MINUTES - 1))
@settings(max_examples=10)
def test_what_comes_after_a_moment_changes_nothing_before_it(seed: int, cut: int) -> None:
    honest, changed = backtest(seed), backtest(seed)
    end = START + cut * MINUTE
    bars = changed.prices.last[A]
    is_later = bars.open_time >= end
    changed.prices.last[A] = Bars(
        bars.open_time, *(np.where(is_later, np.round(x * 1.3, 2), x) for x in bars[1:])
    )

    with tempfile.TemporaryDirectory() as name:
        runs = [x.run(Path(name) / f"{n}.db") for n, x in enumerate((honest, changed))]

    before = [[x for x in events if x.at < end - MINUTE] for events in runs]
    assert before[0] == before[1]
    assert len(before[0]) > 2


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param({"venue_type": LaterQuotes}, id="a quote of a later minute"),
        pytest.param({"venue_type": EarlyFunding}, id="funding known early"),
        pytest.param({"venue_type": WholeMinutes}, id="a minute known before its end"),
        pytest.param({"reports": EarlyReports}, id="an entry before the confirming close"),
    ],
)
def test_a_planted_leak_is_seen(planted: dict[str, Any], tmp_path: Path) -> None:
    whole = backtest(3, **planted)
    later = whole.run(tmp_path / "later.db")
    cuts = sorted({(x.at - START) // MINUTE + 1 for x in later})

    assert any(is_ahead(whole, later, cut, tmp_path) for cut in cuts)
