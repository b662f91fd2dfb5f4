"""The composition of a sweep: space, history, hands, ledger, verdict, portfolios.

    --set, --space --> points --> plan (what is sealed) --> search --> conclude --> portfolios
                                   ^ the ledger of trials              | the winner alone, opened

The sealed days are run for one setting, once its look stands in the ledger, and only if the gate is
passed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from divbot.app import backtest
from divbot.app.detail import whole_detail, with_stand_ins
from divbot.app.homes import at_home, copies_folder, past_folder
from divbot.app.options import (
    SAMPLE,
    SEED,
    SPREAD,
    USUAL_SPREAD,
    BacktestOptions,
    TellStage,
    UniverseOf,
    read_given,
)
from divbot.app.scan_rules import universe_rules
from divbot.app.scanning import settings_of
from divbot.app.trials import open_trials, origin_of
from divbot.domain.clock import utc_text
from divbot.domain.durations import DAY
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.domain.names import counted
from divbot.domain.timerange import Range
from divbot.domain.values import Choice
from divbot.folders import cache_home

if TYPE_CHECKING:
    from divbot.app.search_space import SearchPoint
    from divbot.evaluation import Standing
    from divbot.research.port import PastMarket
    from divbot.research.sweep.hands import Hands
    from divbot.research.sweep.market import MarketRules
    from divbot.research.sweep.run import Searched
    from divbot.research.sweep.space import Space
    from divbot.research.sweep_report import SweepReport
    from divbot.research.trials.conclusion import Conclusion
    from divbot.research.trials.portfolio import PortfolioBeside
    from divbot.settings import Settings

_NEIGHBOURS = 4
_TRIES = 3
_USUAL = 730 * DAY
"""ms of history that a sweep is worth."""


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """What to search and how, besides the settings that all share."""

    sets: tuple[str, ...] = ()
    """Such as `stop_atr=0.25,0.5,1`."""
    space: Path | None = None
    """More of them, in a TOML file."""
    sample: int | None = None
    """Draw so many points; None: all."""
    seed: int = 0
    start: int | None = None
    end: int | None = None
    """From `start` to before `end`, ms UTC; None: as far as there are candles."""
    detail: Interval | None = None
    is_todays: bool = False
    spread: Decimal = USUAL_SPREAD
    scheduler: str | None = None
    """Address of a Dask scheduler; None: this machine."""
    data: str | None = None
    """Folder or URL of a store that all workers can read; None: they share this user's cache."""
    is_resumed: bool = False
    """Go on with a sweep that was interrupted; refuse to begin one."""
    reveal: bool = False
    """Open the holdout and tell its figures, whatever comes of it: that spends its days."""
    with_portfolios: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Sweep:
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


def run_sweep(
    history: PastMarket,
    settings: Settings,
    options: SweepOptions,
    stage: TellStage = lambda *_: None,
    line: Callable[[str], None] = lambda _: None,
) -> SweepReport:
    """Search, judge, and keep what was tried; `line` hears first what it will take.

    What `stage` raises ends it: what is done is kept, and the same sweep goes on from there. Raise
    InputError for a space or a history that cannot be searched, WorkerLost where nobody is left to
    work.
    """
    with _opened(history, settings, options, stage) as sweep:
        line(_effort(sweep))
        for warning in _warnings(sweep):
            line(warning)
        conclusion, folder = _concluded(sweep)
        portfolios = tuple(_portfolios(sweep, conclusion)) if options.with_portfolios else ()
        shutil.rmtree(folder, ignore_errors=True)
        return _report(sweep, conclusion, portfolios)


