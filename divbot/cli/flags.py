"""Flags that several commands share, those of settings as the table has them.

The flag of a setting is None unless it is given, so that it beats a variable and the file only
then.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

import typer

from divbot.domain.bounds import Bounds, Reader
from divbot.domain.durations import Duration
from divbot.domain.errors import InputError
from divbot.domain.hosts import address_of
from divbot.domain.timerange import Range, TimeRange
from divbot.domain.values import FilePath, Switch
from divbot.setting_table import GROUPS, SETTINGS, Setting
from divbot.web.address import ListenOn, WebAddress

if TYPE_CHECKING:
    from divbot.settings import Settings

Result = TypeVar("Result")


def choices(values: Sequence[str]) -> Callable[[str], list[str]]:
    """Return what completes the beginning of one of `values`."""

    def complete(incomplete: str) -> list[str]:
        return [value for value in values if value.startswith(incomplete)]

    return complete


def option(
    flag: str, reader: Reader[object], text: str, *others: str, show_default: str | bool = True
) -> Any:
    """Return the option of a flag that is no setting; InputError tells what `reader` refuses."""

    def read(given: str) -> object:
        try:
            return reader.read(given)
        except ValueError as error:
            raise InputError(f"{flag}: {error}") from None

    return typer.Option(
        flag, *others, metavar=reader.metavar, parser=read, help=text, show_default=show_default
    )


Demo: TypeAlias = Annotated[
    bool, typer.Option("--demo", help="Use a simulated market; needs no network.")
]
Speed: TypeAlias = Annotated[
    float,
    option(
        "--speed",
        Bounds(float, "0.01", 100_000),
        "Market seconds per second, on a simulated market.",
    ),
]
ForSoLong: TypeAlias = Annotated[
    timedelta | None,
    option("--duration", Duration("1ms", "3650d"), "Stop after this long: 40s, 30m, 8h or 7d."),
]
LogFilePath: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--log-file",
        help="Add a line for each event and notice to this file: up to 5 MB, then FILE.1 to "
        "FILE.5 hold what is older.",
        dir_okay=False,
    ),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Quiet: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print no progress and no notices.")
]
Web: TypeAlias = Annotated[
    WebAddress | None,
    option(
        "--web",
        ListenOn(),
        "Serve a page to look at in a browser, read-only; by itself on 127.0.0.1:8420.",
        show_default=False,
    ),
]
Timerange: TypeAlias = Annotated[
    TimeRange | None,
    option(
        "--timerange",
        Range(),
        "20240101-20250101, 20240101-, ISO dates: from the first to before the second, in UTC.",
        show_default=False,
    ),
]
RunName: TypeAlias = Annotated[
    str | None, typer.Option("--run", help="Name of the run. [the newest]")
]
JournalFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--journal", help="File of the journal to read.", dir_okay=False),
]
_CONFIG = Annotated[
    Path | None, typer.Option(help="Settings file (TOML). [divbot.toml, if there is one]")
]


@dataclass(frozen=True, slots=True)
class Given:
    """What a command line says of settings."""

    settings: Mapping[str, object]
    """By name; None: it was not given."""
    config: Path | None

    @property
    def one_interval(self) -> dict[str, Any]:
        """Return how a single one of several intervals is given, which is as any command has it."""
        text = self.settings.get("intervals")
        is_one = isinstance(text, str) and "," not in text
        return {"interval": text, "intervals": ()} if is_one else {}

    def load(
        self,
        *,
        demo: bool = False,
        quiet: bool = False,
        defaults: Mapping[str, object] = MappingProxyType({}),
        **others: object,
    ) -> Settings:
        """Return the settings of this run, with `others`, which the command itself says.

        Raise InputError where flags name two venues; say where a demo beats that of the settings.
        """
        from divbot.settings import load_settings

        found = load_settings({**self.settings, **others}, self.config, defaults)
        if demo and self.settings.get("base_url"):
            raise InputError("--demo and --base-url exclude each other: give one of them")
        if demo and found.base_url and not quiet:
            named = address_of(found.base_url)
            print(f"divbot: --demo: base_url {named} of the settings is not used", file=sys.stderr)
        return found


def settings(
    *wanted: str | type, without: Sequence[str] = ()
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Give a command the flags of these settings, or groups of them, and --config.

    It gets what was given as `given`.
    """
    names = [
        name
        for group, rows in GROUPS.items()
        for name, row in rows.items()
        if (name in wanted or group in wanted) and name not in without and not row.is_secret
    ]

    def decorate(command: Callable[..., Result]) -> Callable[..., Result]:
        @functools.wraps(command)
        def with_flags(*, config: Path | None, **given: object) -> Result:
            known = {name: given.pop(name) for name in names}
            return command(given=Given(known, config), **given)

        own = inspect.signature(command, eval_str=True)
        added = {name: _flag(name, SETTINGS[name]) for name in names}
        parameters = [
            *(_keyword(name, flag) for name, flag in added.items()),
            *(x for x in own.parameters.values() if x.name != "given"),
            _keyword("config", _CONFIG),
        ]
        parameters.sort(key=lambda x: x.kind)
        with_flags.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        return with_flags

    return decorate


def _keyword(name: str, annotation: object) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _flag(name: str, setting: Setting) -> Any:
    flag, reader = f"--{name.replace('_', '-')}", setting.reader
    is_switch = isinstance(reader, Switch)
    option = typer.Option(
        f"{flag}/--no-{flag[2:]}" if is_switch else flag,
        *setting.flags,
        metavar=reader.metavar,
        help=_help(setting),
        autocompletion=choices(reader.choices) if reader.choices else None,
    )
    if is_switch:
        return Annotated[bool | None, option]
    return Annotated[Path | None if isinstance(reader, FilePath) else str | None, option]


def _help(setting: Setting) -> str:
    """Return a sentence, and the default in brackets."""
    default = {"false": None, "true": "yes"}.get(setting.default or "", setting.default)
    # A word to type, in backticks, keeps its small letter.
    text = (setting.help[0].upper() + setting.help[1:]).replace("`", "")
    return text + "." * (not text.endswith(".")) + (f" [{default}]" if default else "")
