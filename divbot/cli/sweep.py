"""`divbot sweep`: search settings on history, and say whether the best is better than luck."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from divbot.app.options import SAMPLE, SEED, USUAL_SPREAD, SweepOptions, UniverseOf
from divbot.cli import flags, past
from divbot.domain.market import Interval
from divbot.domain.values import Choice

if TYPE_CHECKING:
    from divbot.research.sweep_report import SweepReport
    from divbot.settings import Settings


@flags.settings(*past.SETTINGS_OF_THEN)
def sweep(
    *,
    given: flags.Given,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUES",
            help="Try these: stop_atr=0.25,0.5,1 or reward_risk=1:4:0.5; once for each setting.",
        ),
    ] = None,
    space: Annotated[
        Path | None, typer.Option(help="Settings to try, in a TOML file.", dir_okay=False)
    ] = None,
    sample: Annotated[
        int | None,
        flags.option(
            "--sample",
            SAMPLE,
            "Try so many of them, spread evenly by a scrambled Sobol sequence. [all]",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, flags.option("--seed", SEED, "Of the sample, and of luck.")] = 0,
    recorded: Annotated[Path | None, past.recorded("Search")] = None,
    timerange: flags.Timerange = None,
    detail: Annotated[
        Interval | None,
        flags.option(
            "--detail",
            Choice(Interval),
            "Candles that tell how a trade ends. [the shortest that there are]",
            show_default=False,
        ),
    ] = None,
    universe: past.WhoseList = UniverseOf.THEN,
    spread: past.Spread = USUAL_SPREAD,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Work on the Dask cluster of this scheduler: tcp://HOST:8786."
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Search the store that is there, and that all workers can read: a folder, "
            "s3://BUCKET/STORE, or what else fsspec reads. [your own]",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with this sweep, which was interrupted; begin none. Without it, what was "
            "done is taken over as well.",
        ),
    ] = False,
    reveal: Annotated[
        bool,
        typer.Option(
            "--reveal",
            help="Open the holdout and tell its figures, whatever comes of it: these days judge "
            "no more.",
        ),
    ] = False,
    portfolio: Annotated[
        bool,
        typer.Option(
            "--portfolio/--no-portfolio",
            help="Also run the winner and its neighbours as a portfolio, on development.",
        ),
    ] = True,
    report: Annotated[
        Path | None,
        typer.Option(help="Also draw it on a page in this file (HTML).", dir_okay=False),
    ] = None,
    save_config: Annotated[
        Path | None,
        typer.Option(help="Also write the winner's settings to this file (TOML).", dir_okay=False),
    ] = None,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> None:
    """Search settings on history, and say whether the best one is better than luck.

    The last third of the days is sealed, and opened for one winner if development lets luck be
    doubted. Every setting ever tried, and every look, is kept and counted: divbot sweeps.
    """
    settings = given.load()
    start, end = timerange or (None, None)
    options = SweepOptions(
        sets=tuple(sets or ()),
        space=space,
        sample=sample,
        seed=seed,
        start=start,
        end=end,
        detail=detail,
        is_todays=universe is UniverseOf.NOW,
        spread=spread,
        scheduler=scheduler,
        data=data,
        is_resumed=resume,
        reveal=reveal,
        with_portfolios=portfolio,
    )
    _print(settings, options, recorded, _Files(report, save_config), as_json=as_json, quiet=quiet)


class _Files:
    """Where else to write; known to be writable before hours of work."""

    def __init__(self, report: Path | None, config: Path | None) -> None:
        from divbot.cli.destination import PAGE, Destination
        from divbot.cli.report.page import plotly_script

        self._report, self._config = report, config
        self._page = Destination(report, PAGE)
        self._plotly = plotly_script("--report") if report else ""
        self._toml = Destination(config, (".toml",))

    def write(self, found: SweepReport, settings: Settings) -> None:
        """Write the page and the settings file that were asked for."""
        if self._report:
            from divbot.cli.report.sweep import sweep_page

            self._page.write(sweep_page(found, self._plotly).encode())
            print(f"divbot: {self._report} written", file=sys.stderr)
        if self._config:
            from divbot.cli.sweep_text import config_text

            text = config_text(found, settings)
            if text is None:
                print(
                    f"divbot: {self._config} not written: no setting could be judged",
                    file=sys.stderr,
                )
                return
            self._toml.write(text)
            print(f"divbot: {self._config} written", file=sys.stderr)


def _print(
    settings: Settings,
    options: SweepOptions,
    recorded: Path | None,
    files: _Files,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    from divbot.app.sweep import run_sweep
    from divbot.app.sweep_setup import open_past
    from divbot.cli.compiling import tell_of_compiling
    from divbot.cli.destination import Destination, json_bytes
    from divbot.cli.sweep_text import sweep_text

    line = partial(past.tell, quiet=quiet)
    if not quiet:
        tell_of_compiling()
    history = open_past(settings, recorded, options.data)
    try:
        with past.progress(quiet=quiet) as progress:
            found = run_sweep(history, settings, options, progress, line)
    except KeyboardInterrupt:
        line("interrupted; what is done is kept: the same command goes on from there")
        raise
    for note in found.notes:
        line(note)
    # Files first: whoever reads what is printed may leave at any time.
    files.write(found, settings)
    out = Destination(None)
    out.write(json_bytes(found.to_document()) if as_json else sweep_text(found, out.fit))
