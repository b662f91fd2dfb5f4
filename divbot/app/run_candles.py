"""Candles around the trades of a run: asked from its venue afterwards, or of its history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from divbot.app.scanning import open_venue
from divbot.domain.clock import utc_text
from divbot.domain.errors import DivbotError, RequestRejected, SymbolError
from divbot.domain.market import Interval, Market
from divbot.domain.trades import AnyTrade

if TYPE_CHECKING:
    from divbot.binance.market_data import BinanceListing
    from divbot.candle_arrays import Candles
    from divbot.domain.events import Started
    from divbot.domain.ledger import Ledger
    from divbot.research.port import PastMarket
    from divbot.settings import Settings

_AROUND = 40
"""Candles before the first entry, and after the last exit."""
MOST_SYMBOLS = 60
"""More would take a large part of a minute's request weight."""
MOST_CANDLES = 1_500
"""Of one symbol from a history: more make a page that no phone opens."""
_NEAR = 0.02
"""By which part of its price a fill may lie outside its candle: spread and slippage."""


@dataclass(frozen=True, slots=True)
class Charted:
    """Candles of one symbol, or why there are none."""

    note: str
    """What a reader should know of them."""
    candles: Candles | None = None


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
    by_symbol = _by_symbol(ledger)
    return {
        symbol: _past(history, start, trades, ledger.at) if place < MOST_SYMBOLS else rest
        for place, (symbol, trades) in enumerate(by_symbol.items())
    }


def _past(history: PastMarket, start: Started, trades: Sequence[AnyTrade], until: int) -> Charted:
    from divbot.candle_arrays import Candles
    from divbot.history.joined import joined_candles

    own, symbol = Interval(start.interval), trades[0].symbol
    first, last = _ends(trades, until)
    longer = [x for x in Interval if x.is_regular and x.milliseconds >= own.milliseconds]
    most = MOST_CANDLES - 2 * _AROUND
    interval = next((x for x in longer if last - first <= most * x.milliseconds), longer[-1])
    around = _AROUND * interval.milliseconds
    try:
        track = history.candles(symbol, own, first - around, last + around)
    except (DivbotError, LookupError) as error:
        return Charted(f"no candles: {error}")
    if not len(track.open_time):
        return Charted("no candles: the history has none of that time")
    if interval is not own:
        track = joined_candles(track, own, interval)
    columns = (track.open_time, track.open, track.high, track.low, track.close, track.volume)
    candles = Candles(*columns)
    if not _hold(candles, interval, trades):
        return Charted("no candles: those of the history do not hold the fills of this run")
    return Charted(_note("the history", interval, own, candles, first), candles)


def _by_symbol(ledger: Ledger) -> dict[str, list[AnyTrade]]:
    """Return the trades of each symbol, the most traded first."""
    found: defaultdict[str, list[AnyTrade]] = defaultdict(list)
    for trade in ledger.trades:
        found[trade.symbol].append(trade)
    return dict(sorted(found.items(), key=lambda x: (-len(x[1]), x[0])))


def _ends(trades: Sequence[AnyTrade], until: int) -> tuple[int, int]:
    """Return the first entry and the last exit, ms UTC."""
    first = min(x.opened_at for x in trades)
    return first, max(until if x.closed_at is None else x.closed_at for x in trades)


def _note(source: str, interval: Interval, own: Interval, candles: Candles, first: int) -> str:
    notes = [f"{source}, candles of {interval.value}"]
    if interval is not own:
        notes.append(f"longer than the run's {own.value}, as they cover all trades of the symbol")
    if candles.open_time[0] > first:
        notes.append(f"there are none before {utc_text(int(candles.open_time[0]))} UTC")
    return f"{'; '.join(notes)}."


def _charted(
    venue: BinanceListing, start: Started, trades: Sequence[AnyTrade], until: int
) -> Charted:
    first, last = _ends(trades, until)
    own = Interval(start.interval)
    interval = _finest(last - first, own, start.market)
    since = first - _AROUND * interval.milliseconds
    count = (last - since) // interval.milliseconds + _AROUND
    candles = venue.past_candles(trades[0].symbol, interval, since, count)
    if not len(candles):
        return Charted(f"no candles: {venue.venue} has none of that time")
    if venue.simulated != start.is_simulated or not _hold(candles, interval, trades):
        return Charted(f"no candles: those of {venue.venue} do not hold the fills of this run")
    return Charted(_note(venue.venue, interval, own, candles, first), candles)


def _finest(span: int, own: Interval, market: Market) -> Interval:
    """Return the shortest interval, `own` or longer, of which one answer covers `span` (ms)."""
    from divbot.binance.protocol.endpoints import KLINES_LIMIT

    most = KLINES_LIMIT[market].maximum - 2 * _AROUND - 2
    longer = [x for x in Interval if x.milliseconds >= own.milliseconds]
    return next((x for x in longer if span <= most * x.milliseconds), longer[-1])


def _hold(candles: Candles, interval: Interval, trades: Sequence[AnyTrade]) -> bool:
    """Tell whether the entries lie in their candles, as far as there are any."""
    lows = dict(zip(candles.open_time.tolist(), candles.low.tolist(), strict=True))
    highs = dict(zip(candles.open_time.tolist(), candles.high.tolist(), strict=True))
    return all(
        lows[at] * (1 - _NEAR) <= float(x.entry.price) <= highs[at] * (1 + _NEAR)
        for x in trades
        if (at := x.opened_at // interval.milliseconds * interval.milliseconds) in lows
    )
