"""What a sweep is made of, checked before anything is computed: space, history, days, hands.

--set, --space --> points     history --> days, detail     this machine or a cluster --> hands
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from divbot.app.detail import whole_detail, with_stand_ins
from divbot.app.histories import open_stored, read_recording
from divbot.app.homes import copies_folder
from divbot.app.options import (
    SweepOptions,
    TellStage,
)
from divbot.app.scan_rules import universe_rules
from divbot.domain.clock import utc_text
from divbot.domain.durations import DAY
from divbot.domain.errors import InputError
from divbot.domain.hosts import without_secrets
from divbot.domain.market import Interval

if TYPE_CHECKING:
    from divbot.app.search_space import SearchPoint
    from divbot.research.port import PastMarket
    from divbot.research.sweep.hands import Hands
    from divbot.research.sweep.market import MarketRules
    from divbot.research.sweep.space import Space
    from divbot.settings import Settings

_USUAL = 730 * DAY
"""ms of history that a sweep is worth."""


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """All that a sweep is made of, checked, before anything is computed."""

    settings: Settings
    options: SweepOptions
    space: Space
    points: Mapping[str, SearchPoint]
    """By name."""
    history: PastMarket
    rules: MarketRules
    days: range
    longest: int
    hands: Hands
    makers: Hands
    """Processes of this machine."""
    stage: TellStage


@contextmanager
def opened_sweep(
    history: PastMarket, settings: Settings, options: SweepOptions, stage: TellStage
) -> Iterator[Sweep]:
    """Provide a sweep; raise InputError for a space or a history that cannot be searched."""
    from divbot.app.search_space import points_of, read_space
    from divbot.research.sweep.market import MarketRules
    from divbot.research.sweep.run import longest_of
    from divbot.research.venue import Spreads

    space = read_space(options.sets, options.space)
    points = points_of(space, settings, sample=options.sample, seed=options.seed)
    intervals = searched_intervals(points)
    days = _days(history, intervals, settings, options)
    detail = _detail(history, points, options)
    rules = MarketRules(
        detail,
        universe_rules(settings),
        options.is_todays,
        Spreads(options.spread),
    )
    longest = longest_of([x.variant for x in points], rules)
    with _makers(settings) as makers, _hands(history, options, makers) as hands:
        yield Sweep(
            settings=settings,
            options=options,
            space=space,
            points={x.variant.name: x for x in points},
            history=with_stand_ins(history, intervals[0], detail),
            rules=rules,
            days=days,
            longest=longest,
            hands=hands,
            makers=makers,
            stage=stage,
        )


def open_past(
    settings: Settings, recorded: str | Path | None, data: str | None = None
) -> PastMarket:
    """Return what is searched: a recording, the store at the URL `data`, or the user's own."""
    if recorded is not None and data is not None:
        raise InputError("--recorded and --data each name what is searched; leave one of them out")
    if data is not None:
        from divbot.history.shared import SharedStore

        shared = SharedStore(data, settings.market, copies_folder)
        shared.check()
        return shared
    if recorded is not None:
        return read_recording(Path(recorded), settings.market)
    return open_stored(settings)


def _days(
    history: PastMarket, intervals: Sequence[Interval], settings: Settings, options: SweepOptions
) -> range:
    """Return the whole UTC days of which there are candles; InputError where there are none."""
    from divbot.history.port import span_of_all

    spans = []
    for interval in intervals:
        own = span_of_all(history, interval)
        if own is None:
            raise InputError(
                f"expected {interval.value} candles to search on, found none; get some: "
                f"{how_to_fetch_for(interval, settings, options)}"
            )
        spans.append(own)
    first, last = max(x for x, _ in spans), min(x for _, x in spans)
    days = range(
        -(-max(first, options.start or first) // DAY), min(last, options.end or last) // DAY
    )
    if not days:
        raise InputError(
            f"expected whole UTC days within {utc_text(first)} to {utc_text(last)} UTC, of which "
            "there are candles; choose another --timerange, or get some: "
            f"{how_to_fetch_for(intervals[0], settings, options)}"
        )
    return days


def how_to_fetch_for(
    interval: Interval, settings: Settings, options: SweepOptions, days: range | None = None
) -> str:
    """Return the command that fetches candles of what is searched, and where they have to be.

    They are those of the UTC `days`, where these are known, else of the range that was asked for.
    """
    from divbot.app.how_to_fetch import how_to_fetch

    start, end = options.start, options.end
    if days is not None:
        start, end = days.start * DAY, days.stop * DAY
    command = how_to_fetch(settings, interval, start, end, usual=_USUAL)
    return (
        command
        if options.data is None
        else f"{command}, into the store at {without_secrets(options.data)}"
    )


def _detail(
    history: PastMarket, points: Sequence[SearchPoint], options: SweepOptions
) -> Interval | None:
    """Return the candles by which all trades end; None: those of each interval."""
    by_interval = {x.settings.interval: x.settings for x in points}
    found = {whole_detail(x, options.detail, history) for x in by_interval.values()}
    return found.pop() if len(found) == 1 else None


@contextmanager
def _makers(settings: Settings) -> Iterator[Hands]:
    from divbot.research.sweep.hands import OwnHands, PoolHands

    workers = settings.workers if isinstance(settings.workers, int) else os.cpu_count() or 1
    if settings.sequential or workers == 1:
        yield OwnHands()
    else:
        with PoolHands.started(workers) as pool:
            yield pool


@contextmanager
def _hands(history: PastMarket, options: SweepOptions, makers: Hands) -> Iterator[Hands]:
    if options.scheduler is None:
        yield makers
        return
    from divbot.history.shared import SharedStore
    from divbot.research.sweep.cluster import cluster_hands

    shared = history if isinstance(history, SharedStore) else None
    with cluster_hands(options.scheduler, shared) as cluster:
        yield cluster


def searched_intervals(points: Iterable[SearchPoint]) -> list[Interval]:
    """Return the lengths of candles that are searched, the shortest first."""
    return sorted({x.settings.interval for x in points}, key=lambda x: x.milliseconds)


def asked_for(sweep: Sweep, interval: Interval) -> list[str]:
    """Return the symbols with candles of an interval that the settings do not leave out."""
    return [x for x in sweep.history.symbols(interval) if sweep.rules.universe.asks_for(x)]
