"""What the charts of a report show: plain lists for the script of the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape
from itertools import accumulate
from typing import Any

from divbot.cli.figures import signed
from divbot.domain.ledger import Ledger
from divbot.domain.names import words
from divbot.domain.trades import AnyTrade, ClosedTrade
from divbot.trading.figures.charted import Charted
from divbot.trading.figures.drawdown import underwater
from divbot.trading.figures.stats import Stats

_NOT_ASKED = Charted("no candles: they were not asked for")
MOST_POINTS = 3_000
"""More than a screen can show."""


def chart_data(
    stats: Stats, ledger: Ledger, charted: Mapping[str, Charted] | None = None
) -> dict[str, Any]:
    """Return the curves, the profits in the order of closing, and the trades of each symbol.

    `charted` has the candles of some symbols, or says why there are none.
    """
    return {
        "until": stats.until,
        "balance": float(stats.balance),
        "equity": _equity(stats),
        "drawdown": _deepest(stats),
        "profits": _profits(ledger.closed),
        "symbols": _symbols(ledger.trades, charted or {}),
    }


def _equity(stats: Stats) -> dict[str, list[float]]:
    equity = [float(x.equity) for x in stats.curve]
    lost = underwater(stats.curve)
    shown = thinned(equity, MOST_POINTS)
    return {
        "at": [stats.curve[i].at for i in shown],
        "equity": [equity[i] for i in shown],
        "underwater": [round(-100 * lost[i], 4) for i in shown],
    }


def thinned(values: Sequence[float], most: int) -> list[int]:
    """Return the places of about `most` values at most, every extreme of the curve among them."""
    if len(values) <= most:
        return list(range(len(values)))
    # Each stretch keeps its ends, its lowest and its highest value.
    length = -(-4 * len(values) // most)
    kept: set[int] = set()
    for start in range(0, len(values), length):
        places = range(start, min(start + length, len(values)))
        kept |= {places[0], places[-1], min(places, key=values.__getitem__)}
        kept.add(max(places, key=values.__getitem__))
    return sorted(kept)


def _deepest(stats: Stats) -> dict[str, int | None] | None:
    fall = stats.drawdown
    if fall is None:
        return None
    return {"peak": fall.peak.at, "trough": fall.trough.at, "recovered": fall.recovered_at}


def _profits(closed: Sequence[ClosedTrade]) -> dict[str, list[Any]]:
    ordered = sorted(closed, key=lambda x: (x.closed_at, x.number))
    totals = accumulate(x.profit for x in ordered)
    return {
        "profit": [float(x.profit) for x in ordered],
        "total": [float(x) for x in totals],
        "text": [_text(x) for x in ordered],
    }


def _symbols(trades: Sequence[AnyTrade], charted: Mapping[str, Charted]) -> list[dict[str, Any]]:
    found = defaultdict(list)
    for trade in trades:
        found[trade.symbol].append(_fills(trade))
    # The most traded first: it is the one to be shown.
    ordered = sorted(found.items(), key=lambda x: (-len(x[1]), x[0]))
    return [
        {"name": name, "trades": fills, **_candles(charted.get(name, _NOT_ASKED))}
        for name, fills in ordered
    ]


def _candles(charted: Charted) -> dict[str, Any]:
    candles = charted.candles
    columns = ("open_time", "open", "high", "low", "close")
    return {
        "note": charted.note,
        "candles": candles and {name: getattr(candles, name).tolist() for name in columns},
    }


def _fills(trade: AnyTrade) -> dict[str, Any]:
    return {
        "text": _text(trade),
        "side": trade.side.value,
        "entered": trade.opened_at,
        "entry": float(trade.entry.price),
        "exited": trade.closed_at,
        "exit": None if trade.exit is None else float(trade.exit.price),
        "is_won": trade.is_won,
        "stop": float(trade.first_stop),
        "target": float(trade.target),
    }


def _text(trade: AnyTrade) -> str:
    """Return a trade in words; the charts take a text for markup."""
    end = "open"
    if trade.profit is not None and trade.reason is not None:
        end = f"{words(trade.reason.value)}, {signed(trade.profit)}"
    return escape(f"trade {trade.number}: {trade.symbol} {trade.side.value}, {end}")
