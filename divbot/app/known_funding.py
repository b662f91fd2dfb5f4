"""How much is known of the funding of symbols, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from divbot.domain.durations import DAY
from divbot.domain.names import counted

KnownFunding: TypeAlias = Literal["none", "some", "all"]
"""How much is known of the funding of a symbol."""


def funding_notes(known: Sequence[KnownFunding]) -> Iterator[str]:
    """Yield, in words, of how many symbols funding is not known, or not of all the time."""
    unpaid, partly = known.count("none"), known.count("some")
    if unpaid:
        yield f"funding is not known of {counted(unpaid)}: positions in them pay and get none"
    if partly:
        yield f"funding of {counted(partly)} is known for a part of the time only"


def known_funding(due: Sequence[int], first: int, last: int) -> KnownFunding:
    """Return how much is known from `first` to `last` of settlements that were `due`, ms UTC."""
    if not due:
        return "none"
    return "some" if due[0] > first + DAY or due[-1] < last - DAY else "all"
