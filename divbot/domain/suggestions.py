"""What a user may have meant by a name that is not known."""

from __future__ import annotations

from collections.abc import Iterable

_LETTERS_AN_EDIT = 10
"""A longer name may be off by one edit more."""
_SHORTEST_BEGINNING = 3


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the one of `known` that is `name` but for a slip, or that alone begins with it.

    A slip is one letter more, less or another, or two that changed places; names of ten letters may
    have two. Return an empty text where none is that near: a wrong guess is worse than none.
    """
    names = sorted(known)
    most = 1 + len(name) // _LETTERS_AN_EDIT
    distances = {x: _edits(name, x) for x in names if abs(len(x) - len(name)) <= most}
    best = min(distances, key=lambda x: distances[x], default="")
    if best and distances[best] <= most:
        return best
    begun = [x for x in names if len(name) >= _SHORTEST_BEGINNING and x.startswith(name)]
    return begun[0] if len(begun) == 1 else ""


def _edits(one: str, other: str) -> int:
    """Return how many letters to insert, drop, replace or swap make `one` of `other`."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, above, row = row, before, [i]
        for j, b in enumerate(other, 1):
            fewest = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and (a, b) == (other[j - 2], one[i - 2]):
                fewest = min(fewest, above[j - 2] + 1)
            row.append(fewest)
    return row[-1]
