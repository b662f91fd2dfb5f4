"""Over the limit 429, and after too many of those 418: on the real clock, by market."""

import json

import pytest

from divbot.domain.clock import ManualClock
from divbot.domain.errors import InputError
from divbot.domain.market import Market
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.rest.rate_limiter import RateLimiter
from divbot.exchange.rest.rate_window import RateWindow, WindowShape
from divbot.exchange.server import open_desks

from .markets import NOON, ask, get

SPOT, USDM = Market.SPOT, Market.USDM
FIXED, ROLLING = WindowShape
MINUTE_START = NOON // 60_000 * 60_000
MINUTES = 60
DAYS = 24 * 60 * MINUTES


@pytest.fixture
def clock():
    return ManualClock(MINUTE_START + 20_000)


def desks(clock, **options):
    chosen = ExchangeOptions(**{"symbols": 2, "awkward": False, "at": NOON, "speed": 0, **options})
    return dict(zip(Market, open_desks(chosen, clock), strict=True))


def statuses(desk, count):
    return [ask(desk, "ping").status for _ in range(count)]


def test_the_last_weight_of_a_minute_is_granted_and_not_one_more(clock):
    desk = desks(clock, weight_limit=3)[SPOT]

    assert statuses(desk, 5) == [200, 200, 200, 429, 429]


@pytest.mark.parametrize("market", list(Market))
def test_without_an_option_the_limit_is_the_venues(clock, market):
    limiter = RateLimiter(clock)
    limit = {SPOT: 6000, USDM: 2400}[market]

    assert limiter.admit(market, limit).rejection is None
    assert limiter.admit(market, 1).rejection.status == 429


@pytest.mark.parametrize(
    ("market", "text"),
    [
        pytest.param(
            SPOT,
            "Too much request weight used; current limit is 1 request weight per 1 MINUTE. Please "
            "use WebSocket Streams for live updates to avoid polling the API.",
            id="spot",
        ),
        pytest.param(
            USDM,
            "Too many requests; current limit is 1 requests per minute. Please use the websocket "
            "for live updates to avoid polling the API.",
            id="usdm",
        ),
    ],
)
def test_a_refusal_says_what_the_venue_says(clock, market, text):
    desk = desks(clock, weight_limit=1)[market]
    statuses(desk, 1)

    response = ask(desk, "ping")

    assert json.loads(response.body) == {"code": -1003, "msg": text}
    assert response.headers["Retry-After"] == "40"
    assert response.headers["x-mbx-used-weight-1m"] == "2"
    assert response.headers["X-Divbot-Exchange"] == "synthetic"


@pytest.mark.parametrize(
    ("market", "text"),
    [
        pytest.param(
            SPOT,
            "Way too much request weight used; IP banned until {}. Please use WebSocket Streams "
            "for live updates to avoid bans.",
            id="spot",
        ),
        pytest.param(
            USDM,
            "Way too many requests; IP(127.0.0.1) banned until {}. Please use the websocket for "
            "live updates to avoid bans.",
            id="usdm",
        ),
    ],
)
def test_who_goes_on_calling_is_banned(clock, market, text):
    desk = desks(clock, weight_limit=1, patience=2)[market]

    assert statuses(desk, 5) == [200, 429, 429, 418, 418]
    response = ask(desk, "klines")
    assert response.status == 418
    assert json.loads(response.body)["msg"] == text.format(clock.now() + 120_000)
    assert response.headers["Retry-After"] == "120"


def test_every_request_is_refused_while_banned_even_a_wrong_one(clock):
    desk = desks(clock, weight_limit=1, patience=0)[SPOT]
    statuses(desk, 2)

    clock.advance(119.999)
    assert [ask(desk, name).status for name in ("ping", "nowhere", "klines")] == [418] * 3
    assert ask(desk, "ping").headers["Retry-After"] == "1"
    clock.advance(0.001)
    assert ask(desk, "ping").status == 200


def test_bans_grow_with_each_repeat_up_to_three_days(clock):
    limiter = RateLimiter(clock, {SPOT: 1}, patience=0)
    lengths = []
    for _ in range(14):
        limiter.admit(SPOT, 1)
        lengths.append(limiter.admit(SPOT, 1).retry_after)
        clock.advance(lengths[-1])

    assert lengths[:4] == [2 * MINUTES, 4 * MINUTES, 8 * MINUTES, 16 * MINUTES]
    assert lengths[10:] == [2048 * MINUTES, 4096 * MINUTES, 3 * DAYS, 3 * DAYS]


def test_who_waits_as_told_is_forgiven(clock):
    desk = desks(clock, weight_limit=1, patience=2)[SPOT]
    for _ in range(5):
        responses = [ask(desk, "ping") for _ in range(3)]
        clock.advance(int(responses[-1].headers["Retry-After"]))

        assert [response.status for response in responses] == [200, 429, 429]


@pytest.mark.parametrize(
    ("shape", "after", "used"),
    [
        pytest.param(FIXED, 39, 5, id="fixed: to the end of the minute"),
        pytest.param(FIXED, 40, 0, id="fixed: gone with the minute"),
        pytest.param(ROLLING, 59, 5, id="rolling: for 60 s"),
        pytest.param(ROLLING, 60, 0, id="rolling: gone after 60 s"),
    ],
)
def test_a_window_forgets_by_its_shape(shape, after, used):
    window = RateWindow(10, 60_000, shape)
    start = MINUTE_START + 20_000
    window.spend(start, 5)

    assert window.used(start + after * 1000) == used


