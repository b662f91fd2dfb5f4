import pytest

from divbot.domain.clock import ManualClock
from divbot.domain.market import Market
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.server import open_desks

from .markets import NOON, RowsTape, ask, path_of, random_rows, tape_desk

SPOT, USDM = Market.SPOT, Market.USDM
MINUTE_START = NOON // 60_000 * 60_000


@pytest.fixture
def clock():
    return ManualClock(MINUTE_START)


@pytest.fixture
def desks(clock):
    options = ExchangeOptions(symbols=2, at=NOON, speed=0)
    return dict(zip(Market, open_desks(options, clock), strict=True))


@pytest.mark.parametrize(
    ("market", "endpoint", "query", "weight"),
    [
        (SPOT, "ping", "", 1),
        (SPOT, "time", "", 1),
        (SPOT, "exchangeInfo", "", 20),
        (SPOT, "klines", "symbol=BTCUSDT&interval=1h&limit=1000", 2),
        (SPOT, "klines", "symbol=BTCUSDT&interval=wrong", 2),
        (SPOT, "ticker/24hr", "symbol=BTCUSDT", 2),
        (SPOT, "ticker/24hr", "", 80),
        (SPOT, "ticker/24hr", "type=MINI", 80),
        (SPOT, "ticker/price", "symbol=BTCUSDT", 2),
        (SPOT, "ticker/price", "", 4),
        (SPOT, "ticker/price", 'symbols=["BTCUSDT"]', 4),
        (SPOT, "ticker/bookTicker", "symbol=btcusdt", 2),
        (SPOT, "nowhere", "", 0),
        (USDM, "exchangeInfo", "", 1),
        (USDM, "klines", "symbol=BTCUSDT&interval=1h&limit=99", 1),
        (USDM, "klines", "symbol=BTCUSDT&interval=1h&limit=499", 2),
        (USDM, "klines", "symbol=BTCUSDT&interval=1h", 5),
        (USDM, "klines", "symbol=BTCUSDT&interval=1h&limit=1500", 10),
        (USDM, "ticker/24hr", "symbol=BTCUSDT", 1),
        (USDM, "ticker/24hr", "", 40),
        (USDM, "ticker/bookTicker", "", 5),
        (USDM, "premiumIndex", "", 10),
    ],
)
def test_a_request_costs_what_the_venue_charges(desks, market, endpoint, query, weight):
    desk = desks[market]
    before = desk.answer(path_of(market, "ping"), "").headers["x-mbx-used-weight-1m"]

    headers = desk.answer(path_of(market, endpoint), query).headers

    assert int(headers["x-mbx-used-weight-1m"]) - int(before) == weight


def test_weight_counts_up_within_a_minute_and_from_zero_in_the_next(clock, desks):
    used = []
    for seconds in (0, 59, 1):
        clock.advance(seconds)
        used.append(ask(desks[SPOT], "ping").headers["x-mbx-used-weight-1m"])

    assert used == ["1", "2", "1"]


def test_each_market_has_an_account_of_its_own(desks):
    ask(desks[SPOT], "exchangeInfo")

    assert ask(desks[USDM], "ping").headers["x-mbx-used-weight-1m"] == "1"


@pytest.mark.parametrize("market", list(Market))
@pytest.mark.parametrize("endpoint", ["ping", "klines", "nowhere"])
def test_every_reply_says_what_it_is(desks, market, endpoint):
    headers = ask(desks[market], endpoint).headers

    assert headers["X-Divbot-Exchange"] == "synthetic"
    if market is SPOT:
        assert headers["Content-Type"] == "application/json;charset=UTF-8"
        assert headers["x-mbx-used-weight"] == headers["x-mbx-used-weight-1m"]
        assert headers["x-mbx-uuid"]
    else:
        assert headers["Content-Type"] == "application/json"
        assert [name for name in headers if name.startswith("x-mbx")] == ["x-mbx-used-weight-1m"]


def test_a_recorded_market_says_that_it_is_one():
    desk = tape_desk(RowsTape({"AAAUSDT": random_rows(3, start=NOON)}), now=NOON)

    assert ask(desk, "ping").headers["X-Divbot-Exchange"] == "recorded"
