"""`divbot verify`: let divbot's own statements be checked, on candles that anybody can bring."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from divbot.cli import flags
from divbot.cli.command import PARTIAL
from divbot.cli.compiling import tell_of_compiling
from divbot.domain.errors import InputError

if TYPE_CHECKING:
    from divbot.scanner.evidence.recording import RecordedBlock
    from divbot.settings import Settings

verify = typer.Typer(
    name="verify",
    help="Check the claims of divbot on recorded candles.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

_BUG = 1

RecordedCandles: TypeAlias = Annotated[
    Path,
    typer.Option(help="Candles: a parquet or CSV file, or a folder of zips of Binance's archive."),
]


@verify.command()
@flags.settings("symbols", "market", "limit", "horizon")
def calibration(
    *,
    given: flags.Given,
    recorded: RecordedCandles,
    as_json: flags.Json = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Also draw it on a page in this file (HTML).", dir_okay=False),
    ] = None,
) -> None:
    """Compare the confidence stated at each candle with what happened afterwards.

    --market sets the fee of a fill, --limit how many candles a scan has.
    """
    from divbot.app.verification import calibration_of, open_recorded_block
    from divbot.cli.destination import PAGE, Destination, json_bytes
    from divbot.cli.report.page import plotly_script
    from divbot.cli.verify_text import calibration_document, calibration_lines

    page, plotly = Destination(report, PAGE), plotly_script("--report") if report else ""
    settings = given.load()
    recording = open_recorded_block(recorded, settings.symbols)
    tell_of_compiling()
    found = calibration_of(recording, settings)
    _spend(recording, settings, "calibration")
    lines = calibration_lines(found, recording.block, settings.market)
    if report:
        from divbot.cli.report.calibration import calibration_page

        page.write(calibration_page(found.whole, lines, plotly).encode())
        print(f"divbot: {report} written", file=sys.stderr)
    # The page first: whoever reads what is printed may leave at any time.
    out = Destination(None)
    if as_json:
        out.write(json_bytes(calibration_document(found, recording.block, settings.market)))
    else:
        out.write("\n".join(lines) + "\n")


@verify.command("base-rates")
@flags.settings("market")
def base_rates(
    *,
    given: flags.Given,
    recorded: RecordedCandles,
    intervals: Annotated[
        str | None,
        typer.Option(
            "--interval", "-i", help="Count one for each of these, 1h,4h, instead of the file's."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this file.", dir_okay=False),
    ] = None,
) -> None:
    """Count from recorded candles what confidence and expectancy start from.

    The result is a file for the setting base_rates. Longer candles are put together from those of
    the recording. Files of several recordings can be joined into one.
    """
    from divbot.app.scan_rules import plan_rules
    from divbot.app.verification import open_recorded_block
    from divbot.cli.destination import Destination
    from divbot.cli.verify_text import base_rate_line
    from divbot.scanner.evidence.base_rates import rates_text

    out = Destination(output)
    counted = []
    for name in intervals.split(",") if intervals else [None]:
        settings = given.load(interval=name)
        recording = open_recorded_block(recorded, interval=settings.interval if name else None)
        counted.append(recording.base_rate(plan_rules(settings), settings.market))
        _spend(recording, settings, "base-rates")
        print(f"divbot: {base_rate_line(counted[-1])}", file=sys.stderr)
    out.write(rates_text(counted))


@verify.command()
@flags.settings("market", "interval", "limit", "base_url")
def lookahead(
    *,
    given: flags.Given,
    symbol: Annotated[str, typer.Argument(help="The symbol whose candles are replayed: BTCUSDT")],
    recorded: Annotated[
        Path | None, typer.Option(help="Take the candles from this file instead of the venue.")
    ] = None,
    as_json: flags.Json = False,
) -> int:
    """Replay a symbol's candles one by one: none may change an earlier signal or outcome.

    Those of a file are as long as they were recorded; --interval makes longer ones of them.
    """
    from dataclasses import asdict

    from divbot.app.scan_rules import plan_rules
    from divbot.app.verification import open_history
    from divbot.cli.destination import Destination, json_bytes
    from divbot.scanner.checks.lookahead import replay

    _check_source(recorded, given)
    settings = given.load(symbols=symbol)
    tell_of_compiling()
    name = ",".join(settings.symbols)
    history = open_history(settings, recorded)
    found = replay(history, plan_rules(settings))
    if as_json:
        Destination(None).write(
            json_bytes(
                {
                    "schema": 1,
                    "symbol": name,
                    "interval": history.interval.value,
                    **asdict(found),
                }
            )
        )
    else:
        verdict = f"CHANGED: {found.changes[0]}" if found.changes else "nothing ever changed"
        print(
            f"{name}: replayed up to each of {found.prefixes} candles, "
            f"{found.divergences} divergences, {found.ended} finished trades: {verdict}"
        )
    return _BUG if found.changes else 0


@verify.command()
@flags.settings("symbols")
def warmup(
    *,
    given: flags.Given,
    recorded: RecordedCandles,
    as_json: flags.Json = False,
) -> None:
    """Show how RSI, ATR and divergences depend on how many candles they are computed from."""
    from dataclasses import asdict

    from divbot.app.verification import open_recorded_block
    from divbot.cli.destination import Destination, json_bytes
    from divbot.scanner.checks.warmup import windows

    settings = given.load()
    block = open_recorded_block(recorded, settings.symbols).block
    tell_of_compiling()
    found = windows(block, settings.indicator)
    if as_json:
        document = {
            "schema": 1,
            "symbols": len(block.symbols),
            "candles": len(block.close),
            "windows": [asdict(x) for x in found],
        }
        Destination(None).write(json_bytes(document))
        return
    print(f"{len(block.symbols)} symbols; windows against all {len(block.close)} candles")
    print("candles  RSI differs by  ATR differs by  divergences  missing  surplus")
    for x in found:
        print(
            f"{x.candles:>7}  {x.rsi:>14.1e}  {x.atr:>14.1e}  {x.divergences:>11}"
            f"  {x.missing:>7}  {x.surplus:>7}"
        )


@verify.command()
@flags.settings("store", "base_url", "workers", "sequential", "weight_share", "request_timeout")
def paper(
    *,
    given: flags.Given,
    recorded: Annotated[
        Path | None,
        typer.Option(
            help="Final candles of the run's time: a parquet or CSV file, or a folder of zips of "
            "Binance's archive. [the store, where it has them; else the venue of the run]"
        ),
    ] = None,
    run: flags.RunName = None,
    journal: flags.JournalFile = None,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> int:
    """Trade a paper run again on final candles, and tell trade by trade what differs, and why.

    The run is traded with its own settings, as its journal keeps them. What each reason cost is
    told in R; exit code 4 where something is left that no reason explains.
    """
    from divbot.app.paper_verification import verify_paper
    from divbot.cli import past
    from divbot.cli.destination import Destination, json_bytes
    from divbot.cli.recorded import find_run
    from divbot.cli.verify_paper_text import paper_document, paper_text

    _check_source(recorded, given)
    found = find_run(run, journal, include_history=False)
    if not quiet:
        tell_of_compiling()
    with past.progress(quiet=quiet) as progress:
        verified = verify_paper(
            found, given.load(), recorded, progress, from_store=bool(given.settings["store"])
        )
    for note in verified.notes:
        past.tell(note, quiet=quiet)
    out = Destination(None)
    if as_json:
        out.write(json_bytes(paper_document(found, verified)))
    else:
        out.write(paper_text(found, verified, out.fit))
    return PARTIAL if verified.unexplained else 0


def _spend(recording: RecordedBlock, settings: Settings, name: str) -> None:
    from divbot.app.verification import spend

    for notice in spend(recording, settings, name):
        print(f"divbot: {notice}", file=sys.stderr)


def _check_source(recorded: Path | None, given: flags.Given) -> None:
    for name, flag in (("base_url", "--base-url"), ("store", "--store")):
        if recorded and given.settings.get(name):
            raise InputError(f"--recorded and {flag} exclude each other: give one of them")
