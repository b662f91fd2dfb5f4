"""The switches of `divbot exchange`, each seen to arrive."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from contextlib import contextmanager

import aiohttp
import pytest
from aiohttp import WSMsgType

from tests.cli.commands import divbot, start

AT = "2024-07-30T12:00:00"
SMALL = ("--symbols", "1", "--market", "spot", "--at", AT, "--speed", "0")


@contextmanager
def served(*arguments):
    """Run the command for the length of a block; yield a function that asks it."""
    process = start("exchange", *SMALL, *arguments)
    try:
        url, ask_archive, ask_listing = (process.stdout.readline().split()[-1] for _ in range(3))

        def ask(path, **headers):
            request = urllib.request.Request(url + path, headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=30) as reply:
                    return reply.status, reply.headers, reply.read()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.headers, error.read()

        ask.url = url
        ask.archive, ask.listing = ask_archive, ask_listing
        yield ask
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_limits_window_and_patience():
    arguments = ("--weight-limit", "1", "--window", "rolling", "--patience", "1")
    with served(*arguments) as ask:
        statuses = [ask("/api/v3/ping")[0] for _ in range(3)]
        told = json.loads(ask("/divbot/state")[2])["markets"]["spot"]

    assert statuses == [200, 429, 418]
    assert (told["limit"], told["bans"]) == (1, 1)


def test_faults_and_gzip():
    with served("--compress", "--faults", "rate=1,kinds=busy") as ask:
        status, _, body = ask("/api/v3/exchangeInfo", **{"Accept-Encoding": "gzip"})
        assert (status, json.loads(body)["code"]) == (503, -1008)

    with served("--compress") as ask:
        _, headers, _ = ask("/api/v3/exchangeInfo", **{"Accept-Encoding": "gzip"})
        assert headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    ("arguments", "status"), [(["--delist-after", "0"], "BREAK"), ([], "TRADING")]
)
def test_awkward_listings_and_a_delisting(arguments, status):
    with served(*arguments) as ask:
        symbols = json.loads(ask("/api/v3/exchangeInfo?showPermissionSets=false")[2])["symbols"]

    by_name = {each["symbol"]: each["status"] for each in symbols}
    assert by_name["WAVESUSDT"] == status
    assert by_name["MATICUSDT"] == "BREAK"


def test_ordinary_coins_only_where_asked_for():
    with served("--no-awkward") as ask:
        assert [each["symbol"] for each in json.loads(ask("/api/v3/ticker/price")[2])] == [
            "BTCUSDT"
        ]


def test_the_archive_and_what_is_wrong_in_it():
    key = "data/spot/monthly/klines/BTCUSDT/1d/BTCUSDT-1d-2024-06.zip"
    with served("--archive-defects", "rate=1,kinds=no_checksum") as ask:
        file, checksum = (ask(f"/{key}{end}") for end in ("", ".CHECKSUM"))
        query = f"{ask.listing}?prefix={key}".removeprefix(ask.url)
        _, headers, listed = ask(query)

    assert ask.archive == ask.url
    assert (file[0], checksum[0]) == (200, 404)
    assert file[2][:4] == b"PK\3\4"
    assert listed.count(b"<Key>") == 1
    assert ask.url + headers["X-Divbot-Archive"] == ask.listing


def test_gaps_and_lag():
    query = "/api/v3/klines?symbol=BTCUSDT&interval=1h&limit=1000"
    with served() as ask:
        whole = json.loads(ask(query)[2])
    with served("--outages", "--publish-lag", "1s") as ask:
        rows = json.loads(ask(query)[2])

    assert rows[-1][0] == whole[-2][0]
    assert sum(row[8] for row in rows[:-1]) < sum(row[8] for row in whole[:-1])


def test_connections_age():
    async def story(url):
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(f"{url}/ws", autoping=False) as socket,
        ):
            return (await socket.receive()).type

    with served("--aging", "1000") as ask:
        # Otherwise the first ping comes after 20 seconds.
        assert asyncio.run(asyncio.wait_for(story(ask.url), 15)) is WSMsgType.PING


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--window", "sliding"], "--window: expected fixed or rolling, found 'sliding'"),
        (["--faults", "often"], "expected faults like seed=7,rate=0.02"),
        (["--archive-defects", "often"], "expected defects like seed=7,rate=0.03"),
        (["--no-awkward", "--delist-after", "5m"], "expected awkward listings"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(arguments, says):
    run = divbot("exchange", *arguments)

    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert says in run.stderr
