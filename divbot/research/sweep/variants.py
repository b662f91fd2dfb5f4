"""What a point of the space means: for the signals, and for the trades on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from divbot.arrays import Floats
from divbot.binance.listing.rules import UniverseRules
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Kind
from divbot.evaluation import open_at_most
from divbot.kernels.indicator import Indicator
from divbot.scanner.signals.measurement import KINDS


@dataclass(frozen=True, slots=True)
class SignalInputs:
    """All that divergences are found by: variants that share it share their signals."""

    interval: Interval
    indicator: Indicator
    limit: int
    """How many candles a live scan asks for."""
    universe: UniverseRules | None = None
    """Whom a scan covers; None: whom all settings of the search have."""

    @property
    def market(self) -> MarketInputs:
        """Return what its market is made by."""
        return self.interval, self.universe


MarketInputs: TypeAlias = tuple[Interval, UniverseRules | None]


@dataclass(frozen=True, slots=True)
class TradeInputs:
    """All that decides what a signal comes to."""

    kinds: frozenset[Kind]
    """Those that are traded."""
    stop_atr: float
    reward_risk: float
    least_reward_risk: float
    """After all costs, to enter at."""
    trail_atr: float | None
    max_holding: int
    """ms, above 0: every trade of a search ends."""
    on_opposite: bool
    fee: float
    slippage: float
    leverage: int
    """The most, on futures."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One point of the space."""

    name: str
    """Its settings as NAME=VALUE, sorted: equal to another's if and only if they are the same."""
    signal: SignalInputs
    trade: TradeInputs
    place: tuple[int, ...] = ()
    """In the grid: how many steps from the first value of each setting, in the order of names.

    From one name to another, such as kinds, it is never a single step.
    """

    def longest(self, detail: Interval) -> int:
        """Return how long a trade may be open, in ms, with candles of `detail` to look at."""
        return open_at_most(_rows(self.trade.max_holding, detail), detail.milliseconds)


def name_of(values: Mapping[str, str]) -> str:
    """Return the one name of a point."""
    return " ".join(f"{name}={values[name]}" for name in sorted(values))


def plans_of(trades: Iterable[TradeInputs], market: Market, detail: Interval) -> Floats:
    """Return trade inputs as plans of `divbot.kernels.plans`: (trades, 11)."""
    return np.array([_plan(x, market, detail) for x in trades], np.float64).reshape(-1, 11)


def _plan(x: TradeInputs, market: Market, detail: Interval) -> tuple[float, ...]:
    is_spot = market is Market.SPOT
    numbers = {kind: number for number, kind in KINDS.items()}
    return (
        x.stop_atr,
        x.reward_risk,
        x.least_reward_risk,
        np.nan if x.trail_atr is None else x.trail_atr,
        _rows(x.max_holding, detail),
        float(x.on_opposite),
        sum(1 << numbers[kind] for kind in x.kinds),
        # On spot the fee is taken from what was bought.
        x.fee / (1 - x.fee) if is_spot else x.fee,
        x.fee,
        x.slippage,
        0.0 if is_spot else x.leverage,
    )


def _rows(time: int, detail: Interval) -> int:
    return -(-time // detail.milliseconds)
