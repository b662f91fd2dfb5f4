"""Paper runs made up event by event, with figures that one can work out by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

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
)
from divbot.domain.fills import Basis, Fill, Reason
from divbot.domain.ledger import fold
from divbot.domain.market import Market
from divbot.domain.positions import Origin
from divbot.domain.risk import Limit
from divbot.domain.signals import Kind, Side
from divbot.trading.journal.journal import JournalCopy

START = parse_time("2024-07-01T12:00")
HOUR = 3_600_000
DAY = 24 * HOUR

STARTED = Started(
    at=START,
    venue="Binance",
    market=Market.USDM,
    interval="5m",
    is_simulated=False,
    balance=Decimal(1000),
    version="0.1.0",
    address=None,
    number=0,
)


def fill(
    at: int,
    side: Side,
    price: str,
    *,
    quantity: str = "1",
    fee: str = "0",
    slippage: str = "0",
    spread: str = "0",
    basis: Basis = Basis.QUOTE,
) -> Fill:
    exact = Decimal(price)
    prices = (exact, exact + Decimal(spread)) if basis is Basis.QUOTE else (exact,) * 4
    return Fill(
        at=at,
        side=side,
        quantity=Decimal(quantity),
        requested=exact,
        price=exact,
        fee=Decimal(fee),
        slippage=Decimal(slippage),
        spread=Decimal(spread),
        basis=basis,
        basis_at=at,
        basis_prices=prices,
    )


def entered(
    trade: int,
    at: int,
    *,
    symbol: str = "BTCUSDT",
    kind: Kind = Kind.REGULAR_BULLISH,
    price: str = "100",
    stop: str = "90",
    target: str = "120",
    quantity: str = "1",
    fee: str = "0",
    slippage: str = "0",
    spread: str = "0",
    margin: str = "50",
) -> Entered:
    opened = fill(
        at, kind.side, price, quantity=quantity, fee=fee, slippage=slippage, spread=spread
    )
    return Entered(
        at=at,
        trade=trade,
        symbol=symbol,
        fill=opened,
        quantity=Decimal(quantity),
        leverage=2,
        margin=Decimal(margin),
        stop=Decimal(stop),
        target=Decimal(target),
        trail=None,
        liquidation=None,
        seen=None,
        tick=Decimal("0.01"),
        origin=Origin(
            kind=kind,
            interval="5m",
            previous_pivot=at - 20 * 300_000,
            pivot=at - 5 * 300_000,
            confirmed_at=at - 1_000,
            score=7.25,
            price=Decimal(price),
            atr_percent=0.5,
        ),
        risk=abs(Decimal(price) - Decimal(stop)) * Decimal(quantity),
        limited_by=Limit.RISK,
        paid=Decimal(margin) + opened.fee,
        dust=Decimal(0),
    )


def exited(
    entry: Entered,
    at: int,
    profit: str,
    *,
    reason: Reason = Reason.STOP,
    price: str = "95",
    fee: str = "0",
    slippage: str = "0",
    spread: str = "0",
    basis: Basis = Basis.QUOTE,
) -> Exited:
    """Return the end of a trade that comes to `profit`, all costs included."""
    side = Side.SELL if entry.fill.side is Side.BUY else Side.BUY
    return Exited(
        at=at,
        trade=entry.trade,
        reason=reason,
        fill=fill(
            at,
            side,
            price,
            quantity=str(entry.quantity),
            fee=fee,
            slippage=slippage,
            spread=spread,
            basis=basis,
        ),
        returned=entry.margin + entry.fill.fee + Decimal(profit),
    )


def marked(at: int, equity: str | Decimal) -> Marked:
    return Marked(
        at=at,
        equity=Decimal(equity),
        cash=Decimal(equity),
        checked_until=at,
        prices={},
        benchmark=None,
    )


def funded(trade: int, at: int, amount: str) -> Funded:
    return Funded(
        at=at,
        trade=trade,
        rate=Decimal("0.0001"),
        mark_price=Decimal(100),
        amount=Decimal(amount),
        liquidation=None,
        settled_at=at + 7,
    )


def dealt(
    trade: int, opened: int, closed: int, profit: str, **about: object
) -> tuple[Entered, Exited]:
    """Return one whole trade; `reason` is of its exit, all else of its entry."""
    reason = about.pop("reason", Reason.STOP)
    entry = entered(trade, opened, **about)  # type: ignore[arg-type]
    return entry, exited(entry, closed, profit, reason=reason)  # type: ignore[arg-type]


def recorded(*events: Event, path: str = "2024-07-01T120000-usdm-5m.db") -> JournalCopy:
    return JournalCopy(events=events, ledger=fold(events), path=Path(path))


def five_trades() -> JournalCopy:
    """Return four trades that are over and one that goes on.

    | # | symbol       | side | kind            | reason        | profit | R    | hours   | fees |
    |---|--------------|------|-----------------|---------------|--------|------|---------|------|
    | 1 | BTCUSDT      | BUY  | regular bullish | target        | +18.90 | 1.89 | 1 - 3   | 0.10 |
    | 2 | ETHUSDT      | SELL | hidden bearish  | stop          | -10.45 | 1.05 | 2 - 6   | 0.20 |
    | 3 | 币安人生USDT | BUY  | hidden bullish  | trailing stop |  -4.00 | 0.40 | 20 - 21 | 0    |
    | 4 | BTCUSDT      | BUY  | regular bullish | holding time  |   0.00 | 0    | 30 - 40 | 0    |
    | 5 | ETHUSDT      | BUY  | regular bullish |               |        |      | 44 -    | 0.07 |

    R is over a risk of 10 each; trade 2 paid 0.45 for funding and 0.20 for slippage, and crossed a
    spread of 0.50 twice; trade 1 crossed 0.30 once, its target lay in the book.
    """
    one = entered(1, START + HOUR, fee="0.05", spread="0.30", target="119")
    two = entered(
        2,
        START + 2 * HOUR,
        symbol="ETHUSDT",
        kind=Kind.HIDDEN_BEARISH,
        stop="110",
        target="80",
        fee="0.1",
        slippage="0.05",
        spread="0.50",
    )
    three = entered(3, START + 20 * HOUR, symbol="币安人生USDT", kind=Kind.HIDDEN_BULLISH)
    four = entered(4, START + 30 * HOUR)
    five = entered(5, START + 44 * HOUR, symbol="ETHUSDT", fee="0.07", spread="0.10")
    out = exited(
        two, START + 6 * HOUR, "-10.45", price="110", fee="0.1", slippage="0.15", spread="0.50"
    )
    events: tuple[Event, ...] = (
        STARTED,
        SessionBegan(at=START, session=1, settings={}, changed={}),
        one,
        two,
        exited(
            one,
            START + 3 * HOUR,
            "18.90",
            reason=Reason.TARGET,
            price="119",
            fee="0.05",
            spread="0.30",
        ),
        marked(START + 3 * HOUR, "1018.90"),
        funded(2, START + 4 * HOUR, "-0.45"),
        out,
        marked(START + 6 * HOUR, "1008.45"),
        three,
        exited(three, START + 21 * HOUR, "-4.00", reason=Reason.TRAILING_STOP, price="96"),
        marked(START + 21 * HOUR, "1004.45"),
        SessionBegan(at=START + 29 * HOUR, session=2, settings={}, changed={}),
        four,
        exited(
            four,
            START + 40 * HOUR,
            "0",
            reason=Reason.HOLDING_TIME,
            price="100",
            basis=Basis.CANDLE,
        ),
        five,
        marked(START + 45 * HOUR, "1002.10"),
        Paused(at=START + 48 * HOUR, reason="the day's loss is at its limit"),
    )
    return recorded(*events)


def simulated(run: JournalCopy) -> JournalCopy:
    events = (replace(STARTED, venue="local exchange", is_simulated=True), *run.events[1:])
    return replace(run, events=events, ledger=fold(events))


def nothing_yet() -> JournalCopy:
    return recorded(STARTED)
