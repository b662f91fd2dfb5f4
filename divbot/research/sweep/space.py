"""The space of settings: every point of a grid, or some of them, drawn before anything is known."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from divbot.arrays import Integers
from divbot.domain.errors import InputError
from divbot.extras import SCIPY, how_to_install

MOST = 100_000
"""Settings of one search."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The values of one setting that are tried, each as it is written; no two are one."""

    name: str
    values: tuple[str, ...]
    is_ordered: bool = True
    """Whether values lie between others; names do not, and are nobody's neighbours."""


@dataclass(frozen=True, slots=True)
class Space:
    """All combinations of the values of some settings, sorted by their names."""

    axes: tuple[Axis, ...]

    @property
    def size(self) -> int:
        """Return how many points the whole grid has."""
        return math.prod(len(axis.values) for axis in self.axes)

    def grid(self) -> Integers:
        """Return the places of all points: (points, axes)."""
        places = np.indices([len(axis.values) for axis in self.axes])
        return places.reshape(len(self.axes), -1).T.astype(np.int64)

    def sample(self, count: int, seed: int) -> Integers:
        """Return the places of `count` points, no two alike, drawn by a scrambled Sobol sequence.

        They are spread evenly over the grid, and sorted; all points where there are no more.
        """
        if count >= self.size:
            return self.grid()
        try:
            from scipy.stats.qmc import Sobol
        except ImportError as error:
            raise InputError(
                f"to draw a sample, scipy is needed: {how_to_install(SCIPY)}"
            ) from error
        lengths = np.array([len(axis.values) for axis in self.axes])
        drawn = 1 << (count - 1).bit_length()
        found: Integers = np.empty((0, len(lengths)), np.int64)
        sequence = Sobol(len(lengths), scramble=True, rng=np.random.default_rng(seed))
        while len(found) < count:
            points = np.floor(sequence.random(drawn) * lengths).astype(np.int64)
            found = np.concatenate([found, np.minimum(points, lengths - 1)])
            _, first = np.unique(found, axis=0, return_index=True)
            found = found[np.sort(first)]
        return found[:count][np.lexsort(found[:count].T[::-1])]

    def steps(self, places: Integers) -> Integers:
        """Return the steps from the first value of each setting; from name to name it is two."""
        lengths = np.array([1 if axis.is_ordered else 2 for axis in self.axes], np.int64)
        steps: Integers = places * lengths
        return steps

    def texts(self, places: Integers) -> Iterator[Mapping[str, str]]:
        """Yield the values of each point, by the names of the settings."""
        for row in places.tolist():
            yield {
                axis.name: axis.values[place] for axis, place in zip(self.axes, row, strict=True)
            }
