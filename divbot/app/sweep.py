"""The composition of a sweep: space, history, hands, ledger, verdict, portfolios.

    --set, --space --> points --> plan (what is sealed) --> search --> conclude --> portfolios
                                   ^ the ledger of trials              | the winner alone, opened

The sealed days are run for one setting, once its look stands in the ledger, and only if the gate is
passed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from divbot.app import backtest
from divbot.app.homes import at_home, past_folder
from divbot.app.options import (
    SAMPLE,
    SEED,
    SPREAD,
    USUAL_SPREAD,
    SweepOptions,
    TellStage,
    UniverseOf,
    read_given,
)
from divbot.app.scanning import settings_of
from divbot.app.sweep_portfolios import portfolios_of
from divbot.app.sweep_setup import Sweep, open_past, opened_sweep
from divbot.app.sweep_words import (
    coarse_words,
    effort_words,
    notes_of,
    title_of,
    warnings_of,
)
from divbot.app.trials import open_trials, origin_of
from divbot.domain.errors import InputError
from divbot.domain.market import Interval
from divbot.domain.timerange import Range
from divbot.domain.values import Choice
from divbot.folders import cache_home

if TYPE_CHECKING:
    from divbot.research.port import PastMarket
    from divbot.research.sweep.run import Searched
    from divbot.research.sweep_report import SweepReport
    from divbot.research.trials.conclusion import Conclusion
    from divbot.research.trials.portfolio import PortfolioBeside
    from divbot.settings import Settings

_TRIES = 3


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
    from divbot.history.kept import let_go_beside

    with opened_sweep(history, settings, options, stage) as sweep:
        line(effort_words(sweep))
        coarse = coarse_words(sweep)
        for warning in warnings_of(sweep, coarse):
            line(warning)
        conclusion, folder = _concluded(sweep)
        portfolios = tuple(portfolios_of(sweep, conclusion)) if options.with_portfolios else ()
        let_go_beside(folder)
        shutil.rmtree(folder, ignore_errors=True)
        return _report(sweep, conclusion, portfolios, coarse)


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


def _texts(sets: Mapping[str, object] | Sequence[str]) -> Iterator[str]:
    if not isinstance(sets, Mapping):
        yield from sets
        return
    for name, values in sets.items():
        listed = values if isinstance(values, list | tuple) else [values]
        yield f"{name}={','.join('none' if x is None else str(x) for x in listed)}"


def _concluded(sweep: Sweep) -> tuple[Conclusion, Path]:
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
    sweep: Sweep, names: Sequence[str], sealed: range, kept: Path | None = None
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


def _kept(sweep: Sweep, sealed: range) -> Path:
    """Return the folder for what is done; InputError where there is nothing to resume."""
    from divbot.history.kept import name_of

    days = [(x.start, x.stop) for x in (sweep.days, sealed)]
    name = name_of(sorted(sweep.points), days, sorted(_basis(sweep).items()))
    folder = at_home(cache_home) / "sweeps" / name
    if sweep.options.is_resumed and not folder.exists():
        raise InputError(
            "--resume: expected a sweep of these settings and days that was interrupted, found "
            "none; leave --resume out to begin one, or to be told again of one that has ended"
        )
    return folder


def _basis(sweep: Sweep) -> dict[str, str]:
    """Return what all settings share, setting by setting."""
    searched = {axis.name for axis in sweep.space.axes}
    options = sweep.options
    shared = backtest.traded_with(
        sweep.settings, sweep.rules.detail, options.spread, is_todays=options.is_todays
    )
    shared |= {"market": sweep.settings.market.value}
    return {name: text for name, text in shared.items() if name not in searched}


def _report(
    sweep: Sweep, conclusion: Conclusion, portfolios: tuple[PortfolioBeside, ...], coarse: str
) -> SweepReport:
    from divbot.research.sweep_report import SweepReport

    is_simulated = bool(sweep.history.is_simulated)
    return SweepReport(
        title=title_of(sweep) + " - SIMULATED" * is_simulated,
        conclusion=conclusion,
        axes={axis.name: axis.values for axis in sweep.space.axes},
        values={name: point.texts for name, point in sweep.points.items()},
        ledger=open_trials(is_simulated=is_simulated).path,
        portfolios=portfolios,
        notes=tuple(notes_of(sweep, coarse)),
    )
