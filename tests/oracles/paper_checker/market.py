"""What happened in the market, read from the exchange's own answers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

MINUTE = 60_000


class Candle(NamedTuple):
    open_time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal

    @classmethod
    def of(cls, row: Sequence[Any]) -> Candle:
        """Return the candle in one row of klines."""
        return cls(int(row[0]), *map(Decimal, row[1:5]))

    @property
    def prices(self) -> tuple[Decimal, ...]:
        return self[1:]


class Funding(NamedTuple):
    at: int
    """The venue's own time, some milliseconds after the settlement was due."""
    rate: Decimal
    mark: Decimal

    @property
    def due(self) -> int:
        return self.at - self.at % MINUTE

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Funding:
        """Return the settlement in one record of fundingRate."""
        return cls(
            int(record["fundingTime"]), Decimal(record["fundingRate"]), Decimal(record["markPrice"])
        )


class Terms(NamedTuple):
    """What an order must keep to."""

    tick: Decimal
    step: Decimal
    least: Decimal
    most: Decimal
    least_notional: Decimal

    @classmethod
    def of(cls, listed: Mapping[str, Any]) -> Terms:
        """Return the terms of one symbol of exchangeInfo."""
        filters = {each["filterType"]: each for each in listed["filters"]}
        lots = [filters["LOT_SIZE"], filters.get("MARKET_LOT_SIZE", filters["LOT_SIZE"])]
        notional = filters.get("MIN_NOTIONAL") or filters["NOTIONAL"]
        return cls(
            Decimal(filters["PRICE_FILTER"]["tickSize"]),
            max(Decimal(lot["stepSize"]) for lot in lots),
            max(Decimal(lot["minQty"]) for lot in lots),
            min(Decimal(lot["maxQty"]) for lot in lots),
            Decimal(notional["notional"] if "notional" in notional else notional["minNotional"]),
        )


@dataclass(frozen=True, slots=True)
class Market:
    """Final candles by symbol, each list in the order of time."""

    candles: Mapping[str, Sequence[Candle]]
    """Of the last price, each of `length`."""
    marks: Mapping[str, Mapping[int, Candle]]
    """Of one minute, of the mark price, by open time; of spot there are none."""
    fundings: Mapping[str, Sequence[Funding]]
    terms: Mapping[str, Terms]
    length: int = MINUTE
    """ms"""
    times: dict[str, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        times = {name: [each.open_time for each in rows] for name, rows in self.candles.items()}
        object.__setattr__(self, "times", times)

    def since(self, symbol: str, time: int) -> Sequence[Candle]:
        """Return the candles of `symbol` that open at `time` or later."""
        return self.candles[symbol][bisect_right(self.times[symbol], time - 1) :]

    def between(self, symbol: str, start: int, end: int) -> Iterable[Candle]:
        """Return the candles of `symbol` that are traded between two times, both included."""
        first = bisect_right(self.times[symbol], start - self.length)
        return self.candles[symbol][first : bisect_right(self.times[symbol], end)]

    def before(self, symbol: str, time: int, most: int) -> Sequence[Candle]:
        """Return the newest candles, at most `most`, that open before `time`."""
        end = bisect_right(self.times[symbol], time - 1)
        return self.candles[symbol][max(end - most, 0) : end]

    def terms_at(self, symbol: str, time: int) -> Terms:
        """Return what an order of `time` must keep to."""
        return self.terms[symbol]

    def quote_at(self, symbol: str, time: int) -> tuple[Decimal, Decimal] | None:
        """Return bid and ask at `time`, where they can be known afterwards."""
        return None
