from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from divbot.binance.listing.rules import MarketSnapshot, UniverseRules
from divbot.binance.listing.universe import select
from divbot.binance.protocol.wire import BidAsk
from divbot.domain.errors import InputError
from divbot.domain.market import Instrument, Market, Ticker
from divbot.domain.universe import LeftOut, Rule, Universe

NOW = 1_722_330_000_000
DAY = 86_400_000
NEVER = 4_133_404_800_000


def instrument(base: str, quote: str = "USDT", **changes: Any) -> Instrument:
    spot = Instrument(base + quote, base, quote, "TRADING", Decimal("0.01"))
    return replace(spot, **changes)


def contract(base: str, quote: str = "USDT", **changes: Any) -> Instrument:
    facts = {"contract": "PERPETUAL", "margin": quote, "listed_at": NOW - 400 * DAY}
    return instrument(base, quote, **{**facts, "delivered_at": NEVER, **changes})


def ticker(symbol: str, volume: int | str = 100, **changes: Any) -> Ticker:
    one = Ticker(symbol, Decimal(1), Decimal("1.1"), Decimal(1), Decimal(volume), NOW)
    return replace(one, **changes)


def snapshot(
    *instruments: Instrument, market: Market = Market.SPOT, **changes: Any
) -> MarketSnapshot:
    """Return a listing in which each symbol is traded a little less than the one before."""
    symbols = [x.symbol for x in instruments]
    usual: dict[str, Any] = {
        "tickers": {x: ticker(x, 1000 - rank) for rank, x in enumerate(symbols)},
        "quotes": {x: BidAsk(Decimal("0.999"), Decimal(1)) for x in symbols},
    }
    given = {name: {**usual[name], **changes.pop(name, {})} for name in usual}
    return MarketSnapshot(market, NOW, {x.symbol: x for x in instruments}, **given, **changes)


def chosen(universe: Universe) -> list[str]:
    return [x.symbol for x in universe.listed]


def reasons(universe: Universe) -> dict[str, Rule]:
    return {x.symbol: x.rule for x in universe.left_out}


RULES = UniverseRules(top=100)


@pytest.mark.parametrize(
    ("left_out", "rule"),
    [
        pytest.param(instrument("AAA", "BTC"), Rule.QUOTE, id="another quote"),
        pytest.param(instrument("AAA", status="BREAK"), Rule.STATUS, id="halted"),
        pytest.param(instrument("AAA", status="CANCEL_ONLY"), Rule.STATUS, id="cancel only"),
        pytest.param(instrument("AAA", is_open=False), Rule.STATUS, id="no spot trading"),
        pytest.param(instrument("FDUSD"), Rule.STABLE, id="stablecoin"),
        pytest.param(instrument("U"), Rule.STABLE, id="one letter"),
        pytest.param(instrument("EUR"), Rule.FIAT, id="fiat"),
        pytest.param(instrument("WBTC"), Rule.PEGGED, id="wrapped"),
        pytest.param(instrument("PAXG"), Rule.GOLD, id="gold"),
        pytest.param(instrument("TSLAB"), Rule.STOCK, id="stock on the list"),
        pytest.param(instrument("AAPLB"), Rule.STOCK, id="stock by the futures"),
        pytest.param(instrument("BTCUP"), Rule.LEVERAGED, id="up"),
        pytest.param(instrument("BTCDOWN"), Rule.LEVERAGED, id="down"),
        pytest.param(instrument("BTCBULL"), Rule.LEVERAGED, id="bull"),
        pytest.param(instrument("PARITY"), Rule.FLAT, id="flat"),
    ],
)
def test_spot_leaves_out(left_out: Instrument, rule: Rule) -> None:
    facts = {"stocks": frozenset({"AAPL"}), "flat": frozenset({"PARITYUSDT"})}

    found = select(snapshot(instrument("BTC"), left_out, **facts), RULES)

    assert chosen(found) == ["BTCUSDT"]
    assert reasons(found) == {left_out.symbol: rule}


@pytest.mark.parametrize(
    "base",
    [
        "JUP",
        "SYRUP",
        "BNB",
        "SHIB",
        "1000SATS",
        "T",
        "G",
        "AUDIO",
        "PUMP",
        "FRAX",
        "BAR",
        "币安人生",
    ],
)
def test_coins_that_look_like_something_else_stay(base: str) -> None:
    found = select(snapshot(instrument(base), stocks=frozenset({"TSLA"})), RULES)

    assert chosen(found) == [base + "USDT"]


