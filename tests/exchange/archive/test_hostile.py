"""Requests that no client means: each is answered in one way or another, in bounded memory."""

from __future__ import annotations

import socket
import threading
import tracemalloc
from contextlib import closing
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divbot.domain.clock import parse_time
from divbot.domain.market import Market
from divbot.exchange.archive.calendar import Cadence
from divbot.exchange.archive.listing import ListRequest, page_of
from divbot.exchange.archive.population import listed
from divbot.exchange.archive.tree import KeyedFile, find, root_of, walk
from divbot.exchange.bounded_cache import BoundedCache
from divbot.exchange.market.synthetic import SyntheticTape

from .readers import USDM

NOW = parse_time("2024-07-30T12:00")
DAY = 86_400_000


@pytest.fixture(scope="module")
def root():
    """The archive of three coins on both markets, without a server."""
    tapes = {
        market: SyntheticTape(market=market, seed=1, symbols=3, until=NOW) for market in Market
    }
    return root_of({market: listed(tape) for market, tape in tapes.items()})


def raw(reader, target, method="GET"):
    """Send a request line as it is; return status and body."""
    parts = urlsplit(reader.base)
    with closing(socket.create_connection((parts.hostname, parts.port), timeout=20)) as line:
        line.sendall(
            method.encode() + b" " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        reply = b""
        while piece := line.recv(1 << 16):
            reply += piece
    head, _, body = reply.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


@pytest.mark.parametrize(
    "target",
    [
        b"/data/../../etc/passwd",
        b"/data/%2e%2e/%2e%2e/etc/passwd",
        b"/data//futures/um/monthly",
        b"/data/" + b"%00" * 20,
        b"/data/%ff%fe.zip",
        b"/data/%ed%a0%80.zip",
        b"/data/%",
        b"/data/%zz.zip",
        b"/data/" + b"a/" * 500,
        b"/data/spot/monthly/klines/BTCUSDT/1d/BTCUSDT-1d-9999-99.zip",
        b"/data/spot/monthly/klines/BTCUSDT/1d/BTCUSDT-1d--1.zip.CHECKSUM",
        b"/data.binance.vision/data/%3Cscript%3E",
        b"/data.binance.vision//data/spot",
        b"/data/?prefix=data/",
    ],
)
def test_a_path_that_leads_nowhere_is_no_key(plain, target):
    status, body = raw(plain, target)

    assert status == 404
    assert ET.fromstring(body).findtext("Code") == "NoSuchKey"


def test_a_key_that_is_too_long_is_refused(plain):
    status, body = raw(plain, b"/data/" + b"a" * 2000)

    assert status == 400
    assert ET.fromstring(body).findtext("Code") == "KeyTooLongError"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_reading_is_allowed(plain, method):
    status, body = raw(plain, f"/{USDM}/x.zip".encode(), method)

    assert status == 405
    assert ET.fromstring(body).findtext("Code") == "MethodNotAllowed"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (b"prefix=%ff", 200),
        (b"prefix=%00", 400),
        (b"prefix=%00&encoding-type=url&max-keys=1", 200),
        (b"prefix=%ed%a0%80", 200),
        (b"prefix=&delimiter=/&prefix=nothing", 200),
        (b"prefix=%3C%26%3E%22", 200),
        (b"delimiter=%00", 400),
        (b"delimiter=data&prefix=d", 200),
        (b"delimiter=%F4%8F%BF%BF&max-keys=1&prefix=data/spot/monthly/klines/BTCUSDT/1d/", 200),
        (b"marker=%F4%8F%BF%BF", 200),
        (b"list-type=2&continuation-token=&prefix=none", 200),
        (b"list-type=2&continuation-token=%2F%2F%2F%2F", 400),
        (b"max-keys=0", 200),
        (b"max-keys=%2B5", 400),
        (b"&&&===&prefix=none", 200),
    ],
)
def test_any_query_is_answered_in_xml(plain, query, status):
    found, body = raw(plain, b"/data.binance.vision?" + query)

    assert found == status
    assert ET.fromstring(body).tag.endswith("Error" if status == 400 else "ListBucketResult")


@pytest.mark.parametrize(
    "target", [b"/data/\xff\xfe.zip", "/data/币.zip".encode(), b"/data.binance.vision?prefix=\xff"]
)
def test_bytes_that_no_address_holds_are_refused(plain, target):
    assert raw(plain, target)[0] == 400


@settings(max_examples=150, deadline=None)
@given(
    prefix=st.text(max_size=8) | st.sampled_from(["data/", f"{USDM}/monthly/klines/E"]),
    delimiter=st.sampled_from(["", "/", "s", "-0", "\0", "\U0010ffff"]),
    marker=st.text(max_size=8) | st.just(f"{USDM}/monthly/klines/"),
)
def test_pages_ascend_from_whatever_they_are_asked_to_begin_with(root, prefix, delimiter, marker):
    request = ListRequest(prefix=prefix, delimiter=delimiter, after=marker, max_keys=9)

    page = page_of(root, request, NOW, lambda _: True)

    names = [each.key if isinstance(each, KeyedFile) else each for each in page.entries]
    assert names == sorted(set(names))
    assert all(name.startswith(prefix) and name > marker for name in names)
    assert len(names) <= 9


def test_a_thousand_pages_are_walked_through_in_the_memory_of_one(root):
    def pages(count):
        marker = ""
        for _ in range(count):
            request = ListRequest(prefix=f"{USDM}/daily/", after=marker, max_keys=3)
            page = page_of(root, request, NOW, lambda _: True)
            marker = page.entries[-1].key
        return marker

    first = pages(50)
    tracemalloc.start()
    try:
        last = pages(1000)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert last > first
    assert most < 4 << 20


def test_every_file_that_is_listed_is_found_and_no_other(root):
    for market in ("spot/monthly/klines/ETHUSDT/1w/", "futures/um/daily/markPriceKlines/SOLUSDT/"):
        for file, _ in zip(walk(root, "", f"data/{market}", NOW), range(60), strict=False):
            assert find(root, file.key, NOW) == file
            assert find(root, f"{file.key}x", NOW) is None
            assert find(root, file.key, parse_time("2020-01-01")) is None


def test_what_is_kept_has_an_end():
    kept = BoundedCache(10)
    for n in range(100):
        kept.keep(n, b"xyz", 3)

    assert [n for n in range(100) if kept.get(n)] == [97, 98, 99]
    kept.keep(1, b"larger than all there is room for", 33)
    assert kept.get(1) is None
    kept.keep(1, b"x", 1)
    kept.keep(1, b"y", 1)
    assert kept.get(1) == b"y"


@given(st.integers(NOW - 3000 * DAY, NOW))
def test_periods_follow_each_other(time):
    for cadence in Cadence:
        start = int(cadence.starts(np.array([time // DAY * DAY]))[0])
        begin, end = cadence.period(start)

        assert begin <= time < end
        assert cadence.before(end) == begin
        assert cadence.text(end) > cadence.text(begin)


def test_threads_that_draw_the_same_days_at_once_see_the_same_candles():
    days = range(NOW - 40 * DAY - NOW % DAY, NOW - 8 * DAY - NOW % DAY, DAY)
    alone, shared = (
        SyntheticTape(market=Market.SPOT, seed=3, symbols=4, until=NOW) for _ in range(2)
    )
    together, seen = threading.Barrier(4), {}

    def draw(number):
        for day in days:
            together.wait(20)
            seen[number, day] = shared.candles(number, day, day + DAY)

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    for (number, day), rows in seen.items():
        assert np.array_equal(rows, alone.candles(number, day, day + DAY))
    assert len(seen) == 4 * len(days)
