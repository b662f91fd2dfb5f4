"""Candles around the trades of a run: asked from its venue afterwards, or of its history."""

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
    from divbot.research.port import PastMarket
    from divbot.settings import Settings

MOST_SYMBOLS = 60
"""More would take a large part of a minute's request weight."""
MOST_CANDLES = 1_500
"""Of one symbol from a history: more make a page that no phone opens."""


def candles_of_run(start: Started, ledger: Ledger, settings: Settings) -> dict[str, Charted]:
    """Return candles of all symbols that were traded, as far as the venue has them.

    What cannot be had is told in the notes: a page about the past needs no network.
    """
    by_symbol = _by_symbol(ledger)
    if start.is_simulated and settings.base_url is None:
        note = (
            "no candles: the run was on a simulated market; those of a demo end with it, those of "
            "`divbot exchange` are to be had with --base-url while it runs"
        )
        return dict.fromkeys(by_symbol, Charted(note))
    found: dict[str, Charted] = {}
    rest = f"only those of the {MOST_SYMBOLS} most traded symbols are asked for"
    with open_venue(settings) as venue:
        for symbol in list(by_symbol)[:MOST_SYMBOLS]:
            try:
                found[symbol] = _charted(venue, start, by_symbol[symbol], ledger.at)
            except (SymbolError, RequestRejected) as error:
                found[symbol] = Charted(f"no candles: {error}")
            except DivbotError as error:
                rest = str(error)  # all others would meet it too
                break
    return {symbol: found.get(symbol, Charted(f"no candles: {rest}")) for symbol in by_symbol}


def candles_of_past(start: Started, ledger: Ledger, history: PastMarket) -> dict[str, Charted]:
    """Return candles of the symbols that were traded most, from the history itself."""
    rest = Charted(f"no candles: only those of the {MOST_SYMBOLS} most traded symbols are shown")
    return {
        symbol: _past(history, start, trades, ledger.at) if place < MOST_SYMBOLS else rest
        for place, (symbol, trades) in enumerate(_by_symbol(ledger).items())
    }


def _past(history: PastMarket, start: Started, trades: Sequence[AnyTrade], until: int) -> Charted:
    from divbot.candle_arrays import Candles
    from divbot.history.joined import joined_candles

    own = Interval(start.interval)
    window = Window.around(trades, own, until, MOST_CANDLES)
    end = window.since + window.count * window.interval.milliseconds
    try:
        track = history.candles(trades[0].symbol, own, window.since, end)
    except (DivbotError, LookupError) as error:
        return Charted(f"no candles: {error}")
    if len(track.open_time) and window.interval is not own:
        track = joined_candles(track, own, window.interval)
    columns = (track.open_time, track.open, track.high, track.low, track.close, track.volume)
    return window.shown(Candles(*columns), "the history", is_of_the_run=True)


def _by_symbol(ledger: Ledger) -> dict[str, list[AnyTrade]]:
    """Return the trades of each symbol, the most traded first."""
    found: defaultdict[str, list[AnyTrade]] = defaultdict(list)
    for trade in ledger.trades:
        found[trade.symbol].append(trade)
    return dict(sorted(found.items(), key=lambda x: (-len(x[1]), x[0])))


def _charted(
    venue: BinanceListing, start: Started, trades: Sequence[AnyTrade], until: int
) -> Charted:
    from divbot.binance.protocol.endpoints import KLINES_LIMIT

    most = KLINES_LIMIT[start.market].maximum
    window = Window.around(trades, Interval(start.interval), until, most)
    candles = venue.past_candles(trades[0].symbol, window.interval, window.since, window.count)
    return window.shown(candles, venue.venue, is_of_the_run=venue.simulated == start.is_simulated)
