"""What numbers of workers come to: medians, a table, and which to take on this machine."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from floor import FULL
from machine import NOISY
from scanning import Scan

ALIKE = 0.05
"""Of the fastest way's seconds: what is no slower than that counts as equally fast."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What was measured, and on what."""

    market: str
    symbols: int
    latency: float
    """ms."""
    cores: int
    repeats: int
    keeps_candles: bool
    weight_limit: int
    """Of the venue, per minute."""
    floor: float
    """Seconds that the bytes alone take; all of them, kept or not."""
    auto: int
    """How many workers divbot takes by itself."""


@dataclass(frozen=True, slots=True)
class Row:
    """The medians of all runs with one number of workers."""

    workers: int
    """0: all in one process."""
    seconds: float
    """Of the whole process, as a user waits for it."""
    fastest: float
    slowest: float
    cycle: float
    listing: float
    download: float
    analysis: float
    cpu: float
    """Per cent of one core."""
    memory: float
    """MB."""
    weight: int
    """Request weight of one scan."""
    weight_per_minute: float
    """Of scans back to back."""
    exchange: float
    """The part of its core that the exchange used, from listing to report."""
    others: float


def row_of(workers: int, scans: Sequence[Scan], memory: float) -> Row:
    """Return the medians of scans."""

    def middle(name: str) -> float:
        return statistics.median(float(getattr(scan, name)) for scan in scans)

    seconds = [scan.process for scan in scans]
    return Row(
        workers=workers,
        seconds=statistics.median(seconds),
        fastest=min(seconds),
        slowest=max(seconds),
        cycle=middle("total"),
        listing=middle("listing"),
        download=middle("download"),
        analysis=middle("analysis"),
        cpu=100 * statistics.median(scan.cpu / scan.process for scan in scans),
        memory=memory,
        weight=round(middle("weight")),
        weight_per_minute=60 * middle("weight") / statistics.median(seconds),
        exchange=statistics.median(scan.exchange / scan.total for scan in scans),
        others=statistics.median(scan.others for scan in scans),
    )


def recommended(rows: Sequence[Row]) -> Row:
    """Return the fewest workers that are about as fast as any."""
    best = min(row.seconds for row in rows)
    return min((x for x in rows if x.seconds <= (1 + ALIKE) * best), key=lambda x: x.workers)


def flag_of(workers: int) -> str:
    """Return what to tell divbot for so many workers."""
    return f"--workers {workers}" if workers else "--sequential"


def advice(setup: Setup, rows: Sequence[Row]) -> Iterator[str]:
    """Yield what follows from the figures, and what is to be doubted in them."""
    best = recommended(rows)
    yield f"recommended here: {flag_of(best.workers)} ({best.seconds:.2f} s, {best.memory:.0f} MB)"
    by_itself = next((row for row in rows if row.workers == setup.auto), None)
    cost = f", {by_itself.seconds / best.seconds:.2f} times as long" if by_itself else ""
    yield f"--workers auto takes {flag_of(setup.auto)}{'' if by_itself is best else cost}"
    yield (
        f"a scan costs {best.weight} request weight, the venue allows {setup.weight_limit} a "
        f"minute: {setup.weight_limit / max(best.weight, 1):.1f} scans"
    )
    yield f"the bytes alone, all {setup.symbols} answers: {setup.floor:.2f} s"
    yield from doubts(rows)


def doubts(rows: Sequence[Row]) -> Iterator[str]:
    """Yield why the figures may tell of something else than of divbot."""
    full = [row for row in rows if row.exchange > FULL]
    if full:
        numbers = ", ".join(str(row.workers) for row in full)
        yield f"warning: the exchange was the bottleneck with {numbers} workers"
    noise = max(row.others for row in rows)
    if noise > NOISY:
        yield f"warning: noisy, other programs used up to {noise:.0%} of the cores"
    if any(row.slowest > 1.5 * row.fastest for row in rows):
        yield "warning: runs of one kind differ by half and more; take more --repeats"


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield (
        "workers  seconds  fastest   cycle  listing  download  analysis   CPU %  memory  "
        "weight  weight/min  exchange  others"
    )
    for row in rows:
        yield (
            f"{row.workers or 'none':>7}  {row.seconds:>7.2f}  {row.fastest:>7.2f}  "
            f"{row.cycle:>6.2f}  {row.listing:>7.2f}  {row.download:>8.2f}  {row.analysis:>8.2f}  "
            f"{row.cpu:>6.0f}  {row.memory:>3.0f} MB  {row.weight:>6}  "
            f"{row.weight_per_minute:>10.0f}  {row.exchange:>8.0%}  {row.others:>6.0%}"
        )


def heading(setup: Setup) -> str:
    """Return what was measured, in a line."""
    kept = "candles kept" if setup.keeps_candles else "all candles downloaded"
    return (
        f"{setup.symbols} symbols, {setup.market}, {setup.latency:g} ms latency, {kept}, "
        f"{setup.cores} cores, medians of {setup.repeats} runs"
    )


def document(setup: Setup, rows: Sequence[Row]) -> dict[str, Any]:
    """Return all of it for machines."""
    return {
        **asdict(setup),
        "rows": [asdict(row) for row in rows],
        "recommended": recommended(rows).workers,
        "warnings": list(doubts(rows)),
    }
