"""A command whose flags are each given once at most."""

from __future__ import annotations

from collections import Counter
from typing import Any

from typer.core import TyperCommand, TyperOption

from divbot.domain.errors import InputError


class Command(TyperCommand):
    """Refuse a flag that is given again: of two values one would be ignored without a word."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse `args`; raise InputError for a flag of one value that is there twice."""
        if not ctx.resilient_parsing:
            _, _, order = self.make_parser(ctx).parse_args(args=list(args))
            for flag, times in Counter(order).items():
                if times > 1 and isinstance(flag, TyperOption) and not flag.multiple:
                    name = max((*flag.opts, *flag.secondary_opts), key=len)
                    raise InputError(f"expected {name} once, found it {times} times; give it once")
        return super().parse_args(ctx, args)
