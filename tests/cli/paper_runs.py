"""Paper accounts and snapshots made by hand: no market, no clock."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from divbot.domain.clock import parse_time
from divbot.domain.events import (
    Entered,
    Event,
    Exited,
    Funded,
    Marked,
    Paused,
    SessionBegan,
    Started,
    Trailed,
)
from divbot.domain.fills import Basis, Fill, Quote, Reason
from divbot.domain.ledger import fold
from divbot.domain.market import Interval, Market
from divbot.domain.money import round_down, round_up
from divbot.domain.positions import Origin
from divbot.domain.signals import Divergence, Kind, Opportunity, Side
from divbot.trading.engine.snapshot import RunSnapshot, ScannerView

BEGAN = parse_time("2026-11-20T16:00")
NOW = parse_time("2026-11-20T19:03:05")
MINUTE = 60_000
FEE = Decimal("0.0005")

STARTED = Started(
    at=BEGAN,
    venue="local exchange",
    market=Market.USDM,
    interval="5m",
    is_simulated=True,
    balance=Decimal(50_000),
    version="0.1.0",
    address=None,
    number=0,
)


def fill(side: Side, quantity: Decimal, price: Decimal, at: int) -> Fill:
    tick = Decimal((0, (1,), int(price.as_tuple().exponent)))
    return Fill(
        at=at,
        side=side,
        quantity=quantity,
        requested=price,
        price=price,
        fee=round_up(price * quantity * FEE),
        slippage=round_up(tick * quantity),
        spread=tick,
        basis=Basis.QUOTE,
        basis_at=at,
        basis_prices=(price - tick, price),
    )


def entered(
    trade: int,
    symbol: str,
    *,
    price: str = "171.32",
    quantity: str = "12.4",
    side: Side = Side.BUY,
    at: int = NOW - 34 * MINUTE,
    kind: Kind | None = None,
) -> Entered:
    paid, amount = Decimal(price), Decimal(quantity)
    sign = 1 if side is Side.BUY else -1
    tick = Decimal((0, (1,), int(paid.as_tuple().exponent)))
    stop = (paid * (100 - sign) / 100).quantize(tick)
    origin = Origin(
        kind=kind or (Kind.REGULAR_BULLISH if side is Side.BUY else Kind.HIDDEN_BEARISH),
        interval="5m",
        previous_pivot=at - 90 * MINUTE,
        pivot=at - 30 * MINUTE,
        confirmed_at=at - 5 * MINUTE,
        score=7.26,
        price=paid,
        atr_percent=0.61,
    )
    opened, margin = fill(side, amount, paid, at), round_up(paid * amount / 10)
    return Entered(
        at=at,
        trade=trade,
        symbol=symbol,
        fill=opened,
        quantity=amount,
        leverage=10,
        margin=margin,
        stop=stop,
        target=(paid * (100 + 2 * sign) / 100).quantize(tick),
        trail=None,
        liquidation=paid * (100 - 8 * sign) / Decimal("102.5"),
        seen=None,
        tick=tick,
        origin=origin,
        risk=abs(paid - stop) * amount,
        limited_by=None,
        paid=margin + opened.fee,
        dust=Decimal(0),
    )


def exited(
    entry: Entered, price: str, reason: Reason = Reason.STOP, *, at: int = NOW - MINUTE
) -> Exited:
    side = Side.SELL if entry.fill.side is Side.BUY else Side.BUY
    sign = 1 if side is Side.SELL else -1
    made = fill(side, entry.quantity, Decimal(price), at)
    profit = round_down(sign * (made.price - entry.fill.price) * entry.quantity)
    returned = max(entry.margin + profit - made.fee, Decimal(0))
    return Exited(at=at, trade=entry.trade, reason=reason, fill=made, returned=returned)


PEPE = entered(
    1, "1000PEPEUSDT", price="0.0115400", quantity="184000", side=Side.SELL, at=NOW - 125 * MINUTE
)
SOL = entered(2, "SOLUSDT")
LIFE = entered(3, "币安人生USDT", price="0.21453", quantity="9850", at=NOW - 9 * MINUTE)
BTC = entered(4, "BTCUSDT", price="66600.0", quantity="0.031", at=NOW - 4 * MINUTE)
SOL_OUT = exited(SOL, "169.61")
FUNDED = Funded(
    at=NOW - 3 * MINUTE,
    trade=1,
    rate=Decimal("0.0001"),
    mark_price=Decimal("0.01152"),
    amount=Decimal("0.21196800"),
    liquidation=None,
    settled_at=NOW - 3 * MINUTE + 7,
)
TRAILED = Trailed(at=NOW - 2 * MINUTE, trade=3, stop=Decimal("0.21400"))
MARKED = Marked(
    at=NOW - MINUTE,
    equity=Decimal(50_040),
    cash=Decimal(49_000),
    checked_until=NOW - MINUTE,
    prices={},
    benchmark=None,
)
PAUSED = Paused(at=NOW - 30_000, reason="the loss of this day has reached 3 %")
RESUMED = SessionBegan(
    at=BEGAN + 30 * MINUTE,
    session=2,
    settings={"interval": "5m", "config": "币安.toml"},
    changed={},
)
EVENTS: tuple[Event, ...] = (
    *(STARTED, RESUMED, PEPE, SOL, LIFE, BTC, FUNDED, TRAILED, SOL_OUT, MARKED, PAUSED),
)
LEDGER = fold(EVENTS)
QUOTES = {
    "1000PEPEUSDT": Quote(Decimal("0.0114990"), Decimal("0.0115000"), NOW),
    "币安人生USDT": Quote(Decimal("0.21399"), Decimal("0.21402"), NOW),
    "BTCUSDT": Quote(Decimal("67012.40"), Decimal("67012.50"), NOW),
}


def opportunity(
    rank: int, symbol: str, kind: Kind, price: str, score: float, *, age: int = 1
) -> Opportunity:
    close, confirmed = Decimal(price), NOW - NOW % (5 * MINUTE) - 5 * age * MINUTE
    pivot = confirmed - 30 * MINUTE
    sign = 1 if kind.side is Side.BUY else -1
    return Opportunity(
        rank=rank,
        divergence=Divergence(symbol, kind, pivot - 60 * MINUTE, pivot, confirmed - 5 * MINUTE),
        side=kind.side,
        score=score,
        parts=(),
        evidence=None,
        rsi_previous=27.44,
        rsi=33.06,
        pivot_price_previous=close,
        pivot_price=close,
        price=close,
        atr_percent=0.6149,
        stop=(close * (100 - sign) / 100).quantize(close),
        target=(close * (100 + 2 * sign) / 100).quantize(close),
        reward_risk=2.04,
        age=age,
        confirmed_at=confirmed,
        quote_volume=Decimal(10**9),
        spread=None,
        instrument=None,
    )


OPPORTUNITIES = (
    opportunity(1, "TIAUSDT", Kind.REGULAR_BULLISH, "6.4720", 7.26, age=0),
    opportunity(2, "1000000MOGUSDT", Kind.HIDDEN_BEARISH, "1.3316", 6.1),
    opportunity(3, "币安人生USDT", Kind.HIDDEN_BULLISH, "0.21", 5.0, age=2),
    opportunity(4, "DOGSUSDT", Kind.REGULAR_BEARISH, "0.00000123", 4.9, age=5),
)
SCANNER = ScannerView(
    state="waiting",
    scans=61,
    as_of=NOW - NOW % (5 * MINUTE),
    published_at=NOW - 15_000,
    symbols=396,
    seconds=0.9812,
    open_to_trade=4,
    opportunities=OPPORTUNITIES,
)
SNAPSHOT = RunSnapshot(
    at=NOW,
    venue="local exchange",
    market=Market.USDM,
    interval=Interval.M5,
    is_simulated=True,
    ledger=LEDGER,
    quotes=QUOTES,
    scanner=SCANNER,
    weight_used=846,
    weight_limit=1920,
    recent=EVENTS,
)
FRESH = fold([STARTED])
EMPTY = replace(
    SNAPSHOT, ledger=FRESH, quotes={}, scanner=ScannerView(state="starting"), recent=(STARTED,)
)


def crowded(count: int = 20) -> RunSnapshot:
    """Return a snapshot with so many open positions."""
    entries = [
        entered(number, f"COIN{number}USDT", at=NOW - (60 - number) * MINUTE)
        for number in range(1, count + 1)
    ]
    quotes = {x.symbol: Quote(Decimal("171.90"), Decimal("171.91"), NOW) for x in entries}
    ledger = fold([STARTED, *entries])
    return replace(SNAPSHOT, ledger=ledger, quotes=quotes, recent=tuple(entries))
