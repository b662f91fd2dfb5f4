"""Closed trades by symbol, kind, side, reason, hour or time: where a result comes from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from divbot.domain.clock import date_text, month_text, time_text
from divbot.domain.durations import DAY
from divbot.domain.trades import ClosedTrade
from divbot.trading.figures.tally import Tally, tally

_HOUR = len("09")
_MONDAY = 4 * DAY
"""The first one since 1970, ms UTC."""


class By(StrEnum):
    """What trades are put together by."""

    SYMBOL = "symbol"
    KIND = "kind"
    SIDE = "side"
    REASON = "reason"
    HOUR = "hour"
    """The hour of the UTC day in which they were opened."""
    DAY = "day"
    """The UTC day on which they were closed."""
    WEEK = "week"
    """The same of the week, told by its Monday."""
    MONTH = "month"
    """The same of the month."""


_BY_TIME = (By.HOUR, By.DAY, By.WEEK, By.MONTH)
"""In the order of time."""


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
    By.HOUR: lambda trade: f"{time_text(trade.opened_at)[:_HOUR]}:00",
    By.DAY: lambda trade: date_text(trade.closed_at),
    By.WEEK: lambda trade: date_text(_week_of(trade.closed_at)),
    By.MONTH: lambda trade: month_text(trade.closed_at),
}


def _week_of(time: int) -> int:
    return time - (time - _MONDAY) % (7 * DAY)


def breakdown(trades: Iterable[ClosedTrade], by: By) -> tuple[TradeGroup, ...]:
    """Return the groups, times in order, all else by what it earned, the most first."""
    found = defaultdict(list)
    for trade in trades:
        found[_NAMES[by](trade)].append(trade)
    groups = sorted((TradeGroup(name, tally(x)) for name, x in found.items()), key=lambda x: x.name)
    if by in _BY_TIME:
        return tuple(groups)
    return tuple(sorted(groups, key=lambda x: x.tally.profit, reverse=True))
