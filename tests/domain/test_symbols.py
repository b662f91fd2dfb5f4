from __future__ import annotations

import pytest

from divbot.domain.suggestions import nearest
from divbot.domain.symbols import not_listed, plain_symbol

LISTED = ("BTCUSDT", "BTCUSDC", "BTCDOMUSDT", "ETHUSDT", "SUIUSDT", "PEPEUSDT", "1000PEPEUSDT")


@pytest.mark.parametrize(
    "written",
    [
        "BTCUSDT",
        "btcusdt",
        " BTCUSDT ",
        "BTC/USDT",
        "btc-usdt",
        "BTC_USDT",
        "BTC/USDT:USDT",
        "BTCUSDT.P",
        "BINANCE:BTCUSDT",
        "binance:btcusdt.p",
    ],
)
def test_a_symbol_may_be_written_as_other_programs_do(written: str) -> None:
    assert plain_symbol(written) == "BTCUSDT"


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("1000PEPE/USDT", "1000PEPEUSDT"),
        ("币安人生/USDT", "币安人生USDT"),
        ("*/USDT", "*USDT"),
        ("BTC/*", "BTC*"),
    ],
)
def test_what_stands_on_either_side_may_be_any(written: str, plain: str) -> None:
    assert plain_symbol(written) == plain


@pytest.mark.parametrize(
    "name",
    ["BTCUSDT_240927", "BTCUSD_PERP", "1000*", "[A-C]*", "*_2409*", "(BTC|ETH)USDT", "A/B/C"],
)
def test_what_has_one_meaning_only_stays(name: str) -> None:
    assert plain_symbol(name) == name


@pytest.mark.parametrize(
    ("symbol", "near"),
    [
        pytest.param("BTCUSTD", "BTCUSDT", id="two letters swapped"),
        pytest.param("BTCUSD", "BTCUSDT", id="a letter less"),
        pytest.param("ETHHUSDT", "ETHUSDT", id="a letter more"),
        pytest.param("BTCUSDX", "BTCUSDT", id="another letter"),
        pytest.param("BTC", "BTCUSDT", id="a coin"),
        pytest.param("1000PEPUSTD", "1000PEPEUSDT", id="two slips in a long name"),
    ],
)
def test_what_is_near_is_suggested(symbol: str, near: str) -> None:
    assert not_listed(symbol, LISTED) == f"the venue does not list it; did you mean {near}?"


@pytest.mark.parametrize("symbol", ["NOSUCHUSDT", "NOPEUSDT", "X", "", "KRAKEN:XBTUSD"])
def test_nothing_is_suggested_where_nothing_is_near(symbol: str) -> None:
    assert not_listed(symbol, LISTED) == "the venue does not list it"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("tpo", "top"),
        ("max-age", "max_age"),
        ("max_pos", "max_positions"),
        ("max", ""),
        ("paper", ""),
        ("zzz", ""),
    ],
)
def test_names_of_settings_are_suggested_by_the_same_rule(name: str, near: str) -> None:
    assert nearest(name, ["top", "stop_atr", "max_age", "max_positions", "fee"]) == near