@pytest.mark.parametrize(
    ("shape", "weight", "seconds"),
    [
        pytest.param(FIXED, 4, 0, id="fixed: it fits"),
        pytest.param(FIXED, 5, 40, id="fixed: at the end of the minute"),
        pytest.param(ROLLING, 4, 0, id="rolling: it fits"),
        pytest.param(ROLLING, 5, 60, id="rolling: when the oldest is forgotten"),
        pytest.param(ROLLING, 8, 65, id="rolling: when both are"),
        pytest.param(ROLLING, 99, 65, id="rolling: never, so when nothing is left"),
    ],
)
def test_a_window_knows_when_there_is_room_again(shape, weight, seconds):
    window = RateWindow(10, 60_000, shape)
    start = MINUTE_START + 20_000
    window.spend(start, 3)
    later = 5_000 if shape is ROLLING else 0
    window.spend(start + later, 3)

    assert window.free_at(start + later, weight) == start + seconds * 1000 + (
        later if not seconds else 0
    )


def test_a_clock_set_back_leaves_no_debt():
    window = RateWindow(10, 60_000, ROLLING)
    window.spend(MINUTE_START, 5)

    assert window.used(MINUTE_START - 1) == 0


@pytest.mark.parametrize("shape", list(WindowShape))
def test_waiting_as_long_as_told_is_long_enough(clock, shape):
    limiter = RateLimiter(clock, {SPOT: 100}, window=shape)
    for _ in range(200):
        admission = limiter.admit(SPOT, 7)
        if admission.retry_after is not None:
            clock.advance(admission.retry_after)
            assert limiter.admit(SPOT, 7).rejection is None
        clock.advance(1.3)


def test_a_market_that_is_over_its_limit_leaves_the_other_alone(clock):
    both = desks(clock, weight_limit=1, patience=0)
    statuses(both[SPOT], 3)

    assert ask(both[USDM], "ping").status == 200


def test_what_another_program_spends_counts(clock):
    limiter = RateLimiter(clock, {SPOT: 10})

    assert limiter.spend(SPOT, 25) == 25
    assert limiter.admit(SPOT, 1).rejection.status == 429


def test_a_ban_can_be_ordered(clock):
    limiter = RateLimiter(clock)

    until = limiter.ban(USDM, 5)

    assert until == clock.now() + 5000
    assert limiter.admit(USDM, 1).rejection.status == 418
    assert limiter.admit(SPOT, 1).rejection is None
    assert limiter.state(USDM)["banned_until"] == until
    clock.advance(5)
    assert limiter.admit(USDM, 1).rejection is None
    assert limiter.state(USDM)["banned_until"] == 0


def test_a_minute_of_the_market_has_the_weight_of_a_minute_however_fast_it_runs(clock):
    desk = desks(clock, weight_limit=2, speed=10)[SPOT]

    assert statuses(desk, 21) == [200] * 20 + [429]
    clock.advance(1)
    assert statuses(desk, 1) == [429]  # for as long as told: on the clock that clients go by


def test_a_market_that_runs_slowly_grants_no_less(clock):
    desk = desks(clock, weight_limit=2, speed=0.1)[SPOT]

    assert statuses(desk, 3) == [200, 200, 429]


@pytest.mark.parametrize("market", list(Market))
def test_all_limits_of_the_listing_are_those_of_the_market_s_own_time(clock, market):
    usual = get(desks(clock)[market], "exchangeInfo")["rateLimits"]
    fast = get(desks(clock, speed=600)[market], "exchangeInfo")["rateLimits"]

    assert [x["limit"] for x in fast] == [600 * x["limit"] for x in usual]
    assert [x | {"limit": 0} for x in fast] == [x | {"limit": 0} for x in usual]


def test_the_funding_endpoints_have_a_limit_of_their_own_that_grows_too(clock):
    desk = desks(clock, speed=2)[USDM]

    asked = [ask(desk, "fundingInfo").status for _ in range(1001)]

    assert asked == [200] * 1000 + [429]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        *(
            ({"speed": x}, "speed: expected a number from 0 to 100000")
            for x in (-1.0, 1e308, float("nan"))
        ),
        (
            {"weight_limit": 10**400},
            "weight_limit: expected a whole number from 1 to 1000000000",
        ),
        ({"delist_after": 1e308}, "delist_after: expected a number from 0 to 1000000000"),
        ({"at": 253_402_300_740_000}, "expected a time from 1970 to 2100"),
    ],
)
def test_what_no_market_can_be_made_of_is_refused(options, expected):
    with pytest.raises(InputError, match=f"^{expected}, found"):
        ExchangeOptions(**options)


@pytest.mark.parametrize(("limit", "spot", "usdm"), [(None, 6000, 2400), (77, 77, 77)])
def test_the_listing_says_what_the_limit_is(clock, limit, spot, usdm):
    both = desks(clock, weight_limit=limit)

    told = [get(desk, "exchangeInfo")["rateLimits"][0]["limit"] for desk in both.values()]

    assert told == [spot, usdm]
