"""Each fault as a client meets it: in the transfer, or in the response."""

import gzip
import json
import math
import re
import socket
import struct
import zlib
from contextlib import closing
from http.client import BadStatusLine, HTTPConnection, HTTPException, IncompleteRead, LineTooLong

import pytest

from divbot.domain.errors import InputError
from divbot.domain.market import Market
from divbot.exchange.faults.bombs import gzip_bomb
from divbot.exchange.faults.kinds import KINDS, Stage
from divbot.exchange.faults.responses import SPOILERS
from divbot.exchange.faults.schedule import Faults, parse_fault, parse_plan
from divbot.exchange.faults.transfers import WAYS
from divbot.exchange.front import Front

from .markets import NOON, synthetic_desk
from .servers import running

KLINES = "/api/v3/klines?symbol=BTCUSDT&interval=1h&limit=24"
MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture(scope="module")
def server():
    with running() as connection:
        yield connection.host, connection.port


@pytest.fixture
def order(server):
    """Order a fault; all that is left of it is dropped at the end."""

    def ordered(kind, **fault):
        return talk(server, "POST", "/divbot/faults", {"kind": kind, **fault})

    yield ordered
    talk(server, "DELETE", "/divbot/faults")


@pytest.fixture
def front():
    """A front without a server, and its faults."""
    faults = Faults()
    return Front([synthetic_desk()], faults), faults


def talk(server, method, path, content=None):
    """Send one request; return status and JSON."""
    body = b"" if content is None else json.dumps(content).encode()
    reply = raw(server, path, method=method, body=body)
    head, _, rest = reply.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(rest)


def raw(server, path=KLINES, *, method="GET", body=b"", seconds=5.0, most=1 << 22):
    """Return all bytes that the server sends until it ends the connection."""
    with closing(socket.create_connection(server, timeout=seconds)) as line:
        line.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/json\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        reply = b""
        while len(reply) < most and (piece := line.recv(1 << 20)):
            reply += piece
        return reply


def get(server, path=KLINES, *, seconds=5.0):
    """Return the response of a client that minds lengths but unpacks nothing, and its body."""
    with closing(HTTPConnection(*server, timeout=seconds)) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        return response, response.read()


def body_of(front_and_faults, kind, target=KLINES, **fault):
    front, faults = front_and_faults
    good = front.take(target, "GET", {}).response
    faults.add(parse_fault({"kind": kind, **fault}))
    spoiled = front.take(target, "GET", {}).response
    return json.loads(good.body), json.loads(spoiled.body)


def test_every_kind_has_what_makes_it():
    by_stage = {stage: {k.name for k in KINDS.values() if k.stage is stage} for stage in Stage}

    assert by_stage[Stage.TRANSFER] == set(WAYS)
    assert by_stage[Stage.RESPONSE] == set(SPOILERS)
    assert by_stage[Stage.MARKET] == {"clock_offset", "stale"}


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "holds"),
    [
        ("html403", 403, "text/html", b"<html>"),
        ("html502", 502, "text/html", b"502 Bad Gateway"),
        ("html504", 504, "text/html", b"504 Gateway Time-out"),
        ("restricted451", 451, "application/json;charset=UTF-8", b'{"code":0,"msg":"Service un'),
        ("unavailable503", 503, "text/plain", b"Service Unavailable."),
        ("busy", 503, "application/json;charset=UTF-8", b'{"code":-1008,'),
        ("disconnected", 503, "application/json;charset=UTF-8", b'{"code":-1001,'),
        ("empty_200", 200, "application/json;charset=UTF-8", b""),
        ("html_200", 200, "text/html", b"<html>"),
    ],
)
def test_a_page_or_an_error_arrives_whole(server, order, kind, status, content_type, holds):
    order(kind)

    response, body = get(server)

    assert (response.status, response.headers["Content-Type"]) == (status, content_type)
    assert holds in body
    assert (body == b"") is (holds == b"")
    assert response.headers["X-Divbot-Exchange"] == "synthetic"
    assert get(server)[0].status == 200


