"""What the names of streams mean: `btcusdt@kline_1m`, `!miniTicker@arr` and their like.

Names are matched to the letter, symbols in lower case. A name that means nothing is no error:
the venue takes it, and never says anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from divbot.domain.durations import HOUR
from divbot.domain.market import Interval, Market

_EIGHT_HOURS = 8 * HOUR
_KLINE = re.compile(r"kline_(\w+)(@\+08:00)?")
_CONTINUOUS = re.compile(r"(.+?)_((?:tradifi_)?perpetual|current_quarter|next_quarter)")
_CONTINUOUS_KLINE = re.compile(r"continuousKline_(\w+)")


class ChannelKind(StrEnum):
    """What a stream tells."""

    KLINE = "kline"
    CONTINUOUS_KLINE = "continuousKline"
    MINI_TICKER = "miniTicker"
    TICKER = "ticker"
    BOOK_TICKER = "bookTicker"
    MARK_PRICE = "markPrice"
    CONTRACT_INFO = "contractInfo"


class StreamRoute(StrEnum):
    """The way to a server: futures have several, and each carries some streams only."""

    SPOT = "spot"
    MARKET = "market"
    PUBLIC = "public"
    LEGACY = "legacy"
    """The way of old, without a name of its own: it takes all, and carries what is public."""

    def carries(self, kind: ChannelKind) -> bool:
        """Tell whether streams of `kind` are heard on this route."""
        if self is StreamRoute.SPOT:
            return True
        return (kind is ChannelKind.BOOK_TICKER) is not (self is StreamRoute.MARKET)


@dataclass(frozen=True, slots=True)
class Channel:
    """What one stream tells, and how often it is polled."""

    kind: ChannelKind
    period: int
    """Ms of the market's time between two polls."""
    symbol: str = ""
    """Of one symbol only, or one pair; empty: of all."""
    interval: Interval | None = None
    shift: int = 0
    """How far east of UTC its days begin, in ms."""
    contract: str = ""
    """The type of contract of a pair's continuous candles."""


_TICKERS = {
    "miniTicker": (ChannelKind.MINI_TICKER, 1000),
    "ticker": (ChannelKind.TICKER, 1000),
    # In real time, says the venue: as often as its fastest order book.
    "bookTicker": (ChannelKind.BOOK_TICKER, 100),
}
_OF_ONE = {
    Market.SPOT: _TICKERS,
    Market.USDM: {
        **_TICKERS,
        "markPrice": (ChannelKind.MARK_PRICE, 3000),
        "markPrice@1s": (ChannelKind.MARK_PRICE, 1000),
    },
}
_OF_ALL = {
    # Spot has retired !ticker@arr.
    Market.SPOT: {"!miniTicker@arr": (ChannelKind.MINI_TICKER, 1000)},
    Market.USDM: {
        "!miniTicker@arr": (ChannelKind.MINI_TICKER, 1000),
        "!ticker@arr": (ChannelKind.TICKER, 1000),
        "!markPrice@arr": (ChannelKind.MARK_PRICE, 3000),
        "!markPrice@arr@1s": (ChannelKind.MARK_PRICE, 1000),
        "!contractInfo": (ChannelKind.CONTRACT_INFO, 100),
    },
}


def channel_of(market: Market, stream: str) -> Channel | None:
    """Return what the name `stream` means to `market`, None when it means nothing."""
    if stream in _OF_ALL[market]:
        return Channel(*_OF_ALL[market][stream])
    symbol, _, topic = stream.partition("@")
    if not symbol or symbol != symbol.lower():
        return None
    if topic in _OF_ONE[market]:
        return Channel(*_OF_ONE[market][topic], symbol=symbol.upper())
    return _candles(market, symbol, topic) or _continuous(market, symbol, topic)


def _candles(market: Market, symbol: str, topic: str) -> Channel | None:
    match = _KLINE.fullmatch(topic)
    interval = _interval(market, match[1]) if match else None
    if match is None or interval is None or (match[2] and market is not Market.SPOT):
        return None
    shift = _EIGHT_HOURS if match[2] else 0
    return Channel(ChannelKind.KLINE, _period(market, interval), symbol.upper(), interval, shift)


def _continuous(market: Market, name: str, topic: str) -> Channel | None:
    match, pair = _CONTINUOUS_KLINE.fullmatch(topic), _CONTINUOUS.fullmatch(name)
    interval = _interval(market, match[1]) if match else None
    if pair is None or interval is None or market is not Market.USDM:
        return None
    return Channel(
        ChannelKind.CONTINUOUS_KLINE,
        _period(market, interval),
        pair[1].upper(),
        interval,
        contract=pair[2].upper(),
    )


def _interval(market: Market, name: str) -> Interval | None:
    interval = next((each for each in Interval if each.value == name), None)
    return interval if interval is not None and interval.offered_by(market) else None


def _period(market: Market, interval: Interval) -> int:
    if market is Market.USDM:
        return 250
    return 1000 if interval is Interval.S1 else 2000
