"""Paper against backtest: looks at the same moments write the same events, to the last unit.

Paper trades over HTTP on a local exchange that replays recorded futures, minute by minute, on a
clock that the test moves. The backtest gets the same candles from the recording itself.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from queue import Queue
from typing import Any

import numpy as np
import pandas as pd
import pytest

from divbot.app import scanning
from divbot.app.scan_rules import scan_rules
from divbot.app.trading_rules import trading_rules
from divbot.binance.server_clock import ServerClock
from divbot.binance.trading_data import BinanceTrading
from divbot.domain.clock import ManualClock, SystemClock, parse_time
from divbot.domain.durations import MINUTE
from divbot.domain.events import Entered, Event, Exited, Funded, SessionBegan, Started
from divbot.domain.fills import Basis, Quote
from divbot.domain.market import Interval, Market
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.server import serve
from divbot.research.backtest import every_look
from divbot.research.moments import Moments
from divbot.scanner.cache import ReportCache
from divbot.scanner.cycle import Scanner
from divbot.scanner.report import Report
from divbot.settings import Settings
from divbot.trading.engine.account import Account
from divbot.trading.engine.engine import Engine, TradingRules
from divbot.trading.engine.questions import Immediate
from divbot.trading.journal.journal import Journal
from tests.research.fakes import Backtest, Bars, Candidates, FreshOnes, Paid, PricesOfArrays

HOUR = 60 * MINUTE
BEGIN = parse_time("2025-05-21T06:00")
BEFORE = 45 * HOUR
INTERVAL = Interval.M5


@pytest.fixture(scope="module")
def recording(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return four days of the recorded futures as a recording of their own."""
    frame = pd.read_parquet(data / "market" / "usdm-1m-2025-05.parquet")
    times = frame["open_time"]
    part = frame[(times >= BEGIN - BEFORE) & (times < BEGIN + 49 * HOUR)]
    path = tmp_path_factory.mktemp("recording") / "usdm-1m.parquet"
    part.to_parquet(path)
    return path


