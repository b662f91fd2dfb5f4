"""Words of the user's own around what is known of a signal: `{symbol} {signal} at {price}`."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from types import MappingProxyType

from divbot.domain.bounds import Reader, shortened
from divbot.domain.suggestions import nearest

FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "symbol": "BTCUSDT",
        "signal": "BUY or SELL",
        "kind": "regular bullish, hidden bearish ...",
        "market": "usdm or spot",
        "interval": "5m",
        "venue": "Binance, or local exchange",
        "notice": "SIMULATED PRICES where they are, else nothing",
        "price": "the close of the newest candle",
        "stop": "of the plan",
        "target": "of the plan",
        "reward_risk": "from the price to the target, over from the price to the stop",
        "score": "0 to 10",
        "confidence": "how likely the target is reached first, in per cent",
        "expectancy": "the mean result in R, after fees",
        "cases": "how many samples were counted for both",
        "why": "what disagreed, in one line",
        "higher": "what longer intervals say; nothing where there are none",
        "confirmed": "the close that confirmed it, UTC",
        "age": "candles since then",
        "tradingview": "the address of its chart there",
        "binance": "the address of its page there",
    }
)
"""What may stand in braces, and what it is."""


class Template(Reader[str]):
    """A text with names in braces."""

    def __str__(self) -> str:
        return "a text with names in braces such as {symbol}"

    def _taken(self, value: object) -> str | None:
        if not isinstance(value, str) or not value.strip():
            return None
        try:
            parts = list(Formatter().parse(value))
        except ValueError as error:
            raise ValueError(f"expected {self}, found {shortened(value)}: {error}") from None
        for _, name, form, conversion in parts:
            if name is None:
                continue
            if name not in FIELDS:
                near = nearest(name, FIELDS)
                hint = f"did you mean {{{near}}}?" if near else f"known are {', '.join(FIELDS)}"
                raise ValueError(f"unknown name {shortened(name)} in braces; {hint}")
            if form or conversion:
                raise ValueError(f"expected {{{name}}} alone in its braces, found more in them")
        return value
