"""How likely a divergence reaches its target before its stop: counted in past cases, and pooled.

The event is "the target is reached before the stop, within the horizon". Its share is estimated
along a chain of groups, each within the one before: the whole market, the kind, the cell (kind, RSI
zone, trend), the symbol within that cell. Each group moves away from the one around it by

    z * (own mean - mean around it),    z = between / (between + noise / cases)

Source: Jewell, "The use of collateral data in credibility theory" (1975); Buehlmann's credibility,
link by link, which for shares is the mean of a beta-binomial of strength noise / between.

`between`, the variance with which such groups truly differ, is estimated from the cases. When the
market falls all night, all long ones are stopped, and a plain method of moments would take last
night for a virtue of shorts. So only what shows again counts: the distance of a group from the one
around it in some hours is multiplied with its distance in other hours, and the mean of these
products, less its standard error (a jackknife over the hours), is `between`. `noise` is the
variance for each case, common hours included.

The market's own share starts as a beta that is worth FAIR_CASES at 1 / (1 + reward_risk): what a
price without memory gives. Its cases count as n / (1 + (m - 1) r), where m is the mean size of
their clusters (one side, the same hours) and r the correlation within one (Kish, "Survey
Sampling", 1965): 5,000 cases of two days are worth some 50. The expectancy is pooled alike, but
starts from nothing.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from divbot.domain.signals import Evidence

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FAIR_CASES = 20.0
"""Independent cases that the share of a price without memory is worth."""
KINDS, ZONES, TRENDS = 4, 3, 3
_CELLS = KINDS * ZONES * TRENDS
_CELL = 1
"""The link of the chain below the market at which cases are called alike."""
_LEAST = 1e-9


N = TypeVar("N", int, Integers)


class Group(NamedTuple, Generic[N]):
    """What makes cases alike: arrays of one length, or the numbers of one case."""

    kind: N
    zone: N
    trend: N
    symbol: N
    """All from 0."""


class Resolved(NamedTuple):
    """Cases that have ended; arrays of one length."""

    group: Group[Integers]
    is_long: NDArray[np.bool_]
    hours: Integers
    """From 0: the same number for cases entered in the same stretch of time."""
    won: Floats
    """1 where the target was reached first, else 0."""
    result: Floats
    """In R, after costs."""


class History:
    """What past cases, of at most `symbols` symbols, say of new ones."""

    def __init__(self, cases: Resolved, symbols: int, reward_risk: float) -> None:
        self.cases = len(cases.won)
        if not self.cases:
            return
        sizes = (KINDS, _CELLS, _CELLS * symbols)
        links = [
            _Link(key, size, cases.hours)
            for key, size in zip(_keys(cases.group), sizes, strict=True)
        ]
        self._cell = links[_CELL]
        self._share = _Chain(links, cases.won)
        self._result = _Chain(links, cases.result)
        fair = 1 / (1 + reward_risk)
        independent = self.cases / _inflation(cases)
        won = float(cases.won.mean())
        self._worth = FAIR_CASES + independent
        self._market_share = (FAIR_CASES * fair + independent * won) / self._worth
        self._market_result = float(cases.result.mean())

    def estimate(self, group: Group[N]) -> tuple[Floats, Floats]:
        """Return confidence and expectancy of each case of `group`; there is a past case."""
        keys = _keys(group)
        share = self._market_share + self._share.shift(keys)
        return np.clip(share, 0.0, 1.0), self._market_result + self._result.shift(keys)

    def market(self) -> Evidence | None:
        """Return what is known of all cases together; None where no case has ended yet."""
        if not self.cases:
            return None
        return Evidence(
            confidence=self._market_share,
            variance=self._market_share * (1 - self._market_share) / (self._worth + 1),
            expectancy=self._market_result,
            cases=self.cases,
            market_cases=self.cases,
        )

    def evidence(self, group: Group[int]) -> Evidence | None:
        """Return what is known of one case; None where no case has ended yet."""
        market = self.market()
        if market is None:
            return None
        keys = _keys(group)
        confidence, expectancy = map(float, self.estimate(group))
        return Evidence(
            confidence=confidence,
            variance=market.variance + self._share.doubt(keys),
            expectancy=expectancy,
            cases=int(self._cell.count[keys[_CELL]]),
            market_cases=self.cases,
        )


def _keys(group: Group[N]) -> tuple[N, N, N]:
    """Return the numbers of the groups that a case is in, from its kind to its symbol's."""
    cell = (group.kind * ZONES + group.zone) * TRENDS + group.trend
    return group.kind, cell, group.symbol * _CELLS + cell


