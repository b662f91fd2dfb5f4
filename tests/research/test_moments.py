"""The law of leaving out: every look writes the same journal as those at which something may be."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divbot.app.scan_rules import scan_rules, universe_rules
from divbot.app.trading_rules import trading_rules
from divbot.domain.clock import parse_time
from divbot.domain.durations import MINUTE
from divbot.domain.events import Entered, Exited, Paused
from divbot.domain.fills import Reason
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Side
from divbot.history.joined import JoinedHistory
from divbot.research.backtest import every_look
from divbot.research.moments import Moments
from divbot.research.past import PastScanner
from divbot.settings import Settings
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
    with_stand_ins,
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
            [
                (Interval.M5, Interval.M1),
                (Interval.M15, Interval.M1),
                (Interval.M15, Interval.M5),
                (Interval.M5, Interval.M5),
                (Interval.H1, Interval.H1),
            ]
        )
    )
    minutes *= detail.milliseconds // MINUTE if detail is interval else 1
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
        check_interval=draw(st.sampled_from([60, 60, 40, 300, 420, 7200])) * 1000,
        detail=detail,
        balance=Decimal(draw(st.sampled_from(["10000", "50", "6"]))),
    )


@st.composite
def backtests_with_stand_ins(draw: Any) -> Backtest:
    """Backtests on minutes, for some of which the interval's own candles stand in."""
    backtest = draw(backtests().filter(lambda x: x.detail is Interval.M1))
    interval = backtest.rules.interval
    random, last = np.random.default_rng(draw(st.integers(0, 999))), backtest.prices.last
    stood_in: dict[str, set[int]] = {}
    for symbol, bars in last.items():
        opens = np.unique(bars.open_time // interval.milliseconds * interval.milliseconds)
        chosen = opens[random.random(len(opens)) < draw(st.sampled_from([0.1, 0.5, 1.0]))]
        stood_in[symbol] = set(chosen.tolist())
        last[symbol] = with_stand_ins(bars, interval, stood_in[symbol])

    def stands_in(symbol: str, time: int) -> int | None:
        opened = time // interval.milliseconds * interval.milliseconds
        return opened if opened in stood_in[symbol] else None

    return replace(backtest, stands_in=stands_in)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@given(backtests() | backtests_with_stand_ins())
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


def compared(backtest: Backtest, folder: Path) -> list[Any]:
    """Return what happens, which is the same at every look and at those that matter."""
    every = backtest.run(folder / "every.db", every_look)
    looks = backtest.looks
    some = backtest.run(folder / "some.db", Moments)
    assert some == every
    assert backtest.looks < looks / 2
    return every


RARELY_VALUED = replace(
    RULES,
    mark_every=24 * HOUR,
    exits=replace(RULES.exits, max_holding=None),
    sizing=replace(RULES.sizing, risk=Decimal("0.5"), leverage=1),
)


@pytest.mark.parametrize("doubt", [0.0, 3.0, 9.0])
def test_more_is_asked_about_until_no_other_may_be_chosen(doubt: float, tmp_path: Path) -> None:
    names = tuple(f"S{number:02}USDT" for number in range(12))
    bars = walk(8, 400)
    signals = [
        signal_at(bars, minute, name, way=0.02, score=1 + (7 * place + minute) % 12 / 2)
        for minute in (60, 200)
        for place, name in enumerate(names)
    ]
    rules = replace(RARELY_VALUED, entries=replace(RULES.entries, max_positions=1))
    reports = WrittenReports(names, signals, doubt=doubt)

    events = compared(
        Backtest(PricesOfArrays(dict.fromkeys(names, bars)), reports, rules=rules, minutes=400),
        tmp_path,
    )

    best = max(signals[: len(names)], key=lambda x: x.score)
    assert next(x for x in events if isinstance(x, Entered)).symbol == best.divergence.symbol


@dataclass
class CountedReports(WrittenReports):
    """Reports that remember which closes they were asked about."""

    asked: list[int] = field(default_factory=list)

    def glance(
        self, close: int, held: Collection[str] = (), *, among: Collection[str] | None = None
    ) -> Glance:
        self.asked.append(close)
        return super().glance(close, held, among=among)


def test_no_report_is_made_for_an_account_whose_pause_goes_on(tmp_path: Path) -> None:
    bars = walk(8, 4000)
    limits = replace(RULES.entries, max_drawdown=Decimal("0.02"))
    reports = CountedReports(NAMES[:1], [signal_at(bars, x, way=0.01) for x in range(60, 4000, 20)])
    backtest = Backtest(
        PricesOfArrays({NAMES[0]: bars}),
        reports,
        rules=replace(RULES, entries=limits, sizing=RARELY_VALUED.sizing),
        minutes=4000,
    )

    every = backtest.run(tmp_path / "every.db", every_look)
    reports.asked.clear()
    some = backtest.run(tmp_path / "some.db", Moments)

    assert some == every
    assert [x.at < START + 24 * HOUR for x in some if isinstance(x, Paused)] == [True]
    assert max(reports.asked) <= max(x.at for x in some if isinstance(x, Exited))


def test_no_report_is_made_of_what_spot_cannot_sell(tmp_path: Path) -> None:
    bars = walk(8, 400)
    rules = replace(RULES, market=Market.SPOT, entries=replace(RULES.entries, long_only=True))
    signals = [signal_at(bars, x, side=Side.SELL) for x in (60, 200)]
    reports = CountedReports(NAMES[:1], signals)
    prices = PricesOfArrays({NAMES[0]: bars})

    Backtest(prices, reports, rules=rules, minutes=400).run(tmp_path / "some.db", Moments)

    assert reports.asked == []


def test_a_payment_that_reaches_a_limit_is_looked_at(tmp_path: Path) -> None:
    bars = walk(4, 400, step=0.0002)
    paid = Paid(START + HOUR * np.array([2]), np.array([0.06]), np.array([np.nan]))
    rules = replace(RARELY_VALUED, entries=replace(RULES.entries, max_daily_loss=Decimal("0.03")))
    reports = WrittenReports(NAMES[:1], [signal_at(bars, 60, way=0.02)])
    prices = PricesOfArrays({NAMES[0]: bars}, {}, {NAMES[0]: paid})

    events = compared(Backtest(prices, reports, rules=rules, minutes=400), tmp_path)

    (paused,) = [x for x in events if isinstance(x, Paused)]
    assert paused.at // MINUTE * MINUTE == START + 2 * HOUR + MINUTE


def test_a_price_that_brings_the_equity_to_a_limit_is_looked_at(tmp_path: Path) -> None:
    bars = walk(8, 400)
    rules = replace(RARELY_VALUED, entries=replace(RULES.entries, max_daily_loss=Decimal("0.02")))
    reports = WrittenReports(NAMES[:1], [signal_at(bars, 60, way=0.08)])

    events = compared(
        Backtest(PricesOfArrays({NAMES[0]: bars}), reports, rules=rules, minutes=400), tmp_path
    )

    kinds = [x.kind for x in events if x.kind != "marked"]
    assert kinds[2:] == ["entered", "paused", "exited"]


def test_a_symbol_that_has_cooled_down_is_looked_at(tmp_path: Path) -> None:
    bars = walk(8, 400)
    rules = replace(RARELY_VALUED, entries=replace(RULES.entries, cooldown=7 * MINUTE))
    signals = [signal_at(bars, 60, way=0.003, score=8), signal_at(bars, 65, way=0.08)]

    events = compared(
        Backtest(
            PricesOfArrays({NAMES[0]: bars}),
            WrittenReports(NAMES[:1], signals),
            rules=rules,
            minutes=400,
        ),
        tmp_path,
    )

    lost = next(x for x in events if isinstance(x, Exited))
    _, again = [x for x in events if isinstance(x, Entered)]
    assert again.at == -(-(lost.at + 7 * MINUTE) // MINUTE) * MINUTE


def test_a_symbol_that_falls_silent_is_looked_at(tmp_path: Path) -> None:
    bars = walk(5, 217, step=0.0002)
    prices = PricesOfArrays({NAMES[0]: bars, NAMES[1]: walk(6, 2500)})
    reports = WrittenReports(NAMES[:2], [signal_at(bars, 60)])

    events = compared(Backtest(prices, reports, rules=RARELY_VALUED, minutes=2500), tmp_path)

    (exited,) = [x for x in events if isinstance(x, Exited)]
    assert exited.reason is Reason.DELISTING
    # The first close from then on at which a whole day is without a candle.
    assert exited.at == START + (220 + 24 * 60) * MINUTE


def test_a_symbol_that_was_silent_when_it_was_entered_is_looked_at(tmp_path: Path) -> None:
    bars, entered = walk(5, 60, step=0.0002), 45 + 25 * 60
    rules = replace(RARELY_VALUED, interval=Interval.M15)
    signal = signal_at(bars, entered, interval=Interval.M15)
    reports = WrittenReports(NAMES[:1], [signal], Interval.M15)

    events = compared(
        Backtest(
            PricesOfArrays({NAMES[0]: bars}),
            reports,
            rules=rules,
            minutes=2000,
            check_interval=5 * MINUTE,
        ),
        tmp_path,
    )

    exited = next(x for x in events if isinstance(x, Exited))
    assert exited.reason is Reason.DELISTING
    # The next report is of the same close, and now it is held.
    assert exited.at == START + (entered + 5) * MINUTE


@pytest.mark.parametrize("detail", [Interval.M1, Interval.M5])
def test_recorded_futures_are_traded_alike(detail: Interval, data: Path, tmp_path: Path) -> None:
    path = data / "market" / "usdm-1m-2025-05.parquet"
    history = JoinedHistory(path, Market.USDM, Interval.M1)
    begin = parse_time("2025-05-21T06:00")
    settings = Settings(
        interval="5m", min_age="0", min_score=3, max_positions=4, max_daily_loss=1, max_drawdown=1
    )
    with PastScanner.open(
        history,
        (begin, begin + 30 * HOUR),
        scan_rules(settings),
        universe_rules(settings),
        cache=tmp_path / "cache",
    ) as past:
        backtest = Backtest(
            history,  # type: ignore[arg-type]
            past,
            rules=trading_rules(settings, mark_every=HOUR),
            minutes=30 * 60,
            detail=detail,
        )
        every = backtest.run(tmp_path / "every.db", every_look, start=begin)
        looks = backtest.looks
        some = backtest.run(tmp_path / "some.db", Moments, start=begin)

    assert some == every
    assert backtest.looks < looks
    assert sum(isinstance(x, Exited) for x in some) > 20


def test_of_what_is_on_the_list_a_report_says_the_same_whoever_holds_it(
    data: Path, tmp_path: Path
) -> None:
    history = JoinedHistory(data / "market" / "usdm-1m-2025-05.parquet", Market.USDM, Interval.M1)
    begin = parse_time("2025-05-21T06:00")
    settings = Settings(interval="15m", min_age="0", top=8)
    with PastScanner.open(
        history,
        (begin, begin + 24 * HOUR),
        scan_rules(settings),
        universe_rules(settings),
        cache=tmp_path / "cache",
    ) as past:
        for close in past.closes[::7].tolist():
            listed = np.flatnonzero(past.is_listed(close)).tolist()
            held = [past.symbols[x] for x in listed[::2]]

            alone, with_held = past.glance(close), past.glance(close, held)

            assert with_held.open_to_trade == alone.open_to_trade
            assert with_held.fresh == alone.fresh
            assert {x.status for x in with_held.held.values() if x} <= {"TRADING"}
            assert None not in with_held.held.values()
