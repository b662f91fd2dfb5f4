"""What the name of a recorded symbol says of it: Binance writes it all into the name.

BTCUSDT is bitcoin quoted in USDT. BTCUSDT_240927 is a future on it, delivered on 27 September 2024;
BTCUSD_PERP and BTCUSD_240927 are margined in bitcoin. SETTLED after a name says that the contract
is over, and that another may trade under the plain name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from divbot.domain.assets import listed_assets
from divbot.exchange.market.coin_names import WELL_KNOWN
from divbot.exchange.market.tape import Terms, dated_terms

UNKNOWN_QUOTE = "UNKNOWN"
"""The quote asset of a symbol whose name ends in none that is known."""

_QUOTING_COINS = ("BTC", "ETH", "BNB", "XRP", "TRX", "DOGE", "DOT", "SOL")
_MONEY = frozenset({"stable", "fiat"})
_CONTRACT = re.compile(r"(?P<pair>.+?)_(?P<kind>PERP|\d{6})")
_SETTLED = re.compile(r"(?P<name>.+?)_?(?:SETTLED)+")
_DELIVERY_HOUR = 8


@dataclass(frozen=True, slots=True)
class Contract:
    """What one name says."""

    base: str
    quote: str
    terms: Terms = field(default=Terms())


def contract_named(symbol: str, first: int) -> Contract:
    """Return what `symbol` says of itself; its first candle opens at `first`, ms UTC."""
    if settled := _SETTLED.fullmatch(symbol):
        base, quote = _split(settled["name"])
        return Contract(
            base, quote, Terms(spot_allowed=False, ended_at=first, end_status="SETTLING")
        )
    if match := _CONTRACT.fullmatch(symbol):
        pair, kind = match["pair"], match["kind"]
        if kind == "PERP":
            base, quote = _coin_margined(pair) or _split(pair)
            return Contract(base, quote, Terms(spot_allowed=False, pair=pair, margin=base))
        if (delivery := _delivery(kind)) is not None:
            return _dated(pair, delivery)
    return Contract(*_split(symbol))


def _dated(pair: str, delivery: int) -> Contract:
    base, quote = _split(pair)
    margin = base if quote == "USD" else ""
    return Contract(base, quote, dated_terms(pair, delivery, margin=margin, spot_allowed=False))


def _delivery(date: str) -> int | None:
    """Return when a contract of that date, such as 240927, is delivered, ms UTC."""
    try:
        day = datetime.strptime(date, "%y%m%d").replace(hour=_DELIVERY_HOUR, tzinfo=UTC)
    except ValueError:
        return None
    return round(day.timestamp() * 1000)


def _coin_margined(pair: str) -> tuple[str, str] | None:
    """Return base and quote of a pair that is margined in its base: those are quoted in USD."""
    base = pair.removesuffix("USD")
    return (base, "USD") if base not in ("", pair) else None


def _split(pair: str) -> tuple[str, str]:
    """Return base and quote: of several that it can end in, one that leaves a well-known coin.

    ADAEUR is ADA in EUR and not AD in AEUR; else the longest quote is the right one.
    """
    found = [
        (pair.removesuffix(quote), quote)
        for quote in _quotes()
        if pair.endswith(quote) and pair != quote
    ]
    found.sort(key=lambda each: (each[0] not in WELL_KNOWN, -len(each[1])))
    return found[0] if found else (pair, UNKNOWN_QUOTE)


def _quotes() -> list[str]:
    money = (asset for asset, kind in listed_assets().items() if kind in _MONEY)
    return [*_QUOTING_COINS, *money]
