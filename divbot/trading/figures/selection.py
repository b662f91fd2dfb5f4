"""Which trades of a run are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from divbot.domain.fills import Reason
from divbot.domain.signals import Kind, Side
from divbot.domain.trades import AnyTrade


@dataclass(frozen=True, slots=True)
class Selection:
    """What a trade must be to be shown; empty or None: anything."""

    symbols: tuple[str, ...] = ()
    """Names or patterns such as `1000*`."""
    sides: tuple[Side, ...] = ()
    kinds: tuple[Kind, ...] = ()
    reasons: tuple[Reason, ...] = ()
    since: int | None = None
    """ms UTC, itself included, as all that follows is about the last fill of a trade."""
    until: int | None = None
    """ms UTC, itself not included."""
    is_open: bool | None = None
    last: int | None = None
    """Of all that is left only so many, the newest."""

    def of(self, trades: Iterable[AnyTrade]) -> list[AnyTrade]:
        """Return the trades that are asked for, in the order in which they were opened."""
        found = [x for x in sorted(trades, key=lambda x: x.number) if self._includes(x)]
        if self.last is None:
            return found
        newest = sorted(found, key=lambda x: (_last_fill(x), x.number))[-self.last :]
        return sorted(newest, key=lambda x: x.number)

    def _includes(self, trade: AnyTrade) -> bool:
        at = _last_fill(trade)
        return (
            (not self.symbols or any(fnmatchcase(trade.symbol, x) for x in self.symbols))
            and (not self.sides or trade.side in self.sides)
            and (not self.kinds or trade.origin.kind in self.kinds)
            and (not self.reasons or trade.reason in self.reasons)
            and (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
            and (self.is_open is None or (trade.exit is None) is self.is_open)
        )


def _last_fill(trade: AnyTrade) -> int:
    return trade.opened_at if trade.closed_at is None else trade.closed_at
