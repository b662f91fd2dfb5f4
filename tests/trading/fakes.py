"""A venue made of candles, and a journal made of memory, for trading without network or disk."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from divbot.domain.durations import MINUTE
from divbot.domain.errors import DivbotError, JournalError, UnknownSymbol
from divbot.domain.events import Entered, Event, Exited, Marked, SessionBegan, Started
from divbot.domain.fills import Candle, Costs, Quote, fill_at_quote
from divbot.domain.ledger import Ledger
from divbot.domain.margin import liquidation_price
from divbot.domain.market import Instrument, Interval, Market
from divbot.domain.minutes import FundingRate, Minutes
from divbot.domain.positions import Origin, Position, Seen
from divbot.domain.signals import Divergence, Evidence, Findings, Kind, Opportunity, Side
from divbot.trading.engine.account import Account
from divbot.trading.engine.decide import EntryRules, ExitRules
from divbot.trading.engine.engine import Engine, TradingRules
from divbot.trading.engine.questions import Questions
from divbot.trading.engine.sizing import SizingRules

NOON = 1_722_340_800_000  # 2024-07-30 12:00 UTC
SECOND = 1000
HOUR = 60 * MINUTE
FREE = Costs(fee=Decimal(0), slippage=Decimal(0))
COSTS = Costs(fee=Decimal("0.0005"), slippage=Decimal("0.001"))


def d(number: str | float) -> Decimal:
    return Decimal(str(number))


def candle(minute: int, open: float, high: float, low: float, close: float) -> Candle:
    """Return the candle that opens `minute` minutes after noon."""
    return Candle(NOON + minute * MINUTE, d(open), d(high), d(low), d(close))


def quote(bid: float, ask: float, at: int = NOON) -> Quote:
    return Quote(d(bid), d(ask), at)


INSTRUMENT = Instrument(
    "AAAUSDT",
    "AAA",
    "USDT",
    "TRADING",
    tick_size=d("0.1"),
    step_size=d("0.01"),
    min_quantity=d("0.01"),
    min_notional=d(5),
    contract="PERPETUAL",
    margin="USDT",
)
ORIGIN = Origin(
    kind=Kind.REGULAR_BULLISH,
    interval="5m",
    previous_pivot=NOON - 60 * MINUTE,
    pivot=NOON - 30 * MINUTE,
    confirmed_at=NOON,
    score=7.5,
    price=d(100),
    atr_percent=1.0,
)


def position(side: Side = Side.BUY, **changes: Any) -> Position:
    """Return 10 pieces at 100, ten times levered, opened at noon."""
    sign = 1 if side is Side.BUY else -1
    usual = Position(
        trade=1,
        symbol="AAAUSDT",
        side=side,
        quantity=d(10),
        entry_price=d(100),
        leverage=10,
        margin=d(100),
        stop=d(100 - 2 * sign),
        first_stop=d(100 - 2 * sign),
        target=d(100 + 4 * sign),
        trail=None,
        liquidation=liquidation_price(side, d(10), d(100), d(100)),
        opened_at=NOON,
        checked_until=NOON,
        funded_until=NOON,
        seen=None,
        tick=d("0.1"),
        origin=ORIGIN,
        last_price=d(100),
        last_price_at=NOON,
    )
    return replace(usual, **changes)


def started(balance: float = 10_000, market: Market = Market.USDM) -> Started:
    return Started(NOON, "fake venue", market, "5m", True, d(balance), "0", None, 0)


def entered(
    symbol: str = "AAAUSDT", *, trade: int = 1, at: int = NOON, quantity: float = 10, **changes: Any
) -> Entered:
    """Return a long position of 10 at 100 without costs."""
    fill = fill_at_quote(Side.BUY, d(quantity), quote(100, 100, at), FREE, d("0.1"))
    margin = fill.notional / 10
    usual = Entered(
        at=at,
        trade=trade,
        symbol=symbol,
        fill=fill,
        quantity=d(quantity),
        leverage=10,
        margin=margin,
        stop=d(98),
        target=d(104),
        trail=None,
        liquidation=liquidation_price(Side.BUY, d(quantity), d(100), margin),
        seen=Seen(at // MINUTE * MINUTE, d(100), d(100)),
        tick=d("0.1"),
        origin=replace(ORIGIN, confirmed_at=at),
        risk=d(2) * d(quantity),
        limited_by=None,
        paid=margin,
        dust=d(0),
    )
    return replace(usual, **changes)


def opportunity(
    symbol: str = "AAAUSDT",
    side: Side = Side.BUY,
    *,
    confirmed_at: int = NOON,
    score: float = 7.5,
    **changes: Any,
) -> Opportunity:
    """Return a signal at 100 with 2 to lose and 4 to win."""
    sign = 1 if side is Side.BUY else -1
    kind = Kind.REGULAR_BULLISH if side is Side.BUY else Kind.REGULAR_BEARISH
    usual = Opportunity(
        rank=1,
        divergence=Divergence(symbol, kind, 1, 2, confirmed_at - 5 * MINUTE),
        side=side,
        score=score,
        parts=(),
        evidence=Evidence(0.3, 0.02, -0.1, 5000),
        rsi_previous=30.0,
        rsi=35.0,
        pivot_price_previous=d(99),
        pivot_price=d(98),
        price=d(100),
        atr_percent=1.0,
        stop=d(100 - 2 * sign),
        target=d(100 + 4 * sign),
        reward_risk=2.0,
        age=0,
        confirmed_at=confirmed_at,
        quote_volume=d(10**9),
        spread=d("0.0001"),
        instrument=replace(INSTRUMENT, symbol=symbol),
    )
    return replace(usual, **changes)


class FakeMarket:
    """A venue whose candles, quotes and time a test writes down."""

    candle_length = MINUTE

    def __init__(self) -> None:
        self.time = NOON
        self.candles: dict[str, list[Candle]] = {}
        self.marks: dict[str, list[Candle]] = {}
        self.settlements: dict[str, list[FundingRate]] = {}
        self.quoted: dict[str, tuple[float, float]] = {"AAAUSDT": (100, 100)}
        self.next_quotes: list[dict[str, tuple[float, float]]] = []
        self.trouble: DivbotError | None = None
        self.candle_trouble: DivbotError | None = None
        self.gone: set[str] = set()
        """Symbols that this venue does not know any more."""
        self.asked: list[str] = []
        self.quotes_take = 0
        """ms until an answer with quotes has come."""

    def now(self) -> int:
        return self.time

    def quotes(self) -> Mapping[str, Quote]:
        self.asked.append("quotes")
        self.time += self.quotes_take
        if self.trouble:
            raise self.trouble
        if self.next_quotes:
            self.quoted = self.next_quotes.pop(0)
        return {
            symbol: quote(*prices, self.time)
            for symbol, prices in self.quoted.items()
            if symbol not in self.gone
        }

    def minutes(self, symbol: str, start: int, end: int) -> Minutes:
        self.asked.append(f"minutes {symbol}")
        if self.candle_trouble:
            raise self.candle_trouble
        self._expect_known(symbol)
        return self._from(self.candles.get(symbol, []), start)

    def mark_minutes(self, symbol: str, start: int, end: int) -> Minutes:
        return self._from(self.marks.get(symbol, []), start)

    def funding(self, symbol: str, start: int, end: int) -> tuple[FundingRate, ...]:
        self.asked.append(f"funding {symbol}")
        self._expect_known(symbol)
        return tuple(x for x in self.settlements.get(symbol, []) if start <= x.at <= end)

    def _expect_known(self, symbol: str) -> None:
        if symbol in self.gone:
            raise UnknownSymbol(f"{symbol}: the venue does not know this symbol")

    def _from(self, candles: Iterable[Candle], start: int) -> Minutes:
        rows = [x for x in candles if start <= x.open_time <= self.time]
        final = tuple(x for x in rows if x.open_time + self.candle_length <= self.time)
        return Minutes(final, rows[-1] if len(rows) > len(final) else None)


class MemoryJournal:
    """A journal that forgets at the end; refuses where a test says so, and what was said before."""

    def __init__(self, *events: Event) -> None:
        self.ledger = Ledger()
        self.events: list[Event] = []
        self.trouble: JournalError | None = None
        self.write(*(events or (started(),)))

    def recent(self, count: int) -> tuple[Event, ...]:
        return tuple(x for x in self.events if not isinstance(x, Marked))[-count:]

    def write(self, *events: Event) -> Ledger:
        if self.trouble:
            raise self.trouble
        ledger = self.ledger
        for event in events:
            assert event.key not in {x.key for x in self.events}, event.key
            ledger = ledger.apply(event)
        self.ledger = ledger
        self.events += events
        return ledger


def findings(**found: Any) -> Findings:
    return Findings(1, NOON, Interval.M5, **found)


class FakeFeed:
    def __init__(self) -> None:
        self.newest: Findings | None = None

    def findings(self) -> Findings | None:
        return self.newest


ENTRIES = EntryRules(
    max_positions=3,
    min_score=5.0,
    min_confidence=0.0,
    max_report_age=300_000,
    max_age=5,
    take_earlier=False,
    long_only=False,
    cooldown=HOUR,
    max_daily_loss=d("0.05"),
    max_drawdown=d("0.2"),
)
EXITS = ExitRules(max_holding=24 * HOUR, on_opposite=True)
SIZING = SizingRules(
    market=Market.USDM, risk=d("0.01"), leverage=10, min_reward_risk=d(1), trail_atr=None
)
RULES = TradingRules(
    market=Market.USDM,
    interval=Interval.M5,
    costs=FREE,
    entries=ENTRIES,
    exits=EXITS,
    sizing=SIZING,
    mark_every=5 * MINUTE,
)


class Told(list[str]):
    """What was told, details aside; warnings begin with an exclamation mark."""

    def __call__(self, text: str, *, is_warning: bool = False, is_detail: bool = False) -> None:
        if not is_detail:
            self.append(f"! {text}" if is_warning else text)


class Trader:
    """An engine with everything around it."""

    def __init__(self, *events: Event, rules: TradingRules = RULES) -> None:
        self.rules = rules
        self.market = FakeMarket()
        self.journal = MemoryJournal(*events)
        self.feed = FakeFeed()
        self.told = Told()
        self.heard: list[str] = []
        self.stop = threading.Event()
        self.questions = Questions(2, self.stop)
        account = Account(self.journal, lambda event, _: self.heard.append(event.kind))
        self.engine = Engine(self.market, self.feed, account, self.questions, rules, self.told)

    def restart(self, *, after: int) -> Trader:
        """Return another program on the same market and journal, `after` ms later."""
        self.market.time += after
        session = SessionBegan(self.market.time, self.ledger.sessions + 1, {}, {})
        other = Trader(*self.journal.events, session, rules=self.rules)
        other.market.__dict__.update(self.market.__dict__)
        return other

    def publish(self, *opportunities: Opportunity, at: int | None = None, **held: Any) -> None:
        fresh = tuple(x.divergence for x in opportunities)
        self.publish_findings(open_to_trade=opportunities, fresh=fresh, held=held, at=at)

    def publish_findings(self, *, at: int | None = None, **found: Any) -> None:
        version = self.feed.newest.version + 1 if self.feed.newest else 1
        at = self.market.time if at is None else at
        self.feed.newest = replace(findings(**found), version=version, at=at)

    def step(self, *, after: int = 0) -> None:
        """Take a step `after` ms later."""
        self.market.time += after
        self.engine.step()

    @property
    def ledger(self) -> Ledger:
        return self.journal.ledger

    def kinds(self) -> list[str]:
        """Return what happened, valuations aside."""
        return [x.kind for x in self.journal.events if x.kind != "marked"]


def holding(**rules: Any) -> Trader:
    """Return a trader that holds 10 at 100, stop 98, target 104, since noon."""
    return Trader(started(), entered(), rules=replace(RULES, **rules))


def only_exit(trader: Trader) -> Exited:
    (found,) = [x for x in trader.journal.events if isinstance(x, Exited)]
    return found
