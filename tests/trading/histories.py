"""Whatever may happen to a paper account, for laws that hold in all cases."""

from __future__ import annotations

from decimal import Decimal
from typing import cast, get_args

from hypothesis import strategies as st

from divbot.domain.errors import LedgerError
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
from divbot.domain.fills import Basis, Fill, Reason
from divbot.domain.ledger import Ledger
from divbot.domain.market import Market
from divbot.domain.positions import Origin, Seen
from divbot.domain.risk import Limit
from divbot.domain.signals import Kind, Side

MS = st.integers(0, 10_000_000_000_000)
PAUSE = st.integers(0, 100_000_000)
# 0.10, 1.000, 1E-8, 12E+3: what is equal is written in many ways, and each is kept.
PRICES = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(1, 10**9),
    st.integers(-10, 3),
)
MONEY = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(0, 10**6),
    st.integers(-8, 1),
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
# Sorted: in which order they were given is not kept.
SETTINGS = st.dictionaries(TEXTS, TEXTS, max_size=3).map(lambda x: dict(sorted(x.items())))
CHANGES = st.dictionaries(TEXTS, st.tuples(TEXTS, TEXTS), max_size=2).map(
    lambda x: dict(sorted(x.items()))
)
SEEN = st.none() | st.builds(Seen, MS, PRICES, PRICES)
ORIGINS = st.builds(Origin, st.sampled_from(Kind), TEXTS, MS, MS, MS, FLOATS, PRICES, FLOATS)


def fills(at: int) -> st.SearchStrategy[Fill]:
    return st.builds(
        Fill,
        at=st.just(at),
        side=st.sampled_from(Side),
        quantity=PRICES,
        requested=PRICES,
        price=PRICES,
        fee=MONEY,
        slippage=MONEY,
        spread=PRICES,
        basis=st.sampled_from(Basis),
        basis_at=MS,
        basis_prices=st.lists(PRICES, min_size=2, max_size=4).map(tuple),
    )


@st.composite
def histories(draw: st.DrawFn, most: int = 25) -> tuple[Event, ...]:
    """Draw a run: events that can have happened in this order, no key twice."""
    start = draw(
        st.builds(
            Started,
            at=MS,
            venue=TEXTS,
            market=st.sampled_from(Market),
            interval=TEXTS,
            is_simulated=st.booleans(),
            balance=MONEY.map(lambda amount: amount + 1),
            version=TEXTS,
            address=st.none() | TEXTS,
            number=st.integers(0, 9),
        )
    )
    events, ledger, keys = [cast("Event", start)], Ledger().apply(start), {start.key}
    for _ in range(draw(st.integers(0, most))):
        event = draw(_next(ledger))
        try:
            after = ledger.apply(event)
        except LedgerError:  # no cash left, or the symbol is held already
            continue
        if event.key not in keys:
            events.append(event)
            keys.add(event.key)
            ledger = after
    return tuple(events)


@st.composite
def _next(draw: st.DrawFn, ledger: Ledger) -> Event:
    at = ledger.at + draw(PAUSE)
    number = draw(st.sampled_from(sorted(ledger.positions))) if ledger.positions else None
    kinds: list[type[Event]] = [Entered, Entered, Marked, Paused, SessionBegan]
    kind = draw(st.sampled_from(kinds if number is None else [*kinds, Funded, Trailed, Exited]))
    own: dict[type[Event], dict[str, object]] = {
        Entered: {
            "trade": st.just(ledger.next_trade),
            "symbol": TEXTS,
            "fill": fills(at),
            "quantity": PRICES,
            "leverage": st.integers(1, 125),
            "margin": MONEY,
            "stop": PRICES,
            "target": PRICES,
            "trail": st.none() | PRICES,
            "liquidation": st.none() | PRICES,
            "seen": SEEN,
            "tick": st.none() | PRICES,
            "origin": ORIGINS,
            "risk": MONEY,
            "limited_by": st.none() | st.sampled_from(Limit),
            "paid": MONEY,
            "dust": MONEY,
        },
        Funded: {
            "trade": st.just(number),
            "rate": PRICES | PRICES.map(Decimal.__neg__),
            "mark_price": PRICES,
            "amount": MONEY | MONEY.map(Decimal.__neg__),
            "liquidation": st.none() | PRICES,
            "settled_at": MS,
        },
        Trailed: {"trade": st.just(number), "stop": PRICES},
        Exited: {
            "trade": st.just(number),
            "reason": st.sampled_from(Reason),
            "fill": fills(at),
            "returned": MONEY,
        },
        Marked: {
            "equity": MONEY,
            "cash": MONEY,
            "checked_until": MS,
            "prices": st.just(
                dict(sorted((x.symbol, x.entry_price) for x in ledger.positions.values()))
            ),
            "benchmark": st.none() | PRICES,
        },
        Paused: {"reason": TEXTS},
        SessionBegan: {
            "session": st.just(ledger.sessions + 1),
            "settings": SETTINGS,
            "changed": CHANGES,
        },
    }
    assert {Started, *own} == set(get_args(Event)), "expected each kind of event to be drawn"
    return cast("Event", draw(st.builds(kind, at=st.just(at), **own[kind])))  # type: ignore[arg-type]
