"""`divbot verify`: let divbot's own statements be checked, on candles that anybody can bring."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from divbot.cli import flags
from divbot.cli.compiling import tell_of_compiling
from divbot.domain.errors import InputError

if TYPE_CHECKING:
    from divbot.app.verification import Recording
    from divbot.scanner.evidence.base_rates import BaseRate
    from divbot.scanner.evidence.calibration import Calibration, Statements, Thirds
    from divbot.scanner.evidence.weekly import Estimate
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
    from divbot.app.verification import calibration_of, open_recording
    from divbot.cli.destination import PAGE, Destination, json_bytes
    from divbot.cli.report.page import plotly_script

    page, plotly = Destination(report, PAGE), plotly_script("--report") if report else ""
    settings = given.load()
    recording = open_recording(recorded, settings.symbols)
    tell_of_compiling()
    found = calibration_of(recording, settings)
    lines = _lines(found, recording, settings)
    if report:
        from divbot.cli.report.calibration import calibration_page

        page.write(calibration_page(found.whole, lines, plotly).encode())
        print(f"divbot: {report} written", file=sys.stderr)
    # The page first: whoever reads what is printed may leave at any time.
    out = Destination(None)
    if as_json:
        out.write(json_bytes(_document(found, recording, settings)))
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
    from divbot.app.verification import base_rate_of, open_recording
    from divbot.cli.destination import Destination
    from divbot.scanner.evidence.base_rates import rates_text

    out = Destination(output)
    counted = []
    for name in intervals.split(",") if intervals else [None]:
        settings = given.load(interval=name)
        recording = open_recording(recorded, interval=settings.interval if name else None)
        counted.append(base_rate_of(recording, settings))
        print(f"divbot: {_worth(counted[-1])}", file=sys.stderr)
    out.write(rates_text(counted))


def _worth(rate: BaseRate) -> str:
    """Return what a base rate says, and how far it is believed, in one line."""
    what = f"{rate.market.title} {rate.interval.value}, {rate.cases} cases of {_weeks(rate.weeks)}"
    if rate.ratio_error is None:
        return f"{what}: too few days to be believed"
    return (
        f"{what}: {rate.ratio:.3f} times the targets that chance reaches (standard error "
        f"{rate.ratio_error:.3f}), taken as {rate.believed_ratio:.3f}"
    )


def _document(found: Calibration, recording: Recording, settings: Settings) -> dict[str, Any]:
    from dataclasses import asdict

    document = asdict(found)
    return {
        "schema": 1,
        "market": settings.market.value,
        "interval": recording.interval.value,
        "symbols": len(recording.block.symbols),
        "candles": len(recording.block.close),
        **document.pop("whole"),
        **document,
    }


def _lines(found: Calibration, recording: Recording, settings: Settings) -> list[str]:
    whole = found.whole
    return [
        f"recorded {settings.market.title}, {recording.interval.value}: "
        f"{len(recording.block.symbols)} symbols, {len(recording.block.close)} candles, "
        f"{_weeks(found.weeks)}, {whole.cases} past divergences that ended",
        "",
        "confidence   cases  stated  happened",
        *(
            f"{x.low:.1f} to {x.high:.1f}  {x.cases:>6}  {x.stated:>6.3f}  {x.happened:>8.3f}"
            for x in whole.bins
        ),
        "",
        f"reached the target    {whole.share:.4f}, stated {whole.stated:.4f} on average",
        f"calibration error     {whole.calibration_error:.4f}",
        f"Brier score           {whole.brier:.4f}",
        f"  for comparison      {found.brier_running:.4f} always predicting the average so far",
        f"                      {whole.brier_constant:.4f} always predicting the final average "
        "(hindsight)",
        f"result                {whole.result:+.3f} R {_range(found.result)}, "
        f"stated {whole.expected:+.3f} R on average",
        *_second_half(found.second_half),
        "",
        "what the lower and the upper third of signals brought, in R; a week is one observation",
        "part of the score    lower   upper  difference",
        *(_third(name, x) for name, x in found.parts.items()),
        "",
        "of what the last window showed, this part came again (1: all of it, 0: it was luck)",
        *(
            f"{name:<8}  {x.value:+.2f} {_range(x)}" if x else f"{name:<8}  n/a"
            for name, x in found.repeated.items()
        ),
    ]


def _second_half(half: Statements | None) -> list[str]:
    if half is None:
        return []
    return [
        "",
        "the second half, stated with base rates counted on the first:",
        f"reached the target    {half.share:.4f}, stated {half.stated:.4f} on average",
        f"calibration error     {half.calibration_error:.4f}",
        f"Brier score           {half.brier:.4f}, hindsight {half.brier_constant:.4f}",
    ]


def _third(name: str, found: Thirds | None) -> str:
    title = name.replace("_", " ")
    if found is None:
        return f"{title:<18}  n/a: the same for nearly all"
    verdict = "" if found.difference.differs else ", tells nothing"
    return (
        f"{title:<18}  {found.lower:+.3f}  {found.upper:+.3f}  {found.difference.value:+.3f} "
        f"{_range(found.difference)}{verdict}"
    )


def _weeks(count: int) -> str:
    return f"{count} week" + "s" * (count != 1)


def _range(figure: Estimate) -> str:
    if figure.low is None or figure.high is None:
        from divbot.scanner.evidence.weekly import FEWEST

        return f"(n/a: {_weeks(figure.weeks)}, at least {FEWEST} are needed)"
    return f"({figure.low:+.3f} to {figure.high:+.3f})"


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

    from divbot.app.scanning import trade_rules
    from divbot.app.verification import open_history
    from divbot.cli.destination import Destination, json_bytes
    from divbot.scanner.checks.lookahead import replay

    if recorded and given.settings["base_url"]:
        raise InputError("--recorded and --base-url exclude each other: give one of them")
    settings = given.load(symbols=symbol)
    tell_of_compiling()
    name = ",".join(settings.symbols)
    history = open_history(settings, recorded)
    found = replay(history.block, trade_rules(settings))
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

    from divbot.app.verification import open_recording
    from divbot.cli.destination import Destination, json_bytes
    from divbot.scanner.checks.warmup import windows

    settings = given.load()
    block = open_recording(recorded, settings.symbols).block
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