def test_a_redirect_leads_elsewhere_and_a_loop_nowhere(server, order):
    order("redirect")
    order("redirect_loop")

    there, loop = (get(server)[0].headers["Location"] for _ in range(2))

    assert there == "/api/v3/ping"
    for _ in range(3):
        response, _ = get(server, loop)
        assert (response.status, response.headers["Location"]) == (302, loop)


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        pytest.param("reset_before", ConnectionResetError, id="reset_before"),
        pytest.param("reset_mid_body", ConnectionResetError, id="reset_mid_body"),
        pytest.param("wrong_length_long", IncompleteRead, id="wrong_length_long"),
        pytest.param("chunk_garbage", (ValueError, HTTPException), id="chunk_garbage"),
        pytest.param("huge_header", LineTooLong, id="huge_header"),
        pytest.param("many_headers", HTTPException, id="many_headers"),
        pytest.param("garbage", BadStatusLine, id="garbage"),
    ],
)
def test_a_broken_line_is_noticed_by_any_client(server, order, kind, failure):
    order(kind, seconds=0)

    with pytest.raises(failure):
        get(server)

    assert get(server)[0].status == 200


@pytest.mark.parametrize("kind", ["timeout", "wrong_length_long", "negative_length"])
def test_a_client_with_less_patience_than_the_fault_times_out(server, order, kind):
    order(kind, seconds=60)

    with pytest.raises(TimeoutError):
        get(server, seconds=0.2)


@pytest.mark.parametrize("kind", ["fin_mid_body", "truncated_json", "wrong_length_short"])
def test_half_a_body_looks_like_a_whole_one(server, order, kind):
    whole = get(server)[1]
    order(kind)

    response, body = get(server)

    assert (response.status, body) == (200, whole[: len(whole) // 2])


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("truncated_gzip", "ends too early"),
        ("bad_gzip", "is none"),
        ("gzip_without_trailer", "lacks only its trailer"),
    ],
)
def test_gzip_is_broken_as_its_name_says(server, order, kind, what):
    whole = get(server)[1]
    order(kind)

    response, packed = get(server)

    unpacker = zlib.decompressobj(31)
    assert response.headers["Content-Encoding"] == "gzip"
    if kind == "bad_gzip":
        with pytest.raises(zlib.error):
            unpacker.decompress(packed)
        return
    text = unpacker.decompress(packed)
    assert not unpacker.eof
    assert (text == whole) is (kind == "gzip_without_trailer")
    assert whole.startswith(text)
    assert text


def test_a_negative_length_is_announced(server, order):
    order("negative_length", seconds=0)

    assert b"\r\nContent-Length: -1\r\n" in raw(server)


@pytest.mark.parametrize(("kind", "starts"), [("slow_drip", b"[["), ("slow_header", b"HT")])
def test_bytes_come_one_by_one(server, order, kind, starts):
    order(kind, seconds=0.25)

    reply = raw(server)

    dripped = reply.partition(b"\r\n\r\n")[2] if kind == "slow_drip" else reply
    assert dripped == starts


def test_a_giant_body_never_seems_to_end(server, order):
    order("giant_body")

    reply = raw(server, most=8 << 20)

    head, _, body = reply.partition(b"\r\n\r\n")
    assert b"Content-Length: 1073741824" in head
    assert body[:1] == b"["
    assert body[1:].isspace()


def test_a_bomb_is_small_until_it_is_unpacked(server, order):
    order("gzip_bomb")

    response, packed = get(server, seconds=30)

    assert response.headers["Content-Encoding"] == "gzip"
    assert len(packed) < 2 << 20
    assert struct.unpack("<I", packed[-4:])[0] > 1 << 30
    unpacker = zlib.decompressobj(31)
    blanks = unpacker.decompress(packed, 8 << 20)
    assert blanks.isspace()


def test_the_end_of_a_bomb_is_sound():
    text = gzip.decompress(gzip_bomb(3 << 20))

    assert len(text) == (3 << 20) + 2
    assert json.loads(text) == []


def test_numbers_are_replaced_by_what_is_none(front):
    outcome, faults = front
    faults.add(parse_fault({"kind": "nan_json"}))

    text = outcome.take(KLINES, "GET", {}).response.body

    rows = json.loads(text)
    assert math.isnan(rows[0][1])
    assert rows[0][2] == rows[0][3] == math.inf
    assert re.match(rb"\[\[\d+,NaN,Infinity,1e999,", text)


