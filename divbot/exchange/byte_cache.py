"""A bounded memory of what is costly to make."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class ByteCache(Generic[K, V]):
    """Keep at most `most_bytes` of what was made, and of that what was asked for last."""

    def __init__(self, most_bytes: int) -> None:
        self.size = 0
        """The bytes that are kept."""
        self._most_bytes = most_bytes
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return what is kept as `key`, or None."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def keep(self, key: K, value: V, size: int) -> V:
        """Keep `value`, of `size` bytes, instead of what was kept as `key`; return it."""
        _, replaced = self._kept.pop(key, (None, 0))
        self._kept[key] = value, size
        self.size += size - replaced
        while self.size > self._most_bytes:
            _, (_, forgotten) = self._kept.popitem(last=False)
            self.size -= forgotten
        return value
