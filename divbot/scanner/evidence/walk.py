"""Every divergence of a recording that has ended: what was known when it was confirmed, what came.

What `divbot verify calibration` and `divbot verify base-rates` judge. All columns but `won`,
`result` and `ended` come from candles up to the confirming one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal

import numpy as np

from divbot.arrays import Flags, Floats, Integers
from divbot.domain.durations import DAY
from divbot.domain.market import Interval
from divbot.domain.signals import Signal
from divbot.kernels.analysis import analyse
from divbot.kernels.divergence import KIND, SYMBOL
from divbot.scanner.block import Block
from divbot.scanner.evidence.samples import REACHED_TARGET, Samples
from divbot.scanner.evidence.trial import try_divergences
from divbot.scanner.evidence.weekly import WEEK
from divbot.scanner.signals.measurement import plans, sides, signals_of
from divbot.scanner.signals.plan import PlanRules
from divbot.scanner.signals.score import DEFAULT_WEIGHTS, PARTS, UNJUDGED, score_parts

_JUST_CONFIRMED = 1.0
_OTHERS = UNJUDGED | {"expectancy"}
"""Expectancy comes of base rates, and is judged with them."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Divergences in the order of their confirmation; arrays with one element for each."""

    symbol: Integers
    kind: Integers
    is_long: Flags
    confirmed: Integers
    """The row of the confirming candle."""
    time: Integers
    """When that candle opened, ms UTC."""
    ended: Integers
    """The row in which the trade ended."""
    way: Floats
    """From the confirming close to the stop."""
    reward: Floats
    """From there to the target."""
    price: Floats
    """The confirming close."""
    atr: Floats
    won: Floats
    """1 where the target was reached first, else 0."""
    result: Floats
    """In R, after costs."""
    parts: Mapping[str, Floats]
    """What each part of the score earned, 0 to 1, by its name."""

    def __len__(self) -> int:
        return len(self.won)

    @property
    def week(self) -> Integers:
        """Return the number of each one's week."""
        return self.time // WEEK

    @classmethod
    def joined(cls, walks: Sequence[Walk]) -> Walk:
        """Return the divergences of all `walks`, which follow each other; without their parts."""
        names = [x.name for x in fields(cls) if x.name != "parts"]
        columns = {x: np.concatenate([getattr(own, x) for own in walks]) for x in names}
        return cls(**columns, parts={})

    def chosen(self, chosen: Flags | Integers) -> Walk:
        """Return some of them: by whether they are chosen, or by their places."""
        columns = {x.name: getattr(self, x.name) for x in fields(self) if x.name != "parts"}
        return Walk(
            **{name: column[chosen] for name, column in columns.items()},
            parts={name: values[chosen] for name, values in self.parts.items()},
        )


def walk(block: Block, traded: Floats | None, rules: PlanRules, *, with_parts: bool = True) -> Walk:
    """Return what ended of all divergences of `block` that pass the warm-up rule.

    `traded` is what each candle traded, in the quote asset, of shape (rows, symbols); None: that
    is not known, and counts as nothing. The parts of the score, which take longest, are counted
    `with_parts` only.
    """
    analysis = analyse(block.high, block.low, block.close, rules.indicator)
    divergences = analysis.after_warm_up()
    samples = try_divergences(block, analysis, divergences, rules)
    ended = samples.outcome >= REACHED_TARGET
    divergences = divergences[ended]
    samples = Samples(samples.outcome[ended], samples.held[ended], samples.result[ended])
    column, confirmed = divergences[:, SYMBOL], analysis.confirmed(divergences)
    side, close = sides(divergences), block.close[confirmed, column]
    stop, target = plans(block, analysis, divergences, rules)
    found = Walk(
        symbol=column,
        kind=divergences[:, KIND],
        is_long=side > 0,
        confirmed=confirmed,
        time=block.open_times(confirmed, column),
        ended=confirmed + samples.held,
        way=side * (close - stop),
        reward=side * (target - close),
        price=close,
        atr=analysis.atr[confirmed, column],
        won=(samples.outcome == REACHED_TARGET).astype(np.float64),
        result=samples.result.astype(np.float64),
        parts={},
    )
    if with_parts:
        quote_volume = _in_24_hours(traded, block.interval, confirmed, column)
        found = replace(found, parts=_parts(signals_of(block, analysis, divergences), quote_volume))
    order = np.argsort(found.confirmed, kind="stable")
    return found.chosen(order)


def _in_24_hours(
    traded: Floats | None, interval: Interval, rows: Integers, columns: Integers
) -> Floats:
    """Return what was traded in the 24 hours, or the one candle, that end with each row."""
    if traded is None:
        return np.zeros(len(rows))
    sums, of_a_day = np.cumsum(traded, axis=0), max(DAY // interval.milliseconds, 1)
    before = sums[np.maximum(rows - of_a_day, 0), columns]
    return sums[rows, columns] - np.where(rows >= of_a_day, before, 0.0)


def _parts(signals: Sequence[Signal], quote_volume: Floats) -> dict[str, Floats]:
    """Return what each part of the score but expectancy and freshness earned, by its name."""
    rows = [
        score_parts(signal, _JUST_CONFIRMED, Decimal(volume), None, DEFAULT_WEIGHTS)
        for signal, volume in zip(signals, quote_volume.tolist(), strict=True)
    ]
    names = [name for name in PARTS if name not in _OTHERS]
    earned = {name: np.zeros(len(rows)) for name in names}
    for number, row in enumerate(rows):
        for part in row:
            if part.name in earned:
                earned[part.name][number] = part.value
    return earned