def test_json_is_too_deep_for_any_parser_that_recurses(front):
    outcome, faults = front
    faults.add(parse_fault({"kind": "deep_json"}))

    body = outcome.take(KLINES, "GET", {}).response.body

    with pytest.raises(RecursionError):
        json.loads(body)


def test_rows_come_twice(front):
    good, spoiled = body_of(front, "duplicated_rows")

    assert spoiled == [row for row in good for _ in range(2)]


def test_rows_come_in_another_order(front):
    good, spoiled = body_of(front, "shuffled_rows", "/api/v3/ticker/24hr")

    assert spoiled != good
    assert sorted(map(str, spoiled)) == sorted(map(str, good))


def test_listings_come_twice(front):
    good, spoiled = body_of(front, "duplicated_rows", "/api/v3/exchangeInfo")

    assert len(spoiled["symbols"]) == 2 * len(good["symbols"])
    assert spoiled["rateLimits"] == good["rateLimits"]


def test_the_newest_candle_is_missing(front):
    good, spoiled = body_of(front, "missing_last")

    assert spoiled == good[:-1]


def test_one_candle_has_no_price(front):
    good, spoiled = body_of(front, "zero_price")

    zeros = [n for n, row in enumerate(spoiled) if row[1:5] == ["0.00000000"] * 4]
    assert zeros == [12]
    assert spoiled[12][5:] == good[12][5:]
    assert spoiled[:12] + spoiled[13:] == good[:12] + good[13:]


@pytest.mark.parametrize("symbol", ["", "?symbol=BTCUSDT"])
@pytest.mark.parametrize("endpoint", ["ticker/price", "ticker/24hr", "ticker/bookTicker"])
def test_one_ticker_has_no_price(front, endpoint, symbol):
    _, spoiled = body_of(front, "zero_price", f"/api/v3/{endpoint}{symbol}")

    entry, *others = spoiled if isinstance(spoiled, list) else [spoiled]
    prices = [float(value) for name, value in entry.items() if name.lower().endswith("price")]
    assert prices
    assert not any(prices)
    assert all(float(v) for each in others for k, v in each.items() if k == "lastPrice")


@pytest.mark.parametrize(
    ("fault", "shown"),
    [({}, NOON + 5 * MINUTE), ({"seconds": 60}, NOON + MINUTE), ({"seconds": -60}, NOON - MINUTE)],
)
def test_the_clock_is_off_by_as_much_as_asked(front, fault, shown):
    good, spoiled = body_of(front, "clock_offset", "/api/v3/time", **fault)

    assert good == {"serverTime": NOON}
    assert spoiled == {"serverTime": shown}


def test_a_stale_copy_is_what_was_true_then(front):
    then = synthetic_desk(now=NOON - HOUR).answer(*KLINES.split("?")).body

    _, spoiled = body_of(front, "stale", seconds=3600)

    assert spoiled == json.loads(then)


@pytest.mark.parametrize("kind", ["stale", "duplicated_rows", "zero_price", "missing_last"])
@pytest.mark.parametrize("path", ["/api/v3/klines", "/api/v9/klines"])
def test_what_needs_a_good_answer_leaves_a_refusal_alone(front, path, kind):
    good, spoiled = body_of(front, kind, f"{path}?symbol=NONE&interval=1h")

    assert spoiled == good


@pytest.mark.parametrize("path", ["/fapi/v1/nowhere", "/fapi/v3/nowhere"])
def test_an_unknown_path_is_refused_by_the_market_that_it_is_of(path):
    markets = Front([synthetic_desk(), synthetic_desk(Market.USDM)], Faults())

    response = markets.take(path, "GET", {}).response

    assert (response.status, response.headers["Content-Type"]) == (404, "application/json")


