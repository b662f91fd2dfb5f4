"""How a thread shows that it gets on: by when it has to move again; one bound for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable

HANGS_AFTER = 900.0
"""Wall seconds that a thread may be late: whatever it asks for has a deadline far below that."""


class Heartbeat:
    """By when a thread moves again; any other may ask whether it did."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        # Guards `_due`: who excuses reads it and writes it back.
        self._lock = threading.Lock()
        self._due = monotonic()

    def beat(self, pause: float = 0.0) -> None:
        """Hear that it moves now, and will again after a pause of so many wall seconds."""
        with self._lock:
            self._due = self._monotonic() + pause

    def excuse(self) -> None:
        """Hear of a good reason why it has not moved until now."""
        with self._lock:
            self._due = max(self._due, self._monotonic())

    @property
    def hangs(self) -> bool:
        """Tell whether it should have moved long ago."""
        with self._lock:
            return self._monotonic() > self._due + HANGS_AFTER
