"""What is kept of klines never shows: every answer is as that of a desk that was never asked."""

import json

import pytest

from divbot.domain.clock import ManualClock
from divbot.domain.market import Market
from divbot.exchange.desk import Desk
from divbot.exchange.market.market_time import MarketTime
from divbot.exchange.market.venue import Venue
from divbot.exchange.market.view import MarketView
from divbot.exchange.rest.kline_text import KlineText
from divbot.exchange.rest.rate_limiter import RateLimiter
from divbot.recordings.grid import Grid

from .markets import NOON, RowsTape, ask, get, moving_desk, open_times, random_rows, synthetic_desk

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
ASKED = [
    pytest.param({}, id="the newest"),
    pytest.param({"startTime": NOON - HOUR}, id="from a start"),
    pytest.param({"endTime": NOON + MINUTE}, id="to an end that comes to pass"),
    pytest.param({"startTime": NOON - 3 * MINUTE, "limit": 4}, id="no room for the forming one"),
    pytest.param({"timeZone": "-3:30", "limit": 3}, id="in a time zone"),
]


@pytest.mark.parametrize("interval", ["1m", "5m", "1h", "1d", "1w", "1M"])
@pytest.mark.parametrize("asked", ASKED)
def test_time_that_passes_between_two_requests_shows_in_the_second(interval, asked):
    clock, desk = moving_desk(awkward=False)
    asked = {"symbol": "BTCUSDT", "interval": interval, **asked}
    start = clock.now()

    for seconds in (0.3, 40, 1, 300, 12 * 3600):
        clock.advance(seconds)
        body = ask(desk, "klines", **asked).body

        assert body == ask(synthetic_desk(now=NOON + clock.now() - start), "klines", **asked).body


def test_a_symbol_is_known_from_its_listing_on_though_it_was_asked_for_before():
    clock = ManualClock(0)
    rows = {"AAAUSDT": random_rows(99, start=0), "NEWUSDT": random_rows(9, start=5 * MINUTE)}
    desk = _rows_desk(rows, clock)
    asked = {"symbol": "NEWUSDT", "interval": "1m", "limit": 2}

    before = ask(desk, "klines", **asked).status
    clock.advance(5 * 60 + 1)
    after = get(desk, "klines", **asked)

    assert (before, open_times(after)) == (400, [5 * MINUTE])


def test_a_gap_is_followed_by_what_comes_after_it():
    clock = ManualClock(0)
    rows = random_rows(20, start=0)
    desk = _rows_desk({"AAAUSDT": rows[[0, 1, 2, 7, 8]]}, clock)
    seen = []

    for _ in range(9):
        found = get(desk, "klines", symbol="AAAUSDT", interval="1m", limit=2)
        seen.append([each // MINUTE for each in open_times(found)])
        clock.advance(60)

    assert seen == [[0], [0, 1], [1, 2], *[[1, 2]] * 4, [2, 7], [7, 8]]


def test_milliseconds_are_never_answered_with_microseconds():
    desk = synthetic_desk()
    asked = f"{desk.prefix}klines", "symbol=BTCUSDT&interval=1m&limit=3"

    in_us = json.loads(desk.answer(*asked, headers={"X-MBX-TIME-UNIT": "MICROSECOND"}).body)
    in_ms = json.loads(desk.answer(*asked).body)

    assert open_times(in_us) == [each * 1000 for each in open_times(in_ms)]


def test_no_more_is_kept_than_may_be():
    venue = Venue(RowsTape({"AAAUSDT": random_rows(600, start=0)}))
    text = KlineText(MarketView(Market.SPOT, venue), most_bytes=20_000)
    grid = Grid(venue.interval)

    for limit in (*range(2, 90), 3, 500, 4):
        parts = venue.parts(0, grid, 550 * MINUTE, limit=limit)

        assert len(json.loads(text.body(*parts, microseconds=False))) == limit
        assert text.kept.size <= 20_000


def _rows_desk(rows, clock):
    time = MarketTime(clock, at=clock.now(), speed=1, end=DAY)
    return Desk(Market.SPOT, Venue(RowsTape(rows)), time, RateLimiter(clock))