def sweep(
    sets: Mapping[str, object] | Sequence[str] = (),
    *,
    recorded: str | Path | None = None,
    timerange: str | None = None,
    space: str | Path | None = None,
    sample: int | None = None,
    seed: int = 0,
    detail: str | None = None,
    universe: Literal["then", "now"] = "then",
    spread: Decimal | float | str = USUAL_SPREAD,
    scheduler: str | None = None,
    data: str | Path | None = None,
    reveal: bool = False,
    portfolios: bool = True,
    settings: Settings | None = None,
    config: str | Path | None = None,
    **keywords: object,
) -> SweepReport:
    """Search settings on history, judge the best of them, and return what may be told.

    `sets` holds the values to try, `{"stop_atr": [0.25, 0.5], "interval": ["1h", "4h"]}`, or texts
    as `--set` takes them. What all share are keywords, or come at once as `settings`. History is
    the store, the one at `data` (a folder or a URL), or what is `recorded`. Raise a DivbotError for
    whatever cannot be done.
    """
    shared = settings_of(settings, keywords, config)
    start, end = read_given("timerange", Range(), timerange) if timerange else (None, None)
    options = SweepOptions(
        sets=tuple(_texts(sets)),
        space=Path(space) if space is not None else None,
        sample=None if sample is None else read_given("sample", SAMPLE, sample),
        seed=read_given("seed", SEED, seed),
        start=start,
        end=end,
        detail=None if detail is None else read_given("detail", Choice(Interval), detail),
        is_todays=read_given("universe", Choice(UniverseOf), universe) is UniverseOf.NOW,
        spread=read_given("spread", SPREAD, str(spread)),
        scheduler=scheduler,
        data=str(data) if data is not None else None,
        reveal=reveal,
        with_portfolios=portfolios,
    )
    return run_sweep(open_past(shared, recorded, options.data), shared, options)


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
    if recorded is None:
        return backtest.open_stored(settings)
    from divbot.exchange.market.recorded import load_tape
    from divbot.history.joined import JoinedHistory

    path = Path(recorded)
    return JoinedHistory(path, settings.market, load_tape(path).interval)


def _texts(sets: Mapping[str, object] | Sequence[str]) -> Iterator[str]:
    if not isinstance(sets, Mapping):
        yield from sets
        return
    for name, values in sets.items():
        listed = values if isinstance(values, list | tuple) else [values]
        yield f"{name}={','.join('none' if x is None else str(x) for x in listed)}"


