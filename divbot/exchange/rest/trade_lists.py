"""Trades as the venue lists them."""

from __future__ import annotations

from divbot.domain.market import Market
from divbot.exchange.market.number_format import Decimals, NumberFormat
from divbot.exchange.market.trades import PublicTrade
from divbot.exchange.rest.json_text import JsonObject


def trade_entry(market: Market, trade: PublicTrade, form: NumberFormat) -> JsonObject:
    """Return a trade as the list of recent ones has it."""
    entry = {
        "id": trade.number,
        "price": form.price.text(trade.price),
        "qty": form.volume.text(trade.size),
        "quoteQty": _product(form).text(trade.price * trade.size),
        "time": trade.time,
        "isBuyerMaker": trade.is_buyer_maker,
    }
    return entry | {"isBestMatch": True} if market is Market.SPOT else entry | {"isRPITrade": False}


def aggregate_entry(market: Market, trade: PublicTrade, form: NumberFormat) -> JsonObject:
    """Return a trade as an aggregate of itself alone."""
    entry = {
        "a": trade.number,
        "p": form.price.text(trade.price),
        "q": form.volume.text(trade.size),
        "f": trade.number,
        "l": trade.number,
        "T": trade.time,
        "m": trade.is_buyer_maker,
    }
    return entry | {"M": True} if market is Market.SPOT else entry


def _product(form: NumberFormat) -> Decimals:
    held = form.price.held + form.volume.held
    return Decimals(held, max(held, form.quote.shown))