class _Link:
    """The groups of one link, and how many of their cases are of which hours."""

    def __init__(self, key: Integers, size: int, hours: Integers) -> None:
        self.key = key
        self.shape = size, int(hours.max()) + 1
        self.pair = key * self.shape[1] + hours
        self.by_hours = self.sum_by_hours(None)
        self.count = self.by_hours.sum(axis=1)

    def sum_by_hours(self, values: Floats | None) -> Floats:
        """Return the sums by group and hours; without values the number of cases."""
        sums = np.bincount(self.pair, values, self.shape[0] * self.shape[1])
        return sums.reshape(self.shape).astype(np.float64)


class _Chain:
    """How far the groups of each link moved away from those around them, and are believed."""

    def __init__(self, links: list[_Link], values: Floats) -> None:
        around = np.full(len(values), values.mean())
        self._shifts: list[Floats] = []
        self._doubts: list[Floats] = []
        for link in links:
            distance = link.sum_by_hours(values - around)
            total, count = distance.sum(axis=1), np.maximum(link.count, 1.0)
            noise = max(
                float(np.einsum("ij,ij", distance, distance)) / len(values),
                float(values.var()),
                _LEAST,
            )
            between = _between(distance, link.by_hours)
            credibility = between / (between + noise / count) * (link.count > 0)
            self._shifts.append(credibility * total / count)
            self._doubts.append(between * (1 - credibility))
            around = around + (total / count)[link.key]

    def shift(self, keys: tuple[N, N, N]) -> Floats:
        """Return how far cases in the groups `keys` are from the market's mean."""
        kind, cell, symbol = (x[key] for x, key in zip(self._shifts, keys, strict=True))
        shift: Floats = kind + cell + symbol
        return shift

    def doubt(self, keys: tuple[int, int, int]) -> float:
        """Return the variance that one case's groups add to that of the market's mean."""
        return sum(float(x[key]) for x, key in zip(self._doubts, keys, strict=True))


def _between(distance: Floats, count: Floats) -> float:
    """Return the variance of groups that shows in several hours, less its standard error.

    Both arrays are of shape (groups, hours): the sums of distances, and the numbers of cases.
    """
    product, product_without = _products(distance)
    pairs, pairs_without = _products(count)
    without = product_without[pairs_without > 0] / pairs_without[pairs_without > 0]
    times = len(without)
    if times < 3 or pairs <= 0:
        return 0.0
    error = np.sqrt((times - 1) / times * ((without - without.mean()) ** 2).sum())
    return max(float(product / pairs - error), 0.0)


def _products(sums: Floats) -> tuple[float, Floats]:
    """Return the products of different hours, summed; and the same without each of the hours."""
    total = sums.sum(axis=1)
    # Without BLAS, whose threads would spin on every core for sums this small.
    squares = np.einsum("ij,ij->j", sums, sums)
    crossed = np.einsum("i,ij->j", total, sums)
    all_products = float((total**2).sum() - squares.sum())
    return all_products, all_products - 2 * crossed + 2 * squares


def _inflation(cases: Resolved) -> float:
    """Return how many cases are worth one independent case."""
    cluster = cases.hours * 2 + cases.is_long
    count = np.bincount(cluster).astype(np.float64)
    total = np.bincount(cluster, cases.won)[count > 0]
    count = count[count > 0]
    crowding = float((count**2).sum()) / len(cases.won)
    degrees = len(count) - 1
    room = len(cases.won) - crowding - degrees
    variance = float(cases.won.var())
    if room <= 0 or variance <= 0:
        return 1.0
    spread = float((count * (total / count - cases.won.mean()) ** 2).sum())
    correlation = min(max((spread / variance - degrees) / room, 0.0), 1.0)
    return 1 + (crowding - 1) * correlation
