"""What streams send, in the venue's one-letter words.

The numbers are those of the REST replies, by the same functions: here they only get other names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from divbot.domain.market import Market
from divbot.exchange.market.number_format import NumberFormat
from divbot.exchange.market.tape import CandleRow, SymbolListing
from divbot.exchange.market.venue import Day
from divbot.exchange.rest import tickers
from divbot.exchange.rest.exchange_info import futures_entry
from divbot.exchange.rest.json_text import JsonObject, json_bytes
from divbot.exchange.rest.tickers import TickerOf

ContentOf: TypeAlias = Callable[[SymbolListing, NumberFormat, Day, int], JsonObject]

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
_MINI = {
    name: _FULL[name]
    for name in ("lastPrice", "openPrice", "highPrice", "lowPrice", "volume", "quoteVolume")
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
class StreamEvent:
    """One message of one stream; several symbols may share it."""

    stream: str
    content: JsonObject | list[JsonObject]

    def text(self, *, combined: bool, microseconds: bool) -> str:
        """Return the message as JSON: wrapped with its stream's name, its times in us, or not."""
        content = in_microseconds(self.content) if microseconds else self.content
        return json_bytes(
            {"stream": self.stream, "data": content} if combined else content
        ).decode()


def kline(
    listing: SymbolListing,
    form: NumberFormat,
    row: CandleRow,
    first_trade: int,
    close_time: int,
    interval: str,
) -> JsonObject:
    """Return the `k` of an event about a candle, all but whether it is closed."""
    price, volume, quote = form.price.text, form.volume.text, form.quote.text
    first_id, last_id = tickers.trade_ids(first_trade, row.trades)
    return {
        "t": row.open_time,
        "T": close_time,
        "s": listing.symbol,
        "i": interval,
        "f": first_id,
        "L": last_id,
        "o": price(row.open),
        "c": price(row.close),
        "h": price(row.high),
        "l": price(row.low),
        "v": volume(row.volume),
        "n": row.trades,
        "x": False,
        "q": quote(row.quote_volume),
        "V": volume(row.taker_volume),
        "Q": quote(row.taker_quote_volume),
        "B": "0",
    }


def candle(k: JsonObject, now: int) -> JsonObject:
    """Return the event about a symbol's candle `k`."""
    return {"e": "kline", "E": now, "s": k["s"], "k": k}


def continuous_candle(k: JsonObject, now: int, pair: str, contract: str) -> JsonObject:
    """Return the event about a candle `k` of whatever is `contract` of `pair`."""
    unnamed = {name: value for name, value in k.items() if name != "s"}
    return {"e": "continuous_kline", "E": now, "ps": pair, "ct": contract, "k": unnamed}


def mini_ticker(listing: SymbolListing, form: NumberFormat, day: Day, now: int) -> JsonObject:
    """Return the short 24-hour statistics."""
    head = {"e": "24hrMiniTicker", "E": now, "s": listing.symbol}
    return head | _renamed(tickers.mini_day(listing, form, day), _MINI)


def _ticker(statistics: TickerOf) -> ContentOf:
    def content(listing: SymbolListing, form: NumberFormat, day: Day, now: int) -> JsonObject:
        told = _renamed(statistics(listing, form, day), _FULL)
        return {"e": "24hrTicker", "E": now, "s": listing.symbol, **told}

    return content


def _spot_book(listing: SymbolListing, form: NumberFormat, day: Day, now: int) -> JsonObject:
    """Return the best bid and ask of spot, which tells no time."""
    return {"u": now, **_renamed(tickers.book_ticker(listing, form, day), _BOOK)}


def _futures_book(listing: SymbolListing, form: NumberFormat, day: Day, now: int) -> JsonObject:
    times = {"e": "bookTicker", "u": now, "E": now, "T": now}
    return times | _spot_book(listing, form, day, now)


def mark_price(listing: SymbolListing, form: NumberFormat, day: Day, now: int) -> JsonObject:
    """Return mark price, index price and funding."""
    index = tickers.premium_index(listing, form, day)
    # Nobody keeps the mark price's average: it is smooth as it is.
    marked = {"p": index["markPrice"], "ap": index["markPrice"]}
    head = {"e": "markPriceUpdate", "E": now, "s": listing.symbol}
    return head | marked | _renamed(index, _MARK)


def contract_info(listing: SymbolListing, form: NumberFormat, status: str, now: int) -> JsonObject:
    """Return what a contract is now; brackets are told only when they change, which ours do not."""
    entry = futures_entry(listing, form, status)
    return {"e": "contractInfo", "E": now, **_renamed(entry, _CONTRACT)}


def server_shutdown(now: int) -> StreamEvent:
    """Return the warning that the connection is about to end."""
    return StreamEvent("!serverShutdown", {"e": "serverShutdown", "E": now})


def in_microseconds(content: JsonObject | list[JsonObject]) -> JsonObject | list[JsonObject]:
    """Return an event of spot with its times, given in ms, in us."""
    if isinstance(content, list):
        return [_micro(each) for each in content]
    return _micro(content)


def _micro(content: JsonObject) -> JsonObject:
    changed = {name: content[name] * 1000 for name in _MILLISECONDS if name in content}
    if "T" in content:
        changed["T"] = content["T"] * 1000 + 999
    if "k" in content:
        changed["k"] = _micro(content["k"])
    return content | changed


def _renamed(reply: JsonObject, names: Mapping[str, str]) -> JsonObject:
    return {short: reply[name] for name, short in names.items() if name in reply}


TICKER = {Market.SPOT: _ticker(tickers.full_day), Market.USDM: _ticker(tickers.futures_day)}
"""What tells 24-hour statistics; on futures they are without quotes."""
BOOK_TICKER = {Market.SPOT: _spot_book, Market.USDM: _futures_book}
"""What tells the best bid and ask."""