@pytest.mark.parametrize(
    ("left_out", "rule"),
    [
        pytest.param(contract("AAA", contract="CURRENT_QUARTER"), Rule.CONTRACT, id="quarter"),
        pytest.param(contract("TSLA", contract="TRADIFI_PERPETUAL"), Rule.CONTRACT, id="stock"),
        pytest.param(contract("BTCDOM", underlying="INDEX"), Rule.CONTRACT, id="index"),
        pytest.param(contract("AAA", margin="BTC"), Rule.CONTRACT, id="another margin"),
        pytest.param(contract("AAA", "USDC"), Rule.QUOTE, id="USDC"),
        pytest.param(
            contract("AAA", contract="", status="PENDING_TRADING"), Rule.STATUS, id="pending"
        ),
        pytest.param(contract("AAA", delivered_at=NOW + 9 * DAY), Rule.DELISTING, id="delisting"),
        pytest.param(contract("AAA", listed_at=NOW - 9 * DAY), Rule.AGE, id="young"),
    ],
)
def test_futures_leave_out(left_out: Instrument, rule: Rule) -> None:
    listing = snapshot(contract("BTC"), left_out, market=Market.USDM)

    found = select(listing, RULES)

    assert chosen(found) == ["BTCUSDT"]
    assert reasons(found) == {left_out.symbol: rule}


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        pytest.param({"last_price": Decimal(0)}, Rule.NO_PRICE, id="price zero"),
        pytest.param({"closed_at": NOW - 3_700_000}, Rule.STALE, id="an hour old"),
    ],
)
def test_a_ticker_without_life_leaves_its_symbol_out(facts: dict[str, Any], rule: Rule) -> None:
    listing = snapshot(instrument("AAA"), tickers={"AAAUSDT": ticker("AAAUSDT", **facts)})

    assert reasons(select(listing, RULES)) == {"AAAUSDT": rule}


def test_a_symbol_without_a_ticker_is_left_out() -> None:
    listing = replace(snapshot(instrument("AAA")), tickers={})

    assert reasons(select(listing, RULES)) == {"AAAUSDT": Rule.NO_PRICE}


@pytest.mark.parametrize(
    ("bid", "ask", "rules"),
    [
        pytest.param("0.9949", "1", [Rule.SPREAD], id="too wide"),
        pytest.param("0.995", "1", [], id="just narrow enough"),
        pytest.param("0", "1", [Rule.SPREAD], id="no bid"),
        pytest.param("1", "0", [Rule.SPREAD], id="no ask"),
    ],
)
def test_a_wide_spread_leaves_a_symbol_out(bid: str, ask: str, rules: list[Rule]) -> None:
    quote = BidAsk(Decimal(bid), Decimal(ask))

    found = select(snapshot(instrument("AAA"), quotes={"AAAUSDT": quote}), RULES)

    assert list(reasons(found).values()) == rules


def test_the_most_traded_come_first_and_equals_by_name() -> None:
    volumes = {"AAAUSDT": "9", "BBBUSDT": "100", "CCCUSDT": "9.0"}
    tickers = {symbol: ticker(symbol, volume) for symbol, volume in volumes.items()}
    listing = snapshot(*map(instrument, ("CCC", "BBB", "AAA")), tickers=tickers)

    found = select(listing, replace(RULES, top=2))

    assert chosen(found) == ["BBBUSDT", "AAAUSDT"]
    detail = "rank 3 by volume; the list ends at 2"
    assert found.left_out == (LeftOut("CCCUSDT", Rule.RANK, detail),)


def coins(count: int) -> MarketSnapshot:
    return snapshot(*(instrument(f"C{number:02}") for number in range(count)))


def test_a_symbol_of_the_last_list_stays_until_it_ranks_a_fifth_below_the_end() -> None:
    listing, rules = coins(20), replace(RULES, top=10)

    found = select(listing, rules, previous={"C11USDT", "C12USDT"})

    assert len(chosen(found)) == 11
    assert "C11USDT" in chosen(found)  # rank 12
    assert reasons(found)["C12USDT"] is Rule.RANK
    assert reasons(found)["C10USDT"] is Rule.RANK  # better, but new


def test_what_is_held_is_never_dropped() -> None:
    listing = snapshot(instrument("BTC"), instrument("LUNA", status="BREAK"), instrument("ETH"))

    found = select(
        listing, replace(RULES, top=1, exclude=("*",)), held={"LUNAUSDT", "GONEUSDT", "ETHUSDT"}
    )

    assert chosen(found) == ["LUNAUSDT", "ETHUSDT", "GONEUSDT"]
    assert reasons(found) == {"BTCUSDT": Rule.EXCLUDED}


def test_what_is_held_is_looked_at_beside_chosen_symbols() -> None:
    listing = snapshot(*map(instrument, ("BTC", "ETH", "SOL")))

    found = select(
        listing, replace(RULES, symbols=("ETHUSDT",)), held={"SOLUSDT", "ETHUSDT", "GONEUSDT"}
    )

    assert [(x.symbol, x.is_only_held) for x in found.listed] == [
        ("ETHUSDT", False),
        ("GONEUSDT", True),
        ("SOLUSDT", True),
    ]


@pytest.mark.parametrize(
    ("changes", "is_only_held"),
    [
        pytest.param({}, False, id="one of the most traded"),
        pytest.param({"exclude": ("C03*",)}, True, id="excluded"),
        pytest.param({"top": 2}, True, id="not traded enough"),
        pytest.param({"top": 2, "include": ("C03*",)}, False, id="included"),
    ],
)
def test_what_no_rule_would_let_in_is_there_for_its_position_only(
    changes: dict[str, Any], is_only_held: bool
) -> None:
    found = select(coins(6), replace(RULES, **changes), held={"C03USDT"})

    (held,) = [x for x in found.listed if x.symbol == "C03USDT"]
    assert held.is_wanted
    assert held.is_only_held is is_only_held


