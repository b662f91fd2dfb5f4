from divbot.domain.clock import ManualClock
from divbot.exchange.market.market_time import MarketTime


def test_time_runs_from_where_it_was_set_at_its_own_speed():
    clock = ManualClock(5_000)
    time = MarketTime(clock, at=1_000_000, speed=60, end=10**12)

    clock.advance(1)

    assert time.now() == 1_060_000


def test_time_at_speed_zero_stands_still():
    clock = ManualClock(5_000)
    time = MarketTime(clock, at=1_000_000, speed=0, end=10**12)

    clock.advance(1000)

    assert time.now() == 1_000_000


def test_time_stops_where_the_recording_ends():
    clock = ManualClock(5_000)
    time = MarketTime(clock, at=1_000_000, speed=1, end=1_000_500)

    clock.advance(1000)

    assert time.now() == 1_000_500


def test_time_never_goes_back_before_its_start():
    clock = ManualClock(5_000)
    time = MarketTime(clock, at=1_000_000, speed=1, end=10**12)

    clock.advance(-10)

    assert time.now() == 1_000_000