def test_a_fault_waits_for_the_request_that_it_is_for(front):
    outcome, faults = front
    faults.add(parse_fault({"kind": "busy", "path": "klines", "symbol": "ETHUSDT", "count": 2}))
    other = "/api/v3/ticker/price?symbol=ETHUSDT"
    wanted = KLINES.replace("BTC", "ETH")

    statuses = [
        outcome.take(target, "GET", {}).response.status
        for target in (KLINES, other, wanted, other, wanted, wanted)
    ]

    assert statuses == [200, 200, 503, 200, 503, 200]
    assert faults.pending() == ()


def test_a_client_kept_out_uses_up_no_fault():
    faults = Faults()
    desk = synthetic_desk(patience=0, weight_limit=1)
    outcome = Front([desk], faults)
    outcome.take("/api/v3/ping", "GET", {})
    faults.add(parse_fault({"kind": "busy"}))

    assert outcome.take("/api/v3/ping", "GET", {}).response.status == 418
    assert len(faults.pending()) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "expected an object"),
        ({}, "expected a kind"),
        ({"kind": "no such"}, "expected a kind.*found 'no such'"),
        ({"kind": ["busy"]}, "expected a kind"),
        ({"kind": "busy", "often": 2}, "expected an object with kind"),
        ({"kind": "busy", "count": 0}, "expected count from 1"),
        ({"kind": "busy", "count": True}, "expected count from 1"),
        ({"kind": "busy", "count": 1.5}, "expected count from 1"),
        ({"kind": "timeout", "seconds": 3601}, "seconds"),
        ({"kind": "timeout", "seconds": math.nan}, "seconds"),
        ({"kind": "timeout", "seconds": "1"}, "seconds"),
        ({"kind": "timeout", "seconds": True}, "seconds"),
        ({"kind": "busy", "path": 5}, "expected text for path"),
        ({"kind": "busy", "symbol": None}, "expected text for symbol"),
        ({"kind": "stale", "path": "ping"}, "expected stale on /klines.*found path 'ping'"),
    ],
)
def test_what_is_no_fault_is_refused(content, says):
    with pytest.raises(InputError, match=says):
        parse_fault(content)


def test_there_is_an_end_to_what_can_be_pending():
    faults = Faults()
    for _ in range(1000):
        faults.add(parse_fault({"kind": "busy"}))

    with pytest.raises(InputError, match="at most 1000"):
        faults.add(parse_fault({"kind": "busy"}))


def drawn(plan, count=2000, path="/api/v3/klines"):
    faults = Faults(parse_plan(plan))
    found = [faults.next_for(path, "") for _ in range(count)]
    return [None if fault is None else fault.kind.name for fault in found]


def test_a_plan_is_the_same_every_time_and_another_with_another_seed():
    assert drawn("seed=7,rate=0.02") == drawn("rate=0.02,seed=7")
    assert drawn("seed=7,rate=0.02") != drawn("seed=8,rate=0.02")


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.5, 1.0])
def test_a_plan_meets_about_as_many_requests_as_asked(rate):
    met = sum(kind is not None for kind in drawn(f"seed=3,rate={rate}"))

    assert abs(met / 2000 - rate) < 0.03
    assert (met == 0) is (rate == 0)


def test_a_plan_draws_all_kinds_that_a_path_can_meet_and_no_other():
    assert set(drawn("rate=1")) == set(KINDS) - {"clock_offset"}
    assert "stale" not in drawn("rate=1", path="/api/v3/time")
    assert set(drawn("rate=1,kinds=busy+timeout")) == {"busy", "timeout"}


def test_clearing_ends_the_plan_too():
    faults = Faults(parse_plan("rate=1"))
    faults.clear()

    assert faults.next_for("/api/v3/ping", "") is None


@pytest.mark.parametrize(
    "text",
    ["", "seed=7", "rate=2", "rate=-0.1", "rate=x", "rate=nan", "seed=x,rate=0.1", "rate=1,how=2"],
)
def test_what_is_no_plan_is_refused(text):
    with pytest.raises(InputError, match="expected faults like seed=7,rate="):
        parse_plan(text)


def test_a_plan_of_unknown_kinds_is_refused():
    with pytest.raises(InputError, match=r"expected a kind of fault \(html403.*found 'fire'"):
        parse_plan("rate=1,kinds=busy+fire")
