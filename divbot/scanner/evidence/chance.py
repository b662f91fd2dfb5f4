"""How often a price without memory reaches a target before a stop, and within a horizon.

Such a price drifts nowhere. It starts a risk `d` above its stop and `d * reward_risk` below its
target (both in ATRs) and moves until it meets one of them, or until `horizon` candles are over.
With a variance of `v` for each candle, and `a = d * (1 + reward_risk)` from stop to target,

    rate = d / a + sum over n > 0 of 2 (-1)^n sin(k d) / (k a) E[exp(-k^2 v h / 2)], k = n pi / a

Source: Cox and Miller, "The Theory of Stochastic Processes" (1965), 5.7, two absorbing barriers.
Without a horizon it is d / a = 1 / (1 + reward_risk), whatever the risk. With one, a wide stop
leaves no time: that is why a stop four ATRs away reaches its target less often than a near one.

`v` is not known beforehand: volatility comes and goes. It is taken as gamma distributed, so that
the expectation is (1 + x / SHAPE)^-SHAPE with x the exponent at the mean variance (its Laplace
transform). MEAN_VARIANCE is in ATRs squared: a random walk whose true range is 1 on average has
pi / 8 = 0.39; divergences are confirmed in calm stretches, after which there is more. Both numbers
are the likeliest, given how divergences of the first halves of five recordings ended (target, stop,
or neither), on a grid of 42; they were judged on the second halves, as `divbot verify calibration`
judges.
"""

from __future__ import annotations

import math

import numpy as np

from divbot.arrays import Floats

MEAN_VARIANCE = 0.6
"""Of the candles after a confirmation, each; in ATRs squared."""
SHAPE = 3.0
"""Of its gamma distribution: the smaller, the less is known of the volatility to come."""
_TERMS = np.arange(1, 201)[:, None] * math.pi
_SIGNS = np.where(np.arange(1, len(_TERMS) + 1) % 2, -1.0, 1.0)[:, None]
_FARTHEST = 60.0
"""ATRs from stop to target, over the square root of the horizon, beyond which nothing arrives."""


def hit_rates(risk: Floats, reward: Floats, horizon: int) -> Floats:
    """Return how often the target is reached first, 0 to 1; one for each `risk`.

    `risk` is the way from the entry to the stop and `reward` that to the target, both in ATRs and
    above 0; `horizon` counts candles.
    """
    width = risk + reward
    start = risk / width
    decay = (_TERMS / width) ** 2 * (MEAN_VARIANCE * horizon / 2)
    waves = np.sin(_TERMS * start) / _TERMS * (1 + decay / SHAPE) ** -SHAPE
    rate = start + 2 * (_SIGNS * waves).sum(axis=0)
    return np.where(width < _FARTHEST * math.sqrt(horizon), np.clip(rate, 0.0, start), 0.0)
