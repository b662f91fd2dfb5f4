"""Plans of what goes wrong, drawn from a seed: the same for the same question, on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from divbot.domain.errors import InputError

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class SeededPlan(Generic[Kind]):
    """Let a part `rate` of all that is asked about go wrong; which and how, says the seed alone."""

    seed: int
    rate: float
    kinds: tuple[Kind, ...]

    def drawn(self, name: object, kinds: Sequence[Kind]) -> Kind | None:
        """Return which of `kinds` befalls what is called `name`, None where none does."""
        digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        if int.from_bytes(digest[:8], "little") / 2**64 >= self.rate or not kinds:
            return None
        return kinds[int.from_bytes(digest[8:16], "little") % len(kinds)]


def kind_named(known: Mapping[str, Kind], name: object, *, of: str) -> Kind:
    """Return the kind called `name`, `of` a fault or whatever; InputError when there is none."""
    kind = known.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InputError(f"expected a kind of {of} ({', '.join(known)}), found {name!r}")
    return kind


def read_plan(text: str, known: Mapping[str, Kind], *, of: str, example: str) -> SeededPlan[Kind]:
    """Return the plan that a text like `seed=7,rate=0.02,kinds=html502+timeout` describes.

    Without `kinds`, all that are `known`. Raise InputError when it describes none.
    """
    refusal = InputError(f"expected {of}s like {example}, found {text!r}")
    fields = dict(part.partition("=")[::2] for part in text.split(","))
    if not {"rate"} <= set(fields) <= {"seed", "rate", "kinds"}:
        raise refusal
    try:
        seed, rate = int(fields.get("seed", "1")), float(fields["rate"])
    except ValueError:
        raise refusal from None
    if not 0 <= rate <= 1:
        raise refusal
    names = fields["kinds"].split("+") if "kinds" in fields else known
    return SeededPlan(seed, rate, tuple(kind_named(known, name, of=of) for name in names))
