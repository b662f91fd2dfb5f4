"""How many requests were answered how, by path."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Collection

OTHER = "other"
"""Stands for all paths that there is nothing at."""


class Traffic:
    """Count requests of `known` paths by what came of them: a status, or the name of a fault."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = frozenset(known)
        self._lock = threading.Lock()
        """Guards the counts: what the archive answers is counted by other threads."""
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def count(self, path: str, outcome: str) -> None:
        """Count one request."""
        with self._lock:
            self._counts[path if path in self._known else OTHER][outcome] += 1

    def counted(self) -> dict[str, dict[str, int]]:
        """Return the counts by path and outcome."""
        with self._lock:
            return {path: dict(counts) for path, counts in sorted(self._counts.items())}
