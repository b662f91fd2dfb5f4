"""One market's news: every stream that somebody listens to is polled, in that stream's rhythm."""

from __future__ import annotations

from collections.abc import Mapping

from divbot.exchange.market.market_time import MarketTime
from divbot.exchange.market.quotes import top_of_book
from divbot.exchange.market.view import MarketView
from divbot.exchange.streams import events
from divbot.exchange.streams.channels import Channel, ChannelKind
from divbot.exchange.streams.events import StreamEvent
from divbot.exchange.streams.publishers import (
    CandlePublisher,
    ContractPublisher,
    MarkPricePublisher,
    Publisher,
    TickerPublisher,
    prices,
)
from divbot.recordings.grid import serves


class Feed:
    """Tell what happens in one market.

    A stream whose period is 2000 ms is polled in every even second of the market's time, or
    as often as `news` is asked for, whichever is more seldom.
    """

    def __init__(self, view: MarketView, time: MarketTime) -> None:
        self.market = view.market
        self.origin = view.origin
        self._view = view
        self._time = time
        self._publishers: dict[str, Publisher] = {}
        self._polled_at = time.now()

    def now(self) -> int:
        """Return the market's time, in ms UTC."""
        return self._time.now()

    def news(self, streams: Mapping[str, Channel]) -> list[StreamEvent]:
        """Return what is new in `streams` since the last call; of those that are new, nothing."""
        now, before = self._time.now(), self._polled_at
        self._polled_at = max(now, before)
        self.forget_all_but(streams)
        told = []
        for stream, channel in streams.items():
            publisher = self._publishers.get(stream)
            if publisher is None:
                self._begin(stream, channel, now)
            elif now // channel.period > before // channel.period:
                told += [StreamEvent(stream, message) for message in publisher.poll(now)]
        return told

    def forget_all_but(self, streams: Mapping[str, Channel]) -> None:
        """Begin anew with any other stream, should it be asked for again."""
        for stream in self._publishers.keys() - streams.keys():
            del self._publishers[stream]

    def _begin(self, stream: str, channel: Channel, now: int) -> None:
        if channel.interval is None or serves(self._view.venue.interval, channel.interval):
            publisher = self._publishers[stream] = self._publisher(channel)
            for _ in publisher.poll(now):
                pass

    def _publisher(self, channel: Channel) -> Publisher:
        view, market = self._view, self.market
        if channel.interval is not None:
            return CandlePublisher(view, channel, channel.interval)
        match channel.kind:
            case ChannelKind.MINI_TICKER:
                return TickerPublisher(view, channel, events.mini_ticker, prices)
            case ChannelKind.TICKER:
                return TickerPublisher(view, channel, events.TICKER[market], prices)
            case ChannelKind.BOOK_TICKER:
                return TickerPublisher(view, channel, events.BOOK_TICKER[market], top_of_book)
            case ChannelKind.MARK_PRICE:
                return MarkPricePublisher(view, channel)
            case _:
                return ContractPublisher(view)
