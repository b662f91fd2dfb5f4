"""What edge a synthetic market is given; importing this loads nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass

from divbot.domain.bounds import Bounds
from divbot.domain.clock import parse_time
from divbot.domain.durations import DAY, MINUTE
from divbot.domain.errors import InputError
from divbot.domain.market import Interval
from divbot.domain.values import Choice

_DRIFT = Bounds(float, -20, 20)
_CANDLES = Bounds(int, 1, 1000)
_EXAMPLE = "drift=1.5,candles=12,interval=1h,from=2024-01-01"


@dataclass(frozen=True, slots=True)
class EdgePlan:
    """Let each divergence of ordinary coins be followed by a drift."""

    drift: float
    """Its length in ATRs of the confirming candle, the way of the divergence."""
    candles: int
    """How many candles it lasts, from the close of the confirming one on."""
    interval: Interval
    """Of the candles in which divergences are looked for: minutes to a day."""
    start: int
    """The midnight from which on there are drifts, ms UTC."""


def parse_edge(text: str) -> EdgePlan:
    """Return the edge that a text such as `drift=1.5,candles=12,interval=1h,from=DATE` describes.

    Raise InputError where it describes none.
    """
    fields = dict(part.partition("=")[::2] for part in text.split(","))
    if not {"drift", "from"} <= set(fields) <= {"drift", "candles", "interval", "from"}:
        raise InputError(f"expected an edge such as {_EXAMPLE}, found {text!r}")
    try:
        return EdgePlan(
            _DRIFT.read(fields["drift"]),
            _CANDLES.read(fields.get("candles", "12")),
            _read_interval(fields.get("interval", "1h")),
            parse_time(fields["from"]) // DAY * DAY,
        )
    except ValueError as error:
        raise InputError(f"expected an edge such as {_EXAMPLE}: {error}") from None


def _read_interval(text: str) -> Interval:
    found = Choice(Interval).read(text)
    if not MINUTE <= found.milliseconds <= DAY:
        raise ValueError(f"expected an interval from 1m to 1d, found {text}")
    return found
