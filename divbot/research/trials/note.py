"""The note beside the ledger: how many entries it holds, and the hash of the last.

A file that was deleted cannot tell that it was. The note can: it is written anew after each entry,
so it is never ahead of a ledger that nobody touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import orjson
from pydantic import TypeAdapter, ValidationError

from divbot.files import write_whole


@dataclass(frozen=True, slots=True)
class Head:
    """How far a ledger goes."""

    entries: int
    hash: str
    """Of the last entry."""
    sweeps: int
    openings: int

    def __str__(self) -> str:
        return f"{self.entries}:{self.hash[:16]}"

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return what the note in `path` says; None: there is none, or it says nothing."""
        try:
            return TypeAdapter(cls).validate_json(path.read_bytes(), strict=True)
        except (FileNotFoundError, ValidationError):
            return None

    def write(self, path: Path) -> None:
        """Put it in the place of the note in `path`."""
        write_whole(path, orjson.dumps(self) + b"\n", mode=0o600)


EMPTY = Head(0, "0" * 64, 0, 0)
"""Of a ledger without an entry: its hash is what the first one is chained to."""
