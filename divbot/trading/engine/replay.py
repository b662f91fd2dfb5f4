"""What happened to a position in minutes that have passed: one path for live and for catching up.

Minute by minute, or by the shortest candles that a market has: first the funding that was due at
its beginning, then the ways out (a liquidation before a target, a stop before both), then the
trailing stop, which counts from the next minute on. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from divbot.domain.durations import MINUTE
from divbot.domain.events import Event, Exited, Funded, Trailed
from divbot.domain.fills import Basis, Candle, Costs, Reason
from divbot.domain.margin import liquidation_on_tick
from divbot.domain.minutes import FundingRate
from divbot.domain.positions import (
    Exit,
    Position,
    exit_in_candle,
    funding_of,
    liquidation_in_candle,
    returned,
    trailed_stop,
)


@dataclass(frozen=True, slots=True)
class PastMinutes:
    """What a venue says of the minutes since a position was checked last."""

    candles: tuple[Candle, ...]
    """Final ones, in the order of time."""
    marks: Mapping[int, Candle]
    """Of the mark price, by open time; empty on spot."""
    funding: Sequence[FundingRate]
    """In the order of time; empty on spot."""
    length: int = MINUTE
    """Of each candle, in ms."""


def replay(position: Position, past: PastMinutes, costs: Costs) -> tuple[Event, ...]:
    """Return what happened to `position` in `past`; after an exit, nothing more."""
    return tuple(_replay(position, past, costs))


def latest_end(exit_: Exit, length: int) -> int:
    """Return when `exit_` was at the latest: a candle of `length` ms does not tell the minute."""
    fill = exit_.fill
    is_exact = fill.basis is Basis.QUOTE
    return fill.at if is_exact else max(fill.at, fill.basis_at + length - MINUTE)


def ended(
    position: Position, exit_: Exit, rates: Sequence[FundingRate], latest: int
) -> tuple[Event, ...]:
    """Return the end of `position`, after the funding that was due before it.

    It is told of when it was at the `latest`. Of what was due between its earliest time and that it
    pays what costs, and receives nothing.
    """
    position, payments = settle(position, rates, exit_.fill.at)
    costly = [x for x in rates if funding_of(position, x.rate, x.mark_price) < 0]
    position, doubtful = settle(position, costly, latest)
    at = max(latest, position.funded_until)
    exit_ = replace(exit_, fill=replace(exit_.fill, at=at))
    return *payments, *doubtful, _exited(position, exit_)


def _exited(position: Position, exit_: Exit) -> Exited:
    return Exited(
        at=exit_.fill.at,
        trade=position.trade,
        reason=exit_.reason,
        fill=exit_.fill,
        returned=returned(position, exit_),
    )


def settle(
    position: Position, rates: Iterable[FundingRate], until: int
) -> tuple[Position, tuple[Funded, ...]]:
    """Return `position` after all funding of `rates` that was due by `until`, and the payments."""
    payments = []
    for rate in rates:
        due = _due_at(rate)
        if not position.funded_until < due <= until:
            continue
        funded = _funded(position, rate, due)
        payments.append(funded)
        position = position.funded(due, funded.amount, funded.liquidation)
    return position, tuple(payments)


def _due_at(rate: FundingRate) -> int:
    """Return when a settlement was due: the venue's own time for it is up to 20 ms later."""
    return rate.at // MINUTE * MINUTE


def _replay(position: Position, past: PastMinutes, costs: Costs) -> Iterator[Event]:
    for candle in past.candles:
        if candle.open_time < position.checked_until:
            continue
        position, payments = settle(position, past.funding, candle.open_time)
        yield from payments
        exit_ = _exit(position, candle, past.marks.get(candle.open_time), costs)
        if exit_ is not None:
            yield from ended(position, exit_, past.funding, latest_end(exit_, past.length))
            return
        stop = trailed_stop(position, candle)
        if stop is not None:
            # The account takes a stop to be moved in a minute, and to count from the next one on.
            last_minute = candle.open_time + past.length - MINUTE
            yield Trailed(last_minute, position.trade, stop)
            position = position.trailed(last_minute, stop)


def _funded(position: Position, rate: FundingRate, due: int) -> Funded:
    amount = funding_of(position, rate.rate, rate.mark_price)
    return Funded(
        at=due,
        trade=position.trade,
        rate=rate.rate,
        mark_price=rate.mark_price,
        amount=amount,
        liquidation=liquidation_on_tick(
            position.side,
            position.quantity,
            position.entry_price,
            position.margin + amount,
            position.tick,
        ),
        settled_at=rate.at,
    )


def _exit(position: Position, candle: Candle, mark: Candle | None, costs: Costs) -> Exit | None:
    exit_ = exit_in_candle(position, candle, costs)
    if mark is not None and (exit_ is None or exit_.reason is Reason.TARGET):
        return liquidation_in_candle(position, mark) or exit_
    return exit_
