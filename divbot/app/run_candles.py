"""Candles around the trades of a paper run, asked from its venue afterwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from divbot.app.scanning import open_venue
from divbot.domain.errors import DivbotError, RequestRejected, SymbolError
from divbot.domain.market import Interval
from divbot.domain.trades import AnyTrade
from divbot.trading.figures.charted import Charted, Window

if TYPE_CHECKING:
    from divbot.binance.market_data import BinanceListing
    from divbot.domain.events import Started
    from divbot.domain.ledger import Ledger
    from divbot.settings import Settings

MOST_SYMBOLS = 60
"""More would take a large part of a minute's request weight."""


def candles_of_run(start: Started, ledger: Ledger, settings: Settings) -> dict[str, Charted]:
    """Return candles of all symbols that were traded, as far as the venue has them.

    What cannot be had is told in the notes: a page about the past needs no network.
    """
    by_symbol: defaultdict[str, list[AnyTrade]] = defaultdict(list)
    for trade in ledger.trades:
        by_symbol[trade.symbol].append(trade)
    if start.is_simulated and settings.base_url is None:
        note = (
            "no candles: the run was on a simulated market; those of a demo end with it, those of "
            "`divbot exchange` are to be had with --base-url while it runs"
        )
        return dict.fromkeys(by_symbol, Charted(note))
    found: dict[str, Charted] = {}
    rest = f"only those of the {MOST_SYMBOLS} most traded symbols are asked for"
    with open_venue(settings) as venue:
        for symbol in sorted(by_symbol, key=lambda x: (-len(by_symbol[x]), x))[:MOST_SYMBOLS]:
            try:
                found[symbol] = _charted(venue, start, by_symbol[symbol], ledger.at)
            except (SymbolError, RequestRejected) as error:
                found[symbol] = Charted(f"no candles: {error}")
            except DivbotError as error:
                rest = str(error)  # all others would meet it too
                break
    return {symbol: found.get(symbol, Charted(f"no candles: {rest}")) for symbol in by_symbol}


def _charted(
    venue: BinanceListing, start: Started, trades: Sequence[AnyTrade], until: int
) -> Charted:
    from divbot.binance.protocol.endpoints import KLINES_LIMIT

    most = KLINES_LIMIT[start.market].maximum
    window = Window.around(trades, Interval(start.interval), until, most)
    candles = venue.past_candles(trades[0].symbol, window.interval, window.since, window.count)
    return window.shown(candles, venue.venue, is_of_the_run=venue.simulated == start.is_simulated)
