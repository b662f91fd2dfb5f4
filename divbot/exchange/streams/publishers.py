"""What a stream has not told yet: each publisher compares what it sees with what it saw last.

A poll returns every message that is due. The first poll is news as a whole: whoever starts to
listen throws it away, because the venue tells of changes only.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import cache
from typing import Protocol, TypeAlias

from divbot.domain.market import Interval, Market
from divbot.exchange.market.encoding import NumberFormat
from divbot.exchange.market.tape import OPEN, OPEN_TIME, TRADES, SymbolListing
from divbot.exchange.market.venue import Day, Venue
from divbot.exchange.streams import events
from divbot.exchange.streams.channels import Channel
from divbot.exchange.streams.events import Content
from divbot.recordings.grid import Grid

Message: TypeAlias = Content | list[Content]
ContentOf: TypeAlias = Callable[[SymbolListing, NumberFormat, Day, int], Content]
Essence: TypeAlias = Callable[[SymbolListing, Day], Hashable]

_EVERY = 2**31
_TRADITIONAL = "TRADIFI_PERPETUAL"


class Publisher(Protocol):
    """Tell what is new in the market, whenever it is polled."""

    def poll(self, now: int) -> Iterable[Message]:
        """Return what there is to tell at `now`, in ms UTC of the market's time."""


class MarketView:
    """One market, as all publishers see it."""

    def __init__(self, market: Market, venue: Venue) -> None:
        self.venue = venue
        self.form = cache(lambda number: NumberFormat.of(market, venue.listing(number)))

    def traded(self, symbol: str, now: int) -> list[int]:
        """Return the number of `symbol`, all numbers without one; of what is traded already."""
        if not symbol:
            return self.venue.listed(now)
        number = self.venue.number(symbol, now)
        return [] if number is None or not self.venue.is_listed(number, now) else [number]

    def contract(self, pair: str, kind: str, now: int) -> list[int]:
        """Return the number of what is contract `kind` of `pair`, if there is one."""
        for number in self.venue.listed(now):
            listing = self.venue.listing(number)
            if (listing.terms.pair or listing.symbol, listing.terms.contract) == (pair, kind):
                return [number]
        return []


class CandlePublisher:
    """Tell of the candle that is forming whenever it changes, and of each that has closed.

    A candle without a trade is never told of.
    """

    def __init__(self, view: MarketView, channel: Channel, interval: Interval) -> None:
        self._view = view
        self._channel = channel
        self._grid = Grid(interval, channel.shift)
        self._since: int | None = None
        """Open time of the candle that was forming at the last poll."""
        self._shown: list[int] = []

    def poll(self, now: int) -> Iterable[Message]:
        """Return the events of all candles from the one that was forming on."""
        return [message for number in self._numbers(now) for message in self._told(number, now)]

    def _numbers(self, now: int) -> list[int]:
        channel = self._channel
        if channel.contract:
            return self._view.contract(channel.symbol, channel.contract, now)
        return self._view.traded(channel.symbol, now)

    def _told(self, number: int, now: int) -> Iterable[Message]:
        forming = self._grid.open_at(now)
        since = forming if self._since is None else self._since
        self._since = forming
        rows = self._view.venue.klines(number, self._grid, now, limit=_EVERY, start=since)
        for row in rows.tolist():
            is_closed = row[OPEN_TIME] < forming
            if row[TRADES] and (is_closed or row != self._shown):
                yield self._message(number, row, now, is_closed=is_closed)
            self._shown = row

    def _message(self, number: int, row: list[int], now: int, *, is_closed: bool) -> Content:
        listing, form = self._view.venue.listing(number), self._view.form(number)
        first_trade = self._view.venue.trade_number(number, row[OPEN_TIME], now)
        close_time = self._grid.next_open(row[OPEN_TIME]) - 1
        interval = self._grid.interval.value
        k = events.kline(listing, form, row, first_trade, close_time, interval) | {"x": is_closed}
        if self._channel.contract:
            pair, contract = self._channel.symbol, self._channel.contract
            return events.continuous_candle(k, now, pair, contract)
        return events.candle(k, now)


class TickerPublisher:
    """Tell of the last 24 hours of one symbol, or of all those that have changed in one message.

    `essence` is what has to change before there is something to tell.
    """

    def __init__(
        self, view: MarketView, channel: Channel, content: ContentOf, essence: Essence
    ) -> None:
        self._view = view
        self._symbol = channel.symbol
        self._content = content
        self._essence = essence
        self._seen: dict[int, Hashable] = {}

    def poll(self, now: int) -> Iterable[Message]:
        """Return one message about what has changed, or none."""
        changed = [
            self._content(self._view.venue.listing(number), self._view.form(number), day, now)
            for number in self._view.traded(self._symbol, now)
            if self._is_news(number, day := self._view.venue.day(number, now))
        ]
        return changed if self._symbol or not changed else [changed]

    def _is_news(self, number: int, day: Day) -> bool:
        essence = self._essence(self._view.venue.listing(number), day)
        is_news = self._seen.get(number) != essence
        self._seen[number] = essence
        return is_news


class MarkPricePublisher:
    """Tell the mark price at every poll, changed or not."""

    def __init__(self, view: MarketView, channel: Channel) -> None:
        self._view = view
        self._symbol = channel.symbol

    def poll(self, now: int) -> Iterable[Message]:
        """Return one message; of all symbols two: coins, and what is traded elsewhere too."""
        numbers = self._view.traded(self._symbol, now)
        if self._symbol:
            return [self._message(number, now) for number in numbers]
        coins = [each for each in numbers if not self._is_traditional(each)]
        others = [each for each in numbers if self._is_traditional(each)]
        return [[self._message(each, now) for each in part] for part in (coins, others) if part]

    def _is_traditional(self, number: int) -> bool:
        return self._view.venue.listing(number).terms.contract == _TRADITIONAL

    def _message(self, number: int, now: int) -> Content:
        venue = self._view.venue
        listing, day = venue.listing(number), venue.day(number, now)
        return events.mark_price(listing, self._view.form(number), day, now)


class ContractPublisher:
    """Tell of each contract whose status has changed."""

    def __init__(self, view: MarketView) -> None:
        self._venue = view.venue
        self._statuses: dict[int, str] = {}

    def poll(self, now: int) -> Iterable[Message]:
        """Return one message for each of them."""
        seen = {each: self._venue.listing(each).status(now) for each in self._venue.known(now)}
        before, self._statuses = self._statuses, seen
        return [
            events.contract_info(self._venue.listing(number), status, now)
            for number, status in seen.items()
            if before.get(number) != status
        ]


def prices(_: SymbolListing, day: Day) -> Hashable:
    """Return all that 24-hour statistics are made of, but when they begin."""
    return day.row[OPEN:].tobytes()
