"""`divbot paper`: trade on paper until told to stop."""

from __future__ import annotations

import contextlib
import re
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from divbot.cli import flags
from divbot.cli.signals import AskedToStop
from divbot.domain.bounds import Bounds, shortened
from divbot.domain.errors import InputError
from divbot.domain.market import Market

if TYPE_CHECKING:
    from divbot.app.options import PaperOptions
    from divbot.app.paper import PaperRun
    from divbot.cli.banner import Setup
    from divbot.cli.watching import Watching
    from divbot.settings import Settings

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST_DAYS = 3650
_LONGEST = _LONGEST_DAYS * _SECONDS["d"]


@flags.further(*flags.FURTHER)
def paper(
    *,
    further: flags.Given,
    top: flags.Top = None,
    symbols: flags.Symbols = None,
    include: flags.Include = None,
    exclude: flags.Exclude = None,
    market: flags.MarketName = None,
    interval: flags.IntervalName = None,
    limit: flags.Limit = None,
    balance: Annotated[
        str | None,
        typer.Option(metavar="N", help="Starting balance of a new run, in USDT. [10000]"),
    ] = None,
    risk: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Part of the equity that a trade may lose at its stop, after all costs. [0.01]",
        ),
    ] = None,
    leverage: Annotated[
        str | None, typer.Option(metavar="N", help="Maximum leverage, on futures. [10]")
    ] = None,
    max_positions: Annotated[
        str | None,
        typer.Option(
            "--max-positions", "--max-pos", metavar="N", help="Maximum open positions. [3]"
        ),
    ] = None,
    min_score: Annotated[
        str | None, typer.Option(metavar="N", help="Lowest score to enter at, 0 to 10. [5]")
    ] = None,
    min_confidence: Annotated[
        str | None,
        typer.Option(metavar="N", help="Lowest confidence to enter at, 0 to 1. [0: any]"),
    ] = None,
    take_earlier: Annotated[
        bool | None,
        typer.Option(
            "--take-earlier/--no-take-earlier",
            help="Also enter on signals confirmed before the start.",
        ),
    ] = None,
    check_interval: Annotated[
        str | None, typer.Option(metavar="N", help="Seconds between two scans. [60]")
    ] = None,
    position_update_interval: Annotated[
        str | None, typer.Option(metavar="N", help="Seconds between two price checks. [5]")
    ] = None,
    max_age: flags.MaxAge = None,
    workers: flags.Workers = None,
    sequential: flags.Sequential = None,
    demo: flags.Demo = False,
    speed: Annotated[
        float,
        typer.Option(
            metavar="N",
            parser=flags.within("--speed", Bounds(float, "0.01", 100_000)),
            help="Market seconds per second, on a simulated market.",
        ),
    ] = 1.0,
    duration: Annotated[
        str | None, typer.Option(help="Stop after this long: 40s, 30m, 8h or 7d.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start a new run; the old one is kept.")
    ] = False,
    journal: Annotated[
        Path | None, typer.Option(help="Keep the journal of the run in this file.", dir_okay=False)
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            "-q",
            help="Print only a line per event and warning; no live view.",
        ),
    ] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Print one JSON object per event, for programs.")
    ] = False,
    log_file: Annotated[
        Path | None,
        typer.Option(
            help="Add a line for each event and notice to this file: up to 5 MB, then FILE.1 to "
            "FILE.5 hold what is older.",
            dir_okay=False,
        ),
    ] = None,
    base_url: flags.BaseUrl = None,
    config: flags.Config = None,
) -> int:
    """Trade the signals of a background scanner on paper until Ctrl-C; no real orders."""
    stop = threading.Event()
    with AskedToStop(stop) as asked:
        # From here on, loading modules included, a first Ctrl-C is not raised in the middle.
        from divbot.app.options import PaperOptions
        from divbot.cli.compiling import tell_of_compiling
        from divbot.cli.log_file import LogFile
        from divbot.cli.watching import Mode, Watching
        from divbot.settings import load_settings

        settings = load_settings(
            {
                "top": top,
                "symbols": symbols,
                "include": include,
                "exclude": exclude,
                "market": market,
                "interval": interval,
                "limit": limit,
                "balance": balance,
                "risk": risk,
                "leverage": leverage,
                "max_positions": max_positions,
                "min_score": min_score,
                "min_confidence": min_confidence,
                "take_earlier": take_earlier,
                "check_interval": check_interval,
                "position_update_interval": position_update_interval,
                "max_age": max_age,
                "workers": workers,
                "sequential": sequential,
                "base_url": base_url,
                **further,
            },
            config,
            # Trades on candles of 5 minutes take hours: a demo should show some end.
            {"interval": "1m"} if demo else {},
        )
        flags.check_venue(settings, demo=demo, base_url=base_url, quiet=quiet)
        seconds = None if duration is None else parse_duration(duration)
        options = PaperOptions(demo=demo, speed=speed, fresh=fresh, journal=journal)
        log = LogFile(log_file) if log_file else None
        with Watching(Mode.of(quiet=quiet, jsonl=jsonl), stop.set, log) as watching:
            if not quiet:
                tell_of_compiling()
            _trade(settings, options, stop, watching, seconds)
    # Whoever read us (head, less) has seen enough: that is no failure.
    if watching.lost and not (asked.exit_code or isinstance(watching.lost, BrokenPipeError)):
        raise watching.lost
    return asked.exit_code


def _trade(
    settings: Settings,
    options: PaperOptions,
    stop: threading.Event,
    watching: Watching,
    seconds: float | None,
) -> None:
    from divbot.app.paper import EAGER, open_paper
    from divbot.cli.banner import banner_text, summary_json, summary_text
    from divbot.trading.questions import Stopped

    if settings.check_interval < EAGER:
        watching.tell(
            f"a check interval below {EAGER:g} s may exceed the venue's request limits: scans may "
            "have to wait for request weight",
            is_warning=True,
        )
    # Told to stop before there is a run: there is nothing to sum up.
    with contextlib.suppress(Stopped), ExitStack() as stack:
        run = stack.enter_context(
            open_paper(settings, options, stop, tell=watching.tell, on_event=watching.hear)
        )
        watching.now = run.trading.now
        began = run.journal.ledger
        watching.say(banner_text(_setup(run), began))
        with watching.showing(run.source.budget.waiting_for):
            run.run(watching.look, seconds=seconds)
        run.end()
        results = run.snapshot(), began, run.loop.lateness(), str(run.journal.path)
        watching.say(summary_text(*results), summary_json(*results))


def _setup(run: PaperRun) -> Setup:
    from divbot.cli.banner import Setup
    from divbot.version import __version__

    settings = run.settings
    return Setup(
        version=__version__,
        venue=run.snapshot().venue,
        market=settings.market,
        interval=settings.interval,
        is_simulated=run.trading.simulated,
        symbols=",".join(settings.symbols) or f"top {settings.top}",
        risk=settings.risk,
        leverage=1 if settings.market is Market.SPOT else settings.leverage,
        max_positions=settings.max_positions,
        check_interval=settings.check_interval,
        position_update_interval=settings.position_update_interval,
        journal=str(run.journal.path),
    )


def parse_duration(text: str) -> float:
    """Return the seconds that `text` names; raise InputError for none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text.strip())
    seconds = float(match.group(1)) * _SECONDS[match.group(2)] if match else 0.0
    if not 0 < seconds <= _LONGEST:
        raise InputError(
            f"--duration: expected a time such as 40s, 30m, 8h or 7d, at most {_LONGEST_DAYS}d, "
            f"found {shortened(text)}"
        )
    return seconds
