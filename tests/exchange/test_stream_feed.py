"""What one market tells, and when: the same as it answers over REST at the same time."""

import numpy as np
import pytest

from divbot.domain.clock import ManualClock
from divbot.domain.market import Market
from divbot.exchange.desk import Desk
from divbot.exchange.market.market_time import MarketTime
from divbot.exchange.market.tape import CLOSE, HIGH, LOW, OPEN, TAKER_QUOTE_VOLUME, TRADES, VOLUME
from divbot.exchange.market.venue import Venue
from divbot.exchange.rest.rate_limiter import RateLimiter
from divbot.exchange.streams.channels import channel_of

from .markets import NOON, RowsTape, get, moving_desk, random_rows

SPOT, USDM = Market.SPOT, Market.USDM
MARKETS = pytest.mark.parametrize("market", [SPOT, USDM])
MINUTE, DAY = 60_000, 86_400_000
FORMING = NOON // MINUTE * MINUTE
KLINE = "btcusdt@kline_1m"


class Listener:
    """Listen to some streams of one market, whose clock a test advances."""

    def __init__(self, market, *streams, desk=None, **others):
        self.clock, self.desk = desk or moving_desk(market, **others)
        self._feed = self.desk.feed()
        self._streams = {stream: channel_of(market, stream) for stream in streams}
        self.begun = self.news()

    def news(self):
        return [event.content for event in self._feed.news(self._streams)]

    def after(self, seconds):
        """Return what is told when `seconds` have passed."""
        self.clock.advance(seconds)
        return self.news()


def tape_listener(rows, *, now, streams=("abcusdt@kline_1m",)):
    clock = ManualClock(now)
    time = MarketTime(clock, at=now, speed=1, end=now + DAY)
    desk = Desk(SPOT, Venue(RowsTape({"ABCUSDT": rows})), time, RateLimiter(clock))
    return Listener(SPOT, *streams, desk=(clock, desk))


def as_row(k):
    """Return a candle of a stream as REST tells it."""
    return [k[name] for name in "tohlcvTqnVQ"] + ["0"]


@MARKETS
def test_whoever_begins_to_listen_hears_of_changes_only(market):
    listener = Listener(market, KLINE, "btcusdt@ticker", "btcusdt@bookTicker", "!miniTicker@arr")

    assert listener.begun == []
    assert listener.news() == []
    assert listener.after(2)[0]["e"] == "kline"


@MARKETS
@pytest.mark.parametrize("interval", ["1m", "3m", "1h", "1d", "3d", "1w", "1M"])
def test_a_candle_is_the_one_that_rest_tells(market, interval):
    listener = Listener(market, f"btcusdt@kline_{interval}")

    for _ in range(30):
        told = listener.after(4)
        rows = get(listener.desk, "klines", symbol="BTCUSDT", interval=interval, limit=5)
        by_open = {row[0]: row for row in rows}
        assert told
        for event in told:
            assert as_row(event["k"]) == by_open[event["k"]["t"]]
            assert event["k"]["x"] == (event["k"]["t"] < rows[-1][0])


def test_a_candle_s_event_has_the_fields_and_types_of_the_venue():
    (event,) = Listener(SPOT, KLINE).after(10)

    assert list(event) == ["e", "E", "s", "k"]
    assert (event["e"], event["E"], event["s"]) == ("kline", NOON + 10_000, "BTCUSDT")
    k = event["k"]
    assert "".join(k) == "tTsifLochlvnxqVQB"
    assert (k["t"], k["T"], k["i"], k["x"]) == (FORMING, FORMING + MINUTE - 1, "1m", False)
    assert {type(k[name]) for name in "oclhvqVQB"} == {str}
    assert {type(k[name]) for name in "tTfLn"} == {int}
    assert k["L"] - k["f"] + 1 == k["n"]


def test_every_candle_is_closed_once_and_only_once():
    listener = Listener(SPOT, KLINE)

    told = [event["k"] for _ in range(150) for event in listener.after(2)]

    closed = [k for k in told if k["x"]]
    opens = list(range(FORMING, FORMING + 5 * MINUTE, MINUTE))
    assert [k["t"] for k in closed] == opens
    assert [k["t"] for k in told] == sorted(k["t"] for k in told)
    rows = get(listener.desk, "klines", symbol="BTCUSDT", interval="1m", startTime=FORMING)
    assert list(map(as_row, closed)) == rows[:5]


