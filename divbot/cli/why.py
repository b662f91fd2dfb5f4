"""`divbot why`: which rules a symbol passed, and the one that keeps it out of the table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from divbot.cli import flags
from divbot.domain.errors import InputError
from divbot.setting_table import IndicatorInputs

if TYPE_CHECKING:
    from divbot.app.explanation import Explanation
    from divbot.scanner.why import Story
    from divbot.settings import Settings

_RULE = 14
_WIDTH = 80


@flags.settings(
    *("market", "interval", "top", "include", "exclude", "limit", "base_url", "max_age", "best"),
    IndicatorInputs,
)
def why(
    symbols: Annotated[list[str], typer.Argument(help="One or more symbols: BTCUSDT ETHUSDT")],
    *,
    given: flags.Given,
    as_json: flags.Json = False,
    demo: flags.Demo = False,
) -> None:
    """Scan the market and say why each SYMBOL is in the table, or which rule keeps it out."""
    from divbot.app.explanation import explain
    from divbot.cli.compiling import tell_of_compiling
    from divbot.cli.destination import Destination, json_bytes

    settings = given.load(demo=demo)
    wanted = list(dict.fromkeys(map(_symbol, symbols)))
    tell_of_compiling()
    found = explain(settings, wanted, demo=demo)
    for notice in found.notices:
        print(f"divbot: {notice}", file=sys.stderr)
    out = Destination(None)
    if as_json:
        out.write(json_bytes(_document(found, settings)))
    else:
        out.write("\n".join(_lines(found, settings)) + "\n")


def _symbol(text: str) -> str:
    from divbot.domain.symbols import read_symbol

    try:
        return read_symbol(text)
    except ValueError as error:
        raise InputError(str(error)) from None


def _document(found: Explanation, settings: Settings) -> dict[str, Any]:
    return {
        "schema": 1,
        "venue": found.venue,
        "market": settings.market.value,
        "interval": settings.interval.value,
        "simulated": found.simulated,
        "as_of": found.report.as_of if found.report else found.at,
        "symbols": [
            {
                "symbol": story.symbol,
                "shown": story.stopped_by is None,
                "stopped_by": story.stopped_by.rule if story.stopped_by else None,
                "steps": [
                    {"rule": x.rule, "passed": x.passed, "detail": x.detail} for x in story.steps
                ],
            }
            for story in found.stories
        ],
    }


def _lines(found: Explanation, settings: Settings) -> Iterator[str]:
    from divbot.domain.clock import utc_text

    as_of = found.report.as_of if found.report else found.at
    simulated = " - SIMULATED PRICES" if found.simulated else ""
    yield (
        f"{found.venue} {settings.market.title}, {settings.interval.value}, as of "
        f"{utc_text(as_of)} UTC{simulated}"
    )
    for story in found.stories:
        yield ""
        yield from story_lines(story)


def story_lines(story: Story) -> Iterator[str]:
    """Yield a heading and a line for each step, on lines of 80 columns."""
    from divbot.cli.columns import words_on_lines
    from divbot.cli.figures import harmless

    stop = story.stopped_by
    yield f"{harmless(story.symbol)} " + (f"is stopped by: {stop.rule}" if stop else "is shown")
    for step in story.steps:
        first, *others = words_on_lines(harmless(step.detail), _WIDTH - _RULE - 6)
        yield f"  {'ok' if step.passed else 'NO'}  {step.rule:<{_RULE}}{first}"
        for line in others:
            yield " " * (_RULE + 6) + line
