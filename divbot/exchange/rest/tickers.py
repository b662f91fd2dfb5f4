"""Replies about prices now: 24-hour statistics, prices, quotes, and the mark price."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from divbot.domain.durations import DAY
from divbot.domain.market import Market
from divbot.exchange.market.number_format import Decimals, NumberFormat
from divbot.exchange.market.quotes import RATE, index_price, mark_decimals, mark_price, top_of_book
from divbot.exchange.market.settlements import funding_rate, next_settlement
from divbot.exchange.market.tape import (
    QUOTE_VOLUME,
    VOLUME,
    Rows,
    SymbolListing,
)
from divbot.exchange.market.venue import Day
from divbot.exchange.rest.json_text import JsonObject

TickerOf: TypeAlias = Callable[[SymbolListing, NumberFormat, Day], JsonObject]

_PERCENT = Decimals(3, 3)
_INTEREST_RATE = "0.00010000"
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


def full_day(listing: SymbolListing, form: NumberFormat, day: Day) -> JsonObject:
    """Return the spot 24-hour statistics."""
    row, price, volume = day.row, form.price.text, form.volume.text
    opened, last = row.open, row.close
    first_id, last_id = trade_ids(day.first_trade, row.trades)
    return {
        "symbol": listing.symbol,
        "priceChange": price(last - opened),
        "priceChangePercent": _percent(last - opened, opened),
        "weightedAvgPrice": _average(form, day),
        "prevClosePrice": price(day.previous_close),
        "lastPrice": price(last),
        "lastQty": volume(day.last_volume),
        **_quotes(listing, form, day),
        "openPrice": price(opened),
        "highPrice": price(row.high),
        "lowPrice": price(row.low),
        "volume": volume(row.volume),
        "quoteVolume": form.quote.text(row.quote_volume),
        "openTime": day.now - DAY,
        "closeTime": day.now,
        "firstId": first_id,
        "lastId": last_id,
        "count": row.trades,
    }


def mini_day(listing: SymbolListing, form: NumberFormat, day: Day) -> JsonObject:
    """Return the short spot 24-hour statistics."""
    full = full_day(listing, form, day)
    return {name: full[name] for name in MINI}


def futures_day(listing: SymbolListing, form: NumberFormat, day: Day) -> JsonObject:
    """Return the futures 24-hour statistics: without quotes."""
    full = full_day(listing, form, day)
    return {name: value for name, value in full.items() if name not in _FUTURES_LACK}


def last_price(listing: SymbolListing, form: NumberFormat, day: Day) -> JsonObject:
    """Return the spot price."""
    return {"symbol": listing.symbol, "price": form.price.text(day.row.close)}


def book_ticker(listing: SymbolListing, form: NumberFormat, day: Day) -> JsonObject:
    """Return the spot best bid and ask."""
    return {"symbol": listing.symbol, **_quotes(listing, form, day)}


def _quotes(listing: SymbolListing, form: NumberFormat, day: Day) -> JsonObject:
    quoted = top_of_book(listing, day)
    return {
        "bidPrice": form.price.text(quoted.bid),
        "bidQty": form.volume.text(quoted.bid_size),
        "askPrice": form.price.text(quoted.ask),
        "askQty": form.volume.text(quoted.ask_size),
    }


def _with_time(ticker: TickerOf) -> TickerOf:
    """Return what futures tell, where spot tells `ticker`: its time too."""
    return lambda listing, form, day: {**ticker(listing, form, day), "time": day.now}


def premium_index(listing: SymbolListing, _: NumberFormat, day: Day) -> JsonObject:
    """Return mark price, index price and funding."""
    last, price = day.row.close, mark_decimals(listing)
    index = price.text(index_price(listing, last, day.now))
    due, is_dated = next_settlement(listing, day.now), listing.terms.is_dated
    return {
        "symbol": listing.symbol,
        "markPrice": price.text(mark_price(listing, last, day.now)),
        "indexPrice": index,
        "estimatedSettlePrice": index,
        "lastFundingRate": "" if is_dated else RATE.text(funding_rate(listing, due)),
        "interestRate": "" if is_dated else _INTEREST_RATE,
        "nextFundingTime": 0 if is_dated else due,
        "time": day.now,
    }


def average_price(form: NumberFormat, recent: Rows, last: int, now: int) -> JsonObject:
    """Return the spot average price of `recent` candles; the last price when there was no trade."""
    volume, quoted = int(recent[:, VOLUME].sum()), int(recent[:, QUOTE_VOLUME].sum())
    price = _quotient(form, quoted, volume) if volume else form.price.text(last)
    return {"mins": 5, "price": price, "closeTime": now}


PRICE = {Market.SPOT: last_price, Market.USDM: _with_time(last_price)}
BOOK = {Market.SPOT: book_ticker, Market.USDM: _with_time(book_ticker)}


def _percent(change: int, opened: int) -> str:
    """Return 100 * change / opened, rounded half up to 0.001; a plain 0 without a price."""
    return _PERCENT.text((change * 200_000 + opened) // (2 * opened)) if opened else "0"


def _average(form: NumberFormat, day: Day) -> str:
    last = day.row.close
    if not last:
        return "0"
    if not day.row.volume:
        return form.price.text(last)
    return _quotient(form, day.row.quote_volume, day.row.volume)


def _quotient(form: NumberFormat, quoted: int, volume: int) -> str:
    """Return quote volume per volume."""
    shown = form.price.shown
    units = quoted * 10 ** (form.volume.held + shown)
    return Decimals(shown, shown).text(units // (volume * 10**form.quote.held))


def trade_ids(first: int, count: int) -> tuple[int, int]:
    """Return the numbers of the first and the last of `count` trades from number `first` on."""
    return (first, first + count - 1) if count else (-1, -1)
