"""A command whose flags are each given once at most, and a group that knows near names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from typer.core import TyperCommand, TyperGroup, TyperOption

from divbot.domain.errors import InputError, VenueUnreachable
from divbot.domain.suggestions import nearest
from divbot.domain.values import Several
from divbot.setting_table import SETTINGS

PARTIAL = 4
"""The exit code where something of what was asked for is missing."""


class CommandGroup(TyperGroup):
    """Suggest a command as all names are suggested: where one is near, and that one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "suggest_commands": False})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that `args` begin with."""
        if args[0] not in self.commands and (near := nearest(args[0], self.commands)):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near!r}?")
        return super().resolve_command(ctx, args)


class Command(TyperCommand):
    """Refuse a flag that is given again: of two values one would be ignored without a word."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; where no venue answers, name the flag that needs none, if it has it."""
        try:
            return super().invoke(ctx)
        except VenueUnreachable as error:
            if not any(x.name == "demo" for x in self.params):
                raise
            raise type(error)(f"{error}; --demo needs no network") from error

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse `args`; raise InputError for a flag of one value that is there twice."""
        args = list(_with_values(self.params, args))
        if not ctx.resilient_parsing:
            _, _, order = self.make_parser(ctx).parse_args(args=list(args))
            for flag, times in Counter(order).items():
                if times > 1 and isinstance(flag, TyperOption) and not flag.multiple:
                    name = max((*flag.opts, *flag.secondary_opts), key=len)
                    raise InputError(
                        f"expected {name} once, found it {times} times; {_how_to_give(flag)}"
                    )
        return super().parse_args(ctx, args)


def _how_to_give(flag: Any) -> str:
    row = SETTINGS.get(flag.name)
    if row is None or not isinstance(row.reader, Several) or "," not in row.example:
        return "give it once"
    return f"give it once, several between commas, as in {min(flag.opts, key=len)} {row.example}"


def _with_values(params: Iterable[Any], args: Sequence[str]) -> Iterator[str]:
    """Give a flag whose value may be left out, as its metavar in brackets tells, an empty one."""
    bracketed = [x for x in params if (getattr(x, "metavar", None) or "").startswith("[")]
    flags = {flag for x in bracketed for flag in x.opts if flag.startswith("--")}
    for arg, following in zip(args, [*args[1:], "-"], strict=False):
        yield f"{arg}=" if arg in flags and following.startswith("-") else arg
