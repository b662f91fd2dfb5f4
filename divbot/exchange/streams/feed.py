"""One market's news: it looks at every stream that somebody listens to, in that stream's rhythm."""

from __future__ import annotations

from collections.abc import Mapping

from divbot.domain.market import Market
from divbot.exchange.market.market_time import MarketTime
from divbot.exchange.market.quotes import quote
from divbot.exchange.market.venue import Venue
from divbot.exchange.streams import events
from divbot.exchange.streams.channels import Channel, Kind
from divbot.exchange.streams.events import Event
from divbot.exchange.streams.watches import (
    Board,
    CandleWatch,
    ContractWatch,
    DayWatch,
    MarkWatch,
    Watch,
    prices,
)
from divbot.recordings.grid import serves


class Feed:
    """Tell what happens in one market.

    A stream whose period is 2000 ms is looked at in every even second of the market's time, or
    as often as `news` is asked for, whichever is more seldom.
    """

    def __init__(self, market: Market, venue: Venue, time: MarketTime) -> None:
        self.market = market
        self.origin = "recorded" if venue.is_recorded else "synthetic"
        self._venue = venue
        self._time = time
        self._board = Board(market, venue)
        self._watches: dict[str, Watch] = {}
        self._looked_at = time.now()

    def now(self) -> int:
        """Return the market's time, in ms UTC."""
        return self._time.now()

    def news(self, streams: Mapping[str, Channel]) -> list[Event]:
        """Return what is new in `streams` since the last call; of those that are new, nothing."""
        now, before = self._time.now(), self._looked_at
        self._looked_at = max(now, before)
        self.forget_all_but(streams)
        told = []
        for stream, channel in streams.items():
            watch = self._watches.get(stream)
            if watch is None:
                self._begin(stream, channel, now)
            elif now // channel.period > before // channel.period:
                told += [Event(stream, message) for message in watch.look(now)]
        return told

    def forget_all_but(self, streams: Mapping[str, Channel]) -> None:
        """Begin anew with any other stream, should it be asked for again."""
        for stream in self._watches.keys() - streams.keys():
            del self._watches[stream]

    def _begin(self, stream: str, channel: Channel, now: int) -> None:
        if channel.interval is None or serves(self._venue.interval, channel.interval):
            watch = self._watches[stream] = self._watch(channel)
            for _ in watch.look(now):
                pass

    def _watch(self, channel: Channel) -> Watch:
        board, market = self._board, self.market
        if channel.interval is not None:
            return CandleWatch(board, channel, channel.interval)
        match channel.kind:
            case Kind.MINI_TICKER:
                return DayWatch(board, channel, events.mini_ticker, prices)
            case Kind.TICKER:
                return DayWatch(board, channel, events.TICKER[market], prices)
            case Kind.BOOK_TICKER:
                return DayWatch(board, channel, events.BOOK_TICKER[market], quote)
            case Kind.MARK_PRICE:
                return MarkWatch(board, channel)
            case _:
                return ContractWatch(board)
