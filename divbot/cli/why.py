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
    from divbot.cli.rates import prepare_rates

    settings = given.load(demo=demo)
    wanted = list(dict.fromkeys(map(_symbol, symbols)))
    tell_of_compiling()
    prepare_rates(settings)
    found = explain(settings, wanted, demo=demo)
    for notice in found.notices:
        print(f"divbot: {notice}", file=sys.stderr)
    out = Destination(None)
    if as_json:
        out.write(json_bytes(_document(found, settings)))
    else:
        out.write("\n".join(explained(found, settings)) + "\n")


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
        "as_of": found.as_of,
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


def explained(found: Explanation, settings: Settings) -> Iterator[str]:
    """Yield a title, and for each symbol which rules it passed or did not."""
    from divbot.scanner.report import scan_title

    yield scan_title(
        found.venue, settings.market, settings.interval, found.as_of, simulated=found.simulated
    )
    column = max(len(step.rule) for story in found.stories for step in story.steps) + 1
    for story in found.stories:
        yield ""
        yield from _story_lines(story, column)


def _story_lines(story: Story, column: int) -> Iterator[str]:
    """Yield a heading and a line for each step, on lines of 80 columns: a rule, and its words."""
    from divbot.cli.columns import words_on_lines
    from divbot.cli.figures import harmless

    stop = story.stopped_by
    yield f"{harmless(story.symbol)} " + (f"is stopped by: {stop.rule}" if stop else "is shown")
    for step in story.steps:
        first, *others = words_on_lines(harmless(step.detail), _WIDTH - column - 6)
        yield f"  {'ok' if step.passed else 'NO'}  {step.rule:<{column}}{first}"
        for line in others:
            yield " " * (column + 6) + line
