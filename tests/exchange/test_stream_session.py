"""One connection, frame by frame, without any."""

import json
from dataclasses import replace

import pytest

from divbot.domain.market import Market
from divbot.exchange.streams.addresses import StreamAddress
from divbot.exchange.streams.channels import StreamRoute
from divbot.exchange.streams.events import StreamEvent
from divbot.exchange.streams.frames import BinaryFrame, CloseFrame, PingFrame, PongFrame, TextFrame
from divbot.exchange.streams.rules import RULES
from divbot.exchange.streams.session import ConnectionState, Session

SPOT, USDM = Market.SPOT, Market.USDM
MARKETS = pytest.mark.parametrize("market", [SPOT, USDM])
ROUTE = {SPOT: StreamRoute.SPOT, USDM: StreamRoute.MARKET}
SECOND, MINUTE = 1000, 60_000
DAY = 24 * 60 * MINUTE
TOO_MUCH = [CloseFrame(1008, "Too many requests")]
KLINE = "btcusdt@kline_1m"


def session(market=SPOT, *, now=0, rules=None, **door):
    return Session(StreamAddress(market, ROUTE[market], **door), rules or RULES[market], now)


def ask(session, method, *params, now=0, id=1):
    content = {"method": method, "params": list(params), "id": id}
    return said(session.receive(TextFrame(json.dumps(content)), now))


def said(frames):
    """Return what each frame holds: JSON where it is text."""
    return [json.loads(each.content) if isinstance(each, TextFrame) else each for each in frames]


def done(result=None, id=1):
    return [{"result": result, "id": id}]


def refused(code, message, **named):
    return [{"error": {"code": code, "msg": message}, **named}]


@MARKETS
def test_what_was_subscribed_is_listed_until_it_is_unsubscribed(market):
    open_ = session(market, streams=("a@ticker",))

    assert ask(open_, "SUBSCRIBE", KLINE, "no@such", "a@ticker") == done()
    assert ask(open_, "LIST_SUBSCRIPTIONS", id=2) == done(["a@ticker", KLINE, "no@such"], 2)
    assert ask(open_, "UNSUBSCRIBE", "a@ticker", "never@asked", id=3) == done(id=3)
    assert ask(open_, "LIST_SUBSCRIPTIONS", id=4) == done([KLINE, "no@such"], 4)
    assert (open_.subscriptions, list(open_.heard)) == (2, [KLINE])


def test_a_stream_on_the_wrong_route_is_taken_and_never_heard():
    heard = {}
    for route in (StreamRoute.MARKET, StreamRoute.PUBLIC, StreamRoute.LEGACY):
        open_ = Session(StreamAddress(USDM, route), RULES[USDM], 0)
        assert ask(open_, "SUBSCRIBE", KLINE, "btcusdt@bookTicker") == done()
        heard[route] = list(open_.heard)

    assert heard == {
        StreamRoute.MARKET: [KLINE],
        StreamRoute.PUBLIC: ["btcusdt@bookTicker"],
        StreamRoute.LEGACY: ["btcusdt@bookTicker"],
    }


def test_events_come_wrapped_where_that_is_the_property():
    event, other = StreamEvent(KLINE, {"E": 5}), StreamEvent("other@ticker", {"E": 6})
    open_ = session(streams=(KLINE,))

    assert ask(open_, "GET_PROPERTY", "combined") == done(False)
    assert said(open_.deliver([event, other])) == [{"E": 5}]
    assert ask(open_, "SET_PROPERTY", "combined", True) == done()
    assert ask(open_, "GET_PROPERTY", "combined") == done(True)
    assert said(open_.deliver([event, other])) == [{"stream": KLINE, "data": {"E": 5}}]
    assert said(session(streams=(KLINE,), combined=True).deliver([event]))[0]["stream"] == KLINE


def test_times_come_in_microseconds_where_that_was_asked_for():
    k = {"t": 60_000, "T": 119_999, "s": "BTCUSDT", "c": "1.0"}
    event = StreamEvent(KLINE, {"e": "kline", "E": 61_000, "k": k})
    mini = StreamEvent("!miniTicker@arr", [{"E": 7, "C": 8, "O": 9, "o": "0.1"}])
    open_ = session(streams=(KLINE, "!miniTicker@arr"), microseconds=True)

    candle, tickers = said(open_.deliver([event, mini]))

    assert candle["E"] == 61_000_000
    assert candle["k"] == {**k, "t": 60_000_000, "T": 119_999_999}
    assert tickers == [{"E": 7000, "C": 8000, "O": 9000, "o": "0.1"}]


@pytest.mark.parametrize(
    ("market", "id"),
    [
        (SPOT, 1),
        (SPOT, -(2**63)),
        (SPOT, 2**63 - 1),
        (SPOT, "a" * 36),
        (SPOT, None),
        (USDM, 0),
        (USDM, 2**64 - 1),
    ],
)
def test_a_request_may_bear_an_id(market, id):
    assert ask(session(market), "LIST_SUBSCRIPTIONS", id=id) == done([], id)


