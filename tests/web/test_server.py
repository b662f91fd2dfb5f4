"""The server as programs and attackers meet it, over sockets of this machine."""

from __future__ import annotations

import json
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from divbot.domain.clock import SystemClock
from divbot.domain.errors import InputError
from divbot.domain.market import Interval
from divbot.scanner.cache import ReportCache
from divbot.scanner.thread import Condition
from divbot.web import routes
from divbot.web.address import ListenOn, WebAddress, listen
from divbot.web.api import Api
from divbot.web.clerk import MOST_WAITING, Clerk
from divbot.web.metrics import Metrics
from divbot.web.stream import Stream as ReadStream
from tests.cli.paper_runs import NOW
from tests.web.boards import (
    EVIL,
    MOMENT,
    SYMBOL,
    TOKEN,
    Board,
    FakeAnswers,
    FakeProgram,
    InThread,
    published,
    scanned,
    scans,
    serve,
)


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    with serve() as found:
        yield found


PATHS = tuple(x.path for x in routes.ROUTES if "{" not in x.path and x.schema)


@pytest.mark.parametrize("path", [*PATHS, "/", "/healthz", "/metrics", routes.OPENAPI_PATH])
def test_every_path_answers_and_keeps_other_pages_out(board: Board, path: str) -> None:
    status, headers, body = board.ask(path)

    assert status == 200
    assert body
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "set-cookie" not in headers
    assert "access-control-allow-origin" not in headers


def test_all_of_the_report_is_there_with_its_interval(board: Board) -> None:
    found = board.json("/api/v1/opportunities")

    symbols = {x["symbol"] for x in found["opportunities"]}
    assert {x["interval"] for x in found["opportunities"]} == {"5m"}
    assert len(found["opportunities"]) == len(MOMENT.scans[0].published.report.open_to_trade)  # type: ignore[union-attr]
    assert EVIL in symbols


def test_several_reports_stand_in_one_table_the_best_first() -> None:
    moment = replace(MOMENT, scans=(scans(), scans(Interval.H1)))

    with serve(moment) as board:
        both = board.json("/api/v1/opportunities")["opportunities"]
        one = board.json("/api/v1/opportunities?interval=1h")["opportunities"]

    scores = [x["score"] for x in both]
    assert {x["interval"] for x in both} == {"5m", "1h"}
    assert {x["interval"] for x in one} == {"1h"}
    assert scores == sorted(scores, reverse=True)


def test_the_account_is_told_to_the_last_digit(board: Board) -> None:
    account = board.json("/api/v1/equity")["account"]
    position = board.json("/api/v1/positions")["positions"][0]

    assert MOMENT.run
    assert account["equity"] == f"{MOMENT.run.equity:f}"
    assert account["open_positions"] == 3
    assert position["symbol"] == "1000PEPEUSDT"
    assert position["open_profit"] is not None


def test_the_calibration_behind_the_numbers_is_told(board: Board) -> None:
    (found,) = board.json("/api/v1/calibration")["calibration"]

    assert found["base_rate"]["cases"] == 5000
    assert found["base_rate"]["believed_ratio"] > 1
    assert found["past"]["target"] > 0


REFUSED = {
    "no such path": ("/api/v1/nothing", 404, "not_found"),
    "a path above": ("/../../etc/passwd", 404, "not_found"),
    "a path above, disguised": ("/assets/%2e%2e/%2e%2e/etc/passwd", 404, "not_found"),
    "two slashes": ("//evil.example/", 404, "not_found"),
    "another program's address": ("http://evil.example/api/v1/health", 403, "host"),
    "a zero": ("/api/v1/symbols/%00", 404, "not_found"),
    "no text": ("/api/v1/symbols/%ff", 404, "not_found"),
    "markup": ("/api/v1/symbols/%3Cscript%3E", 404, "not_found"),
    "a slash inside": ("/api/v1/symbols/A%2F..%2FB", 404, "not_found"),
    "a symbol that is not there": ("/api/v1/symbols/NOPEUSDT", 404, "not_found"),
    "a long symbol": (f"/api/v1/symbols/{'A' * 4000}", 404, "not_found"),
    "a run that is not there": ("/api/v1/runs/nothing", 404, "not_found"),
    "a run in a folder": ("/api/v1/runs/..%2F..%2Fetc", 404, "not_found"),
    "a trial that is not there": ("/api/v1/sweeps/7", 404, "not_found"),
    "a number that is none": ("/api/v1/sweeps/NaN", 404, "not_found"),
    "an interval that is not scanned": ("/api/v1/opportunities?interval=1h", 404, "not_found"),
    "an interval of another market": ("/api/v1/symbols/S003USDT?interval=1s", 404, "not_found"),
    "an interval that is none": ("/api/v1/opportunities?interval=7m", 400, "parameter"),
    "an unknown parameter": ("/api/v1/health?x=1", 400, "parameter"),
    "a parameter twice": ("/api/v1/events?limit=1&limit=2", 400, "parameter"),
    "too much": ("/api/v1/events?limit=100000", 400, "parameter"),
    "no query": ("/api/v1/events?%zz&&", 400, "parameter"),
}


