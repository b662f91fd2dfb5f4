"""Worlds whose truth is known: daily results of settings with Sharpe ratios of our choosing.

Settings come in families of neighbours. Days hang together within families and across them, their
shocks have fat tails, their volatility clusters, each depends on the day before, and no two
settings are of one scale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from divbot.evaluation.daily import DailyResults, Floats

FAMILY = 20
ACROSS = 0.3
WITHIN = (0.5, 0.95)
YESTERDAY = 0.1
CLUSTERING = 0.95
CRASHES, CRASH = 0.01, 5.0
"""On so many of the days all settings lose so much, in daily spreads; the others make up for it."""


@dataclass(frozen=True)
class World:
    """Results of settings, and which of them truly earn."""

    results: DailyResults
    sharpe: Floats

    def is_true(self, setting: str) -> bool:
        return bool(self.sharpe[int(setting)] > 0)


def world(
    rng: np.random.Generator,
    sharpe: Floats,
    days: int = 365,
    *,
    shape: str = "even",
    yesterday: float = YESTERDAY,
) -> World:
    """Return a world of yearly Sharpe ratios `sharpe`, as many settings as it has, in families.

    Shapes: `even` payoffs, `skewed` ones (either way), `rare` ones, of settings that trade on 2 to
    100 % of days, and `crashes` that come to all at once.
    """
    settings = len(sharpe)
    shocks = _correlated(rng, settings, days, _SHOCKS[shape])
    for day in range(1, days):
        shocks[:, day] = yesterday * shocks[:, day - 1] + np.sqrt(1 - yesterday**2) * shocks[:, day]
    if shape == "crashes":
        shocks -= CRASH * ((rng.random(days) < CRASHES) - CRASHES)
    spread = np.exp(rng.normal(0, 0.5, settings))[:, None]
    daily = spread * (_volatility(rng, days) * shocks + sharpe[:, None] / np.sqrt(365))
    trades = np.ones(daily.shape, dtype=np.int64)
    if shape == "rare":
        share = np.exp(rng.uniform(np.log(0.02), 0, settings))[:, None]
        trades = (rng.random(daily.shape) < share).astype(np.int64)
    names = tuple(str(setting) for setting in range(settings))
    return World(DailyResults(names, range(days), daily * trades, trades), sharpe)


def nothing(rng: np.random.Generator, settings: int) -> Floats:
    """No setting has an edge."""
    return np.zeros(settings)


def losers(
    rng: np.random.Generator,
    settings: int,
    *,
    worst: float = -10,
    best: float = -0.5,
    idle: bool = False,
) -> Floats:
    """Every family loses, each as much as it does; if `idle`, the first earns nothing instead."""
    families = rng.uniform(worst, best, settings // FAMILY)
    families[:idle] = 0.0
    return np.repeat(families, FAMILY)


def plateau(rng: np.random.Generator, settings: int, *, height: float) -> Floats:
    """Five neighbours earn, all others lose."""
    sharpe = rng.uniform(-10, -1, settings)
    sharpe[:5] = height
    return sharpe


def _correlated(
    rng: np.random.Generator,
    settings: int,
    days: int,
    shock: Callable[[np.random.Generator, int, int], Floats],
) -> Floats:
    families = settings // FAMILY
    within = np.repeat(rng.uniform(*WITHIN, families), FAMILY)[:, None]
    return np.asarray(
        np.sqrt(ACROSS) * shock(rng, 1, days)
        + np.sqrt(within - ACROSS) * np.repeat(shock(rng, families, days), FAMILY, axis=0)
        + np.sqrt(1 - within) * shock(rng, settings, days)
    )


def _fat(rng: np.random.Generator, rows: int, days: int) -> Floats:
    return rng.standard_t(5, (rows, days)) / np.sqrt(5 / 3)


def _skewed(rng: np.random.Generator, rows: int, days: int) -> Floats:
    """Many small ones and few large ones of the other sign, whichever is which in a row."""
    either = rng.choice([-1.0, 1.0], (rows, 1))
    return np.asarray(either * (rng.lognormal(0, 0.7, (rows, days)) - _MEAN) / _SPREAD)


_MEAN = np.exp(0.7**2 / 2)
_SPREAD = _MEAN * np.sqrt(np.exp(0.7**2) - 1)
_SHOCKS = {"even": _fat, "rare": _fat, "crashes": _fat, "skewed": _skewed}


def _volatility(rng: np.random.Generator, days: int) -> Floats:
    """Return a volatility that comes and goes, of mean square 1."""
    steps = rng.normal(0, 0.4 * np.sqrt(1 - CLUSTERING**2), days)
    log = np.empty(days)
    log[0] = rng.normal(0, 0.4)
    for day in range(1, days):
        log[day] = CLUSTERING * log[day - 1] + steps[day]
    return np.exp(log - 0.4**2)
