"""Which symbols a history is about: all of the archive, dead ones included, or the most traded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from divbot.domain.durations import DAY
from divbot.domain.market import Interval
from divbot.domain.symbols import is_symbol
from divbot.history.candles import quote_volumes
from divbot.history.spans import Span
from divbot.history.store import Store

_QUOTED = re.compile(r".+USDT(?:_?SETTLED)*")
"""A restarted contract's old rows are under a name with SETTLED; dated ones end in digits."""
_SPARE = 1.1
"""The list of a scan goes by any 24 hours, this one by whole days: a few more may be on it."""


def usdt_symbols(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are quoted in USDT and have no end from the start, by name."""
    return tuple(sorted(x for x in names if _QUOTED.fullmatch(x) and is_symbol(x)))


def ranked_span(span: Span) -> Span:
    """Return the days whose volumes decide who was among the most traded in `span`."""
    return Span(span.start - span.start % DAY - DAY, span.end)


def most_traded(store: Store, symbols: Sequence[str], span: Span, top: int) -> tuple[str, ...]:
    """Return who was among the `top` most traded on some day before one of `span`, by name.

    By quote volumes of the store's daily candles.
    """
    days = ranked_span(span)
    first, count = days.start // DAY, -(-(days.end - days.start) // DAY)
    volumes = np.zeros((count, len(symbols)))
    for column, symbol in enumerate(symbols):
        track = store.candles(symbol, Interval.D1, *days)
        volumes[track.open_time // DAY - first, column] = quote_volumes(track)
    kept = min(round(_SPARE * top), len(symbols))
    if not kept:
        return ()
    best = np.argsort(-volumes, axis=1, kind="stable")[:, :kept]
    is_traded = np.take_along_axis(volumes, best, axis=1) > 0
    return tuple(sorted({symbols[x] for x in best[is_traded].tolist()}))
