"""On a recorded market every divergence is told once: through faults, kills and three intervals.

What is to be told is counted beforehand by PyneCore: see recorded. Here all runs in one process on
a clock that is wound; recorded_soak does the same with programs that are killed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import pytest

from divbot.alerts.alert import Alert
from divbot.alerts.dispatch import Courier, Dispatch
from divbot.alerts.filters import Filters
from divbot.alerts.outbox import Outbox
from divbot.alerts.pace import PaceRules
from divbot.alerts.signal_words import SignalSource
from divbot.alerts.sinks.port import NotDelivered
from divbot.app.watching import Watcher
from divbot.candle_arrays import Candles
from divbot.domain.clock import ManualClock
from divbot.domain.durations import HOUR, MINUTE
from divbot.domain.errors import BadAnswer, DivbotError
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Kind
from divbot.domain.universe import Universe
from divbot.scanner.cycle import Scanner
from divbot.scanner.rounds import Rounds
from divbot.scanner.workforce.inline import InlinePool
from tests.alerts.alerts import FakeSink, Told
from tests.alerts.recorded import Series, expected, read_market
from tests.alerts.recorded import candles_of as aggregated
from tests.conftest import SHIPPED
from tests.scanner.fakes import FakeMarketData, FakeSource, listed, rules

INTERVALS = (Interval.M5, Interval.M15, Interval.M30)
KINDS = (Kind.REGULAR_BULLISH, Kind.REGULAR_BEARISH, Kind.HIDDEN_BEARISH)
TICK = Decimal("0.00000001")
HOURS = 10
KILLS = 10
SOURCE = SignalSource(Market.SPOT, Interval.M5, "local exchange", "SIMULATED PRICES")

Recorded = dict[tuple[str, Interval], Series]


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    market = read_market(SHIPPED / "market" / "spot-5m-2024-07.parquet")
    return {
        (symbol, interval): aggregated(rows, interval.milliseconds)
        for symbol, rows in market.items()
        for interval in INTERVALS
    }


class Killed(BaseException):
    """The program is no more."""


@dataclass(frozen=True)
class RecordedMarket(FakeSource):
    """Serve recorded candles up to what a clock says, with faults that are drawn."""

    recorded: Recorded = field(default_factory=dict)
    clock: ManualClock = field(default_factory=ManualClock)
    draw: random.Random = field(default_factory=random.Random)

    def open(self, connections: int) -> FakeMarketData:
        return Answers(self)

    def open_listing(self) -> FakeMarketData:
        return Answers(self)


class Answers(FakeMarketData):
    def __init__(self, source: RecordedMarket) -> None:
        super().__init__(source)
        self._market = source

    def universe(self, held: Collection[str] = ()) -> Universe:
        if self._market.draw.random() < 0.05:
            raise BadAnswer("in trouble")
        found = super().universe(held)
        return replace(found, listed=tuple(listed(x.symbol, TICK) for x in found.listed))

    def final_candles(self, symbol: str, interval: Interval, limit: int, at: int = 0) -> Candles:
        fault = self._market.draw.random()
        if fault < 0.01:
            raise BadAnswer("in trouble")
        series = self._market.recorded[symbol, interval]
        last = self._market.clock.now() - interval.milliseconds
        end = int(series.open_time.searchsorted(last, side="right"))
        # The newest one may not be shown yet, or the answer may come from a while ago.
        end -= 1 if fault < 0.03 else 0
        rows = slice(max(end - limit + 1, 0), end)
        columns = ("open_time", "open", "high", "low", "close", "volume")
        return Candles(*(getattr(series, x)[rows] for x in columns))


class MortalSink(FakeSink):
    """Takes alerts; is down at times; and may be the last thing that its program sees."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(is_for_people=False)
        self._draw = draw
        self.kills_at: set[int] = set()
        self.kills_after_taking = 0

    def send(self, alerts: Sequence[Alert], waiting: int, why: str) -> None:
        if self._draw.random() < 0.1:
            raise NotDelivered("no connection")
        is_last = len(self.taken) in self.kills_at
        self.kills_at.discard(len(self.taken))
        if is_last and self._draw.random() < 0.5:
            raise Killed
        super().send(alerts, waiting, why)
        if is_last:
            self.kills_after_taking += 1
            raise Killed


class Program:
    """One life of a watch: outbox, rounds of scans, and a courier, on the market's clock."""

    def __init__(self, market: RecordedMarket, sink: MortalSink, folder: Path) -> None:
        each = [rules(interval=x, kinds=frozenset(KINDS)) for x in INTERVALS]
        self.clock, self.told = market.clock, Told()
        self.pool = InlinePool(market, connections=1)
        scanner = Scanner(market.open_listing(), market, self.pool, ManualClock(), *each)
        self.outbox = Outbox.open(folder / "outbox")
        dispatch = Dispatch(self.outbox, [sink], PaceRules(1000), self.clock, self.told)
        watcher = Watcher(SOURCE, Filters(), dispatch, on_alerts=self.told_of)
        self.rounds = Rounds(scanner, self.clock, watcher)
        self.courier = Courier(self.outbox, sink, PaceRules(1000), self.clock, self.told)

    def told_of(self, alerts: Sequence[Alert]) -> None:
        self.told.lines += [x.key for x in alerts]

    def look(self) -> None:
        """Scan what is due, and bring what is new."""
        try:
            self.rounds(())
        except DivbotError:
            return  # the thread tells it, and looks again after the check interval
        self.bring()

    def bring(self) -> None:
        while self.courier.step() == 0:
            pass


def test_every_divergence_of_a_recorded_market_is_told_once(
    recorded: Recorded, tmp_path: Path
) -> None:
    end = max(int(x.open_time[-1]) for x in recorded.values()) // (30 * MINUTE) * (30 * MINUTE)
    start, draw = end - HOURS * HOUR, random.Random(17)
    due = [
        f"spot {interval} {symbol} {kind} {confirmed}"
        for (symbol, interval), series in recorded.items()
        for (kind, confirmed), closes in expected(
            series, interval.milliseconds, KINDS, TICK
        ).items()
        if any(start <= x <= end for x in closes)
    ]
    symbols = tuple(dict.fromkeys(symbol for symbol, _ in recorded))
    market = RecordedMarket(
        symbols, recorded=recorded, clock=ManualClock(start), draw=random.Random(4)
    )
    sink = MortalSink(draw)
    sink.kills_at = {*draw.sample(range(len(due)), KILLS)}

    program = Program(market, sink, tmp_path)
    while market.clock.now() <= end:
        try:
            program.look()
        except Killed:
            program.outbox.close()  # as the kernel lets go of a file
            program.pool.close()
            program = Program(market, sink, tmp_path)
        else:
            market.clock.advance(60)
    program.bring()
    program.outbox.close()
    program.pool.close()

    told = Counter(sink.keys)
    assert len(due) > 20
    assert {x.split()[1] for x in due} == {"5m", "15m", "30m"}
    assert set(told) == set(due)
    assert sum(told.values()) - len(told) == sink.kills_after_taking > 0
