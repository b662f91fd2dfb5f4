"""Whether a setting stands alone or among neighbours that earn as well.

Neighbours differ in one parameter, by one step of the grid. A peak that stands alone is what luck
looks like; but so, among settings that hang together, is many a plateau: this describes, and
proves nothing. It breaks ties between settings of the same t statistic, no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from divbot.arrays import Flags, Floats, Integers


@dataclass(frozen=True, slots=True, eq=False)
class Plateau:
    """How the settings of a grid stand beside their neighbours."""

    support: Floats
    """The mean t statistic of each setting's neighbours; its own where it has none."""
    on_it: Flags
    """Which settings earn (t above 0) and have neighbours, all of which earn."""

    @property
    def share(self) -> float:
        """Return the part of the grid, 0 to 1, that lies on a plateau."""
        return float(self.on_it.mean()) if len(self.on_it) else 0.0


def plateau_of(steps: Integers, t: Floats) -> Plateau:
    """Return where settings stand, given their places in the grid and their t statistics.

    `steps` counts the steps of each parameter from its first value: (settings, parameters), no two
    rows alike. NaN among `t` is a setting that cannot be judged, and is no neighbour.

    >>> plateau = plateau_of(np.array([[0], [1], [2], [3]]), np.array([1.0, 2.0, 3.0, -1.0]))
    >>> plateau.on_it.tolist(), plateau.share
    ([True, True, False, False], 0.5)
    """
    rows = {tuple(place): row for row, place in enumerate(steps.tolist()) if t[row] == t[row]}
    support = t.copy()
    on_it = np.zeros(len(t), dtype=np.bool_)
    for place, row in rows.items():
        around = t[[rows[x] for x in _beside(place) if x in rows]]
        if len(around):
            support[row] = around.mean()
            on_it[row] = t[row] > 0 and (around > 0).all()
    return Plateau(support, on_it)


def _beside(place: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for parameter, step in enumerate(place):
        for other in (step - 1, step + 1):
            yield (*place[:parameter], other, *place[parameter + 1 :])
