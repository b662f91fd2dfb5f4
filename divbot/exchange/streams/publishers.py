"""What a stream has not told yet: each publisher compares what it sees with what it saw last.

A poll returns every message that is due. The first poll is news as a whole: whoever starts to
listen throws it away, because the venue tells of changes only.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Protocol, TypeAlias

from divbot.domain.market import Interval
from divbot.exchange.market.number_format import NumberFormat
from divbot.exchange.market.tape import OPEN, CandleRow, SymbolListing
from divbot.exchange.market.venue import Day
from divbot.exchange.market.view import MarketView
from divbot.exchange.rest.json_text import JsonObject
from divbot.exchange.streams import events
from divbot.exchange.streams.channels import Channel
from divbot.exchange.streams.events import ContentOf
from divbot.recordings.grid import Grid

Message: TypeAlias = JsonObject | list[JsonObject]
Essence: TypeAlias = Callable[[SymbolListing, Day], Hashable]

_EVERY = 2**31
_TRADITIONAL = "TRADIFI_PERPETUAL"


class Publisher(Protocol):
    """Tell what is new in the market, whenever it is polled."""

    def poll(self, now: int) -> Iterable[Message]:
        """Return what there is to tell at `now`, in ms UTC of the market's time."""


def _traded(view: MarketView, symbol: str, now: int) -> list[int]:
    """Return the number of `symbol`, all numbers without one; of what is traded already."""
    if not symbol:
        return view.venue.listed(now)
    number = view.venue.traded(symbol, now)
    return [] if number is None else [number]


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
        self._shown: CandleRow | None = None

    def poll(self, now: int) -> Iterable[Message]:
        """Return the events of all candles from the one that was forming on."""
        number = self._number(now)
        return [] if number is None else self._told(number, now)

    def _number(self, now: int) -> int | None:
        venue, channel = self._view.venue, self._channel
        if channel.contract:
            return venue.contract(channel.symbol, channel.contract, now)
        return venue.traded(channel.symbol, now)

    def _told(self, number: int, now: int) -> Iterable[Message]:
        forming = self._grid.open_at(now)
        since = forming if self._since is None else self._since
        self._since = forming
        rows = self._view.venue.klines(number, self._grid, now, limit=_EVERY, start=since)
        for row in map(CandleRow._make, rows.tolist()):
            is_closed = row.open_time < forming
            if row.trades and (is_closed or row != self._shown):
                yield self._message(number, row, now, is_closed=is_closed)
            self._shown = row

    def _message(self, number: int, row: CandleRow, now: int, *, is_closed: bool) -> JsonObject:
        listing, form = self._view.venue.listing(number), self._view.format(number)
        first_trade = self._view.venue.trade_number(number, row.open_time, now)
        close_time = self._grid.next_open(row.open_time) - 1
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
            self._content(*day, now)
            for number in _traded(self._view, self._symbol, now)
            if self._is_news(number, *(day := self._view.day(number, now)))
        ]
        return changed if self._symbol or not changed else [changed]

    def _is_news(self, number: int, listing: SymbolListing, _: NumberFormat, day: Day) -> bool:
        essence = self._essence(listing, day)
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
        numbers = _traded(self._view, self._symbol, now)
        if self._symbol:
            return [self._message(number, now) for number in numbers]
        coins = [each for each in numbers if not self._is_traditional(each)]
        others = [each for each in numbers if self._is_traditional(each)]
        return [[self._message(each, now) for each in part] for part in (coins, others) if part]

    def _is_traditional(self, number: int) -> bool:
        return self._view.venue.listing(number).terms.contract == _TRADITIONAL

    def _message(self, number: int, now: int) -> JsonObject:
        return events.mark_price(*self._view.day(number, now), now)


class ContractPublisher:
    """Tell of each contract whose status has changed."""

    def __init__(self, view: MarketView) -> None:
        self._view = view
        self._statuses: dict[int, str] = {}

    def poll(self, now: int) -> Iterable[Message]:
        """Return one message for each of them."""
        venue = self._view.venue
        seen = {each: venue.listing(each).status(now) for each in venue.known(now)}
        before, self._statuses = self._statuses, seen
        return [
            events.contract_info(venue.listing(number), self._view.format(number), status, now)
            for number, status in seen.items()
            if before.get(number) != status
        ]


def prices(_: SymbolListing, day: Day) -> Hashable:
    """Return all that 24-hour statistics are made of, but when they begin."""
    return day.row[OPEN:]
