"""Trades and figures as dicts, lists, texts and numbers: what files and other programs get.

Money, prices and quantities stay Decimal, for whoever writes them to write them exactly. Fields go
by the names that they have here, as keys and as columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from divbot.domain.fills import Basis, Fill
from divbot.domain.market import BENCHMARK
from divbot.domain.positions import Origin
from divbot.domain.trades import AnyTrade
from divbot.trading.figures.breakdown import TradeGroup
from divbot.trading.figures.costs import Paid
from divbot.trading.figures.curve import Valuation
from divbot.trading.figures.drawdown import Drawdown
from divbot.trading.figures.stats import Stats
from divbot.trading.figures.tally import Tally

SCHEMA = 1

TRADE_FIELDS = (
    *("number", "status", "symbol", "side", "quantity", "leverage", "margin"),
    *("opened_at", "closed_at", "reason", "profit", "r_multiple", "risk", "limited_by"),
    *("fees", "slippage", "funding", "first_stop", "stop", "target", "liquidation"),
)
FILL_FIELDS = (
    *("at", "side", "quantity", "requested", "price", "notional", "fee", "slippage", "spread"),
    *("basis", "basis_at"),
)
BASIS_PRICES = {Basis.QUOTE: ("bid", "ask"), Basis.CANDLE: ("open", "high", "low", "close")}
ORIGIN_FIELDS = Origin.__slots__
_FILL = (*FILL_FIELDS, *(f"basis_prices_{x}" for names in BASIS_PRICES.values() for x in names))
FLAT_FIELDS = (
    *TRADE_FIELDS,
    *(f"{part}_{name}" for part in ("entry", "exit") for name in _FILL),
    *(f"origin_{name}" for name in ORIGIN_FIELDS),
)
"""All fields of a trade as columns."""
_TALLY_FIELDS = (
    *("trades", "won", "lost", "profit", "profit_before_costs", "win_rate", "win_rate_interval"),
    *("profit_factor", "expectancy", "average_r", "average_win", "average_loss"),
    *("best", "worst", "longest_winning_run", "longest_losing_run"),
    *("average_holding_ms", "average_holding_won_ms", "average_holding_lost_ms"),
)


def trade_document(trade: AnyTrade) -> dict[str, Any]:
    """Return everything that is known of a trade; what an open one lacks is None."""
    return {
        **_fields(trade, TRADE_FIELDS),
        "r_multiple": None if trade.r_multiple is None else float(trade.r_multiple),
        "entry": _fill_document(trade.entry),
        "exit": trade.exit and _fill_document(trade.exit),
        "origin": _fields(trade.origin, ORIGIN_FIELDS),
    }


def flat_document(trade: AnyTrade) -> dict[str, Any]:
    """Return the same, fields within others under both names: `entry_price`."""
    return dict(_flattened(trade_document(trade)))


def _flattened(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{name}_")
        else:
            yield f"{prefix}{name}", value


def _fill_document(fill: Fill) -> dict[str, Any]:
    """Return everything that is known of a fill, with what it was made against."""
    prices = dict(zip(BASIS_PRICES[fill.basis], fill.basis_prices, strict=True))
    return _fields(fill, FILL_FIELDS) | {"basis_prices": prices}


def stats_document(stats: Stats) -> dict[str, Any]:
    """Return all figures; one that the sample does not allow is None, and `reasons` says why."""
    annual = {
        "annual_return": stats.annual_return,
        "sharpe": stats.sharpe,
        "sortino": stats.sortino,
        "calmar": stats.calmar,
    }
    return {
        **_fields(stats, ("since", "until", "sessions", "balance")),
        "equity": stats.last.equity,
        "equity_at": stats.last.at,
        "total_return": stats.total_return,
        "net_return": stats.part(stats.closed.profit),
        "best_day": stats.best_day and _day_document(stats.best_day),
        "worst_day": stats.worst_day and _day_document(stats.worst_day),
        "market_change": stats.market
        and {
            "symbol": BENCHMARK,
            **_fields(stats.market, ("since", "until", "first", "last", "part")),
        },
        "open_positions": len(stats.open_trades),
        "paused": stats.pause and _fields(stats.pause, ("at", "reason")),
        **_fields(stats, ("trades_a_day", "days_won", "days_lost")),
        "lowest": _fields(stats.lowest, Valuation.__slots__),
        "highest": _fields(stats.highest, Valuation.__slots__),
        "exposure": stats.exposure,
        "whole_days": len(stats.daily.returns),
        "valued_days": stats.daily.valued,
        **{name: metric.value for name, metric in annual.items()},
        "reasons": {name: metric.reason for name, metric in annual.items() if metric.reason},
        "maximum_drawdown": stats.drawdown and _drawdown_document(stats.drawdown),
        "paid": _fields(stats.paid, Paid.__slots__),
        "closed": _tally_document(stats.closed),
        "by": {
            by.value: [{"name": x.name, **_tally_document(x.tally)} for x in groups]
            for by, groups in stats.by.items()
        },
    }


def _tally_document(tally: Tally) -> dict[str, Any]:
    """Return the figures of some closed trades; funding is what was received less what was paid."""
    named = ("number", "symbol", "profit")
    return {
        **_fields(tally, _TALLY_FIELDS),
        "best": tally.best and _fields(tally.best, named),
        "worst": tally.worst and _fields(tally.worst, named),
        "paid": _fields(tally.paid, Paid.__slots__),
    }


def _day_document(day: TradeGroup) -> dict[str, Any]:
    return {"day": day.name, "profit": day.tally.profit, "trades": day.tally.trades}


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


def _fields(of: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(of, name) for name in names}
