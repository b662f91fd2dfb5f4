"""Bans outlive the program that earned them: written down, and obeyed by the next one."""

from __future__ import annotations

import json
import os
from pathlib import Path


class Bans:
    """Remember in a file until when each base URL wants to hear nothing from this address.

    Without a file, or where it cannot be written, a ban is remembered by this process alone.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._until = _read(path)

    def until(self, base_url: str) -> int:
        """Return when the ban by `base_url` ends, ms UTC; 0 where there was none."""
        return self._until.get(base_url, 0)

    def note(self, base_url: str, until: int, *, now: int) -> None:
        """Write a ban down; a file that cannot be written is no reason to fail now."""
        kept = {url: end for url, end in _read(self._path).items() if end > now}
        self._until = {**kept, base_url: until}
        if self._path is None:
            return
        part = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.write_text(json.dumps(self._until))
            part.replace(self._path)
        except OSError:
            part.unlink(missing_ok=True)


def _read(path: Path | None) -> dict[str, int]:
    try:
        document = json.loads(path.read_text()) if path else {}
    except (OSError, ValueError):
        return {}
    if not isinstance(document, dict):
        return {}
    return {name: until for name, until in document.items() if isinstance(until, int)}