@contextmanager
def exchange(clock: ManualClock, recording: Path, patch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the recording at the time of `clock`; yield its address."""
    patch.setattr("divbot.exchange.server.SystemClock", lambda: clock)
    options = ExchangeOptions(
        markets=(Market.USDM,), recorded=recording, at=clock.now(), weight_limit=10**9
    )
    stop, announced = threading.Event(), Queue[str]()
    thread = threading.Thread(
        target=serve, args=(options,), kwargs={"announce": announced.put, "stop": stop}
    )
    thread.start()
    try:
        yield announced.get(timeout=60)
    finally:
        stop.set()
        thread.join(60)


@dataclass
class Seen:
    """All that paper saw of the market, and what it did."""

    events: list[Event] = field(default_factory=list)
    quotes: dict[int, Mapping[str, Quote]] = field(default_factory=dict)
    reports: dict[tuple[int, frozenset[str]], Report] = field(default_factory=dict)
    mark: dict[str, Bars] = field(default_factory=dict)
    paid: dict[str, Paid] = field(default_factory=dict)


class Watched:
    """A venue whose quotes are kept."""

    def __init__(self, trading: BinanceTrading, seen: Seen) -> None:
        self._trading = trading
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trading, name)

    def quotes(self) -> Mapping[str, Quote]:
        found = self._trading.quotes()
        self._seen.quotes[self._trading.now()] = found
        return found


class ExactClock(ServerClock):
    """The venue's time, which stands still while an answer is under way."""

    def saw(self, venue_time: int, round_trip: float) -> None:
        super().saw(venue_time, 0.0)


def trade_on_paper(
    settings: Settings,
    rules: TradingRules,
    clock: ManualClock,
    minutes: int,
    journal: Path,
) -> Seen:
    """Trade for so many minutes with a look at each of them; return what was seen."""
    seen = Seen()
    with ExitStack() as stack:
        source = scanning.open_source(settings, stack)
        pool = scanning.open_pool(settings, source, 0)
        stack.callback(pool.close)
        venue_clock = ExactClock(clock)
        tell: Any = lambda *_, **__: None  # noqa: E731
        trading = source.open_trading(venue_clock, 2, price_checks=1e5, symbols=20, tell=tell)
        stack.callback(trading.close)
        trading.begin()
        scan = scan_rules(settings, with_divergences=False)
        scanner = Scanner(source.open_listing(venue_clock), source, pool, SystemClock(), scan)
        stack.callback(scanner.close)
        kept = stack.enter_context(Journal.create(journal, started(rules, settings)))
        kept.write(SessionBegan(clock.now(), 1, {}, {}))
        cache = ReportCache()
        account = Account(kept, lambda event, _: seen.events.append(event))
        engine = Engine(Watched(trading, seen), cache, account, Immediate(), rules, tell)
        for _ in range(minutes):
            now = clock.now()
            held = engine.state.ledger.symbols
            key = now // INTERVAL.milliseconds * INTERVAL.milliseconds, held
            if key not in seen.reports:
                seen.reports[key] = scanner.cycle(held=held)
            cache.publish(seen.reports[key], now)
            engine.step()
            clock.advance(60)
        clock.advance(-60)
        engine.mark()
        remember(seen, trading, clock.now())
    return seen


def remember(seen: Seen, trading: BinanceTrading, now: int) -> None:
    """Keep the mark prices and the funding of what was traded."""
    for symbol in {x.symbol for x in seen.events if isinstance(x, Entered)}:
        marks = trading.mark_minutes(symbol, BEGIN, now).final
        times = np.array([x.open_time for x in marks], np.int64)
        prices = ([float(getattr(x, n)) for x in marks] for n in ("open", "high", "low", "close"))
        seen.mark[symbol] = Bars(times, *map(np.array, prices))
        rates = trading.funding(symbol, BEGIN - 8 * HOUR, now)
        seen.paid[symbol] = Paid(
            np.array([x.at for x in rates], np.int64),
            np.array([float(x.rate) for x in rates]),
            np.array([float(x.mark_price) for x in rates]),
        )


def started(rules: TradingRules, settings: Settings) -> Started:
    return Started(
        BEGIN, "fake", rules.market, rules.interval, False, settings.balance, "0", "history", 0
    )


class ReportsSeen:
    """The reports that paper acted on; KeyError for one that it never saw."""

    interval = INTERVAL

    def __init__(self, seen: Seen, symbols: tuple[str, ...]) -> None:
        self._seen = seen
        self.symbols = symbols

    @property
    def closes(self) -> np.ndarray[Any, Any]:
        return np.array(sorted({close for close, _ in self._seen.reports}), np.int64)

    def glance(
        self, close: int, held: Collection[str] = (), *, among: Collection[str] | None = None
    ) -> Report:
        found = self._seen.reports.get((close, frozenset(held)))
        if found is None:  # a proposal looks ahead: of that report nobody has read yet
            found = next(x for (at, _), x in self._seen.reports.items() if at == close)
        return found

    def is_listed(self, close: int) -> np.ndarray[Any, Any]:
        return np.zeros(len(self.symbols), bool)

    def candidates(self, start: int, end: int) -> Candidates:
        found = sorted(
            {
                (close, place, x.side.sign, x.confirmed_at, x.score)
                for (close, _), report in self._seen.reports.items()
                for x in report.open_to_trade
                for place in [self.symbols.index(x.divergence.symbol)]
                if start <= close < end
            }
        )
        columns = list(zip(*found, strict=True)) or [()] * 5
        types = (np.int64, np.int64, np.int8, np.int64, np.float64)
        return Candidates(*(np.array(x, t) for x, t in zip(columns, types, strict=True)))

    def fresh(self, start: int, end: int) -> FreshOnes:
        found = sorted(
            {
                (INTERVAL.close_of(x.confirmed), self.symbols.index(x.symbol), side)
                for report in self._seen.reports.values()
                for x in report.fresh
                for side in (1 if x.kind.side == "BUY" else -1,)
                if start <= INTERVAL.close_of(x.confirmed) < end
            }
        )
        columns = list(zip(*found, strict=True)) or [(), (), ()]
        return FreshOnes(*(np.array(x) for x in columns))


class QuotesSeen:
    """The quotes that paper saw."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def quote(self, symbol: str, price: Decimal, at: int) -> Quote:
        found = self._seen.quotes[at][symbol]
        assert found.bid <= price <= found.ask
        return found

    def reach(self, symbol: str) -> float:
        return 0.01


def prices_of(recording: Path, seen: Seen) -> PricesOfArrays:
    frame = pd.read_parquet(recording)
    last = {
        str(symbol): Bars(
            *(part[x].to_numpy() for x in ("open_time", "open", "high", "low", "close"))
        )
        for symbol, part in frame.groupby("symbol")
    }
    return PricesOfArrays(last, seen.mark, seen.paid)


@pytest.mark.parametrize(
    "minutes",
    [
        pytest.param(10 * 60, id="ten hours"),
        pytest.param(48 * 60, id="two days", marks=pytest.mark.soak),
    ],
)
def test_looks_at_the_same_moments_write_the_same_events(
    minutes: int, recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock(BEGIN)
    with exchange(clock, recording, monkeypatch) as url:
        settings = Settings(
            base_url=url,
            interval="5m",
            min_age="0",
            min_score=0,
            max_positions=6,
            risk="0.5%",
            cooldown="5m",
            max_daily_loss=1,
            max_drawdown=1,
            min_reward_risk="0.5",
            reward_risk=1,
            max_holding="2h",
            take_earlier=True,
            sequential=True,
        )
        rules = trading_rules(settings)
        seen = trade_on_paper(settings, rules, clock, minutes, tmp_path / "paper.db")

    backtest = Backtest(
        prices_of(recording, seen),
        ReportsSeen(seen, tuple(prices_of(recording, seen).last)),
        rules=rules,
        minutes=minutes,
        quoting=QuotesSeen(seen),
    )
    every = backtest.run(tmp_path / "every.db", every_look, start=BEGIN)
    looks = backtest.looks
    some = backtest.run(tmp_path / "some.db", Moments, start=BEGIN)

    assert every[2:] == seen.events
    assert some == every
    assert backtest.looks < looks == minutes
    kinds = [type(x) for x in seen.events]
    assert kinds.count(Entered) > 10
    assert kinds.count(Funded) > 1
    exits = [x for x in seen.events if isinstance(x, Exited)]
    assert {x.fill.basis for x in exits} == set(Basis)
