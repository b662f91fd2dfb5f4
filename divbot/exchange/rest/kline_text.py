"""The JSON of klines: final candles are written once and kept, the forming one each time.

A scan asks for the same thousand candles of each symbol until the next one closes, and writing them
would be most of what an answer costs. What is kept names exactly the candles that it holds, and is
replaced by the first that end elsewhere: so it is never out of date, and old ones do not pile up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from divbot.exchange.bounded_cache import BoundedCache
from divbot.exchange.market.tape import OPEN_TIME, Rows
from divbot.exchange.market.venue import CandleRange
from divbot.exchange.market.view import MarketView
from divbot.exchange.rest.kline_json import in_microseconds, klines_json
from divbot.recordings.grid import Grid

_MOST_BYTES = 96_000_000
_PASSAGE_OVERHEAD = 500

_Key: TypeAlias = tuple[int, Grid, int, int, bool, bool]


@dataclass(frozen=True, slots=True)
class _Passage:
    """The rows of a reply without its brackets."""

    until: int
    text: bytes
    count: int


class KlineText:
    """Write klines replies, and keep the text of final candles."""

    def __init__(self, view: MarketView, most_bytes: int = _MOST_BYTES) -> None:
        self._view = view
        self.kept: BoundedCache[_Key, _Passage] = BoundedCache(most_bytes)

    def body(self, final: CandleRange, live: Rows, *, microseconds: bool) -> bytes:
        """Return the reply of the candles that `final` means, and of `live` if there is room."""
        passage = self._passage(final, microseconds=microseconds)
        texts = [passage.text] if passage.count else []
        if len(live) and final.leaves_room(passage.count):
            texts.append(self._written(final, live, microseconds=microseconds))
        return b"[" + b",".join(texts) + b"]"

    def _passage(self, final: CandleRange, *, microseconds: bool) -> _Passage:
        key = final.number, final.grid, final.first, final.limit, final.newest, microseconds
        kept = self.kept.get(key)
        if kept is not None and kept.until == final.until:
            return kept
        rows = self._view.venue.rows_of(final)
        text = self._written(final, rows, microseconds=microseconds)
        passage = _Passage(final.until, text, len(rows))
        return self.kept.keep(key, passage, len(text) + _PASSAGE_OVERHEAD)

    def _written(self, final: CandleRange, rows: Rows, *, microseconds: bool) -> bytes:
        close_times = final.grid.close_times(rows[:, OPEN_TIME])
        if microseconds:
            rows, close_times = in_microseconds(rows, close_times)
        return klines_json(rows, close_times, self._view.format(final.number))[1:-1]
