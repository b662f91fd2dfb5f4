"""Candles read by compiled code: several times as fast, and no other thread waits meanwhile."""

from __future__ import annotations

import numpy as np

from divbot.binance.protocol.wire import final_klines_of_json
from divbot.candle_arrays import Candles
from divbot.domain.clock import EARLIEST, LATEST
from divbot.domain.market import Interval
from divbot.kernels.klines import COLUMNS, SHORTEST, are_sound, read_klines


def parse_final_klines(body: bytes, interval: Interval) -> Candles:
    """Return the candles that are final; what looks unusual is left to the reader of all JSON."""
    room = len(body) // SHORTEST + 1
    open_time, columns = np.empty(room, np.int64), np.empty((COLUMNS, room))
    count = read_klines(np.frombuffer(body, np.uint8), open_time, columns)
    spacing = interval.milliseconds if interval.is_regular else 1
    is_sound = count > 0 and are_sound(open_time, columns, count, spacing)
    # They ascend: with these two, all are in ms.
    if not is_sound or not EARLIEST <= open_time[0] <= open_time[count - 1] < LATEST:
        return final_klines_of_json(body, interval)
    # The last one still forms.
    return Candles(open_time[: count - 1].copy(), *columns[:, : count - 1].copy())
