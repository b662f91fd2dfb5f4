"""What the commands that go through the past share: settings, flags, and how far they are."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from divbot.app.options import SPREAD, UniverseOf
from divbot.cli import flags
from divbot.domain.values import Choice
from divbot.setting_table import GROUPS, AlertSettings, IntervalSettings, WebSettings, WorkSettings

if TYPE_CHECKING:
    from divbot.app.options import TellStage

_LIVE_ONLY = ("best", "max_spread", "position_update_interval")
"""Settings of a venue that can be asked again and again, and of what is shown of it."""
SETTINGS_OF_THEN = (
    *(
        name
        for group, rows in GROUPS.items()
        if group not in (AlertSettings, IntervalSettings, WebSettings, WorkSettings)
        for name in rows
        if name not in _LIVE_ONLY
    ),
    *("workers", "sequential", "store"),
)
"""Those that mean something on the past."""

WhoseList: TypeAlias = Annotated[
    UniverseOf,
    flags.option(
        "--universe",
        Choice(UniverseOf),
        "Whose list of symbols: of each moment then, or of the end (now).",
    ),
]
Spread: TypeAlias = Annotated[
    Decimal,
    flags.option(
        "--spread", SPREAD, "From bid to ask, as a part of the price: no candle tells it."
    ),
]


def recorded(does: str) -> Any:
    """Return the option of a recording on which a command `does` what it does."""
    return typer.Option(
        help=f"{does} on these candles, a parquet or CSV file, or a folder of zips of Binance's "
        "archive, instead of the store."
    )


def tell(text: str, *, quiet: bool) -> None:
    """Write a notice at once, if anybody wants to read it."""
    if not quiet:
        print(f"divbot: {text}", file=sys.stderr, flush=True)


def progress(*, quiet: bool) -> AbstractContextManager[TellStage]:
    """Provide what shows how far the work is, where somebody looks."""
    if quiet or not sys.stderr.isatty():
        return nullcontext(_ignore)
    from divbot.cli.progress import PastProgress

    return PastProgress()


def _ignore(what: str, done: int, count: int) -> None:
    """Show nothing."""
