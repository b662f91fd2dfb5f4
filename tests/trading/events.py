"""Events of a paper account, plain and valid, to write into journals."""

from __future__ import annotations

from decimal import Decimal

from divbot.domain.clock import parse_time
from divbot.domain.events import Entered, Exited, Funded, Marked, Started, Trailed
from divbot.domain.fills import Basis, Fill, Reason
from divbot.domain.market import Market
from divbot.domain.positions import Origin, Seen
from divbot.domain.risk import Limit
from divbot.domain.signals import Kind, Side

START = parse_time("2026-11-20T19:03:12")
MINUTE = 60_000
STARTED = Started(
    at=START,
    venue="binance",
    market=Market.USDM,
    interval="5m",
    is_simulated=False,
    balance=Decimal("1000.00"),
    version="0.5.0",
    address=None,
    number=0,
)


def fill(at: int, side: Side, price: str, quantity: str = "0.50") -> Fill:
    return Fill(
        at=at,
        side=side,
        quantity=Decimal(quantity),
        requested=Decimal(price),
        price=Decimal(price),
        fee=Decimal("0.02500000"),
        slippage=Decimal("0.00100000"),
        spread=Decimal("0.10"),
        basis=Basis.QUOTE,
        basis_at=at,
        basis_prices=(Decimal(price), Decimal("100.10")),
    )


def entered(trade: int = 1, at: int = START + MINUTE, symbol: str = "BTCUSDT") -> Entered:
    return Entered(
        at=at,
        trade=trade,
        symbol=symbol,
        fill=fill(at, Side.BUY, "100.0"),
        quantity=Decimal("0.50"),
        leverage=5,
        margin=Decimal("10.00000000"),
        stop=Decimal("98.0"),
        target=Decimal("104.0"),
        trail=None,
        liquidation=Decimal("80.40"),
        seen=Seen(at // MINUTE * MINUTE, Decimal("100.1"), Decimal("99.9")),
        tick=Decimal("0.10"),
        origin=Origin(
            kind=Kind.HIDDEN_BULLISH,
            interval="5m",
            previous_pivot=at - 40 * MINUTE,
            pivot=at - 10 * MINUTE,
            confirmed_at=at - MINUTE,
            score=7.1,
            price=Decimal("100.0"),
            atr_percent=0.8,
        ),
        risk=Decimal("1.05000000"),
        limited_by=Limit.RISK,
        paid=Decimal("10.02500000"),
        dust=Decimal(0),
    )


def exited(trade: int = 1, at: int = START + 9 * MINUTE) -> Exited:
    return Exited(
        at=at,
        trade=trade,
        reason=Reason.TARGET,
        fill=fill(at, Side.SELL, "104.0"),
        returned=Decimal("11.97500000"),
    )


def funded(trade: int = 1, at: int = START + 5 * MINUTE) -> Funded:
    rate, mark, amount = Decimal("0.00010000"), Decimal("101.23"), Decimal("-0.00506150")
    return Funded(at, trade, rate, mark, amount, liquidation=Decimal("80.41"), settled_at=at + 7)


def trailed(trade: int = 1, at: int = START + 6 * MINUTE) -> Trailed:
    return Trailed(at, trade, stop=Decimal("99.5"))


def marked(at: int = START + 7 * MINUTE) -> Marked:
    equity, cash = Decimal("1001.5"), Decimal("989.975")
    prices = {"BTCUSDT": Decimal("101.30")}
    return Marked(at, equity, cash, checked_until=at, prices=prices, benchmark=None)