@pytest.mark.parametrize(
    ("market", "id"),
    [
        (SPOT, 2**63),
        (SPOT, "a" * 37),
        (SPOT, 1.5),
        (SPOT, True),
        (USDM, -1),
        (USDM, 2**64),
        (USDM, "a"),
        (USDM, None),
    ],
)
def test_another_id_is_refused(market, id):
    told = refused(2, "Invalid request: request ID must be an unsigned integer")

    assert ask(session(market), "LIST_SUBSCRIPTIONS", id=id) == told


@pytest.mark.parametrize(
    "text",
    [
        r'{"method":"SUBSCRIBE","params":["\ud800"],"id":1}',
        r'{"method":"\udfff","id":1}',
        r'{"method":"LIST_SUBSCRIPTIONS","id":"\ud800"}',
        r'{"method":"LIST_SUBSCRIPTIONS","id":1,"\ud83d":"\ude00"}',
    ],
)
@MARKETS
def test_half_a_character_is_no_json_and_ends_nothing(market, text):
    open_ = session(market)

    frames = open_.receive(TextFrame(text), 0)

    assert said(frames[:1])[0]["error"]["code"] == 3
    assert "Invalid JSON: expected value at line 1" in said(frames[:1])[0]["error"]["msg"]
    assert open_.heard == {}


METHODS = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("[1]", 2, "Invalid request: expected an object"),
        ('{"id":1}', 2, "Invalid request: missing field `method` at line 1 column 8"),
        (
            '{"method":"BUY","id":1}',
            2,
            f"Invalid request: unknown variant `BUY`, expected one of {METHODS} "
            "at line 1 column 23",
        ),
        (
            '{"method":"SUBSCRIBE","params":[]}',
            2,
            "Invalid request: request ID must be an unsigned integer",
        ),
        (
            '{"method":"SUBSCRIBE","params":"a","id":1}',
            2,
            "Invalid request: params must be an array",
        ),
        (
            '{"method":"SUBSCRIBE","params":[1],"id":1}',
            2,
            "Invalid request: stream name must be a string",
        ),
        (
            '{"method":"LIST_SUBSCRIPTIONS","params":["a"],"id":1}',
            2,
            "Invalid request: too many parameters",
        ),
        (
            '{"method":"GET_PROPERTY","params":[],"id":1}',
            2,
            "Invalid request: property name must be a string",
        ),
        ('{"method":"GET_PROPERTY","params":["colour"],"id":1}', 0, "Unknown property"),
        (
            '{"method":"SET_PROPERTY","params":["combined","yes"],"id":1}',
            1,
            "Invalid value type: expected Boolean",
        ),
    ],
)
@MARKETS
def test_a_wrong_request_is_told_what_is_wrong_and_changes_nothing(market, text, code, message):
    open_ = session(market, streams=(KLINE,))

    (told,) = said(open_.receive(TextFrame(text), 0))

    assert told["error"] == {"code": code, "msg": message}
    assert told.get("id") == (1 if '"id":1' in text else None)
    assert (open_.state, list(open_.heard)) == (ConnectionState.OPEN, [KLINE])


@pytest.mark.parametrize("text", ["", "{", "hello", "[" * 4000])
def test_what_is_no_json_ends_a_connection_to_futures_only(text):
    spot = said(session(SPOT).receive(TextFrame(text), 0))
    futures = said(session(USDM).receive(TextFrame(text), 0))

    assert [each["error"]["code"] for each in spot] == [3]
    assert futures == [*spot, CloseFrame(1008, "")]


def test_a_binary_frame_ends_a_connection_to_futures_only():
    request = BinaryFrame(b'{"method":"LIST_SUBSCRIPTIONS","id":1}')

    assert session(USDM).receive(request, 0) == [CloseFrame(1008, "")]
    assert said(session(SPOT).receive(request, 0)) == done([])


@pytest.mark.parametrize(("size", "is_answered"), [(4088, True), (4089, False)])
def test_a_text_longer_than_one_read_hangs_without_a_word(size, is_answered):
    request = json.dumps({"method": "SUBSCRIBE", "params": [KLINE], "id": 1})
    open_ = session()

    frames = open_.receive(TextFrame(request.ljust(size)), 0)

    assert said(frames) == (done() if is_answered else [])
    assert list(open_.heard) == ([KLINE] if is_answered else [])
    assert open_.state is ConnectionState.OPEN


