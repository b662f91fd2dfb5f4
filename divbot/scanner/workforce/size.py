"""How many worker processes a scan is worth.

Measured by benchmarks/workers.py: seconds of a whole `divbot scan` on spot, medians of 4 or 5 runs,
on two cores that it shared with the exchange, at 50 ms latency, all candles downloaded.

    symbols   in process   2 workers
          1         0.74        0.66
         50         0.86        0.69
        100         0.98        0.79

    with one core taken by other programs (at 0 ms latency)
          1         0.87        1.39
         10         0.71        0.94
         25         0.77        1.00

Workers load their modules while their parent loads its own, so that on idle cores they are ahead by
0.1 s from the first symbol on; on busy ones that costs twice as much, and 50 MB each in any case.
From some 50 symbols on, what they save is more than that. One more worker takes 35 ms of a
processor and 10 MB (400 symbols, 8 and 32 workers), and 25 symbols take as long.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

AUTO: Final = "auto"
MOST_WORKERS = 256
IN_PROCESS = 0
"""No workers: the scan is done in the process that asks for it."""
WORTH_PROCESSES = 50
"""Symbols from which on processes are the faster way."""
WORTH_A_WORKER = 25
"""Symbols a worker, at least: with fewer, starting one costs more than it saves."""

Workers: TypeAlias = int | Literal["auto"]
"""What a user asks for."""


def workers_for(
    wanted: Workers, symbols: int, cores: int, *, may_stay_in_process: bool = True
) -> int:
    """Return how many workers to start for a scan of `symbols`; IN_PROCESS for none at all.

    A number that is asked for is kept, but there is never a worker without a symbol.
    """
    if wanted != AUTO:
        return min(wanted, symbols)
    if may_stay_in_process and (cores == 1 or symbols < WORTH_PROCESSES):
        return IN_PROCESS
    return max(1, min(cores, symbols // WORTH_A_WORKER))
