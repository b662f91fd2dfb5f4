"""An opportunity as an alert: what it is, its plan, what to expect of it, and why, in few lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from divbot.alerts.alert import Alert, Topic
from divbot.domain.chart_urls import binance_url, tradingview_url
from divbot.domain.clock import utc_text
from divbot.domain.market import Interval, Market
from divbot.domain.names import candles_ago, words
from divbot.domain.signals import Kind, Opportunity, Side, Stance

TITLE = "{symbol} {signal}, {kind} {interval}"
TEXT = (
    "price {price}, stop {stop}, target {target}, R/R {reward_risk}\n"
    "score {score}, {expected}\n"
    "{why}\n"
    "{tradingview}\n"
    "{binance}"
)
_HIGHER = "{higher}\n"
"""One line more where there are longer intervals."""
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SignalSource:
    """Where a signal comes from, and in which words it is told."""

    market: Market
    interval: Interval
    venue: str
    notice: str
    """What a reader must not overlook; nothing where prices are live."""
    title: str = TITLE
    text: str = ""
    """Empty: TEXT."""


def key_of(source: SignalSource, opportunity: Opportunity) -> str:
    """Return what makes a divergence one: market, interval, symbol, kind and confirming candle."""
    found = opportunity.divergence
    parts = (source.market, source.interval, found.symbol, found.kind, found.confirmed)
    return " ".join(map(str, parts))


@dataclass(frozen=True, slots=True)
class KeyedSignal:
    """What a key says of the divergence that an alert is about."""

    interval: Interval
    symbol: str
    kind: Kind


def signal_of(key: str) -> KeyedSignal | None:
    """Return what `key`, as key_of makes it, says; None of a key of something else."""
    try:
        _, interval, symbol, kind, _ = key.split(" ")
        return KeyedSignal(Interval(interval), symbol, Kind(kind))
    except ValueError:
        return None


def alert_of(source: SignalSource, opportunity: Opportunity, data: Mapping[str, Any]) -> Alert:
    """Return the alert of `opportunity`; `data` is what programs know of it."""
    told = words_of(source, opportunity)
    title = source.title.format_map(told)
    return Alert(
        key_of(source, opportunity),
        Topic.SIGNAL,
        opportunity.confirmed_at,
        title if source.notice in title else f"{title} ({source.notice})",
        (source.text or _usual(opportunity)).format_map(told),
        {
            "venue": source.venue,
            "market": source.market.value,
            "interval": source.interval.value,
            "simulated": bool(source.notice),
            **data,
            "why": told["why"],
            "tradingview": told["tradingview"],
            "binance": told["binance"],
        },
    )


def words_of(source: SignalSource, opportunity: Opportunity) -> dict[str, str]:
    """Return what a template may name, see template.FIELDS, and one part of the usual text."""
    found, evidence = opportunity.divergence, opportunity.evidence
    confidence = f"{100 * evidence.confidence:.0f}%" if evidence else _UNKNOWN
    expectancy = f"{evidence.expectancy:+.2f} R" if evidence else _UNKNOWN
    cases = f"{evidence.cases:,}" if evidence else "0"
    return {
        "symbol": found.symbol,
        "signal": opportunity.side.value,
        "kind": words(found.kind.value),
        "market": source.market.value,
        "interval": source.interval.value,
        "venue": source.venue,
        "notice": source.notice,
        "price": f"{opportunity.price:f}",
        "stop": f"{opportunity.stop:f}",
        "target": f"{opportunity.target:f}",
        "reward_risk": f"{opportunity.reward_risk:.2f}",
        "score": f"{opportunity.score:.1f}",
        "confidence": confidence,
        "expectancy": expectancy,
        "cases": cases,
        "expected": f"confidence {confidence}, expectancy {expectancy}, counted on {cases} cases"
        if evidence
        else "confidence and expectancy unknown, counted on 0 cases",
        "why": why(opportunity),
        "higher": "; ".join(stance_text(x) for x in opportunity.higher or ()),
        "confirmed": utc_text(opportunity.confirmed_at),
        "age": str(opportunity.age),
        "tradingview": tradingview_url(found.symbol, source.market, source.interval),
        "binance": binance_url(found.symbol, source.market),
    }


def stance_text(stance: Stance) -> str:
    """Return in words what an interval says of a symbol."""
    if not stance.at:
        return f"{stance.interval.value} unknown"
    said = f"{stance.interval.value} {stance.way}"
    if stance.kind is None:
        return said
    return f"{said}, {words(stance.kind.value)} {candles_ago(stance.age)}"


def _usual(opportunity: Opportunity) -> str:
    why = "{why}\n"
    return TEXT.replace(why, why + _HIGHER) if opportunity.higher else TEXT


def why(opportunity: Opportunity) -> str:
    """Return in one line what price and RSI did between the pivots, and when that was known."""
    noun = "low" if opportunity.side is Side.BUY else "high"
    prices = opportunity.pivot_price_previous, opportunity.pivot_price
    values = opportunity.rsi_previous, opportunity.rsi
    price = f"price {_turn(*prices)} {noun} {prices[0]:f} -> {prices[1]:f}"
    rsi = f"RSI {_turn(*values)} {noun} {values[0]:.1f} -> {values[1]:.1f}"
    return f"{price}, {rsi}; confirmed {utc_text(opportunity.confirmed_at)} UTC"


def _turn(before: Any, after: Any) -> str:
    return "lower" if after < before else "higher" if after > before else "equal"
