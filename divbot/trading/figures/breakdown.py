"""Closed trades by symbol, kind, side, reason or day: where a result comes from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from divbot.domain.clock import date_text
from divbot.domain.trades import ClosedTrade
from divbot.trading.figures.tally import Tally, tally


class By(StrEnum):
    """What trades are put together by."""

    SYMBOL = "symbol"
    KIND = "kind"
    SIDE = "side"
    REASON = "reason"
    DAY = "day"
    """The UTC day on which they were closed."""


@dataclass(frozen=True, slots=True)
class TradeGroup:
    """The trades that have `name` in common."""

    name: str
    tally: Tally


_NAMES: dict[By, Callable[[ClosedTrade], str]] = {
    By.SYMBOL: lambda trade: trade.symbol,
    By.KIND: lambda trade: trade.origin.kind.value,
    By.SIDE: lambda trade: trade.side.value,
    By.REASON: lambda trade: trade.reason.value,
    By.DAY: lambda trade: date_text(trade.closed_at),
}


def breakdown(trades: Iterable[ClosedTrade], by: By) -> tuple[TradeGroup, ...]:
    """Return the groups, days in order, all else by what it earned, the most first."""
    found = defaultdict(list)
    for trade in trades:
        found[_NAMES[by](trade)].append(trade)
    groups = sorted((TradeGroup(name, tally(x)) for name, x in found.items()), key=lambda x: x.name)
    if by is By.DAY:
        return tuple(groups)
    return tuple(sorted(groups, key=lambda x: x.tally.profit, reverse=True))
