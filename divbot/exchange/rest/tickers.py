"""Replies about prices now: 24-hour statistics, prices, quotes, and the mark price."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from divbot.domain.market import Market
from divbot.exchange.market.encoding import Decimals, NumberFormat
from divbot.exchange.market.quotes import INTEREST_RATE, mark, mark_decimals, top_of_book
from divbot.exchange.market.tape import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    QUOTE_VOLUME,
    TRADES,
    VOLUME,
    Rows,
    SymbolListing,
)
from divbot.exchange.market.venue import Day
from divbot.recordings.grid import DAY

Reply: TypeAlias = dict[str, Any]
TickerOf: TypeAlias = Callable[[SymbolListing, NumberFormat, Day], Reply]

_PERCENT = Decimals(3, 3)
MINI = (
    "symbol",
    "openPrice",
    "highPrice",
    "lowPrice",
    "lastPrice",
    "volume",
    "quoteVolume",
    "openTime",
    "closeTime",
    "firstId",
    "lastId",
    "count",
)
WINDOW = ("symbol", "priceChange", "priceChangePercent", "weightedAvgPrice", *MINI[1:])
_FUTURES_LACK = ("prevClosePrice", "bidPrice", "bidQty", "askPrice", "askQty")


def full_day(listing: SymbolListing, form: NumberFormat, day: Day) -> Reply:
    """Return the spot 24-hour statistics."""
    row, price, volume = day.row, form.price.text, form.volume.text
    opened, last = int(row[OPEN]), int(row[CLOSE])
    quoted = top_of_book(listing, day)
    first_id, last_id = trade_ids(day.first_trade, int(row[TRADES]))
    return {
        "symbol": listing.symbol,
        "priceChange": price(last - opened),
        "priceChangePercent": _percent(last - opened, opened),
        "weightedAvgPrice": _average(form, day),
        "prevClosePrice": price(day.previous_close),
        "lastPrice": price(last),
        "lastQty": volume(day.last_volume),
        "bidPrice": price(quoted.bid),
        "bidQty": volume(quoted.bid_size),
        "askPrice": price(quoted.ask),
        "askQty": volume(quoted.ask_size),
        "openPrice": price(opened),
        "highPrice": price(int(row[HIGH])),
        "lowPrice": price(int(row[LOW])),
        "volume": volume(int(row[VOLUME])),
        "quoteVolume": form.quote.text(int(row[QUOTE_VOLUME])),
        "openTime": day.now - DAY,
        "closeTime": day.now,
        "firstId": first_id,
        "lastId": last_id,
        "count": int(row[TRADES]),
    }


def mini_day(listing: SymbolListing, form: NumberFormat, day: Day) -> Reply:
    """Return the short spot 24-hour statistics."""
    full = full_day(listing, form, day)
    return {name: full[name] for name in MINI}


def futures_day(listing: SymbolListing, form: NumberFormat, day: Day) -> Reply:
    """Return the futures 24-hour statistics: without quotes."""
    full = full_day(listing, form, day)
    return {name: value for name, value in full.items() if name not in _FUTURES_LACK}


def last_price(listing: SymbolListing, form: NumberFormat, day: Day) -> Reply:
    """Return the spot price."""
    return {"symbol": listing.symbol, "price": form.price.text(int(day.row[CLOSE]))}


def book_ticker(listing: SymbolListing, form: NumberFormat, day: Day) -> Reply:
    """Return the spot best bid and ask."""
    quoted = top_of_book(listing, day)
    return {
        "symbol": listing.symbol,
        "bidPrice": form.price.text(quoted.bid),
        "bidQty": form.volume.text(quoted.bid_size),
        "askPrice": form.price.text(quoted.ask),
        "askQty": form.volume.text(quoted.ask_size),
    }


def futures_last_price(listing: SymbolListing, form: NumberFormat, day: Day) -> Reply:
    """Return the futures price, with its time."""
    return {**last_price(listing, form, day), "time": day.now}


def futures_book_ticker(listing: SymbolListing, form: NumberFormat, day: Day) -> Reply:
    """Return the futures best bid and ask, with their time."""
    return {**book_ticker(listing, form, day), "time": day.now}


def premium_index(listing: SymbolListing, _: NumberFormat, day: Day) -> Reply:
    """Return mark price, index price and funding."""
    marked = mark(listing, int(day.row[CLOSE]), day.now)
    price = mark_decimals(listing)
    is_dated = listing.terms.is_dated
    return {
        "symbol": listing.symbol,
        "markPrice": price.text(marked.mark),
        "indexPrice": price.text(marked.index),
        "estimatedSettlePrice": price.text(marked.index),
        "lastFundingRate": "" if is_dated else Decimals(8, 8).text(marked.funding_rate),
        "interestRate": "" if is_dated else INTEREST_RATE,
        "nextFundingTime": 0 if is_dated else marked.next_funding,
        "time": day.now,
    }


def average_price(form: NumberFormat, recent: Rows, last: int, now: int) -> Reply:
    """Return the spot average price of `recent` candles; the last price when there was no trade."""
    volume, quoted = int(recent[:, VOLUME].sum()), int(recent[:, QUOTE_VOLUME].sum())
    price = _quotient(form, quoted, volume) if volume else form.price.text(last)
    return {"mins": 5, "price": price, "closeTime": now}


PRICE = {Market.SPOT: last_price, Market.USDM: futures_last_price}
BOOK = {Market.SPOT: book_ticker, Market.USDM: futures_book_ticker}


def _percent(change: int, opened: int) -> str:
    """Return 100 * change / opened, rounded half up to 0.001; a plain 0 without a price."""
    return _PERCENT.text((change * 200_000 + opened) // (2 * opened)) if opened else "0"


def _average(form: NumberFormat, day: Day) -> str:
    last = int(day.row[CLOSE])
    if not last:
        return "0"
    if not day.row[VOLUME]:
        return form.price.text(last)
    return _quotient(form, int(day.row[QUOTE_VOLUME]), int(day.row[VOLUME]))


def _quotient(form: NumberFormat, quoted: int, volume: int) -> str:
    """Return quote volume per volume."""
    shown = form.price.shown
    units = quoted * 10 ** (form.volume.held + shown)
    return Decimals(shown, shown).text(units // (volume * 10**form.quote.held))


def trade_ids(first: int, count: int) -> tuple[int, int]:
    """Return the numbers of the first and the last of `count` trades from number `first` on."""
    return (first, first + count - 1) if count else (-1, -1)
