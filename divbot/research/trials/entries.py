"""What stands in the ledger of trials; each entry as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, ClassVar, TypeAlias, get_args

import orjson
from pydantic import PlainSerializer, PlainValidator, TypeAdapter

from divbot.evaluation import Finding


def _range(value: object) -> range:
    match value:
        case range():
            return value
        case [int(start), int(stop)]:
            return range(start, stop)
    raise ValueError(f"expected the first day and the one after the last, found {value}")


Days: TypeAlias = Annotated[
    range,
    PlainValidator(_range),
    PlainSerializer(lambda days: [days.start, days.stop], return_type=list[int]),
]
"""UTC days since 1970."""


class TrialSource(StrEnum):
    """What ran the settings of a trial."""

    SWEEP = "sweep"
    BACKTEST = "backtest"
    CHECK = "check"
    """`divbot verify`, which tells what signals of past days came to."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Settings that were tried on some days; their daily results of `known` lie beside it.

    Beside a check there are none: it tells figures of no single day.
    """

    kind: ClassVar = "trial"

    source: TrialSource
    fingerprint: str
    """Names what was tried on what: the same again is no further trial."""
    days: Days
    """All that was run."""
    known: Days
    """Those of which figures may have been seen."""
    settings: int
    """How many."""
    basis: Mapping[str, str]
    """What all of them share, setting by setting."""
    costs: Mapping[str, str]
    seed: int
    code: str
    """Hash of the program's sources."""
    data: str
    """Hash of the candles."""
    version: str
    holdout: Days = field(default=range(0))
    """Those that are sealed; none of a backtest."""
    development: Days = field(default=range(0))
    gap: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Opening:
    """A look at a holdout, written before anybody has looked."""

    kind: ClassVar = "opening"

    trial: int
    """The number of its entry."""
    setting: str
    holdout: Days
    look: int
    level: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict; beside it lie the winner's results of the holdout, where they are told."""

    kind: ClassVar = "judged"

    trial: int
    finding: Finding
    text: str
    holdout: Days
    is_spent: bool
    """Whether figures of the holdout are told, so that these days judge no more."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Entries that the note beside the ledger knew of, and that were there no more."""

    kind: ClassVar = "lost"

    problem: str
    sweeps: int
    """How many sweeps are missing, at least."""
    openings: int
    """How many looks are missing, at least."""


TrialEntry: TypeAlias = Trial | Opening | Judged | Lost


def encode(entry: TrialEntry) -> str:
    """Return the fields of `entry` as JSON with sorted keys."""
    fields = _adapters()[entry.kind].dump_python(entry, mode="json")
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode()


def decode(kind: str, body: str) -> TrialEntry:
    """Return the entry of `kind` with the fields in `body`; raise ValueError for none."""
    adapter = _adapters().get(kind)
    if adapter is None:
        raise ValueError(f"unknown kind {kind!r}")
    entry: TrialEntry = adapter.validate_json(body)
    return entry


@cache
def _adapters() -> dict[str, TypeAdapter[Any]]:
    return {entry.kind: TypeAdapter(entry) for entry in get_args(TrialEntry)}
