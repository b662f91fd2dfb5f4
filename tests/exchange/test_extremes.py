"""Whatever numbers a request holds, a bounded part of the market is looked at for its answer."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.domain.clock import ManualClock, parse_time
from divbot.domain.market import Market
from divbot.exchange.desk import Desk
from divbot.exchange.market.market_time import MarketTime
from divbot.exchange.market.synthetic import SyntheticTape
from divbot.exchange.market.tape import Rows
from divbot.exchange.market.venue import Venue
from divbot.exchange.rest.rate_limiter import RateLimiter

from .markets import NOON, ask, get

DAY = 86_400_000
EARLY = parse_time("2020-04-15T12:00:20")
AGES = 2**63
NUMBERS = (
    *("0", "1", "-1", "5000", "1e9", "NaN", "", "१२", "20000000000", str(EARLY), str(EARLY * 1000)),
    *("253402300800000", "9223372036854775808", "9" * 20, "9" * 400),
)
TEXTS = ("", "BTCUSDT", '["BTCUSDT"]', "[" * 500, "99:99", "1M", "\ud800", "\x00")
EXTREMES = {
    **dict.fromkeys(("limit", "startTime", "endTime", "fromId"), NUMBERS),
    **dict.fromkeys(("symbol", "symbols", "pair", "interval", "timeZone", "windowSize"), TEXTS),
    **dict.fromkeys(("type", "symbolStatus", "permissions", "contractType", "other"), TEXTS),
}
"""By the name of a parameter."""
BASES = (
    {},
    {"symbol": "BTCUSDT"},
    {"symbol": "BTCUSDT", "interval": "1h"},
    {"pair": "BTCUSDT", "interval": "1h"},
    {"pair": "BTCUSDT", "interval": "1h", "contractType": "PERPETUAL"},
)
"""The first of them that an endpoint answers is what it needs at least."""


class WatchedTape(SyntheticTape):
    """Fail where more is looked at for one answer than there can be, or what nobody can know."""

    end = AGES
    days_left = AGES

    def candles(self, number: int, start: int, end: int) -> Rows:
        """Count the days asked for."""
        assert start <= self.end, "looked into the future"
        self.days_left -= max((end - start) // DAY, 1)
        assert self.days_left >= 0, "looked at more days than it may"
        return super().candles(number, start, end)


class Watched:
    """A market whose tape is watched, with a desk."""

    def __init__(self, market: Market, now: int) -> None:
        self.tape = WatchedTape(market=market, seed=1, symbols=2, until=now)
        self.tape.end = now + DAY
        self.clock = ManualClock(now)
        time = MarketTime(self.clock, at=now, speed=0, end=now)
        self.desk = Desk(market, Venue(self.tape), time, RateLimiter(self.clock, {market: AGES}))
        responses = {path: [self.answer(path, base) for base in BASES] for path in self.desk.paths}
        self.bases = {path: BASES[answered.index(200)] for path, answered in responses.items()}

    def answer(self, path: str, asked: dict[str, str], *, days: int = AGES) -> int:
        """Return the status of the answer, for which no more than `days` are looked at."""
        self.clock.advance(1)  # funding may be asked for but 500 times in five minutes
        self.tape.days_left = days
        query = urlencode(asked, errors="surrogatepass")
        return self.desk.answer(path, query).status


@pytest.fixture(scope="module", params=list(Market))
def watched(request: pytest.FixtureRequest) -> Watched:
    return Watched(request.param, EARLY)


def test_every_parameter_of_every_path_may_be_extreme(watched: Watched) -> None:
    days = 10 * (EARLY - watched.tape.first) // DAY

    statuses = {
        watched.answer(path, base | {name: value}, days=days)
        for path, base in watched.bases.items()
        for name, values in EXTREMES.items()
        for value in values
    }

    assert statuses == {200, 400}


@given(data=st.data())
def test_and_so_may_all_of_them_together(watched: Watched, data: st.DataObject) -> None:
    days = 10 * (EARLY - watched.tape.first) // DAY
    path = data.draw(st.sampled_from(sorted(watched.bases)))
    extreme = st.sampled_from(NUMBERS + TEXTS) | st.integers(0, 10**20).map(str)
    asked = data.draw(st.dictionaries(st.sampled_from(sorted(EXTREMES)), extreme))

    assert watched.answer(path, watched.bases[path] | asked, days=days) in {200, 400}


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"fromId": 0}, id="the first number"),
        pytest.param({"fromId": 253402300800000}, id="a number of the year 9999"),
        pytest.param({"startTime": 0}, id="from the epoch on"),
        pytest.param({"endTime": 1}, id="up to the epoch"),
        pytest.param({"startTime": 253402300800000}, id="from the year 9999 on"),
    ],
)
def test_trades_are_looked_for_in_the_last_90_days_alone(asked: dict[str, int]) -> None:
    market = Watched(Market.SPOT, NOON)
    texts = {name: str(value) for name, value in asked.items()}

    status = market.answer("/api/v3/aggTrades", {"symbol": "BTCUSDT"} | texts, days=95)

    assert status == 200


@pytest.mark.parametrize("market", list(Market))
def test_trades_that_are_not_kept_any_more_are_not_told(market: Market) -> None:
    desk = Watched(market, NOON).desk
    years = 2 * 365 * DAY

    asked = {"symbol": "BTCUSDT", "limit": 2}
    before = get(desk, "aggTrades", **asked, endTime=NOON - years)
    oldest = get(desk, "aggTrades", **asked, startTime=NOON - years)

    assert before == []
    assert oldest == get(desk, "aggTrades", **asked, fromId=0)


def test_payments_of_all_symbols_come_in_order_however_many_there_are() -> None:
    desk = Watched(Market.USDM, NOON).desk

    newest = get(desk, "fundingRate", limit=8)
    oldest = get(desk, "fundingRate", limit=8, startTime=newest[0]["fundingTime"])

    assert newest == oldest
    assert len(newest) == 8
    assert ask(desk, "fundingRate", startTime=253402300800000).body == b"[]"
