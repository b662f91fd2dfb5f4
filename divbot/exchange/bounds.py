"""What numbers a local exchange may be told: for its options, and for the flags that set them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from divbot.domain.bounds import Bounds

LATEST = 4_102_444_800_000
"""2100-01-01: a synthetic market takes the longer to begin, the later it is."""
BOUNDS: Mapping[str, Bounds[Any]] = {
    "symbols": Bounds(int, 1, 5000),
    "seed": Bounds(int, 0, 2**63 - 1),
    "speed": Bounds(float, 0, 100_000),
    "latency": Bounds(float, 0, 60),
    "port": Bounds(int, 0, 65_535),
    "publish_lag": Bounds(int, 0, 60_000),
    "weight_limit": Bounds(int, 1, 10**9),
    "delist_after": Bounds(float, 0, 10**9),
    "patience": Bounds(int, 0, 10**6),
    "aging": Bounds(float, 1, 10_000),
}
"""What numbers the options of these names may be."""