def test_a_look_after_several_candles_closes_them_all():
    listener = Listener(USDM, KLINE)

    told = listener.after(600)

    assert [(k["t"] - FORMING) // MINUTE for k in (event["k"] for event in told)] == list(range(11))
    assert [event["k"]["x"] for event in told] == [True] * 10 + [False]
    assert {event["E"] for event in told} == {NOON + 600_000}


@pytest.mark.parametrize(
    ("market", "stream", "period"),
    [
        (SPOT, KLINE, 2000),
        (USDM, KLINE, 250),
        (SPOT, "btcusdt@miniTicker", 1000),
        (USDM, "btcusdt@ticker", 1000),
        (USDM, "btcusdt@markPrice", 3000),
        (USDM, "btcusdt@markPrice@1s", 1000),
        (USDM, "!markPrice@arr", 3000),
    ],
)
def test_a_stream_keeps_to_its_rhythm_in_the_market_s_time(market, stream, period):
    listener = Listener(market, stream)

    times = [listener.clock.now() for _ in range(260) if listener.after(0.05)]

    steps = np.diff(times)
    assert len(times) >= 13_000 // period - 1
    assert set(steps.tolist()) == {period}


def test_a_market_that_stands_still_says_nothing():
    listener = Listener(USDM, KLINE, "btcusdt@markPrice@1s", "!miniTicker@arr", speed=0)
    listener.clock.advance(3600)

    assert [listener.news() for _ in range(3)] == [[], [], []]


def test_a_clock_set_back_is_waited_for():
    listener = Listener(SPOT, KLINE)
    assert listener.after(10)

    assert listener.after(-8) == []
    assert listener.after(6) == []
    assert listener.after(4)


def quiet_rows():
    """Return ten candles; in the 3rd to the 5th nothing is traded, the 8th is missing."""
    rows = random_rows(10, start=FORMING)
    for place in (2, 3, 4):
        rows[place, OPEN : LOW + 1] = rows[1, CLOSE]
        rows[place, CLOSE] = rows[1, CLOSE]
        rows[place, VOLUME : TAKER_QUOTE_VOLUME + 1] = 0
    assert rows[:, HIGH].min() > 0
    return np.delete(rows, 7, axis=0)


def test_a_candle_without_a_trade_is_never_told_of():
    rows = quiet_rows()
    listener = tape_listener(rows, now=FORMING)

    told = [event["k"] for _ in range(280) for event in listener.after(2)]

    traded = [int(row[0]) for row in rows if row[TRADES]]
    assert sorted({k["t"] for k in told}) == traded
    assert [k["t"] for k in told if k["x"]] == traded[:-1]


def test_the_next_candle_is_told_of_with_its_first_change():
    rows = random_rows(3, start=FORMING)
    rows[1, VOLUME : TAKER_QUOTE_VOLUME + 1] = [10, 10, 1, 1, 1]
    rows[1, OPEN : CLOSE + 1] = rows[0, CLOSE]
    listener = tape_listener(rows, now=FORMING)
    first = [event["k"] for event in listener.after(60)]

    following = [listener.after(2) for _ in range(5)]

    assert [k["x"] for k in first] == [True]
    assert following[:2] == [[], []]
    assert [event["k"]["t"] for event in following[2]] == [FORMING + MINUTE]
    assert following[3:] == [[], []]


def test_that_a_candle_has_closed_is_news_even_if_nothing_else_is(monkeypatch):
    # As if all its trades came in the first second.
    monkeypatch.setattr(
        "divbot.exchange.market.venue.live_candle", lambda closed, opened, *_: opened
    )
    listener = tape_listener(random_rows(2, start=FORMING), now=FORMING + 30_000)

    assert listener.after(28) == []
    assert [(k["t"], k["x"]) for k in (event["k"] for event in listener.after(2))] == [
        (FORMING, True),
        (FORMING + MINUTE, False),
    ]


def test_days_of_another_zone_begin_and_end_there():
    eight_hours = 8 * 3_600_000
    midnight = FORMING // DAY * DAY + DAY - eight_hours
    stream = "btcusdt@kline_1d@+08:00"
    listener = Listener(SPOT, stream, now=midnight - 5000)

    closed, opened = (event["k"] for event in listener.after(10))

    assert (closed["t"], closed["T"], closed["x"]) == (midnight - DAY, midnight - 1, True)
    assert (opened["t"], opened["i"], opened["x"]) == (midnight, "1d", False)
    (row,) = get(listener.desk, "klines", symbol="BTCUSDT", interval="1d", timeZone="8", limit=1)
    assert as_row(opened) == row


@MARKETS
def test_statistics_are_those_that_rest_tells(market):
    listener = Listener(market, "ethusdt@ticker", "ethusdt@miniTicker")

    full, mini = listener.after(5)

    rest = get(listener.desk, "ticker/24hr", symbol="ETHUSDT")
    assert full["e"] == "24hrTicker"
    assert "".join(list(full)[3:]) == (
        "pPwxcQbBaAohlvqOCFLn" if market is SPOT else "pPwcQohlvqOCFLn"
    )
    assert list(full.values())[3:] == [rest[name] for name in rest if name != "symbol"]
    assert list(mini) == ["e", "E", "s", "c", "o", "h", "l", "v", "q"]
    assert (mini["e"], mini["E"], mini["s"]) == ("24hrMiniTicker", NOON + 5000, "ETHUSDT")
    assert [mini[name] for name in "cohlvq"] == [full[name] for name in "cohlvq"]


@MARKETS
def test_bid_and_ask_are_those_that_rest_tells(market):
    listener = Listener(market, "btcusdt@bookTicker")

    (told,) = listener.after(15)

    rest = get(listener.desk, "ticker/bookTicker", symbol="BTCUSDT")
    names = {"s": "symbol", "b": "bidPrice", "B": "bidQty", "a": "askPrice", "A": "askQty"}
    assert {name: told.pop(name) for name in names} == {
        name: rest[full] for name, full in names.items()
    }
    now = NOON + 15_000
    head = {"e": "bookTicker", "u": now, "E": now, "T": now}
    assert told == ({"u": now} if market is SPOT else head)


def test_the_list_of_short_statistics_holds_those_that_changed():
    rows = {"ABCUSDT": random_rows(5, start=FORMING), "QUIUSDT": random_rows(5, start=FORMING)}
    rows["QUIUSDT"][1:, VOLUME : TAKER_QUOTE_VOLUME + 1] = 0
    rows["QUIUSDT"][1:, OPEN : CLOSE + 1] = rows["QUIUSDT"][0, CLOSE]
    clock = ManualClock(FORMING + 50_000)
    time = MarketTime(clock, at=clock.now(), speed=1, end=FORMING + DAY)
    desk = Desk(SPOT, Venue(RowsTape(rows)), time, RateLimiter(clock))
    listener = Listener(SPOT, "!miniTicker@arr", desk=(clock, desk))

    (both,), (final,), (one,) = (listener.after(seconds) for seconds in (5, 5, 5))

    assert [each["s"] for each in both] == ["ABCUSDT", "QUIUSDT"]
    assert [each["s"] for each in final] == ["ABCUSDT", "QUIUSDT"]
    assert [each["s"] for each in one] == ["ABCUSDT"]


def test_the_mark_price_is_the_one_that_rest_tells():
    listener = Listener(USDM, "btcusdt@markPrice@1s")

    (told,) = listener.after(5)

    rest = get(listener.desk, "premiumIndex", symbol="BTCUSDT")
    assert told == {
        "e": "markPriceUpdate",
        "E": NOON + 5000,
        "s": "BTCUSDT",
        "p": rest["markPrice"],
        "ap": rest["markPrice"],
        "i": rest["indexPrice"],
        "P": rest["estimatedSettlePrice"],
        "r": rest["lastFundingRate"],
        "T": rest["nextFundingTime"],
    }


def test_mark_prices_of_stocks_and_metals_come_in_a_message_of_their_own():
    coins, traditional = Listener(USDM, "!markPrice@arr", awkward=True).after(3)

    assert {each["s"] for each in traditional} == {"TSLAUSDT", "XAUUSDT"}
    assert {"BTCUSDT", "1000PEPEUSDT"} <= {each["s"] for each in coins}
    assert not {"TSLAUSDT", "XAUUSDT"} & {each["s"] for each in coins}


def test_continuous_candles_are_those_of_the_contract():
    stream = "btcusdt_{}@continuousKline_1m".format
    listener = Listener(USDM, stream("perpetual"), stream("current_quarter"), awkward=True)

    told = {event["ct"]: event for event in listener.after(10)}

    assert set(told) == {"PERPETUAL", "CURRENT_QUARTER"}
    for contract, symbol in (("PERPETUAL", "BTCUSDT"), ("CURRENT_QUARTER", "BTCUSDT_240927")):
        event = told[contract]
        (row,) = get(listener.desk, "klines", symbol=symbol, interval="1m", limit=1)
        assert (list(event), event["e"]) == (["e", "E", "ps", "ct", "k"], "continuous_kline")
        assert event["ps"] == "BTCUSDT"
        assert as_row(event["k"]) == row
        assert "s" not in event["k"]


def test_contracts_are_told_of_when_their_status_changes():
    listener = Listener(USDM, "!contractInfo", awkward=True, delist_after=1)

    before, (told,) = listener.after(39), listener.after(40)

    assert before == []
    assert told == {
        "e": "contractInfo",
        "E": NOON + 79_000,
        "s": "WAVESUSDT",
        "ps": "WAVESUSDT",
        "ct": "PERPETUAL",
        "dt": 4_133_404_800_000,
        "ot": told["ot"],
        "cs": "SETTLING",
    }
    assert [(each["s"], each["cs"], each["ct"]) for each in listener.after(8 * 86_400)] == [
        ("SOONXUSDT", "TRADING", "PERPETUAL"),
        ("XEMUSDT", "SETTLING", "PERPETUAL"),
    ]


@MARKETS
def test_an_unknown_symbol_says_nothing(market):
    streams = ("nope@kline_1m", "nope@ticker", "nope@bookTicker")

    assert Listener(market, *streams).after(120) == []


def test_intervals_shorter_than_the_market_s_candles_say_nothing():
    assert Listener(SPOT, "btcusdt@kline_1s").after(120) == []


def test_a_symbol_is_heard_from_its_listing_on():
    streams = ("soonxusdt@kline_1h", "soonxusdt@ticker")
    listener = Listener(USDM, *streams, awkward=True)

    assert listener.after(6 * 86_400) == []
    assert [each["e"] for each in listener.after(86_400)] == ["kline", "24hrTicker"]