@contextmanager
def _opened(
    history: PastMarket, settings: Settings, options: SweepOptions, stage: TellStage
) -> Iterator[_Sweep]:
    from divbot.app.search_space import points_of, read_space
    from divbot.research.sweep.market import MarketRules
    from divbot.research.sweep.run import longest_of
    from divbot.research.venue import Spreads

    space = read_space(options.sets, options.space)
    points = points_of(space, settings, sample=options.sample, seed=options.seed)
    intervals = _intervals(points)
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
        yield _Sweep(
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


def _days(
    history: PastMarket, intervals: Sequence[Interval], settings: Settings, options: SweepOptions
) -> range:
    """Return the whole UTC days of which there are candles; InputError where there are none."""
    found = None
    for interval in intervals:
        spans = [x for name in history.symbols(interval) if (x := history.span(name, interval))]
        if not spans:
            raise InputError(
                f"expected {interval.value} candles to search on, found none; get some: "
                f"{_how_to_fetch(interval, settings, options)}"
            )
        own = min(x[0] for x in spans), max(x[1] for x in spans)
        found = own if found is None else (max(found[0], own[0]), min(found[1], own[1]))
    first, last = found or (0, 0)
    days = range(
        -(-max(first, options.start or first) // DAY), min(last, options.end or last) // DAY
    )
    if not days:
        raise InputError(
            f"expected whole UTC days within {utc_text(first)} to {utc_text(last)} UTC, of which "
            "there are candles; choose another --timerange, or get some: "
            f"{_how_to_fetch(intervals[0], settings, options)}"
        )
    return days


def _how_to_fetch(interval: Interval, settings: Settings, options: SweepOptions) -> str:
    from divbot.app.how_to_fetch import how_to_fetch

    command = how_to_fetch(settings, interval, options.start, options.end, usual=_USUAL)
    return command if options.data is None else f"{command}, into the store at {options.data}"


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


def _effort(sweep: _Sweep) -> str:
    """Return how many settings it is, and about what it takes."""
    from divbot.research.sweep.estimate import estimate

    points = sweep.points.values()
    found = estimate(sweep.history, [x.variant for x in points], sweep.days, sweep.hands.workers)
    symbols = max(len(_asked_for(sweep, x)) for x in _intervals(points))
    minutes = found.seconds / 60
    time = f"{minutes:.0f} minutes" if minutes >= 1.5 else "a minute or less"
    memory = f"{found.memory / 1e9:.1f} GB of memory"
    then = "; then portfolios of the winner and its neighbours"
    return (
        f"{counted(found.settings, 'setting')} on "
        f"{counted(min(symbols, sweep.rules.universe.top), 'symbol')} over "
        f"{counted(len(sweep.days), 'day')}: about {time} and {memory}"
        f"{then if sweep.options.with_portfolios else ''}"
    )


def _warnings(sweep: _Sweep) -> Iterator[str]:
    """Yield, in words, which settings hardly let a trade be entered."""
    barred = [
        x.settings
        for x in sweep.points.values()
        if x.settings.reward_risk <= x.settings.min_reward_risk
    ]
    if barred:
        highest = max(x.reward_risk for x in barred)
        least = max(x.min_reward_risk for x in barred)
        yield (
            f"{counted(len(barred), 'setting')} with a reward_risk of up to {highest:g} hardly "
            f"enter a trade: after all costs it is to be {least} at least; see --min-reward-risk"
        )


def _intervals(points: Iterable[SearchPoint]) -> list[Interval]:
    return sorted({x.settings.interval for x in points}, key=lambda x: x.milliseconds)


def _asked_for(sweep: _Sweep, interval: Interval) -> list[str]:
    """Return the symbols with candles of an interval that the settings do not leave out."""
    rules = sweep.rules.universe
    return [
        x
        for x in sweep.history.symbols(interval)
        if not rules.excludes(x) and (not rules.symbols or x in rules.symbols)
    ]


def _concluded(sweep: _Sweep) -> tuple[Conclusion, Path]:
    from divbot.research.sweep_report import swept_of
    from divbot.research.trials.conclusion import conclude, plan

    ledger = open_trials(is_simulated=bool(sweep.history.is_simulated))
    for _ in range(_TRIES):
        split = plan(ledger, sweep.days, sweep.longest)
        sealed = range(split.development.stop, sweep.days.stop)
        folder = _kept(sweep, sealed)
        found = _searched(sweep, list(sweep.points), sealed, folder)
        origin = origin_of(_basis(sweep), found.data, seed=sweep.options.seed)
        swept = swept_of(found, origin, is_grid=sweep.options.sample is None)
        conclusion = conclude(
            ledger,
            swept,
            sealed.start,
            lambda name: _searched(sweep, [name], range(0)).results,
            reveal=sweep.options.reveal,
        )
        if conclusion is not None:
            return conclusion, folder
    raise InputError(
        "other sweeps or backtests of these days went on meanwhile, again and again; wait for them"
    )


def _searched(
    sweep: _Sweep, names: Sequence[str], sealed: range, kept: Path | None = None
) -> Searched:
    from divbot.research.sweep.run import search

    is_elsewhere = sweep.options.scheduler is not None and sweep.options.data is not None
    return search(
        sweep.history,
        [sweep.points[name].variant for name in names],
        sweep.days,
        sweep.rules,
        cache=past_folder if is_elsewhere else past_folder(),
        hands=sweep.hands,
        makers=sweep.makers,
        sealed=sealed,
        kept=kept,
        progress=sweep.stage,
    )


def _kept(sweep: _Sweep, sealed: range) -> Path:
    """Return the folder for what is done; InputError where there is nothing to resume."""
    told = [sorted(sweep.points), sweep.days, sealed, sorted(_basis(sweep).items())]
    name = hashlib.sha256(repr(told).encode()).hexdigest()[:20]
    folder = at_home(cache_home) / "sweeps" / name
    if sweep.options.is_resumed and not folder.exists():
        raise InputError(
            "--resume: expected a sweep of these settings and days that was interrupted, found "
            "none; leave --resume out to begin one"
        )
    return folder


def _basis(sweep: _Sweep) -> dict[str, str]:
    """Return what all settings share, setting by setting."""
    searched = {axis.name for axis in sweep.space.axes}
    options = sweep.options
    shared = backtest.traded_with(
        sweep.settings, sweep.rules.detail, options.spread, is_todays=options.is_todays
    )
    shared |= {"market": sweep.settings.market.value}
    return {name: text for name, text in shared.items() if name not in searched}


def _portfolios(sweep: _Sweep, conclusion: Conclusion) -> Iterator[PortfolioBeside]:
    """Give the winner and its best neighbours, each as an account on the days of development."""
    from divbot.research.trials.portfolio import beside
    from divbot.trading.journal.journal import read

    split, standings = conclusion.verdict.search.split, conclusion.verdict.search.standings
    chosen = _beside_winner(sweep, standings)
    with TemporaryDirectory(prefix="divbot-sweep-") as folder:
        for number, standing in enumerate(chosen):
            tell = _of_stage(sweep.stage, f"portfolio {number + 1} of {len(chosen)}")
            own = sweep.points[standing.setting].settings
            options = BacktestOptions(
                start=split.development.start * DAY,
                end=split.development.stop * DAY,
                detail=sweep.rules.detail or own.interval,
                is_todays=sweep.options.is_todays,
                spread=sweep.options.spread,
                journal=Path(folder) / f"{number}.db",
                is_counted=False,
            )
            traded = backtest.backtest(sweep.history, own, options, tell)
            yield beside(standing.setting, standing.effect, read(traded.journal), split)


def _of_stage(tell: TellStage, stage: str) -> TellStage:
    return lambda what, done, count: tell(f"{stage}, {what}", done, count)


def _beside_winner(sweep: _Sweep, standings: Sequence[Standing]) -> list[Standing]:
    """Return the winner, and the best of those that differ from it in one step of one setting."""
    if not standings:
        return []
    place = sweep.points[standings[0].setting].variant.place

    def is_neighbour(name: str) -> bool:
        other = sweep.points[name].variant.place
        return sum(abs(x - y) for x, y in zip(place, other, strict=True)) == 1

    neighbours = [x for x in standings[1:] if is_neighbour(x.setting)]
    return [standings[0], *neighbours[:_NEIGHBOURS]]


def _report(
    sweep: _Sweep, conclusion: Conclusion, portfolios: tuple[PortfolioBeside, ...]
) -> SweepReport:
    from divbot.research.sweep_report import SweepReport

    is_simulated = bool(sweep.history.is_simulated)
    return SweepReport(
        title=_title(sweep) + " - SIMULATED" * is_simulated,
        conclusion=conclusion,
        axes={axis.name: axis.values for axis in sweep.space.axes},
        values={name: point.texts for name, point in sweep.points.items()},
        ledger=open_trials(is_simulated=is_simulated).path,
        portfolios=portfolios,
        notes=tuple(_notes(sweep)),
    )


def _title(sweep: _Sweep) -> str:
    intervals = ", ".join(x.value for x in _intervals(sweep.points.values()))
    return f"Binance {sweep.settings.market.title} {intervals}"


def _notes(sweep: _Sweep) -> Iterator[str]:
    if sweep.rules.detail is None or any(
        x.settings.interval is sweep.rules.detail for x in sweep.points.values()
    ):
        yield (
            "where there are no shorter candles, a trade is judged by those of its interval, and "
            "one that touches both stop and target counts as a stop"
        )
    if sweep.settings.market is Market.USDM:
        symbols = {x: y for y in _intervals(sweep.points.values()) for x in _asked_for(sweep, y)}
        yield from backtest.funding_notes(list(_known_funding(sweep, symbols)))


def _known_funding(
    sweep: _Sweep, symbols: Mapping[str, Interval]
) -> Iterator[backtest.KnownFunding]:
    """Yield how much is known of the funding of each symbol with candles on the days."""
    start, end = sweep.days.start * DAY, sweep.days.stop * DAY
    for symbol, interval in symbols.items():
        span = sweep.history.span(symbol, interval)
        if span and span[0] < end and span[1] > start:
            due = sweep.history.funding(symbol, start, end).settled_at.tolist()
            yield backtest.known_funding(due, max(span[0], start), min(span[1], end))
