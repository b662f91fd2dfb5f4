"""What streams send, in the venue's one-letter words.

The numbers are those of the REST replies, by the same functions: here they only get other names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from divbot.domain.market import Market
from divbot.exchange.market.encoding import NumberFormat
from divbot.exchange.market.tape import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    OPEN_TIME,
    QUOTE_VOLUME,
    TAKER_QUOTE_VOLUME,
    TAKER_VOLUME,
    TRADES,
    VOLUME,
    SymbolListing,
)
from divbot.exchange.market.venue import Day
from divbot.exchange.rest import tickers
from divbot.exchange.rest.exchange_info import futures_entry
from divbot.exchange.rest.response import json_bytes

Content: TypeAlias = dict[str, Any]

_MINI = {
    "lastPrice": "c",
    "openPrice": "o",
    "highPrice": "h",
    "lowPrice": "l",
    "volume": "v",
    "quoteVolume": "q",
}
_FULL = {
    "priceChange": "p",
    "priceChangePercent": "P",
    "weightedAvgPrice": "w",
    "prevClosePrice": "x",
    "lastPrice": "c",
    "lastQty": "Q",
    "bidPrice": "b",
    "bidQty": "B",
    "askPrice": "a",
    "askQty": "A",
    "openPrice": "o",
    "highPrice": "h",
    "lowPrice": "l",
    "volume": "v",
    "quoteVolume": "q",
    "openTime": "O",
    "closeTime": "C",
    "firstId": "F",
    "lastId": "L",
    "count": "n",
}
_BOOK = {"symbol": "s", "bidPrice": "b", "bidQty": "B", "askPrice": "a", "askQty": "A"}
_MARK = {
    "indexPrice": "i",
    "estimatedSettlePrice": "P",
    "lastFundingRate": "r",
    "nextFundingTime": "T",
}
_CONTRACT = {
    "symbol": "s",
    "pair": "ps",
    "contractType": "ct",
    "deliveryDate": "dt",
    "onboardDate": "ot",
    "status": "cs",
}
_MILLISECONDS = ("E", "O", "C", "t")


@dataclass(frozen=True, slots=True)
class Event:
    """One message of one stream; several symbols may share it."""

    stream: str
    content: Content | list[Content]

    def text(self, *, combined: bool, microseconds: bool) -> str:
        """Return the message as JSON: wrapped with its stream's name, its times in us, or not."""
        content = in_microseconds(self.content) if microseconds else self.content
        return json_bytes(
            {"stream": self.stream, "data": content} if combined else content
        ).decode()


def kline(
    listing: SymbolListing,
    form: NumberFormat,
    row: list[int],
    first_trade: int,
    close_time: int,
    interval: str,
) -> Content:
    """Return the `k` of an event about a candle, all but whether it is closed."""
    price, volume, quote = form.price.text, form.volume.text, form.quote.text
    first_id, last_id = tickers.trade_ids(first_trade, row[TRADES])
    return {
        "t": row[OPEN_TIME],
        "T": close_time,
        "s": listing.symbol,
        "i": interval,
        "f": first_id,
        "L": last_id,
        "o": price(row[OPEN]),
        "c": price(row[CLOSE]),
        "h": price(row[HIGH]),
        "l": price(row[LOW]),
        "v": volume(row[VOLUME]),
        "n": row[TRADES],
        "x": False,
        "q": quote(row[QUOTE_VOLUME]),
        "V": volume(row[TAKER_VOLUME]),
        "Q": quote(row[TAKER_QUOTE_VOLUME]),
        "B": "0",
    }


def candle(k: Content, now: int) -> Content:
    """Return the event about a symbol's candle `k`."""
    return {"e": "kline", "E": now, "s": k["s"], "k": k}


def continuous_candle(k: Content, now: int, pair: str, contract: str) -> Content:
    """Return the event about a candle `k` of whatever is `contract` of `pair`."""
    unnamed = {name: value for name, value in k.items() if name != "s"}
    return {"e": "continuous_kline", "E": now, "ps": pair, "ct": contract, "k": unnamed}


def mini_ticker(listing: SymbolListing, form: NumberFormat, day: Day, now: int) -> Content:
    """Return the short 24-hour statistics."""
    head = {"e": "24hrMiniTicker", "E": now, "s": listing.symbol}
    return head | _renamed(tickers.mini_day(listing, form, day), _MINI)


def spot_ticker(listing: SymbolListing, form: NumberFormat, day: Day, now: int) -> Content:
    """Return the 24-hour statistics of spot."""
    return _ticker(tickers.full_day(listing, form, day), now)


def futures_ticker(listing: SymbolListing, form: NumberFormat, day: Day, now: int) -> Content:
    """Return the 24-hour statistics of futures: without quotes."""
    return _ticker(tickers.futures_day(listing, form, day), now)


def spot_book_ticker(listing: SymbolListing, form: NumberFormat, day: Day, now: int) -> Content:
    """Return the best bid and ask of spot, which tells no time."""
    return {"u": now, **_renamed(tickers.book_ticker(listing, form, day), _BOOK)}


def futures_book_ticker(listing: SymbolListing, form: NumberFormat, day: Day, now: int) -> Content:
    """Return the best bid and ask of futures."""
    quoted = _renamed(tickers.book_ticker(listing, form, day), _BOOK)
    return {"e": "bookTicker", "u": now, "E": now, "T": now, **quoted}


def mark_price(listing: SymbolListing, form: NumberFormat, day: Day, now: int) -> Content:
    """Return mark price, index price and funding."""
    index = tickers.premium_index(listing, form, day)
    # Nobody keeps the mark price's average: it is smooth as it is.
    marked = {"p": index["markPrice"], "ap": index["markPrice"]}
    head = {"e": "markPriceUpdate", "E": now, "s": listing.symbol}
    return head | marked | _renamed(index, _MARK)


def contract_info(listing: SymbolListing, status: str, now: int) -> Content:
    """Return what a contract is now; brackets are told only when they change, which ours do not."""
    return {"e": "contractInfo", "E": now, **_renamed(futures_entry(listing, status), _CONTRACT)}


def server_shutdown(now: int) -> Event:
    """Return the warning that the connection is about to end."""
    return Event("!serverShutdown", {"e": "serverShutdown", "E": now})


def in_microseconds(content: Content | list[Content]) -> Content | list[Content]:
    """Return an event of spot with its times, given in ms, in us."""
    if isinstance(content, list):
        return [_micro(each) for each in content]
    return _micro(content)


def _micro(content: Content) -> Content:
    changed = {name: content[name] * 1000 for name in _MILLISECONDS if name in content}
    if "T" in content:
        changed["T"] = content["T"] * 1000 + 999
    if "k" in content:
        changed["k"] = _micro(content["k"])
    return content | changed


def _ticker(full: Content, now: int) -> Content:
    return {"e": "24hrTicker", "E": now, "s": full["symbol"], **_renamed(full, _FULL)}


def _renamed(reply: Content, names: Mapping[str, str]) -> Content:
    return {short: reply[name] for name, short in names.items() if name in reply}


TICKER = {Market.SPOT: spot_ticker, Market.USDM: futures_ticker}
BOOK_TICKER = {Market.SPOT: spot_book_ticker, Market.USDM: futures_book_ticker}
