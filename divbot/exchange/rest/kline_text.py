"""The JSON of klines: final candles are written once and kept, the forming one each time.

A scan asks for the same thousand candles of each symbol until the next one closes, and writing them
would be most of what an answer costs. What is kept names exactly the candles that it holds, and is
replaced by the first that end elsewhere: so it is never out of date, and old ones do not pile up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from divbot.exchange.market.encoding import NumberFormat, klines_json
from divbot.exchange.market.tape import OPEN_TIME, Rows
from divbot.exchange.market.venue import CandleRange, Venue
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

    @property
    def size(self) -> int:
        return len(self.text) + _PASSAGE_OVERHEAD


class KlineText:
    """Write klines replies; `most_bytes` of final candles are kept, those asked for last."""

    def __init__(
        self, venue: Venue, format_of: Callable[[int], NumberFormat], most_bytes: int = _MOST_BYTES
    ) -> None:
        self._venue = venue
        self._format_of = format_of
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[_Key, _Passage] = OrderedDict()

    def body(self, past: CandleRange, live: Rows, *, microseconds: bool) -> bytes:
        """Return the reply of the candles that `past` means, and of `live` if there is room."""
        passage = self._passage(past, microseconds=microseconds)
        texts = [passage.text] if passage.count else []
        if len(live) and past.leaves_room(passage.count):
            texts.append(self._written(past, live, microseconds=microseconds))
        return b"[" + b",".join(texts) + b"]"

    def _passage(self, past: CandleRange, *, microseconds: bool) -> _Passage:
        key = past.number, past.grid, past.first, past.limit, past.newest, microseconds
        kept = self._kept.get(key)
        if kept is not None and kept.until == past.until:
            self._kept.move_to_end(key)
            return kept
        rows = self._venue.rows_of(past)
        text = self._written(past, rows, microseconds=microseconds)
        passage = _Passage(past.until, text, len(rows))
        self._keep(key, passage)
        return passage

    def _keep(self, key: _Key, passage: _Passage) -> None:
        replaced = self._kept.pop(key, None)
        self._bytes -= replaced.size if replaced else 0
        self._kept[key] = passage
        self._bytes += passage.size
        while self._bytes > self._most_bytes:
            self._bytes -= self._kept.popitem(last=False)[1].size

    def _written(self, past: CandleRange, rows: Rows, *, microseconds: bool) -> bytes:
        close_times = past.grid.close_times(rows[:, OPEN_TIME])
        if microseconds:
            rows, close_times = rows.copy(), close_times * 1000 + 999
            rows[:, OPEN_TIME] *= 1000
        return klines_json(rows, close_times, self._format_of(past.number))[1:-1]
