"""Trades and figures as dicts, lists, texts and numbers: what files and other programs get.

Money, prices and quantities stay Decimal, for whoever writes them to write them exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from divbot.domain.fills import Basis, Fill
from divbot.domain.market import BENCHMARK
from divbot.domain.trades import ClosedTrade
from divbot.trading.figures.benchmark import MarketChange
from divbot.trading.figures.breakdown import By, TradeGroup, breakdown
from divbot.trading.figures.costs import Paid
from divbot.trading.figures.drawdown import Drawdown
from divbot.trading.figures.open_trades import OpenTrade
from divbot.trading.figures.returns import Metric
from divbot.trading.figures.stats import Stats
from divbot.trading.figures.tally import Tally

SCHEMA = 1

_BASIS_PRICES = {Basis.QUOTE: ("bid", "ask"), Basis.CANDLE: ("open", "high", "low", "close")}


def trade_document(trade: ClosedTrade | OpenTrade) -> dict[str, Any]:
    """Return everything that is known of a trade; what an open one lacks is None."""
    origin = trade.origin
    return {
        "number": trade.number,
        "status": "open" if trade.exit is None else "closed",
        "symbol": trade.symbol,
        "side": trade.side.value,
        "quantity": trade.quantity,
        "leverage": trade.leverage,
        "margin": trade.margin,
        "opened_at": trade.opened_at,
        "closed_at": trade.closed_at,
        "reason": None if trade.reason is None else trade.reason.value,
        "profit": trade.profit,
        "r_multiple": None if trade.r_multiple is None else float(trade.r_multiple),
        "risk": trade.risk,
        "limited_by": None if trade.limited_by is None else trade.limited_by.value,
        "fees": trade.fees,
        "slippage": trade.slippage,
        "funding": trade.funding,
        "first_stop": trade.first_stop,
        "stop": trade.stop,
        "target": trade.target,
        "liquidation": trade.position.liquidation if isinstance(trade, OpenTrade) else None,
        "entry": fill_document(trade.entry),
        "exit": None if trade.exit is None else fill_document(trade.exit),
        "origin": {
            "kind": origin.kind.value,
            "interval": origin.interval,
            "previous_pivot": origin.previous_pivot,
            "pivot": origin.pivot,
            "confirmed_at": origin.confirmed_at,
            "score": origin.score,
            "price": origin.price,
            "atr_percent": origin.atr_percent,
        },
    }


def fill_document(fill: Fill) -> dict[str, Any]:
    """Return everything that is known of a fill, with what it was made against."""
    return {
        "at": fill.at,
        "side": fill.side.value,
        "quantity": fill.quantity,
        "requested": fill.requested,
        "price": fill.price,
        "notional": fill.notional,
        "fee": fill.fee,
        "slippage": fill.slippage,
        "spread": fill.spread,
        "basis": fill.basis.value,
        "basis_at": fill.basis_at,
        "basis_prices": dict(zip(_BASIS_PRICES[fill.basis], fill.basis_prices, strict=True)),
    }


def stats_document(stats: Stats, trades: Sequence[ClosedTrade]) -> dict[str, Any]:
    """Return all figures; one that the sample does not allow is None, and `reasons` says why."""
    annual = {
        "annual_return": stats.annual_return,
        "sharpe": stats.sharpe,
        "sortino": stats.sortino,
        "calmar": stats.calmar,
    }
    return {
        "since": stats.since,
        "until": stats.until,
        "sessions": stats.sessions,
        "balance": stats.balance,
        "equity": stats.last.equity,
        "equity_at": stats.last.at,
        "total_return": stats.total_return,
        "net_return": stats.part(stats.closed.profit),
        "best_day": _day_document(stats.best_day),
        "worst_day": _day_document(stats.worst_day),
        "market_change": _market_document(stats.market),
        "open_positions": len(stats.open_trades),
        "exposure": stats.exposure,
        "whole_days": len(stats.daily.returns),
        "valued_days": stats.daily.valued,
        **{name: figure.value for name, figure in annual.items()},
        "reasons": _reasons(annual),
        "maximum_drawdown": stats.drawdown and _drawdown_document(stats.drawdown),
        "paid": paid_document(stats.paid),
        "closed": tally_document(stats.closed),
        "by": {
            by.value: [{"name": x.name, **tally_document(x.tally)} for x in breakdown(trades, by)]
            for by in By
        },
    }


def tally_document(tally: Tally) -> dict[str, Any]:
    """Return the figures of some closed trades."""
    return {
        "trades": tally.trades,
        "won": tally.won,
        "lost": tally.lost,
        "profit": tally.profit,
        "profit_before_costs": tally.before_costs,
        "win_rate": tally.win_rate,
        "win_rate_interval": tally.win_rate_interval,
        "profit_factor": tally.profit_factor,
        "expectancy": tally.expectancy,
        "average_r": tally.average_r,
        "average_win": tally.average_win,
        "average_loss": tally.average_loss,
        "best": _named(tally.best),
        "worst": _named(tally.worst),
        "longest_losing_run": tally.longest_losing_run,
        "average_holding_ms": tally.average_holding,
        "average_holding_won_ms": tally.holding_won,
        "average_holding_lost_ms": tally.holding_lost,
        "paid": paid_document(tally.paid),
    }


def paid_document(paid: Paid) -> dict[str, Any]:
    """Return what trading cost; funding is what was received less what was paid."""
    return {name: getattr(paid, name) for name in Paid.__slots__}


def _day_document(day: TradeGroup | None) -> dict[str, Any] | None:
    if day is None:
        return None
    return {"day": day.name, "profit": day.tally.profit, "trades": day.tally.trades}


def _market_document(change: MarketChange | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "symbol": BENCHMARK,
        "since": change.since,
        "until": change.until,
        "first": change.first,
        "last": change.last,
        "part": change.part,
    }


def _drawdown_document(drawdown: Drawdown) -> dict[str, Any]:
    return {
        "depth": drawdown.depth,
        "amount": drawdown.amount,
        "peak_at": drawdown.peak.at,
        "peak": drawdown.peak.equity,
        "trough_at": drawdown.trough.at,
        "trough": drawdown.trough.equity,
        "recovered_at": drawdown.recovered_at,
    }


def _named(trade: ClosedTrade | None) -> dict[str, Any] | None:
    if trade is None:
        return None
    return {"number": trade.number, "symbol": trade.symbol, "profit": trade.profit}


def _reasons(figures: dict[str, Metric]) -> dict[str, str]:
    return {name: figure.reason for name, figure in figures.items() if figure.reason}