@pytest.mark.parametrize(("market", "most"), [(SPOT, 5), (USDM, 10)])
@pytest.mark.parametrize(
    "frame",
    [TextFrame('{"method":"LIST_SUBSCRIPTIONS","id":1}'), PingFrame(b""), PongFrame(b"unasked")],
)
def test_more_messages_a_second_than_allowed_end_it(market, most, frame):
    open_ = session(market)

    for _ in range(most):
        open_.receive(frame, 100)
    for _ in range(most):
        open_.receive(frame, 1100)

    assert open_.state is ConnectionState.OPEN
    assert open_.receive(frame, 2099) == TOO_MUCH
    assert open_.receive(frame, 5000) == []


@MARKETS
def test_more_streams_than_allowed_end_it(market):
    names = [f"{number}@x" for number in range(1024)]
    open_ = session(market, streams=tuple(names))

    assert ask(open_, "SUBSCRIBE", names[0]) == done()
    assert ask(open_, "SUBSCRIBE", "one@more") == TOO_MUCH
    assert open_.state is ConnectionState.CLOSED


def test_a_ping_is_answered_with_its_payload():
    assert session().receive(PingFrame(b"abc"), 0) == [PongFrame(b"abc")]


@pytest.mark.parametrize(
    ("market", "every", "within"), [(SPOT, 20, 60), (USDM, 180, 600)], ids=["spot", "usdm"]
)
def test_a_client_that_answers_no_ping_is_cut(market, every, within):
    open_ = session(market)

    assert open_.advance(every * SECOND - 1, 0) == []
    assert open_.advance(every * SECOND, 0) == [PingFrame(str(every * SECOND).encode())]
    assert open_.advance(every * SECOND + 1, 0) == []
    assert open_.advance((every + within) * SECOND - 1, 0)[0] != CloseFrame(1008, "Pong timeout")
    assert open_.advance((every + within) * SECOND, 0) == [CloseFrame(1008, "Pong timeout")]
    assert open_.advance(DAY, 0) == []


def test_a_pong_nobody_asked_for_keeps_nothing_alive():
    open_ = session()
    open_.advance(20 * SECOND, 0)

    open_.receive(PongFrame(b""), 21 * SECOND)

    assert open_.advance(80 * SECOND, 0) == [CloseFrame(1008, "Pong timeout")]


def test_a_pong_answers_its_ping_and_all_before():
    open_ = session()
    pings = [open_.advance(each * SECOND, 0)[0] for each in (20, 40, 60)]

    open_.receive(PongFrame(pings[1].payload), 61 * SECOND)

    assert isinstance(open_.advance(119 * SECOND, 0)[0], PingFrame)
    assert open_.advance(120 * SECOND, 0) == [CloseFrame(1008, "Pong timeout")]


def test_answers_to_pings_do_not_use_up_the_messages():
    rules = replace(RULES[SPOT], ping_every=10)
    open_ = session(rules=rules)

    for now in range(10, 500, 10):
        for ping in open_.advance(now, 0):
            assert open_.receive(PongFrame(ping.payload), now) == []

    assert open_.state is ConnectionState.OPEN


def test_after_a_day_spot_warns_and_both_close():
    ends = {}
    for market in (SPOT, USDM):
        rules = replace(RULES[market], ping_every=2 * DAY)
        open_ = session(market, rules=rules, now=7)
        before = said(open_.advance(7 + DAY - 10 * MINUTE - 1, 1))
        warned = said(open_.advance(7 + DAY - 10 * MINUTE, 42))
        again = said(open_.advance(7 + DAY - 1, 43))
        ends[market] = [before, warned, again, open_.advance(7 + DAY, 44)]

    warning = {"e": "serverShutdown", "E": 42}
    assert ends[SPOT] == [[], [warning], [], [CloseFrame(1001, "")]]
    assert ends[USDM] == [[], [], [], [CloseFrame(1001, "")]]


def test_a_shutdown_is_told_at_once_and_comes_when_it_was_said():
    open_ = session(combined=True, now=0)

    told = said(open_.shut_down(100, 42, seconds=2))

    assert told == [{"stream": "!serverShutdown", "data": {"e": "serverShutdown", "E": 42}}]
    assert open_.advance(2099, 0) == []
    assert open_.advance(2100, 0) == [CloseFrame(1001, "")]
    assert session(USDM).shut_down(100, 42, seconds=2) == []


def test_a_silent_connection_stands_but_says_nothing():
    open_ = session(streams=(KLINE,))

    open_.fall_silent()

    assert open_.deliver([StreamEvent(KLINE, {})]) == []
    assert ask(open_, "LIST_SUBSCRIPTIONS") == []
    assert open_.receive(PingFrame(b""), 0) == []
    assert open_.advance(2 * DAY, 0) == []
    assert open_.heard == {}


def test_rules_age():
    aged = RULES[SPOT].aged(10)

    assert (aged.ping_every, aged.pong_within, aged.lifetime, aged.notice) == (
        2 * SECOND,
        6 * SECOND,
        DAY // 10,
        MINUTE,
    )
    assert (aged.messages, aged.streams) == (5, 1024)
    assert RULES[USDM].aged(10).notice is None
