"""Worlds in which only luck is left: the same runs, with other signs.

Where no setting has an edge, a run might as well have gone the other way for all of them at once.
So every world draws one sign for each run, which all settings share: what hangs together stays
together, and near-copies of a setting cost almost nothing.

Source: Canay, Romano and Shaikh, "Randomization Tests under an Approximate Symmetry Assumption",
Econometrica 85 (2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Floats, Integers

DRAWS = 9_999


@dataclass(frozen=True, slots=True, eq=False)
class Signs:
    """Signs of runs: 1 or -1, (worlds, runs)."""

    values: NDArray[np.int8]
    exact: bool
    """Whether these are all there are, the real world among them."""

    def p_values(self, reached: Integers) -> Floats:
        """Return how likely luck is, given in how many worlds it went as far as in the real one.

        The real world is one of those that might have been drawn, and is counted as one.
        """
        unseen = 0 if self.exact else 1
        return np.asarray((reached + unseen) / (len(self.values) + unseen), dtype=np.float64)


def signs_of(runs: int, *, draws: int = DRAWS, seed: int = 0) -> Signs:
    """Return `draws` worlds of `runs` runs; all of them where there are no more than that.

    The same seed gives the same signs with every version of numpy.
    """
    if 2**runs <= draws + 1:
        worlds = np.arange(2**runs, dtype=np.int64)
        return Signs(_from_bits(worlds[:, None] >> np.arange(runs) & 1), exact=True)
    # Streams of a bit generator are kept by numpy; what a Generator makes of them is not.
    words = np.random.PCG64(seed).random_raw(-(-draws * runs // 64)).astype("<u8")
    bits = np.unpackbits(words.view(np.uint8), count=draws * runs)
    return Signs(_from_bits(bits.reshape(draws, runs)), exact=False)


def _from_bits(bits: Integers | NDArray[np.uint8]) -> NDArray[np.int8]:
    return np.where(bits, np.int8(-1), np.int8(1))