@pytest.mark.parametrize(("path", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_a_small_document(
    board: Board, path: str, status: int, code: str
) -> None:
    found, headers, body = board.ask(path)

    assert (found, json.loads(body)["error"]) == (status, code)
    assert headers["content-type"] == "application/json"
    assert len(body) < 1000
    assert b"Traceback" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(board: Board, method: str) -> None:
    for path in ("/", "/api/v1/positions", "/api/v1/runs/x"):
        status, headers, body = board.ask(path, method)

        assert status == 405
        assert headers["allow"] == "GET, HEAD"
        assert json.loads(body)["error"] == "method"


def test_a_head_has_no_body(board: Board) -> None:
    status, headers, body = board.ask("/api/v1/health", "HEAD")

    assert status == 200
    assert int(headers["content-length"]) > 0
    assert body == b""


FOREIGN = {
    "rebinding": ({"Host": "evil.example"}, 403, "host"),
    "another page": ({"Origin": "http://evil.example"}, 403, "origin"),
    "an image elsewhere": ({"Sec-Fetch-Site": "cross-site"}, 403, "origin"),
    "no token": ({}, 401, "token"),
    "a wrong token": ({"Authorization": "Bearer 0123456789abcdef"}, 401, "token"),
}


@pytest.mark.parametrize(("headers", "status", "code"), FOREIGN.values(), ids=FOREIGN)
def test_others_are_told_nothing(headers: dict[str, str], status: int, code: str) -> None:
    with serve(token=TOKEN, is_local=False) as board:
        for path in ("/api/v1/opportunities", "/api/v1/stream", "/metrics", routes.OPENAPI_PATH):
            found, _, body = board.ask(path, **headers)

            assert (found, json.loads(body)["error"]) == (status, code)
            assert b"USDT" not in body


def test_with_the_token_all_is_told_and_it_is_in_no_answer() -> None:
    with serve(token=TOKEN, is_local=False) as board:
        known = {"Authorization": f"Bearer {TOKEN}"}
        answers = [board.ask(x, **known) for x in (*PATHS, "/metrics", "/", routes.OPENAPI_PATH)]

        assert {status for status, _, _ in answers} == {200}
        assert all(TOKEN.encode() not in body for _, _, body in answers)
        assert board.ask("/")[0] == board.ask("/healthz")[0] == 200


def raw(port: int, request: bytes, seconds: float = 20.0) -> bytes:
    """Return all that a connection answers before it ends, which it does within `seconds`."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(request)
        found = b""
        while chunk := connection.recv(65536):
            found += chunk
    return found


LINE = b"GET /api/v1/health HTTP/1.1\r\n"
SHAPES = {
    "no words": (b"\x00\x01\x02\r\n\r\n", b" 400 "),
    "no version": (b"GET /\r\n\r\n", b" 403 "),
    "no method that is known": (b"X / HTTP/1.1\r\nHost: localhost\r\n\r\n", b" 40"),
    "a long line": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", b" 400 "),
    "a large header": (LINE + b"X: " + b"a" * 20_000 + b"\r\n\r\n", b" 400 "),
    "two lengths": (
        LINE + b"Host: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b" 400 ",
    ),
    "a length and chunks": (
        LINE + b"Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b" 400 ",
    ),
    "no host": (LINE + b"Connection: close\r\n\r\n", b" 40"),
    "two hosts": (
        LINE + b"Host: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b" 40",
    ),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40 + b"\r\n", b" 400 "),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b" 40"),
    "two origins, of which one is ours": (
        LINE + b"Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://evil.example\r\n"
        b"Connection: close\r\n\r\n",
        b" 403 ",
    ),
    "an upgrade": (
        LINE + b"Host: localhost\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n",
        b" 200 ",
    ),
}


@pytest.mark.parametrize(("request_", "expected"), SHAPES.values(), ids=SHAPES)
def test_whatever_comes_is_answered_in_short(
    board: Board, request_: bytes, expected: bytes
) -> None:
    found = raw(board.port, request_)

    assert expected in found.partition(b"\r\n")[0]
    assert len(found) < 2000
    assert board.ask("/healthz")[0] == 200
    assert board.told.lines == []


def test_a_thousand_connections_leave_room_for_a_thousand_and_first() -> None:
    with serve() as board, ExitStack() as stack:
        needed = 2500
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(needed, hard)), hard))
        opened = [
            stack.enter_context(socket.create_connection(("127.0.0.1", board.port), timeout=20))
            for _ in range(1000)
        ]
        refused = sum(b" 503 " in x.recv(300) for x in opened[600:])

        assert refused == 400
        for each in opened[:50]:
            each.close()
        while board.ask("/healthz")[0] != 200:
            pass
        assert board.ask("/api/v1/positions")[0] == 200


def test_who_asks_nothing_is_let_go() -> None:
    with serve(first_seconds=0.1) as board:
        assert raw(board.port, b"GET / HT", seconds=8) == b""


def test_who_takes_nothing_is_let_go() -> None:
    with serve(patience=0.1) as board, socket.socket() as reader:
        whole = int(board.ask("/assets/plotly.js", "HEAD")[1]["content-length"])
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.settimeout(20)
        reader.connect(("127.0.0.1", board.port))
        reader.sendall(b"GET /assets/plotly.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while b'status="408"' not in board.ask("/metrics")[2]:
            pass
        got = 0
        with suppress(ConnectionResetError):
            while chunk := reader.recv(1 << 20):
                got += len(chunk)

    assert got < whole


class Stream:
    """An open stream of events."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._socket.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def next_name(self) -> str:
        """Return what the next document is."""
        while not (line := self._file.readline()).startswith(b"event: "):
            pass
        return line.decode().removeprefix("event: ").strip()

    def next(self, name: str) -> Any:
        """Return the next document of that name."""
        while line := self._file.readline():
            if line == f"event: {name}\n".encode():
                return json.loads(self._file.readline().removeprefix(b"data: "))
        raise AssertionError("the stream ended")


def test_a_stream_tells_what_is_and_then_what_changes() -> None:
    with serve() as board, Stream(board.port) as stream:
        first = stream.next("opportunities")
        board.program.moment = replace(MOMENT, scans=(), at=NOW + 5_000)
        second = stream.next("opportunities")

        assert first["opportunities"]
        assert second["opportunities"] == []


def test_what_did_not_change_is_not_told_again() -> None:
    with serve() as board, Stream(board.port) as stream:
        stream.next("health")
        board.program.moment = replace(MOMENT, at=NOW + 5_000)

        assert stream.next_name() == "health"


def test_what_is_asked_by_many_is_looked_up_once() -> None:
    with serve() as board:
        answers = [board.ask(f"/api/v1/symbols/{SYMBOL}") for _ in range(3)]

        assert {status for status, _, _ in answers} == {200}
        assert board.answers.asked == [SYMBOL]


def test_who_asks_while_too_many_wait_is_told_to_come_back() -> None:
    with serve() as board, ExitStack() as stack:
        board.answers.gate.clear()
        symbols = [x.symbol for x in board.program.universe().listed][:12]
        asked = [(x, y) for x in symbols[:11] for y in ("1h", "4h")][: MOST_WAITING + 1]
        waiting = []
        for symbol, interval in asked:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", board.port)))
            path = f"/api/v1/symbols/{symbol}?interval={interval}"
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            waiting.append(connection)
        status = 200
        while status != 503:
            status, headers, body = board.ask(f"/api/v1/symbols/{symbols[0]}?interval=1d")
        board.answers.gate.set()

        assert json.loads(body)["error"] == "busy"
        assert headers["retry-after"] == "5"
        assert waiting[0].recv(100).startswith(b"HTTP/1.1 200")


def test_a_bug_is_told_once_and_costs_one_answer(board: Board) -> None:
    answers = [board.ask("/api/v1/runs/bug") for _ in range(2)]

    told = [x for x in board.told.lines if "ZeroDivisionError" in x]
    board.told.lines.clear()
    assert {status for status, _, _ in answers} == {500}
    assert all(json.loads(body)["error"] == "bug" for _, _, body in answers)
    assert len(told) == 1


HEALTH = {
    "all well": (MOMENT, 200, ""),
    "no report yet": (replace(MOMENT, scans=(scans(published=None),)), 503, "not there yet"),
    "an old report": (replace(MOMENT, at=NOW + 241_000), 503, "246 s old: expected 240 s"),
    "a trader that stands still": (replace(MOMENT, at=NOW + 76_000), 503, "76 s ago"),
    "one of several is old": (
        replace(MOMENT, scans=(scans(), scans(Interval.H1, published=None))),
        503,
        "the 1h report",
    ),
    "a journal, of which nobody knows": (
        replace(MOMENT, scans=(), run_every=0, at=NOW + 10**9),
        200,
        "",
    ),
}


@pytest.mark.parametrize(("moment", "status", "said"), HEALTH.values(), ids=HEALTH)
def test_health_fails_when_what_is_shown_is_too_old(moment: Any, status: int, said: str) -> None:
    with serve(moment) as board:
        found, _, body = board.ask("/healthz")

    assert found == status
    assert said.encode() in body


def test_prometheus_reads_the_metrics() -> None:
    condition = Condition(MOMENT.scans[0].condition.state, scans=99, failures=2)
    seen = replace(published(), count=61)
    moment = replace(MOMENT, scans=(scans(condition=condition, published=seen),), alerts=7)

    with serve(moment) as board:
        text = board.ask("/metrics")[2].decode()

    found = {
        (x.name, *x.labels.values()): x.value
        for family in text_string_to_metric_families(text)
        for x in family.samples
    }
    assert MOMENT.run
    assert found["divbot_report_age_seconds", "5m"] == 5
    assert found["divbot_scans_total", "5m"] == 61
    assert found["divbot_scan_failures_total", "5m"] == 2
    assert found["divbot_weight_used",] == 846
    assert found["divbot_alerts_total",] == 7
    assert found["divbot_equity",] == float(MOMENT.run.equity)
    assert found["divbot_positions",] == 3
    assert found["divbot_scan_seconds_count", "5m"] == 1


def test_only_the_first_report_of_a_candle_tells_how_late_reports_come() -> None:
    cache, program = ReportCache(), FakeProgram()
    metrics = Metrics(program, ReadStream())
    first = scanned()[0]
    length = Interval.M5.milliseconds

    for candle, late in ((0, 90_000), (1, 500), (1, 60_500), (2, 700)):
        report = replace(first, as_of=first.as_of + candle * length)
        seen = cache.publish(report, report.as_of + late)
        program.moment = replace(MOMENT, scans=(scans(published=seen),))
        metrics.look()

    found = {
        x.name: x.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for x in family.samples
    }
    assert found["divbot_report_delay_seconds_count"] == 2
    own = found["divbot_report_delay_seconds_sum"] - 2 * first.timings.total
    assert own == pytest.approx(0.5 + 0.7)


def test_each_interval_tells_of_its_own_scans() -> None:
    seen = [replace(published(), count=x) for x in (29, 3)]
    both = (Interval.M5, Interval.H1)
    idle = Condition(MOMENT.scans[0].condition.state, scans=32, seconds=0.0)
    five, hour = (scans(x, condition=idle, published=y) for x, y in zip(both, seen, strict=True))

    with serve(replace(MOMENT, scans=(five, hour))) as board:
        found = board.json("/api/v1/health")["scanners"]

    assert [x["scans"] for x in found] == [29, 3]
    assert {x["seconds"] for x in found} == {scanned()[0].timings.total}


def test_a_page_that_opens_is_counted_also_where_the_market_stands_still() -> None:
    readers = ReadStream()
    api = Api(FakeProgram(), Clerk(FakeAnswers(), SystemClock(), hire=InThread), readers)
    alone = json.loads(api.live()["health"])

    readers.readers = 2
    both = json.loads(api.live()["health"])

    assert (alone["readers"], both["readers"]) == (0, 2)


def test_a_symbol_of_a_run_is_shown_at_its_interval() -> None:
    assert MOMENT.run
    moment = replace(MOMENT, scans=(), run=replace(MOMENT.run, interval=Interval.H1))

    with serve(moment) as board:
        assert board.json(f"/api/v1/symbols/{SYMBOL}")["interval"] == "1h"
        assert board.json("/api/v1/equity")["interval"] == "1h"


def test_without_prometheus_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "prometheus_client", None)

    with serve() as board:
        status, _, body = board.ask("/metrics")

    assert status == 501
    assert "prometheus-client>=0.21" in json.loads(body)["message"]


ADDRESSES = {
    "": WebAddress(),
    "8000": WebAddress(port=8000),
    ":0": WebAddress(port=0),
    "0.0.0.0": WebAddress("0.0.0.0"),
    "pi.local:80": WebAddress("pi.local", 80),
    "[::1]:8420": WebAddress("::1"),
    "127.0.0.2": WebAddress("127.0.0.2"),
}


@pytest.mark.parametrize(("text", "expected"), ADDRESSES.items())
def test_an_address_is_read_as_people_write_it(text: str, expected: WebAddress) -> None:
    assert ListenOn().read(text) == expected


@pytest.mark.parametrize("text", ["host:99999", "a b", "http://x", "x:", "::1", "x:y", "-"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected HOST:PORT"):
        ListenOn().read(text)


def test_an_address_in_use_is_told_in_one_line() -> None:
    with listen(WebAddress(port=0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(InputError, match=rf"port {port}: Address already in use; choose"):
            listen(WebAddress(port=port))
