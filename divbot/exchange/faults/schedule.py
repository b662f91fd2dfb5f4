"""Which faults are to come: those that were asked for, and a seeded plan of them.

A fault is asked for through the control endpoint, or drawn for a request by the plan. It meets only
requests that are let in: over the limit or banned, a client is told so whatever is pending.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from divbot.domain.errors import InputError
from divbot.exchange.faults.kinds import KINDS, FaultKind
from divbot.exchange.rest.json_text import number_in, text_in
from divbot.exchange.seeded_plan import SeededPlan, kind_named, read_plan

MOST_PENDING = 1000
MOST_SECONDS = 3600
MOST_REQUESTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault to come."""

    kind: FaultKind
    seconds: float
    path: str = ""
    """What the path ends with; empty: whatever the kind can meet."""
    symbol: str = ""
    """The symbol asked for; empty: any, or none."""
    count: int = 1
    """How many requests are still to meet it."""

    def meets(self, path: str, symbols: Sequence[str]) -> bool:
        """Tell whether a request for `symbols`, as it names them, is one that this fault is for."""
        if not _can_meet(self.kind, path) or not path.endswith(self.path):
            return False
        return not self.symbol or symbols == [self.symbol]

    def described(self) -> dict[str, str | int | float]:
        """Return what the control endpoint shows of it."""
        asked = {"path": self.path, "symbol": self.symbol}
        told = {name: value for name, value in asked.items() if value}
        return {"kind": self.kind.name, **told, "count": self.count, "seconds": self.seconds}


FaultPlan: TypeAlias = SeededPlan[FaultKind]
"""By the numbers of requests."""


class Faults:
    """Hold what is pending, and say which fault a request meets."""

    def __init__(self, plan: FaultPlan | None = None) -> None:
        self._plan = plan
        self._pending: deque[Fault] = deque()
        self._counter = 0

    def add(self, fault: Fault) -> None:
        """Let `fault` meet the next requests that it is for; raise InputError on too many."""
        if len(self._pending) >= MOST_PENDING:
            raise InputError(f"expected at most {MOST_PENDING} pending faults, found more")
        self._pending.append(fault)

    def clear(self) -> None:
        """Drop what is pending, and end the plan."""
        self._pending.clear()
        self._plan = None

    def pending(self) -> tuple[Fault, ...]:
        """Return what was asked for and has not been met."""
        return tuple(self._pending)

    def next_for(self, path: str, query: str) -> Fault | None:
        """Return the fault that this request meets: what was asked for before what is planned."""
        self._counter += 1
        symbols = parse_qs(query).get("symbol", []) if self._pending else []
        for place, fault in enumerate(self._pending):
            if fault.meets(path, symbols):
                self._use(place, fault)
                return fault
        return None if self._plan is None else _drawn(self._plan, self._counter, path)

    def _use(self, place: int, fault: Fault) -> None:
        if fault.count > 1:
            self._pending[place] = replace(fault, count=fault.count - 1)
        else:
            del self._pending[place]


def parse_plan(text: str) -> FaultPlan:
    """Return the plan that a text describes; raise InputError when it describes none."""
    return read_plan(
        text,
        KINDS,
        of="fault",
        example="seed=7,rate=0.02 or seed=7,rate=0.02,kinds=html502+timeout",
    )


def parse_fault(content: Any) -> Fault:
    """Return the fault that a JSON object describes; raise InputError when it describes none."""
    known = {"kind", "path", "symbol", "count", "seconds"}
    if not isinstance(content, Mapping) or not set(content) <= known:
        raise InputError(f"expected an object with kind, path, symbol, count, seconds: {content!r}")
    kind = kind_named(KINDS, content.get("kind"), of="fault")
    path, symbol = text_in(content, "path"), text_in(content, "symbol")
    if path and kind.meets and not any(_ends_alike(path, end) for end in kind.meets):
        places = ", ".join(kind.meets)
        raise InputError(f"expected {kind.name} on {places}, found path {path!r}")
    numbers = {"count": 1, "seconds": kind.seconds, **content}
    count = number_in(numbers, "count", 1, MOST_REQUESTS, whole=True)
    seconds = number_in(numbers, "seconds", -MOST_SECONDS, MOST_SECONDS)
    return Fault(kind, seconds, path, symbol, int(count))


def _drawn(plan: FaultPlan, counter: int, path: str) -> Fault | None:
    kind = plan.drawn(counter, [kind for kind in plan.kinds if _can_meet(kind, path)])
    return None if kind is None else Fault(kind, kind.seconds)


def _can_meet(kind: FaultKind, path: str) -> bool:
    return not kind.meets or path.endswith(kind.meets)


def _ends_alike(path: str, end: str) -> bool:
    return path.endswith(end) or end.endswith(path)
