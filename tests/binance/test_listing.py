"""Listings: what is asked, what is remembered, and what happens when the venue does not answer."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from divbot.binance.listing.flat import Verdicts
from divbot.binance.listing.listing import Listings
from divbot.binance.listing.rules import UniverseRules
from divbot.binance.listing.stocks import Stocks, tokenisable
from divbot.binance.notebook import Notebook
from divbot.binance.protocol.exchange_info import ExchangeInfo
from divbot.binance.protocol.wire import BidAsk, BySymbol
from divbot.binance.server_clock import ServerClock
from divbot.candle_arrays import Candles
from divbot.domain.clock import ManualClock
from divbot.domain.errors import (
    DivbotError,
    RequestRejected,
    StopUntil,
    VenueRefused,
    VenueUnreachable,
)
from divbot.domain.market import Instrument, Interval, Market, Ticker
from divbot.domain.universe import Rule, Universe

NOW = 1_722_330_000_000
HOUR, DAY = 3_600_000, 86_400_000
AHEAD = 5_000


class FakeClient:
    """A venue of a few symbols; `trouble` is raised instead of a listing."""

    def __init__(self, clock: ManualClock, market: Market = Market.SPOT) -> None:
        self.clock = clock
        self.market = market
        self.simulated = False
        self.trouble: DivbotError | None = None
        self.asked: list[str] = []
        self.ranges = {"AAAUSDT": "0.05", "CALMUSDT": "0.002", "PEGUSDT": "0.001"}
        self.closes = {"CALMUSDT": [1.0, 1.2], "PEGUSDT": [1.0, 1.005]}
        self.stocks: list[str] = []
        self.unlisted: set[str] = set()
        """They have a price, but stand on no list."""

    def exchange_info(self) -> ExchangeInfo:
        self.asked.append("exchangeInfo")
        if self.trouble:
            raise self.trouble
        facts: dict[str, Any] = {"contract": "PERPETUAL", "margin": "USDT"}
        coins = [
            Instrument(symbol, symbol.removesuffix("USDT"), "USDT", "TRADING", **facts)
            for symbol in self.ranges
            if symbol not in self.unlisted
        ]
        stocks = [
            Instrument(f"{base}USDT", base, "USDT", "TRADING", underlying="EQUITY")
            for base in self.stocks
        ]
        listed = {x.symbol: x for x in coins + stocks}
        return ExchangeInfo(listed, 1234, self.clock.now() + AHEAD)

    def tickers(self) -> tuple[BySymbol[Ticker], BySymbol[BidAsk]]:
        low = Decimal(1)
        tickers = {
            symbol: Ticker(symbol, low, low + Decimal(width), low, low, self.clock.now() + AHEAD)
            for symbol, width in self.ranges.items()
        }
        return BySymbol(tickers), self.quotes()

    def quotes(self) -> BySymbol[BidAsk]:
        return BySymbol(dict.fromkeys(self.ranges, BidAsk(Decimal("0.999"), Decimal(1))))

    def server_time(self) -> int:
        self.asked.append("time")
        return self.clock.now() + 2 * AHEAD

    def final_candles(self, symbol: str, interval: Interval, limit: int) -> Candles:
        self.asked.append(f"{symbol} {interval.value} {limit}")
        if symbol not in self.closes:
            raise VenueUnreachable("no candles")
        closes = np.array(self.closes[symbol] * 15)
        return Candles(np.arange(30), closes, closes, closes, closes, closes)


class Desk:
    """Listings over a fake venue; made anew, they are those of another run."""

    def __init__(self, folder: Path, market: Market = Market.SPOT) -> None:
        self.clock = ManualClock(NOW)
        self.client = FakeClient(self.clock, market)
        self.folder = folder
        self.allowed: list[int] = []
        self.restart()

    def restart(self) -> None:
        self.server_clock = ServerClock(self.clock)
        self.listings = Listings(
            self.client,  # type: ignore[arg-type]
            UniverseRules(top=30),
            self.clock,
            server_clock=self.server_clock,
            verdicts=Verdicts(Notebook(self.folder / "flat.json"), "here"),
            stocks=None,
            allow=self.allowed.append,
        )

    def universe(self, **held: Any) -> Universe:
        return self.listings.universe(**held)

    def judged(self) -> list[str]:
        """Return which symbols were judged since the last look."""
        asked = [x.split()[0] for x in self.client.asked if " 1d 31" in x]
        self.client.asked.clear()
        return sorted(asked)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def symbols(universe: Universe) -> list[str]:
    return [x.symbol for x in universe.listed]


def test_a_price_that_stands_still_for_a_month_leaves_its_symbol_out(desk: Desk) -> None:
    found = desk.universe()

    assert "PEGUSDT" not in symbols(found)
    assert ("PEGUSDT", Rule.FLAT) in [(x.symbol, x.rule) for x in found.left_out]
    assert desk.judged() == ["CALMUSDT", "PEGUSDT"]


def test_what_judging_costs_is_saved_at_the_end_of_the_list(desk: Desk) -> None:
    first, second = desk.universe(), desk.universe()

    assert symbols(first) == ["AAAUSDT"]  # one of two suspects is scanned after all
    assert symbols(second) == ["AAAUSDT", "CALMUSDT"]


def test_a_verdict_holds_for_a_while_even_in_the_next_run(desk: Desk) -> None:
    desk.universe()
    desk.judged()

    desk.restart()
    again = desk.universe()
    judged_at_once = desk.judged()
    desk.clock.advance(8 * 24 * 3600)
    desk.universe()

    assert [x.rule for x in again.left_out] == [Rule.FLAT]
    assert symbols(again) == ["AAAUSDT", "CALMUSDT"]
    assert judged_at_once == []
    assert desk.judged() == ["CALMUSDT"]  # it may have come to rest; a peg stays one for a month


def test_verdicts_on_a_simulated_market_are_not_written_down(desk: Desk) -> None:
    desk.client.simulated = True
    desk.universe()
    desk.universe()
    assert desk.judged() == ["CALMUSDT", "PEGUSDT"]

    desk.restart()
    desk.universe()

    assert desk.judged() == ["CALMUSDT", "PEGUSDT"]


def test_a_suspect_without_candles_stays_for_now(desk: Desk) -> None:
    desk.client.closes.clear()

    assert symbols(desk.universe()) == ["AAAUSDT", "CALMUSDT", "PEGUSDT"]


def test_a_held_peg_is_not_even_suspected(desk: Desk) -> None:
    assert "PEGUSDT" in symbols(desk.universe(held={"PEGUSDT"}))
    assert desk.judged() == ["CALMUSDT"]


def test_few_suspects_are_judged_at_a_time(desk: Desk) -> None:
    desk.client.ranges = {f"P{number:02}USDT": "0.001" for number in range(25)}

    rounds = []
    for _ in range(4):
        desk.client.closes = {symbol: [1.0, 1.3] for symbol in desk.client.ranges}
        desk.universe()
        rounds.append(len(desk.judged()))

    assert rounds == [10, 10, 5, 0]


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"here": 7}', '{"here": {"PEGUSDT": [1, 2]}}', '{"here": {"A": 1}}']
)
def test_a_damaged_notebook_is_an_empty_one(desk: Desk, content: str) -> None:
    (desk.folder / "flat.json").write_text(content)
    desk.restart()

    desk.universe()

    assert desk.judged() == ["CALMUSDT", "PEGUSDT"]


def test_the_last_good_list_holds_while_there_is_no_new_one(desk: Desk) -> None:
    desk.universe()
    good = desk.universe()
    desk.client.trouble = VenueUnreachable("no route")

    kept = desk.universe(held={"AAAUSDT", "GONEUSDT"})
    desk.client.trouble = None
    fresh = desk.universe()

    assert symbols(kept) == [*symbols(good), "GONEUSDT"]
    assert (kept.problem, kept.at) == ("no route", good.at)
    assert (fresh.problem, symbols(fresh)) == ("", symbols(good))


def test_a_held_symbol_is_gone_when_good_lists_lacked_it_for_five_minutes(desk: Desk) -> None:
    held = {"AAAUSDT", "GONEUSDT"}

    found = []
    for _ in range(4):
        found.append(desk.universe(held=held).gone)
        desk.clock.advance(120)

    assert found == [set(), set(), set(), {"GONEUSDT"}]


def test_a_held_symbol_that_one_list_lacks_is_not_gone(desk: Desk) -> None:
    desk.universe(held={"AAAUSDT"})
    width = desk.client.ranges.pop("AAAUSDT")
    desk.clock.advance(120)
    desk.universe(held={"AAAUSDT"})
    desk.client.ranges["AAAUSDT"] = width
    desk.clock.advance(120)
    desk.universe(held={"AAAUSDT"})
    del desk.client.ranges["AAAUSDT"]
    desk.clock.advance(240)

    assert desk.universe(held={"AAAUSDT"}).gone == set()


def test_a_held_symbol_that_only_the_list_lacks_is_not_gone(desk: Desk) -> None:
    desk.client.unlisted.add("AAAUSDT")
    desk.universe(held={"AAAUSDT"})
    desk.clock.advance(3600)

    assert desk.universe(held={"AAAUSDT"}).gone == set()


def test_a_list_of_earlier_says_of_no_symbol_that_it_is_gone(desk: Desk) -> None:
    desk.universe()
    desk.client.trouble = VenueUnreachable("no route")

    for _ in range(5):
        desk.clock.advance(120)
        kept = desk.universe(held={"NEWUSDT"})

    assert kept.gone == set()
    assert [x.is_only_held for x in kept.listed if x.symbol == "NEWUSDT"] == [True]


@pytest.mark.parametrize("trouble", [StopUntil("banned", ends=1.0), VenueRefused("not here")])
def test_a_venue_that_wants_no_requests_is_not_glossed_over(
    desk: Desk, trouble: DivbotError
) -> None:
    desk.universe()
    desk.client.trouble = trouble

    with pytest.raises(type(trouble)):
        desk.universe()


def test_without_any_list_there_is_no_universe(desk: Desk) -> None:
    desk.client.trouble = VenueUnreachable("no route")

    with pytest.raises(VenueUnreachable):
        desk.universe()


@pytest.mark.parametrize(
    ("market", "ahead"), [(Market.SPOT, AHEAD), (Market.USDM, 2 * AHEAD)], ids=str
)
def test_a_listing_tells_the_venue_s_time(tmp_path: Path, market: Market, ahead: int) -> None:
    desk = Desk(tmp_path, market)

    found = desk.universe()

    # The time in a listing of futures is not to be relied on.
    assert found.at == NOW + ahead
    assert desk.server_clock.now() == NOW + ahead
    assert desk.allowed == [1234]


class TestStocks:
    def stocks(self, folder: Path, clock: ManualClock) -> tuple[Stocks, FakeClient]:
        futures = FakeClient(clock, Market.USDM)
        futures.stocks = ["TSLA", "BN"]
        futures.ranges["BNBUSDT"] = "0.1"
        return Stocks(futures, Notebook(folder / "stocks.json"), "there"), futures  # type: ignore[arg-type]

    def test_are_asked_for_once_a_day_over_all_runs(self, tmp_path: Path) -> None:
        clock = ManualClock(NOW)
        stocks, futures = self.stocks(tmp_path, clock)
        assert stocks.bases(NOW) == {"TSLA"}

        later, others = self.stocks(tmp_path, clock)

        assert later.bases(NOW + 23 * HOUR) == {"TSLA"}
        assert (len(futures.asked), len(others.asked)) == (1, 0)
        assert later.bases(NOW + 25 * HOUR) == {"TSLA"}
        assert len(others.asked) == 1

    def test_are_asked_for_again_where_the_clock_was_set_back(self, tmp_path: Path) -> None:
        clock = ManualClock(NOW)
        ahead, _ = self.stocks(tmp_path, clock)
        ahead.bases(NOW + 400 * DAY)

        later, others = self.stocks(tmp_path, clock)

        assert later.bases(NOW) == {"TSLA"}
        assert len(others.asked) == 1

    def test_the_last_known_ones_do_where_futures_cannot_be_asked(self, tmp_path: Path) -> None:
        clock = ManualClock(NOW)
        stocks, futures = self.stocks(tmp_path, clock)
        stocks.bases(NOW)
        futures.trouble = RequestRejected("no such path", code=0)

        assert stocks.bases(NOW + 25 * HOUR) == {"TSLA"}
        assert stocks.bases(NOW + 25 * HOUR + 60_000) == {"TSLA"}
        assert len(futures.asked) == 2  # and not again within the hour

    def test_a_notebook_of_something_else_is_not_believed(self, tmp_path: Path) -> None:
        kept = {"there": {"bases": "TSLA", "good_until": NOW + DAY}}
        (tmp_path / "stocks.json").write_text(json.dumps(kept))

        stocks, futures = self.stocks(tmp_path, ManualClock(NOW))

        assert stocks.bases(NOW) == {"TSLA"}
        assert len(futures.asked) == 1


def test_no_coin_is_taken_for_the_token_of_a_stock() -> None:
    listed = [
        Instrument("BNUSDT", "BN", "USDT", "TRADING", underlying="EQUITY"),
        Instrument("BNBUSDT", "BNB", "USDT", "TRADING"),
        Instrument("QQQUSDT", "QQQ", "USDT", "TRADING", underlying="PREMARKET"),
    ]

    assert tokenisable(listed) == {"QQQ"}
