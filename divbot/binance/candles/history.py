"""The newest final candles of a symbol: those that are kept, and only the missing ones asked for.

What is kept is believed as far as the venue confirms it: the newest candle that is kept is asked
for again, at no further cost, and has to come back bit for bit. Where it does not, whatever the
reason (a candle that was corrected, another coin under an old name, another exchange at an old
address, a gap), all is downloaded afresh. So it is while the newest that are kept have a gap: the
venue may fill it in later. That is one request for one, as long as the gap is among them.
"""

from __future__ import annotations

import numpy as np

from divbot.binance.candles.candle_store import CandleStore, Stored
from divbot.binance.client import BinanceClient
from divbot.candle_arrays import Candles
from divbot.domain.market import Interval

_SPARE = 1
"""One more may open before the question arrives."""


class CandleHistory:
    """Answer with candles, kept ones where they will do; safe to use from several threads."""

    def __init__(self, client: BinanceClient, store: CandleStore | None) -> None:
        self._client = client
        self._store = store

    def final_candles(self, symbol: str, interval: Interval, limit: int, at: int = 0) -> Candles:
        """Return the newest final candles of `symbol`, at most `limit - 1` of them.

        `at` is the venue's time, ms UTC, or somewhat earlier; 0: unknown.
        """
        if self._store is None:
            return self._client.final_candles(symbol, interval, limit)
        stored = self._store.read(symbol, interval)
        if stored is not None and at and _serves(stored, interval, limit):
            candles = self._continued(self._store, stored, symbol, interval, limit, at)
            if candles is not None:
                return candles
        candles = self._client.final_candles(symbol, interval, limit)
        self._store.begin(symbol, interval, limit, candles)
        return candles

    def _continued(
        self,
        store: CandleStore,
        stored: Stored,
        symbol: str,
        interval: Interval,
        limit: int,
        at: int,
    ) -> Candles | None:
        """Return what is kept with what came after it; None where the two do not fit."""
        newest = int(stored.candles.open_time[-1])
        # That one, and those that opened since, the newest of which still forms.
        wanted = 1 + max(interval.steps_between(newest, at), 0) + _SPARE
        if wanted >= limit:
            return None
        tail = self._client.final_candles(symbol, interval, wanted)
        known = int(np.searchsorted(tail.open_time, newest, side="right"))
        if not known or not _ends_with(stored.candles, tail.between(0, known)):
            return None
        newer = tail.between(known, len(tail))
        store.add(stored, newer)
        joined = stored.candles.followed_by(newer)
        return joined.between(max(len(joined) - (limit - 1), 0), len(joined))


def _serves(stored: Stored, interval: Interval, limit: int) -> bool:
    """Tell whether the newest that one asks for by `limit` are kept, and none is missing."""
    if not stored.reaches(limit):
        return False
    times = stored.candles.open_time[1 - limit :]
    first, last = int(times[0]), int(times[-1])
    return interval.steps_between(first, last) == len(times) - 1


def _ends_with(candles: Candles, end: Candles) -> bool:
    count = len(end)
    return count <= len(candles) and all(
        ours[-count:].tobytes() == theirs.tobytes()
        for ours, theirs in zip(candles.columns, end.columns, strict=True)
    )