def test_included_symbols_are_in_by_name_or_pattern_whatever_their_rank() -> None:
    listing = snapshot(*map(instrument, ("BTC", "PAXG", "EUR", "1000CAT", "1000SATS", "ETH")))

    found = select(listing, replace(RULES, top=1, include=("PAXGUSDT", "1000*")))

    assert chosen(found) == ["BTCUSDT", "PAXGUSDT", "1000CATUSDT", "1000SATSUSDT"]
    assert [x.is_wanted for x in found.listed] == [False, True, True, True]


@pytest.mark.parametrize(
    "unusable",
    [instrument("AAA", "BTC"), instrument("AAA", status="BREAK"), instrument("AAA", is_open=False)],
)
def test_what_cannot_be_traded_cannot_be_included(unusable: Instrument) -> None:
    assert chosen(select(snapshot(unusable), replace(RULES, include=("*",)))) == []


def test_excluded_symbols_are_out_even_if_they_are_included_too() -> None:
    listing = snapshot(*map(instrument, ("BTC", "PEPE", "1000CAT")))

    found = select(listing, replace(RULES, include=("PEPE*",), exclude=("*PEPE*", "BTCUSDT")))

    assert chosen(found) == ["1000CATUSDT"]
    assert set(reasons(found).values()) == {Rule.EXCLUDED}


def test_chosen_symbols_come_as_asked_once_each_and_no_rule_is_asked() -> None:
    listing = snapshot(instrument("BTC"), instrument("EUR"))

    found = select(listing, replace(RULES, top=1, symbols=("EURUSDT", "BTCUSDT", "EURUSDT")))

    assert chosen(found) == ["EURUSDT", "BTCUSDT"]
    assert found.left_out == ()


def test_an_unknown_symbol_is_named_with_the_nearest_known_one() -> None:
    with pytest.raises(InputError, match=r"'AAUSDT'.*did you mean AAAUSDT\?"):
        select(snapshot(instrument("AAA")), replace(RULES, symbols=("AAUSDT",)))


def test_a_chosen_symbol_that_is_excluded_too_is_not_scanned_and_told() -> None:
    rules = replace(
        RULES, symbols=("AAAUSDT", "BBBUSDT"), exclude=("B*", "ZZZ*"), include=("CCC*",)
    )

    found = select(snapshot(*map(instrument, ("AAA", "BBB", "CCC"))), rules)

    assert [x.symbol for x in found.listed] == ["AAAUSDT"]
    assert reasons(found) == {"BBBUSDT": Rule.EXCLUDED}
    assert found.notices == (
        "exclude: no symbol of the venue matches 'ZZZ*'",
        "BBBUSDT is not scanned: it is excluded by the settings",
        "include is not used: only the symbols that are chosen by name are scanned",
    )


def test_what_is_held_stays_though_it_is_chosen_and_excluded() -> None:
    rules = replace(RULES, symbols=("AAAUSDT", "BBBUSDT"), exclude=("B*",))

    found = select(snapshot(*map(instrument, ("AAA", "BBB"))), rules, held={"BBBUSDT"})

    assert [(x.symbol, x.is_only_held) for x in found.listed] == [
        ("AAAUSDT", False),
        ("BBBUSDT", True),
    ]


def test_a_chosen_symbol_that_is_not_listed_costs_only_itself() -> None:
    found = select(snapshot(instrument("AAA")), replace(RULES, symbols=("GONEUSDT", "AAAUSDT")))

    assert chosen(found) == ["AAAUSDT"]
    assert found.unknown == {"GONEUSDT": "the venue does not list it"}


def test_what_is_held_is_looked_at_where_no_chosen_symbol_is_listed_any_more() -> None:
    found = select(
        snapshot(instrument("AAA")), replace(RULES, symbols=("GONEUSDT",)), held={"GONEUSDT"}
    )

    assert chosen(found) == ["GONEUSDT"]
    assert found.unknown == {}


def test_patterns_that_match_nothing_are_told() -> None:
    listing = snapshot(instrument("BTC"), instrument("1000CAT"))

    rules = replace(RULES, include=("1000*", "NOPEUSDT"), exclude=("BTCUSTD", "X*"))

    assert select(listing, rules).notices == (
        "include: no symbol of the venue matches 'NOPEUSDT'",
        "exclude: no symbol of the venue matches 'BTCUSTD'; did you mean BTCUSDT?",
        "exclude: no symbol of the venue matches 'X*'",
    )


def test_every_symbol_is_either_in_or_left_out() -> None:
    listing = coins(30)

    found = select(listing, replace(RULES, top=7, exclude=("C0*",)), previous={"C08USDT"})

    names = [*chosen(found), *reasons(found)]
    assert sorted(names) == sorted(listing.instruments)
