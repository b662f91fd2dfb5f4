"""A bounded memory of what is costly to make."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """Keep what was made up to a size in all, and of that what was asked for last.

    Any thread may ask.
    """

    def __init__(self, most: int) -> None:
        self.size = 0
        """Of all that is kept."""
        self._most = most
        self._lock = threading.Lock()
        """Guards size and what is kept."""
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return what is kept as `key`, or None."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def keep(self, key: K, value: V, size: int) -> V:
        """Keep `value`, of that size, instead of what was kept as `key`; return it."""
        with self._lock:
            _, replaced = self._kept.pop(key, (None, 0))
            self._kept[key] = value, size
            self.size += size - replaced
            while self.size > self._most:
                _, (_, forgotten) = self._kept.popitem(last=False)
                self.size -= forgotten
        return value
