"""What is wrong with files, and which listings fail: on demand, or by a seeded plan.

A defect is a state of the file, the same for every request until it is cleared or, where it is one
that passes, until its time is over; the failure of a listing meets one request.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from divbot.domain.errors import InputError
from divbot.exchange.archive.calendar import Cadence
from divbot.exchange.archive.defect_kinds import (
    DEFECTS,
    DefectKind,
    DefectPlace,
    DefectPlan,
)
from divbot.exchange.archive.series import ArchiveZip
from divbot.exchange.rest.json_text import number_in, text_in
from divbot.exchange.seeded_plan import kind_named

Told = TypeVar("Told", str, int)

MOST_ASKED = 1000
_MOST_COUNT = 1_000_000
_MOST_SECONDS = 10 * 365 * 86_400
_MOST_REMEMBERED = 1 << 16
_LEAST_ROWS = 6


@dataclass(frozen=True, slots=True)
class FileCondition:
    """How a file stands at a moment."""

    defect: str
    """What is wrong with it; empty: nothing."""
    modified: int
    """Since when it is as it is, ms UTC."""

    @property
    def is_there(self) -> bool:
        """Tell whether there is a file."""
        return self.defect not in ("absent", "late")


@dataclass(frozen=True, slots=True)
class AskedDefect:
    """A defect that was asked for."""

    kind: DefectKind
    path: str = ""
    """What the key of a zip ends with; empty: whatever the kind fits."""
    count: int = 1
    """How many files are to have it, or how many listings to fail."""
    seconds: float = 0.0
    keys: set[str] = field(default_factory=set)
    """The files that have it."""

    def takes(self, file: ArchiveZip) -> bool:
        """Tell whether `file` has it; the first that it can be in have it from then on."""
        key = file.key
        if key in self.keys:
            return True
        if (
            len(self.keys) >= self.count
            or not key.endswith(self.path)
            or not _fits(self.kind, file)
        ):
            return False
        self.keys.add(key)
        return True

    def described(self) -> dict[str, str | int | float]:
        """Return what the control endpoint shows of it."""
        path = {"path": self.path} if self.path else {}
        return {"kind": self.kind.name, **path, "count": self.count, "seconds": self.seconds}


class Defects:
    """Say what is wrong with a file. Any thread may ask."""

    def __init__(self, plan: DefectPlan | None = None) -> None:
        self._lock = threading.Lock()
        """Guards all of what follows."""
        self._plan = plan
        self._asked: list[AskedDefect] = []
        self._listings = 0
        self._counts: Counter[str] = Counter()
        self._met: OrderedDict[str, str] = OrderedDict()
        """The files that were asked for or listed with a defect; the latest ones."""
        self._mended: OrderedDict[str, int] = OrderedDict()
        """Since when those are right, after all was cleared."""

    def add(self, asked: AskedDefect) -> None:
        """Let there be a defect; raise InputError on too many."""
        with self._lock:
            if len(self._asked) >= MOST_ASKED:
                raise InputError(f"expected at most {MOST_ASKED} defects asked for, found more")
            self._asked.append(asked)

    def clear(self, now: int) -> None:
        """End all of them, and the plan: what was met with a defect is replaced at `now`."""
        with self._lock:
            for key, name in self._met.items():
                # Where only the checksum was wrong, the file itself stays as it was.
                if DEFECTS[name].part is not DefectPlace.CHECKSUM:
                    _remember(self._mended, key, now)
            self._met.clear()
            self._asked.clear()
            self._plan = None

    def state(self) -> dict[str, object]:
        """Return what was asked for, and how many files or listings met which kind."""
        with self._lock:
            asked = [each.described() for each in self._asked]
            return {"asked": asked, "met": dict(sorted(self._counts.items()))}

    def condition(self, file: ArchiveZip, now: int) -> FileCondition:
        """Return how `file` stands at `now`."""
        with self._lock:
            modified = self._mended.get(file.key, file.published)
            kind, seconds = self._defect(file)
            if kind is None:
                return FileCondition("", modified)
            over = file.published + round(seconds * 1000)
            if seconds and over <= now:
                return FileCondition("", max(over, modified))
            self._count(file.key, kind.name)
        return FileCondition(kind.name, modified)

    def listing(self) -> str:
        """Return how the next listing fails; empty: it does not."""
        with self._lock:
            self._listings += 1
            kind = self._listing_asked() or self._listing_planned()
            if kind is not None:
                self._counts[kind.name] += 1
        return "" if kind is None else kind.name

    def _defect(self, file: ArchiveZip) -> tuple[DefectKind | None, float]:
        for asked in self._asked:
            if asked.takes(file):
                return asked.kind, asked.seconds
        if self._plan is None:
            return None, 0.0
        kinds = [kind for kind in self._plan.kinds if _fits(kind, file)]
        kind = self._plan.drawn(file.key, kinds)
        return kind, 0.0 if kind is None else kind.seconds

    def _count(self, key: str, name: str) -> None:
        if self._met.get(key) != name:
            self._counts[name] += 1
        _remember(self._met, key, name)

    def _listing_asked(self) -> DefectKind | None:
        for place, asked in enumerate(self._asked):
            if asked.kind.part is DefectPlace.LISTING:
                asked.keys.add(str(self._listings))
                if len(asked.keys) >= asked.count:
                    del self._asked[place]
                return asked.kind
        return None

    def _listing_planned(self) -> DefectKind | None:
        if self._plan is None:
            return None
        kinds = [kind for kind in self._plan.kinds if kind.part is DefectPlace.LISTING]
        return self._plan.drawn(f"listing {self._listings}", kinds)


def _remember(kept: OrderedDict[str, Told], key: str, told: Told) -> None:
    kept[key] = told
    kept.move_to_end(key)
    if len(kept) > _MOST_REMEMBERED:
        kept.popitem(last=False)


def parse_defect(content: Mapping[str, Any]) -> AskedDefect:
    """Return the defect that a JSON object describes; raise InputError when it describes none."""
    if not set(content) <= {"kind", "path", "count", "seconds"}:
        raise InputError(f"expected an object with kind, path, count, seconds: {content!r}")
    kind = kind_named(DEFECTS, content.get("kind"), of="defect")
    path = text_in(content, "path")
    numbers = {"count": 1, "seconds": kind.seconds, **content}
    count = number_in(numbers, "count", 1, _MOST_COUNT, whole=True)
    seconds = number_in(numbers, "seconds", 0, _MOST_SECONDS)
    return AskedDefect(kind, path, int(count), seconds)


def _fits(kind: DefectKind, file: ArchiveZip) -> bool:
    """Tell whether `file` can have a defect of that kind."""
    series = file.series
    if kind.part is DefectPlace.LISTING or (kind.monthly_only and series.cadence is Cadence.DAILY):
        return False
    if kind.part is not DefectPlace.ROWS:
        return True
    if series.interval is None:
        return kind.longest is None
    length, (start, end) = series.interval.milliseconds, series.cadence.period(file.start)
    is_short = kind.longest is None or length <= kind.longest.milliseconds
    return is_short and (end - start) // length >= _LEAST_ROWS
