"""Markets that tests search, and settings to try on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from divbot.binance.listing.rules import UniverseRules
from divbot.domain.market import Interval
from divbot.domain.signals import Kind
from divbot.history.funding import FundingTrack
from divbot.kernels.indicator import TRADINGVIEW, Indicator
from divbot.research.sweep.market import MarketRules
from divbot.research.sweep.variants import SignalInputs, TradeInputs, Variant, name_of
from divbot.research.venue import Spreads
from tests.history.made import DAY, HOUR, START, MadeHistory, walked

SYMBOLS = ("AAAUSDT", "BBBUSDT", "CCCUSDT")
MONTHS = 120
"""Days of candles."""
FIRST = START // DAY


@dataclass(frozen=True)
class PaidHistory(MadeHistory):
    """Made candles, of which nobody pays for being open."""

    def funding(self, symbol: str, start: int, end: int) -> FundingTrack:
        return FundingTrack.of([], [])


def walks(days: int = MONTHS, symbols: Sequence[str] = SYMBOLS, seed: int = 1) -> PaidHistory:
    """Return candles of hours without memory."""
    rows = 24 * days
    return PaidHistory({x: walked(x, seed + n, rows) for n, x in enumerate(symbols)})


def rules(spread: str = "0.0004") -> MarketRules:
    return MarketRules(None, UniverseRules(top=50, min_age=0.0), False, Spreads(Decimal(spread)))


def variants(
    stops: Sequence[float] = (0.5, 1.0),
    ratios: Sequence[float] = (1.5, 3.0),
    pivots: Sequence[int] = (5,),
    *,
    fee: float = 0.0005,
    slippage: float = 0.0002,
    least: float = 0.0,
    holding: int = 24 * HOUR,
    on_opposite: bool = True,
) -> tuple[Variant, ...]:
    found = []
    for place in product(range(len(stops)), range(len(ratios)), range(len(pivots))):
        stop, ratio, pivot = stops[place[0]], ratios[place[1]], pivots[place[2]]
        texts = {"stop_atr": str(stop), "reward_risk": str(ratio), "pivot_left": str(pivot)}
        indicator = TRADINGVIEW if pivot == 5 else Indicator(pivot_left=pivot)
        trade = TradeInputs(
            kinds=frozenset(Kind),
            stop_atr=stop,
            reward_risk=ratio,
            least_reward_risk=least,
            trail_atr=None,
            max_holding=holding,
            on_opposite=on_opposite,
            fee=fee,
            slippage=slippage,
            leverage=10,
        )
        found.append(
            Variant(name_of(texts), SignalInputs(Interval.H1, indicator, 330), trade, place)
        )
    return tuple(found)
