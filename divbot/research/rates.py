"""Base rates counted from a history: what its divergences that had ended by then say beyond chance.

A month is counted as a whole, with the candles before it that warm its averages up, and those after
it in which its trades end. So a figure hangs on the months alone, and is counted once. What ended
later than `until`, or had not ended, is not counted: nobody knew it then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np

from divbot.domain.clock import date_text
from divbot.domain.durations import DAY
from divbot.domain.market import Interval
from divbot.history.columns import Columns, Each, month_name, one_by_one, open_columns
from divbot.history.kept import let_go, name_of, whole
from divbot.history.port import PastCandles
from divbot.research.past_signals import (
    TOGETHER,
    block_of,
    life_rows,
    overlap,
    sources,
    symbols_of,
)
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.evidence.calibration import count_rate
from divbot.scanner.evidence.walk import Walk, walk
from divbot.scanner.signals.plan import PlanRules

_FORMAT = 1
_COLUMNS = tuple(x.name for x in fields(Walk) if x.name != "parts")


def rate_before(
    history: PastCandles,
    interval: Interval,
    rules: PlanRules,
    until: int,
    *,
    cache: Path,
    where: str = "the store",
    sealed: Iterable[range] = (),
    each: Each = one_by_one,
) -> BaseRate | None:
    """Return what `history` says of candles that had closed by `until`, ms UTC.

    None where nothing of it had ended by then. What is counted is kept below `cache`; `where` says
    in words whose candles they are. What was entered on `sealed` UTC days is left out. Raise
    InputError where there are no candles before `until`.
    """
    folder = cache / f"{history.market.value}-{interval.value}"
    columns = open_columns(history, interval, (0, until), folder, each)
    end = min(columns.step_at_close(until) + 1, columns.end)
    places = range(len(columns.months))
    paths = list(each(walk_of_month, [(columns, x, rules, end, folder) for x in places]))
    let_go(cache, [*paths, *(y for x in columns.months for y in x.files)])
    found = Walk.joined([_read(columns, x, path) for x, path in zip(places, paths, strict=True)])
    day = (found.time + interval.milliseconds) // DAY
    for days_left_out in sealed:
        kept = (day < days_left_out.start) | (day >= days_left_out.stop)
        found, day = found.chosen(kept), day[kept]
    if not len(found):
        return None
    days = " to ".join(date_text(int(x)) for x in (found.time.min(), found.time.max()))
    source = f"{len(np.unique(found.symbol))} symbols of {where}, {days}"
    return count_rate(found, rules, history.market, interval, source)


def walk_of_month(columns: Columns, place: int, rules: PlanRules, end: int, folder: Path) -> Path:
    """Return the file of what was confirmed in the month at `place` and had ended by step `end`."""
    month = columns.months[place]
    start = max(month.first - overlap(rules.indicator.minimum_candles), columns.first)
    stop = min(month.end + rules.horizon + 1, end)
    parts = [x.path.name for x in columns.months if x.first < stop and x.end > start]
    symbols = symbols_of(columns, place)
    rows = [life_rows(columns, x, start, stop) for x in symbols]
    name = name_of(_FORMAT, sources(), parts, start, stop, rows, asdict(rules))
    path = folder / f"{month_name(month.number)}-{name}.cases.npz"
    if not path.exists():
        groups = range(0, max(len(symbols), 1), TOGETHER)
        ends = (start, month.first, min(month.end, end), stop)
        found = Walk.joined([_walk(columns, symbols, x, ends, rules) for x in groups])
        columns.let_go(columns.end)
        with whole(path) as file:
            np.savez(file, **{x: getattr(found, x) for x in _COLUMNS})
    return path


def _walk(
    columns: Columns,
    symbols: list[int],
    first: int,
    ends: tuple[int, int, int, int],
    rules: PlanRules,
) -> Walk:
    """Return what some symbols, from place `first` on, had confirmed in the middle two of `ends`.

    `symbol` is the place among `symbols`, rows are steps.
    """
    start, begin, end, stop = ends
    chosen = symbols[first : first + TOGETHER]
    block, owner = block_of(columns, chosen, start, stop, with_open=True)
    found = walk(block, None, rules, with_parts=False)
    found = replace(
        found,
        symbol=owner[found.symbol] + first,
        confirmed=found.confirmed + start,
        ended=found.ended + start,
    )
    return found.chosen((found.confirmed >= begin) & (found.confirmed < end))


def _read(columns: Columns, place: int, path: Path) -> Walk:
    """Return what was confirmed in a month, with places among all symbols."""
    with np.load(path) as file:
        found = Walk(**{x: file[x] for x in _COLUMNS}, parts={})
    return replace(found, symbol=np.array(symbols_of(columns, place), np.int64)[found.symbol])
