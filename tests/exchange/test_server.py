"""The exchange over a real connection, on loopback."""

import gzip
import json
import signal
import socket
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import quote, urlsplit

import pytest

from divbot.domain.errors import DivbotError, InputError, RecordingError
from divbot.domain.market import Market
from divbot.exchange.embedded import EmbeddedExchange
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.server import serve
from tests.recordings.files import table, write_csv

from .markets import NOON
from .servers import fetch, running


@pytest.fixture(scope="module")
def connection():
    with running() as opened:
        yield opened


def test_both_markets_are_served_over_one_kept_connection(connection):
    for path in ("/api/v3/time", "/fapi/v1/time"):
        response, body = fetch(connection, path)

        assert (response.status, json.loads(body)) == (200, {"serverTime": NOON})
        assert not response.will_close


def test_headers_arrive_as_the_venue_sends_them(connection):
    response, _ = fetch(connection, "/api/v3/klines?symbol=btcusdt&interval=1m")

    assert response.status == 400
    assert response.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert int(response.headers["X-MBX-USED-WEIGHT-1M"]) >= 2
    assert response.headers["x-divbot-exchange"] == "synthetic"
    assert response.headers["x-mbx-uuid"]


@pytest.mark.parametrize(
    ("version", "asked", "told"),
    [
        ("1.1", "", None),
        ("1.1", "Connection: close\r\n", "close"),
        ("1.0", "", None),
        ("1.0", "Connection: keep-alive\r\n", "keep-alive"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_connection_lasts_as_long_as_the_client_wants(connection, version, asked, told, method):
    with socket.create_connection((connection.host, connection.port), timeout=60) as line:
        request = [
            f"{method} /api/v3/ping HTTP/{version}",
            "Host: localhost",
            *filter(None, [asked]),
        ]
        line.sendall("\r\n".join((*request, "", "")).encode())
        with HTTPResponse(line, method=method) as response:
            response.begin()
            body, connected = response.read(), response.headers["Connection"]
        lasts = told == "keep-alive" or (version == "1.1" and told is None)
        if not lasts:
            assert line.recv(1) == b""

    assert connected == told
    assert body == (b"{}" if method == "GET" else b"")
    assert {"Date", "Server"} <= set(response.headers)


def test_an_unknown_path_is_not_found_and_still_says_that_prices_are_made_up(connection):
    response, body = fetch(connection, "/sapi/v1/system/status")

    assert (response.status, json.loads(body)["code"]) == (404, -5000)
    assert response.headers["x-divbot-exchange"] == "synthetic"
    assert response.headers["x-mbx-used-weight"] is not None


@pytest.mark.parametrize(
    "target",
    [
        *(b"/api/v3/\xff", b"/\xed\xa0\x80", b"/api/v3/klines?symbol=\xff&interval=1m"),
        *(b"/api/v3/%ED%A0%80", b"/api/v3/depth?symbol=BTCUSDT&%ff=\xff", b"/\xff/divbot/state"),
    ],
)
def test_bytes_that_are_no_text_are_refused_without_a_traceback(connection, target, capfd):
    with socket.create_connection((connection.host, connection.port), timeout=60) as line:
        line.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with HTTPResponse(line) as response:
            response.begin()
    said = capfd.readouterr().err

    assert response.status in {400, 404}
    assert "Traceback" not in said
    assert len(said.splitlines()) <= 1


def test_a_market_that_is_not_offered_is_not_found():
    with running(markets=(Market.USDM,)) as connection:
        response, _ = fetch(connection, "/api/v3/ping")

    assert response.status == 404


@pytest.mark.parametrize(
    ("compress", "accepted", "encoding"),
    [(True, "gzip, deflate", "gzip"), (True, "identity", None), (False, "gzip", None)],
)
def test_replies_are_compressed_only_when_both_sides_want_it(compress, accepted, encoding):
    path = "/api/v3/klines?symbol=BTCUSDT&interval=1m"
    with running(compress=compress) as connection:
        response, body = fetch(connection, path, **{"Accept-Encoding": accepted})

    text = gzip.decompress(body) if encoding else body
    assert response.headers["Content-Encoding"] == encoding
    assert len(json.loads(text)) == 500


def test_a_symbol_outside_ascii_works_end_to_end(tmp_path):
    recording = write_csv(tmp_path / "market.csv", table(symbol="币安人生USDT"))
    query = f"symbol={quote('币安人生USDT')}&interval=1m"
    with running(recorded=recording, at=None) as connection:
        response, body = fetch(connection, f"/fapi/v1/klines?{query}")

    assert response.status == 200
    assert len(json.loads(body)) == 4


def test_latency_delays_the_reply_but_changes_nothing_else():
    with running(latency=0.001) as connection:
        response, body = fetch(connection, "/api/v3/ping")

    assert (response.status, body) == (200, b"{}")


def test_a_port_in_use_is_told_in_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(InputError, match=f"cannot listen on 127.0.0.1, port {port}"):
            serve(ExchangeOptions(symbols=1, port=port), announce=pytest.fail)


def test_a_host_that_is_not_ours_is_told_in_one_line():
    with pytest.raises(InputError, match=r"cannot listen on 192\.0\.2\.1"):
        serve(ExchangeOptions(symbols=1, host="192.0.2.1"), announce=pytest.fail)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("markets", ()),
        ("symbols", 0),
        ("symbols", 5001),
        ("seed", -1),
        ("speed", -1.0),
        ("speed", float("nan")),
        ("latency", -0.1),
        ("port", 65536),
        ("publish_lag", -1),
        ("publish_lag", 60_001),
        ("weight_limit", 0),
        ("patience", -1),
        ("aging", 0.5),
        ("aging", 10_001.0),
        ("aging", float("nan")),
        ("faults", "often"),
        ("delist_after", -1.0),
        ("delist_after", float("nan")),
    ],
)
def test_an_option_out_of_range_is_refused(option, value):
    with pytest.raises(InputError, match="expected"):
        ExchangeOptions(**{option: value})


def test_an_embedded_exchange_serves_as_long_as_its_block():
    with EmbeddedExchange(ExchangeOptions(symbols=1)) as exchange:
        netloc = urlsplit(exchange.base_url).netloc
        connection = HTTPConnection(netloc, timeout=60)
        response, body = fetch(connection, "/api/v3/ping")
        connection.close()

    assert (response.status, body) == (200, b"{}")
    with pytest.raises(ConnectionError):
        HTTPConnection(netloc, timeout=60).connect()


def test_an_embedded_exchange_fails_in_the_parent_as_it_did_in_the_child(tmp_path):
    options = ExchangeOptions(recorded=tmp_path / "none.csv")

    with pytest.raises(RecordingError, match=r"none\.csv: expected a recording"):
        EmbeddedExchange(options).__enter__()


def test_an_embedded_exchange_that_dies_early_is_noticed(monkeypatch):
    exchange = EmbeddedExchange(ExchangeOptions(symbols=1))
    monkeypatch.setattr(exchange, "_news", _Silent())
    monkeypatch.setattr("divbot.exchange.embedded._SECONDS_TO_END", 0.01)

    with pytest.raises(DivbotError, match="before it was ready"):
        exchange.__enter__()


class _Silent:
    """A pipe whose other end is gone."""

    def poll(self, seconds):
        return True

    def recv(self):
        raise EOFError

    def close(self):
        pass


def test_a_second_signal_ends_it_at_once_whatever_it_is_doing():
    before = signal.getsignal(signal.SIGINT)

    def announce(_):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        serve(ExchangeOptions(symbols=1, awkward=False), announce=announce)

    assert signal.getsignal(signal.SIGINT) is before
