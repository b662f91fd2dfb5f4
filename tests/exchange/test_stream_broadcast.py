"""All connections together, on a clock that a test advances."""

import json

import pytest

from divbot.domain.market import Market
from divbot.exchange.rest.rejections import Rejection
from divbot.exchange.streams.broadcast import Broadcast
from divbot.exchange.streams.frames import Abort, CloseFrame, PingFrame, TextFrame

from .markets import moving_desk

SPOT, USDM = Market.SPOT, Market.USDM
KLINE = "btcusdt@kline_1m"


@pytest.fixture
def served():
    """Return a clock, and what serves spot by it."""
    clock, desk = moving_desk(SPOT)
    return clock, Broadcast([desk.feed()], clock)


def kinds(sent):
    """Return what was sent to whom: the event, or the frame."""
    return [(session, _kind(frame)) for session, frames in sent for frame in frames]


def _kind(frame):
    return json.loads(frame.content)["e"] if isinstance(frame, TextFrame) else type(frame)


def test_everybody_hears_what_they_asked_for(served):
    clock, broadcast = served
    first, second = broadcast.open(f"/ws/{KLINE}"), broadcast.open(f"/ws/{KLINE}/ethusdt@ticker")
    broadcast.pulse()

    clock.advance(2)

    assert kinds(broadcast.pulse()) == [
        (first, "kline"),
        (second, "kline"),
        (second, "24hrTicker"),
    ]


def test_one_that_comes_later_hears_the_same_events(served):
    clock, broadcast = served
    first = broadcast.open(f"/ws/{KLINE}")
    broadcast.pulse()
    clock.advance(1)
    later = broadcast.open(f"/ws/{KLINE}")
    broadcast.pulse()
    clock.advance(1)

    (one, frames), (other, same) = broadcast.pulse()

    assert (one, other) == (first, later)
    assert frames == same


def test_one_that_has_left_hears_nothing(served):
    clock, broadcast = served
    session = broadcast.open(f"/ws/{KLINE}")
    broadcast.pulse()

    broadcast.leave(session)
    clock.advance(2)

    assert broadcast.pulse() == []
    assert broadcast.state(SPOT) == {"connections": 0, "subscriptions": 0}


def test_what_happened_between_two_subscriptions_is_not_told(served):
    clock, broadcast = served
    session = broadcast.open(f"/ws/{KLINE}")
    broadcast.pulse()
    _request(broadcast, session, "UNSUBSCRIBE")
    broadcast.pulse()
    clock.advance(55)
    broadcast.pulse()

    _request(broadcast, session, "SUBSCRIBE")

    assert broadcast.pulse() == []
    clock.advance(2)
    assert kinds(broadcast.pulse()) == [(session, "kline")]


def _request(broadcast, session, method):
    content = {"method": method, "params": [KLINE], "id": 1}
    assert broadcast.receive(session, TextFrame(json.dumps(content)))


def test_what_nobody_heard_is_not_told_later(served):
    clock, broadcast = served
    first = broadcast.open(f"/ws/{KLINE}")
    broadcast.pulse()
    # Nobody is left, and so there is no pulse.
    broadcast.leave(first)
    clock.advance(600)

    again = broadcast.open(f"/ws/{KLINE}")

    assert broadcast.pulse() == []
    clock.advance(2)
    assert kinds(broadcast.pulse()) == [(again, "kline")]


def test_there_is_nothing_at_other_addresses(served):
    _, broadcast = served

    assert broadcast.open("/market/ws") is None
    assert broadcast.open("/api/v3/ping") is None


def test_attempts_to_connect_are_limited(served):
    clock, broadcast = served
    for _ in range(300):
        broadcast.leave(broadcast.open("/ws"))

    with pytest.raises(Rejection) as caught:
        broadcast.open("/stream")
    clock.advance(300)

    assert caught.value.status == 429
    assert broadcast.open("/ws") is not None


def test_futures_have_no_such_limit():
    clock, desk = moving_desk(USDM)
    broadcast = Broadcast([desk.feed()], clock)

    assert all(broadcast.open("/market/ws") for _ in range(301))


def test_a_disconnect_is_a_cut_of_all_that_are_there(served):
    _, broadcast = served
    session = broadcast.open("/ws")

    assert broadcast.disconnect(SPOT) == 1
    assert kinds(broadcast.pulse()) == [(session, Abort)]
    assert broadcast.pulse() == []


def test_a_shutdown_is_a_warning_and_then_the_end(served):
    clock, broadcast = served
    session = broadcast.open("/ws")

    assert broadcast.shut_down(SPOT, seconds=5) == 1

    assert kinds(broadcast.pulse()) == [(session, "serverShutdown")]
    clock.advance(5)
    assert kinds(broadcast.pulse()) == [(session, CloseFrame)]


def test_silence_meets_those_that_are_there_and_nobody_after(served):
    clock, broadcast = served
    broadcast.open(f"/ws/{KLINE}")

    assert broadcast.silence(SPOT) == 1

    after = broadcast.open(f"/ws/{KLINE}")
    broadcast.pulse()
    clock.advance(30)
    assert kinds(broadcast.pulse()) == [(after, "kline"), (after, PingFrame)]
    assert broadcast.state(SPOT) == {"connections": 2, "subscriptions": 2}


def test_connections_age_on_the_real_clock_however_fast_the_market_runs():
    pings = {}
    for speed, aging in ((1, 1), (1000, 1), (0, 10)):
        clock, desk = moving_desk(SPOT, speed=speed)
        broadcast = Broadcast([desk.feed()], clock, aging=aging)
        broadcast.open("/ws")
        seconds = 0
        while not broadcast.pulse():
            clock.advance(1)
            seconds += 1
        pings[speed, aging] = seconds

    assert pings == {(1, 1): 20, (1000, 1): 20, (0, 10): 2}
