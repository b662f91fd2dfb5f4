"""The control endpoint, over a real connection."""

import json
from http.client import HTTPConnection

import pytest

from divbot.domain.market import Market

from .servers import fetch, running


@pytest.fixture
def connection():
    with running(weight_limit=100) as opened:
        yield opened


@pytest.fixture(scope="module")
def lasting():
    """A connection for all tests after which everything is as it was before."""
    with running(weight_limit=100_000) as opened:
        yield opened


def post(connection, name, content, method="POST", **headers):
    headers = {"Content-Type": "application/json", **headers}
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    connection.request(method, f"/divbot/{name}", body=body, headers=headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def state(connection):
    return json.loads(fetch(connection, "/divbot/state")[1])


def test_the_state_tells_weights_bans_faults_and_requests(connection):
    post(connection, "faults", {"kind": "busy", "path": "time", "count": 2})
    for path in ("/api/v3/ping", "/api/v3/time", "/fapi/v1/klines", "/nowhere", "/neither"):
        fetch(connection, path)

    told = state(connection)

    assert told["markets"]["usdm"] == {
        "weight": 5,
        "limit": 100,
        "funding_requests": 0,
        "refused_in_a_row": 0,
        "bans": 0,
        "banned_until": 0,
    }
    assert told["markets"]["spot"]["weight"] == 2
    assert told["faults"] == [{"kind": "busy", "path": "time", "count": 1, "seconds": 0.0}]
    assert told["requests"] == {
        "/api/v3/ping": {"200": 1},
        "/api/v3/time": {"busy": 1},
        "/fapi/v1/klines": {"400": 1},
        "other": {"404": 2},
    }


def test_looking_costs_nothing(connection):
    for _ in range(3):
        told = state(connection)

    assert told["markets"]["spot"]["weight"] == 0
    assert told["requests"] == {}


def test_another_spender_uses_up_the_limit(connection):
    assert post(connection, "spend", {"market": "spot", "weight": 100}) == (200, {"weight": 100})

    assert fetch(connection, "/api/v3/ping")[0].status == 429
    assert fetch(connection, "/fapi/v1/ping")[0].status == 200


def test_a_ban_can_be_ordered(connection):
    status, told = post(connection, "ban", {"market": "usdm", "seconds": 3600})

    response, body = fetch(connection, "/fapi/v1/ping")
    assert (status, response.status) == (200, 418)
    assert str(told["banned_until"]) in json.loads(body)["msg"]
    assert 3590 <= int(response.headers["Retry-After"]) <= 3600


def test_pending_faults_can_be_dropped(connection):
    post(connection, "faults", {"kind": "busy", "count": 100})

    assert post(connection, "faults", b"", method="DELETE") == (200, {"faults": []})
    assert fetch(connection, "/api/v3/ping")[0].status == 200


@pytest.mark.parametrize(
    ("name", "content", "status", "says"),
    [
        ("faults", b"no json", 400, "expected a JSON object"),
        ("faults", b"[" * 100_000, 400, "expected a JSON object"),
        ("faults", {"kind": "fire"}, 400, "expected a kind of fault"),
        ("spend", {"market": "moon", "weight": 1}, 400, "expected a market, spot or usdm"),
        ("spend", {"market": "spot"}, 400, "expected weight from 0"),
        ("spend", {"market": "spot", "weight": -1}, 400, "expected weight from 0"),
        ("spend", {"market": "spot", "weight": True}, 400, "expected weight from 0"),
        ("ban", {"market": "spot", "seconds": 1e9}, 400, "expected seconds from 0"),
        ("nothing", {}, 404, "expected one of GET /divbot/state, POST /divbot/faults"),
    ],
)
def test_what_cannot_be_done_is_told(connection, name, content, status, says):
    found, told = post(connection, name, content)

    assert found == status
    assert told["error"].startswith(says)


def test_a_market_that_is_not_served_has_no_account():
    with running(markets=(Market.SPOT,)) as connection:
        assert list(state(connection)["markets"]) == ["spot"]
        assert post(connection, "ban", {"market": "usdm", "seconds": 1})[0] == 400


def test_a_page_in_a_browser_cannot_reach_it_by_a_name_of_its_own(connection):
    status, told = post(connection, "state", b"", method="GET", Host="evil.example:80")

    assert (status, told["code"]) == (404, -5000)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "[::1%evil.example]",
            "[::1%evil.example]:80",
            "127.0.0.1.evil.example",
            "evil@127.0.0.1",
        ),
        *("[127.0.0.1", "127.0.0.1]:80", "[::1]:80:80", "::1", "localhost:port"),
    ],
)
def test_what_only_looks_like_this_machine_is_not(lasting, host):
    status, told = post(lasting, "state", b"", method="GET", Host=host)

    assert (status, told["code"]) == (404, -5000)


@pytest.mark.parametrize("host", ["[::1]", "[::1]:80", "localhost", "127.0.0.1:80", "127.8.9.1"])
def test_this_machine_has_many_names(lasting, host):
    assert post(lasting, "state", b"", method="GET", Host=host)[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("method", "name"),
    [("GET", "state"), ("DELETE", "faults")]
    + [("POST", name) for name in ("faults", "spend", "ban", "streams")],
)
def test_a_page_in_a_browser_orders_nothing(lasting, method, name, headers):
    content = {"market": "spot", "seconds": 60, "weight": 9, "kind": "busy", "by": "silence"}

    status, told = post(lasting, name, content, method, **headers)

    assert (status, told) == (403, {"error": "expected a program, found a page in a browser"})
    assert fetch(lasting, "/api/v3/ping")[0].status == 200


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("name", ["faults", "spend", "ban", "streams"])
def test_what_a_form_can_send_orders_nothing(lasting, name, content_type):
    asked = {"market": "spot", "seconds": 60, "weight": 9, "by": "silence"}

    status, told = post(lasting, name, asked, **{"Content-Type": content_type})

    assert (status, told) == (415, {"error": "expected Content-Type: application/json"})
    assert fetch(lasting, "/api/v3/ping")[0].status == 200


@pytest.mark.parametrize(
    "content",
    [b'{"kind": "busy", "path": "\\ud800"}', b'{"kind": "\\udfff"}', b'{"\\ud800": 1}', b"\xff"],
)
def test_half_a_character_is_refused_and_poisons_nothing(lasting, content):
    status, told = post(lasting, "faults", content)

    assert (status, told) == (400, {"error": "expected a JSON object"})
    assert state(lasting)["faults"] == []


def test_other_machines_are_not_let_in():
    with running(host="0.0.0.0") as served:
        local = HTTPConnection("127.0.0.1", served.port, timeout=60)
        status, told = post(local, "state", b"", method="GET")
        local.close()

    assert (status, told["code"]) == (404, -5000)


def test_a_plan_meets_requests_but_not_the_control_endpoint():
    with running(faults="rate=1,kinds=busy") as connection:
        statuses = [fetch(connection, "/api/v3/ping")[0].status for _ in range(3)]

        assert statuses == [503] * 3
        assert state(connection)["requests"] == {"/api/v3/ping": {"busy": 3}}
