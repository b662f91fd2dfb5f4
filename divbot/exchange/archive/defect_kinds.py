"""The kinds of what can be wrong in the archive, and a seeded plan of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from divbot.domain.market import Interval
from divbot.exchange.seeded_plan import SeededPlan, read_plan


class DefectPlace(StrEnum):
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
    part: DefectPlace
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
            DefectPlace.ROWS,
            "a month without one of its days",
            monthly_only=True,
            longest=Interval.D1,
        ),
        DefectKind("missing_hours", DefectPlace.ROWS, "7 hours are missing", longest=Interval.H1),
        DefectKind("rows_twice", DefectPlace.ROWS, "a block of rows, and the same again"),
        DefectKind(
            "rows_out_of_order", DefectPlace.ROWS, "the second half of the rows comes first"
        ),
        DefectKind("rows_contradict", DefectPlace.ROWS, "one row again, with other values"),
        DefectKind("wrong_values", DefectPlace.ROWS, "rows that have each other's values"),
        DefectKind(
            "replaced",
            DefectPlace.ROWS,
            "wrong_values, until the right file comes",
            seconds=20 * 86_400.0,
        ),
        DefectKind("cut_zip", DefectPlace.ZIP, "two thirds of the zip, the checksum of all"),
        DefectKind("zip_bomb", DefectPlace.ZIP, "1 MB that unpacks to 1 GiB, the checksum right"),
        DefectKind("no_checksum", DefectPlace.CHECKSUM, "its CHECKSUM is not there"),
        DefectKind("other_checksum", DefectPlace.CHECKSUM, "its CHECKSUM is that of another file"),
        DefectKind("absent", DefectPlace.PRESENCE, "it is not there, and not listed"),
        DefectKind(
            "late", DefectPlace.PRESENCE, "absent, until it comes at last", seconds=14 * 86_400.0
        ),
        DefectKind("denied_file", DefectPlace.PRESENCE, "it is listed, but 403"),
        DefectKind("listing_denied", DefectPlace.LISTING, "403, AccessDenied"),
        DefectKind("listing_error", DefectPlace.LISTING, "500, InternalError"),
        DefectKind("listing_slow_down", DefectPlace.LISTING, "503, SlowDown"),
        DefectKind("listing_cut", DefectPlace.LISTING, "200, half of the XML"),
        DefectKind("listing_other_root", DefectPlace.LISTING, "200, another root element"),
        DefectKind("listing_html", DefectPlace.LISTING, "200, an HTML page"),
        DefectKind("listing_standing", DefectPlace.LISTING, "200, the first page, said to go on"),
    )
}
"""Every kind of defect, by name."""


DefectPlan: TypeAlias = SeededPlan[DefectKind]
"""By the keys of files, and by the numbers of listings."""


def parse_defect_plan(text: str) -> DefectPlan:
    """Return the plan that a text describes; raise InputError when it describes none."""
    return read_plan(
        text,
        DEFECTS,
        of="defect",
        example="seed=7,rate=0.03 or seed=7,rate=0.03,kinds=missing_day+cut_zip",
    )
