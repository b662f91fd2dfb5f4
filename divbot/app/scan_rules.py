"""What the settings say about a scan, in the scanner's own words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from divbot.domain.clock import date_text
from divbot.domain.errors import InputError, JournalError, StoreError
from divbot.domain.market import Interval
from divbot.domain.signals import Kind, Side

if TYPE_CHECKING:
    from divbot.app.options import TellStage
    from divbot.binance.listing.rules import UniverseRules
    from divbot.scanner.cycle import ScanRules
    from divbot.scanner.evidence.base_rates import BaseRate
    from divbot.scanner.signals.plan import PlanRules
    from divbot.settings import Settings

_DAY = timedelta(days=1)


def by_interval(settings: Settings) -> tuple[Settings, ...]:
    """Return the settings for each interval that is asked for, the shortest first.

    Raise InputError where only what is aligned is asked for, and there is nothing to align with.
    """
    from divbot.settings import changed

    intervals = sorted(settings.intervals or (settings.interval,), key=lambda x: x.milliseconds)
    if settings.aligned and len(intervals) == 1:
        raise InputError(
            f"aligned: expected longer intervals to align {intervals[0].value} with, found none; "
            "give several, as in --interval 5m,1h"
        )
    return tuple(changed(settings, {"interval": x}) for x in intervals)


def scan_rules(
    settings: Settings,
    rate: BaseRate | None = None,
    *,
    with_divergences: bool = True,
    with_candles: bool = False,
) -> ScanRules:
    """Return what the settings say about a scan; it starts from `rate`, None: from base_rate."""
    from divbot.scanner.cycle import ScanRules
    from divbot.scanner.signals.ranking import RankingRules

    return ScanRules(
        interval=settings.interval,
        limit=limit_of(settings),
        min_age=settings.min_age / _DAY,
        best=settings.best,
        ranking=RankingRules(
            kinds=frozenset(settings.kind or Kind),
            sides=frozenset(settings.side or Side),
            max_age=settings.max_age,
            trade=plan_rules(settings),
            weights=settings.weights,
        ),
        rate=rate or base_rate(settings, settings.interval),
        with_divergences=with_divergences,
        is_aligned=settings.aligned,
        with_candles=with_candles,
    )


def universe_rules(settings: Settings) -> UniverseRules:
    """Return which symbols the settings want."""
    from divbot.binance.listing.rules import UniverseRules

    return UniverseRules(
        top=settings.top,
        symbols=settings.symbols,
        include=settings.include,
        exclude=settings.exclude,
        min_age=settings.min_age / _DAY,
        max_spread=settings.max_spread,
    )


def base_rate(settings: Settings, interval: Interval) -> BaseRate:
    """Return what years say of the settings' market: the user's own rates, the store, or shipped.

    The store's are counted where it holds that market and interval; see app.store_rate.
    """
    from divbot.app.store_rate import store_rate
    from divbot.scanner.evidence.base_rates import rate_of, shipped_rates

    own = _own_rates(settings)
    if not own and (counted := store_rate(settings, interval, plan_rules(settings))):
        own = (counted,)
    return rate_of(settings.market, interval, (*own, *shipped_rates()))


def prepare_rate(settings: Settings, tell: Callable[[str], None], progress: TellStage) -> None:
    """Count beforehand what the store shows, where a scan will start from that.

    `tell` hears of a store, or a ledger of trials, that cannot be read, and which rate is used.
    """
    from divbot.app.store_rate import counted_rate

    if settings.base_rates:
        return
    try:
        counted_rate(settings, settings.interval, plan_rules(settings), progress)
    except (StoreError, JournalError) as error:
        instead = base_rate(settings, settings.interval).source
        tell(f"the base rate of the store is not known, that of {instead} is used: {error}")


def past_rate(settings: Settings, start: int, counted: BaseRate | None) -> BaseRate:
    """Return the base rate that was known at `start`, ms UTC.

    That is the user's own, what was `counted` by then, or a shipped one of earlier days; where
    there is none of them, what chance gives.
    """
    from divbot.scanner.evidence.base_rates import rate_of, shipped_rates

    day = date_text(start)
    # One that names no day could be of any.
    shipped = (x for x in shipped_rates() if x.last_day is not None and x.last_day < day)
    known = () if counted is None else (counted,)
    return rate_of(settings.market, settings.interval, (*_own_rates(settings), *known, *shipped))


def _own_rates(settings: Settings) -> tuple[BaseRate, ...]:
    from divbot.scanner.evidence.base_rates import read_rates

    return read_rates(settings.base_rates) if settings.base_rates else ()


def plan_rules(settings: Settings) -> PlanRules:
    """Return how the settings would trade a divergence."""
    from divbot.app.trading_rules import fee_of
    from divbot.scanner.signals.plan import PlanRules

    return PlanRules(
        stop_atr=settings.stop_atr,
        reward_risk=settings.reward_risk,
        fee=float(fee_of(settings)),
        slippage=float(settings.slippage),
        horizon=settings.horizon,
        indicator=settings.indicator,
    )


def slow_scan_notice(settings: Settings) -> str:
    """Return, in words, how long the venue's limit makes a scan take; nothing below a minute."""
    from divbot.binance.protocol.endpoints import WEIGHT_PER_MINUTE, scan_weight

    candles = most_symbols(settings) * max(len(settings.intervals), 1)
    weight = scan_weight(settings.market, candles, limit_of(settings))
    allowed = int(settings.weight_share * WEIGHT_PER_MINUTE[settings.market])
    if weight <= allowed:
        return ""
    return (
        f"this scan costs a request weight of {weight}, and divbot uses {allowed} a minute: it "
        f"takes more than {(weight - 1) // allowed} min; lower --top or --limit"
    )


def most_symbols(settings: Settings) -> int:
    """Return how many symbols a scan is about, at most."""
    return len(settings.symbols) or settings.top


def limit_of(settings: Settings) -> int:
    """Return how many candles to ask for."""
    from divbot.binance.protocol.endpoints import CHEAPEST_AMPLE_LIMIT

    ample = max(CHEAPEST_AMPLE_LIMIT[settings.market], settings.shortest_limit)
    return settings.limit or ample
