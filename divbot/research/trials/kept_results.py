"""Daily results as bytes of a ledger, and back: to the last bit."""

from __future__ import annotations

import io
import zlib

import numpy as np

from divbot.evaluation import DailyResults


def packed(results: DailyResults) -> bytes:
    """Return `results` in few bytes; equal results have equal bytes."""
    file = io.BytesIO()
    for array in (
        np.array([results.days.start, results.days.stop], np.int64),
        np.frombuffer("\n".join(results.settings).encode(), np.uint8),
        np.ascontiguousarray(results.net_r, np.float64),
        np.ascontiguousarray(results.trades, np.int64),
    ):
        np.lib.format.write_array(file, array, allow_pickle=False)
    return zlib.compress(file.getvalue())


def unpacked(content: bytes) -> DailyResults:
    """Return what was packed; raise ValueError for what never was."""
    try:
        file = io.BytesIO(zlib.decompress(content))
        days, names, net_r, trades = (
            np.lib.format.read_array(file, allow_pickle=False) for _ in range(4)
        )
        text = names.tobytes().decode()
        settings = tuple(text.split("\n")) if text else ()
        return DailyResults(settings, range(int(days[0]), int(days[1])), net_r, trades)
    except (zlib.error, EOFError, IndexError) as error:
        raise ValueError(f"no daily results: {error}") from error
