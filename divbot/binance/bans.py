"""Bans outlive the program that earned them: written down, and obeyed by the next one."""

from __future__ import annotations

from pathlib import Path

from divbot.binance.notebook import Notebook
from divbot.domain.hosts import address_of


class Bans:
    """Remember in a file until when each address wants to hear nothing from this address.

    Without a file, or where it cannot be written, a ban is remembered by this process alone.
    """

    def __init__(self, path: Path | None) -> None:
        self._notebook = Notebook(path)
        self._until = self._read()

    def until(self, base_url: str) -> int:
        """Return when the ban by `base_url` ends, ms UTC; 0 where there was none."""
        return self._until.get(address_of(base_url), 0)

    def note(self, base_url: str, until: int, *, now: int) -> None:
        """Write a ban down; a file that cannot be written is no reason to fail now."""
        kept = {url: end for url, end in self._read().items() if end > now}
        self._until = {**kept, address_of(base_url): until}
        self._notebook.write(self._until)

    def _read(self) -> dict[str, int]:
        return {url: end for url, end in self._notebook.read().items() if isinstance(end, int)}
