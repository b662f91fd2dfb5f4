from __future__ import annotations

from decimal import Decimal

import pytest

from divbot.binance.universe import chosen, most_traded
from divbot.binance.wire import Quote
from divbot.domain.errors import InputError
from divbot.domain.market import Instrument, Ticker


def instrument(symbol: str, *, tradable: bool = True) -> Instrument:
    base, quote = symbol.split("/")
    return Instrument(base + quote, base, quote, "TRADING", tradable, Decimal("0.01"))


INSTRUMENTS = {
    x.symbol: x
    for x in (
        instrument("AAA/USDT"),
        instrument("BBB/USDT"),
        instrument("CCC/USDT"),
        instrument("HALTED/USDT", tradable=False),
        instrument("DDD/BTC"),
        instrument("SILENT/USDT"),
    )
}
VOLUMES = {"AAAUSDT": "9", "BBBUSDT": "100", "CCCUSDT": "9", "HALTEDUSDT": "500", "DDDBTC": "700"}
TICKERS = {
    symbol: Ticker(symbol, Decimal(1), Decimal(volume)) for symbol, volume in VOLUMES.items()
}
QUOTES = {
    "AAAUSDT": Quote(Decimal("0.99"), Decimal(1)),
    "BBBUSDT": Quote(Decimal(0), Decimal(0)),
}


def test_the_most_traded_come_first_and_equals_by_name() -> None:
    listed = most_traded(INSTRUMENTS, TICKERS, QUOTES, 10)

    assert [x.symbol for x in listed] == ["BBBUSDT", "AAAUSDT", "CCCUSDT"]


def test_volume_is_compared_as_a_number() -> None:
    assert most_traded(INSTRUMENTS, TICKERS, QUOTES, 1)[0].symbol == "BBBUSDT"


def test_a_spread_needs_a_quote() -> None:
    spreads = {x.symbol: x.spread for x in most_traded(INSTRUMENTS, TICKERS, QUOTES, 10)}

    assert spreads == {"AAAUSDT": Decimal("0.01"), "BBBUSDT": None, "CCCUSDT": None}


def test_chosen_symbols_come_as_asked_once_each() -> None:
    listed = chosen(INSTRUMENTS, TICKERS, QUOTES, ("SILENTUSDT", "AAAUSDT", "SILENTUSDT"))

    assert [x.symbol for x in listed] == ["SILENTUSDT", "AAAUSDT"]


def test_an_unknown_symbol_is_named_with_the_nearest_known_one() -> None:
    with pytest.raises(InputError, match=r"'AAUSDT'.*did you mean AAAUSDT\?"):
        chosen(INSTRUMENTS, TICKERS, QUOTES, ("AAUSDT",))
