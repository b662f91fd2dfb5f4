"""Which symbols are worth looking at: the most traded ones that can be traded."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from divbot.binance.wire import Quote
from divbot.domain.errors import InputError
from divbot.domain.market import Instrument, Ticker

QUOTE = "USDT"


@dataclass(frozen=True, slots=True)
class Listed:
    """One symbol of the universe, with what the listing says of it."""

    symbol: str
    tick_size: Decimal | None
    quote_volume: Decimal
    """Traded in the last 24 hours, in USDT."""
    spread: Decimal | None
    """(ask - bid) / ask; None where there is no quote."""


def most_traded(
    instruments: Mapping[str, Instrument],
    tickers: Mapping[str, Ticker],
    quotes: Mapping[str, Quote],
    count: int,
) -> tuple[Listed, ...]:
    """Return at most `count` tradable USDT symbols, by quote volume, then by name."""
    tradable = [
        _listed(instrument, tickers[instrument.symbol], quotes)
        for instrument in instruments.values()
        if instrument.tradable and instrument.quote == QUOTE and instrument.symbol in tickers
    ]
    tradable.sort(key=lambda listed: (-listed.quote_volume, listed.symbol))
    return tuple(tradable[:count])


def chosen(
    instruments: Mapping[str, Instrument],
    tickers: Mapping[str, Ticker],
    quotes: Mapping[str, Quote],
    symbols: Sequence[str],
) -> tuple[Listed, ...]:
    """Return the listings of `symbols`, in their order; raise InputError for one that is none."""
    for symbol in symbols:
        if symbol not in instruments:
            raise InputError(_unknown(symbol, instruments))
    return tuple(
        _listed(instruments[symbol], tickers.get(symbol), quotes)
        for symbol in dict.fromkeys(symbols)
    )


def _listed(instrument: Instrument, ticker: Ticker | None, quotes: Mapping[str, Quote]) -> Listed:
    quote = quotes.get(instrument.symbol)
    return Listed(
        symbol=instrument.symbol,
        tick_size=instrument.tick_size,
        quote_volume=ticker.quote_volume if ticker else Decimal(0),
        spread=(quote.ask - quote.bid) / quote.ask if quote and quote.ask > 0 else None,
    )


def _unknown(symbol: str, instruments: Mapping[str, Instrument]) -> str:
    near = difflib.get_close_matches(symbol, instruments, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"unknown symbol {symbol!r}: the venue does not list it{hint}"
