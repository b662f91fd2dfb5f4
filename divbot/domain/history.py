"""A sequence that grows at its end only, and of which every earlier state stays as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class History(Sequence[T], Generic[T]):
    """Immutable; one more item costs no copy of those before, unless two follow the same state.

    All states of one history share a list, and each sees the beginning of it. Any thread may read
    any state; `plus` is for one thread.
    """

    __slots__ = ("_length", "_shared")

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._shared = list(items)
        self._length = len(self._shared)

    def plus(self, item: T) -> History[T]:
        """Return the history with `item` at its end."""
        longer = History[T]()
        is_last = len(self._shared) == self._length
        longer._shared = self._shared if is_last else self._shared[: self._length]
        longer._shared.append(item)
        longer._length = self._length + 1
        return longer

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        return islice(self._shared, self._length)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        chosen = range(self._length)[index]
        if isinstance(chosen, range):
            return tuple(self._shared[i] for i in chosen)
        return self._shared[chosen]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History | tuple) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"History({list(self)!r})"
