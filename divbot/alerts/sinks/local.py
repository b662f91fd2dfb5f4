"""Sinks on this machine: the bell of the terminal, and JSON lines in a file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from divbot.alerts.address import Address
from divbot.alerts.alert import Alert
from divbot.alerts.sinks.port import NotDelivered

Ring = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Bell:
    """Ring, once for all that comes at once."""

    address: Address
    ring: Ring
    is_for_people: bool = True

    def send(self, alerts: Sequence[Alert], waiting: int, why: str) -> None:  # noqa: ARG002 - a bell has no words
        """Ring."""
        try:
            self.ring()
        except OSError:
            raise NotDelivered("there is no terminal any more") from None


@dataclass(frozen=True, slots=True)
class LinesFile:
    """Add a line of JSON for each alert to a file, durably."""

    address: Address
    is_for_people: bool = False

    def send(self, alerts: Sequence[Alert], waiting: int, why: str) -> None:  # noqa: ARG002 - all are there
        """Add `alerts`."""
        lines = "".join(f"{json.dumps(x.document(), allow_nan=False)}\n" for x in alerts)
        try:
            _append(Path(self.address.target), lines.encode())
        except OSError as error:
            raise NotDelivered(f"the file cannot be written: {error.strerror}") from None


def _append(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        # What a power loss has cut off is no line: the next one must not become a part of it.
        if size and os.pread(file.fileno(), 1, size - 1) != b"\n":
            content = b"\n" + content
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
