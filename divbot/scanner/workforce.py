"""How many worker processes a scan is worth.

Measured by benchmarks/workers.py: seconds of a whole `divbot scan` on spot, the fastest of 5 to 7
runs, on two cores that it shared with the exchange, all candles downloaded.

    symbols   0 ms latency: in process, 2 workers   50 ms latency: in process, 2 workers
          1                      0.69        1.14                        0.76       1.02
         50                      0.87        1.36                        0.99       1.11
        100                      1.14        1.50                        1.23       1.17
        150                      1.16        1.07                        1.37       1.14
        200                      1.38        1.37                        1.61       1.44
        400                      2.18        1.79                        2.36       1.91

Workers have to be started, which takes some 0.3 s, and twice the memory; from about 150 symbols on,
what they save is more. One worker alone never was the fastest. Starting one more takes 0.18
processor seconds and 40 MB, and 40 symbols take as long: 400 symbols are done no sooner by more
than 10 workers, however many cores there are.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

AUTO: Final = "auto"
MOST_WORKERS = 256
IN_PROCESS = 0
"""No workers: the scan is done in the process that asks for it."""
WORTH_PROCESSES = 150
"""Symbols from which on processes are the faster way."""
WORTH_A_WORKER = 40
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
