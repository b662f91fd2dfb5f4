"""The kinds of what can be wrong in the archive, and a seeded plan of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from divbot.domain.errors import InputError
from divbot.domain.market import Interval


class Part(StrEnum):
    """What of a file, or of the archive, a defect is in."""

    ROWS = "rows"
    ZIP = "zip"
    CHECKSUM = "checksum"
    PRESENCE = "presence"
    LISTING = "listing"


@dataclass(frozen=True, slots=True)
class DefectKind:
    """One way in which the archive can be wrong."""

    name: str
    part: Part
    meaning: str
    monthly_only: bool = False
    """Only months can have it."""
    longest: Interval | None = None
    """Only candles of at most this length can have it; None: whatever has enough rows."""
    seconds: float = 0.0
    """How long after the usual publication it lasts; 0: for good."""


DEFECTS = {
    kind.name: kind
    for kind in (
        DefectKind(
            "missing_day",
            Part.ROWS,
            "a month without one of its days",
            monthly_only=True,
            longest=Interval.D1,
        ),
        DefectKind("missing_hours", Part.ROWS, "7 hours are missing", longest=Interval.H1),
        DefectKind("rows_twice", Part.ROWS, "a block of rows, and the same again"),
        DefectKind("rows_out_of_order", Part.ROWS, "the second half of the rows comes first"),
        DefectKind("rows_contradict", Part.ROWS, "one row again, with other values"),
        DefectKind("wrong_values", Part.ROWS, "rows that have each other's values"),
        DefectKind(
            "replaced", Part.ROWS, "wrong_values, until the right file comes", seconds=20 * 86_400.0
        ),
        DefectKind("cut_zip", Part.ZIP, "two thirds of the zip, the checksum of all"),
        DefectKind("zip_bomb", Part.ZIP, "1 MB that unpacks to 1 GiB, the checksum right"),
        DefectKind("no_checksum", Part.CHECKSUM, "its CHECKSUM is not there"),
        DefectKind("other_checksum", Part.CHECKSUM, "its CHECKSUM is that of another file"),
        DefectKind("absent", Part.PRESENCE, "it is not there, and not listed"),
        DefectKind("late", Part.PRESENCE, "absent, until it comes at last", seconds=14 * 86_400.0),
        DefectKind("denied_file", Part.PRESENCE, "it is listed, but 403"),
        DefectKind("listing_denied", Part.LISTING, "403, AccessDenied"),
        DefectKind("listing_error", Part.LISTING, "500, InternalError"),
        DefectKind("listing_slow_down", Part.LISTING, "503, SlowDown"),
        DefectKind("listing_cut", Part.LISTING, "200, half of the XML"),
        DefectKind("listing_other_root", Part.LISTING, "200, another root element"),
        DefectKind("listing_html", Part.LISTING, "200, an HTML page"),
        DefectKind("listing_standing", Part.LISTING, "200, the first page, said to go on"),
    )
}
"""Every kind of defect, by name."""


@dataclass(frozen=True, slots=True)
class DefectPlan:
    """Let a part `rate` of all files have a defect, and of listings fail; the seed says which."""

    seed: int
    rate: float
    kinds: tuple[DefectKind, ...]

    def drawn(self, key: str, kinds: Sequence[DefectKind]) -> DefectKind | None:
        """Return which of `kinds` meets `key`, None where none does."""
        digest = hashlib.sha256(f"{self.seed}/{key}".encode()).digest()
        if int.from_bytes(digest[:8], "little") / 2**64 >= self.rate or not kinds:
            return None
        return kinds[int.from_bytes(digest[8:16], "little") % len(kinds)]


def parse_defect_plan(text: str) -> DefectPlan:
    """Return the plan that a text like `seed=7,rate=0.03,kinds=missing_day+cut_zip` describes.

    Without `kinds`, all of them. Raise InputError when it describes none.
    """
    fields = dict(part.partition("=")[::2] for part in text.split(","))
    if not {"rate"} <= set(fields) <= {"seed", "rate", "kinds"}:
        raise _bad_plan(text)
    try:
        seed, rate = int(fields.get("seed", "1")), float(fields["rate"])
    except ValueError:
        raise _bad_plan(text) from None
    if not 0 <= rate <= 1:
        raise _bad_plan(text)
    names = fields["kinds"].split("+") if "kinds" in fields else DEFECTS
    return DefectPlan(seed, rate, tuple(defect_kind(name) for name in names))


def defect_kind(name: object) -> DefectKind:
    """Return the kind of that name; raise InputError when there is none."""
    kind = DEFECTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InputError(f"expected a kind of defect ({', '.join(DEFECTS)}), found {name!r}")
    return kind


def _bad_plan(text: str) -> InputError:
    return InputError(
        "expected defects like seed=7,rate=0.03 or seed=7,rate=0.03,kinds=missing_day+cut_zip, "
        f"found {text!r}"
    )
