"""What the settings say about trading, in the trader's own words."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from divbot.domain.durations import milliseconds
from divbot.domain.market import Market
from divbot.setting_table import TAKER_FEE

if TYPE_CHECKING:
    from divbot.settings import Settings
    from divbot.trading.engine.engine import TradingRules

_MARK_EVERY = 300_000


def fee_of(settings: Settings) -> Decimal:
    """Return what every fill pays, as a part of its price."""
    return TAKER_FEE[settings.market] if settings.fee is None else settings.fee


def trading_rules(settings: Settings, *, mark_every: int = _MARK_EVERY) -> TradingRules:
    """Return how the settings want to trade, valuing the account every `mark_every` ms."""
    from divbot.domain.fills import Costs
    from divbot.trading.engine.decide import EntryRules, ExitRules
    from divbot.trading.engine.engine import TradingRules
    from divbot.trading.engine.sizing import SizingRules

    market = settings.market
    return TradingRules(
        market=market,
        interval=settings.interval,
        costs=Costs(
            fee=fee_of(settings),
            slippage=settings.slippage,
        ),
        entries=EntryRules(
            max_positions=settings.max_positions,
            min_score=settings.min_score,
            min_confidence=settings.min_confidence,
            max_report_age=milliseconds(settings.max_report_age),
            max_age=settings.max_age,
            take_earlier=settings.take_earlier,
            long_only=market is Market.SPOT,
            cooldown=milliseconds(settings.cooldown),
            max_daily_loss=settings.max_daily_loss,
            max_drawdown=settings.max_drawdown,
        ),
        exits=ExitRules(
            max_holding=milliseconds(settings.max_holding) or None,
            on_opposite=settings.exit_on_opposite,
        ),
        sizing=SizingRules(
            market=market,
            risk=settings.risk,
            leverage=settings.leverage,
            min_reward_risk=settings.min_reward_risk,
            trail_atr=None if settings.trail_atr is None else Decimal(repr(settings.trail_atr)),
        ),
        mark_every=mark_every,
    )
