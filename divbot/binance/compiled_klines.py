"""Candles read by compiled code: several times as fast, and no other thread waits meanwhile."""

from __future__ import annotations

import numpy as np

from divbot.binance import wire
from divbot.binance.wire import Candles
from divbot.domain.market import Interval
from divbot.kernels.klines import COLUMNS, SHORTEST, read_klines


def parse_final_klines(body: bytes, interval: Interval) -> Candles:
    """Return what `wire.parse_final_klines` does; what looks unusual is left to that."""
    room = len(body) // SHORTEST + 1
    open_time, columns = np.empty(room, np.int64), np.empty((COLUMNS, room))
    count = read_klines(np.frombuffer(body, np.uint8), open_time, columns)
    if count < 0:
        return wire.parse_final_klines(body, interval)
    return wire.final_klines(open_time[:count].copy(), columns[:, :count].copy(), interval)
