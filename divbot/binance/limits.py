"""What requests cost: one account per process, added up by whoever asked for the work."""

from __future__ import annotations

import threading


class WeightAccount:
    """Count the request weight that this process has used."""

    def __init__(self) -> None:
        # Guards _used: connections share one account.
        self._lock = threading.Lock()
        self._used = 0

    def spend(self, weight: int) -> None:
        """Add the weight of a request that is about to be sent."""
        with self._lock:
            self._used += weight

    def take(self) -> int:
        """Return what was spent since the last call."""
        with self._lock:
            used, self._used = self._used, 0
            return used
