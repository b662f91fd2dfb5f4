from __future__ import annotations

import json
import os
import re
import signal
import socket
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import divbot, start
from tests.recordings.files import table, write_csv

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start `divbot exchange ARGUMENTS`; return the address that its first line tells."""
    running = []

    def run(*arguments: str) -> str:
        process = start("exchange", *arguments)
        running.append(process)
        assert process.stdout
        first = process.stdout.readline()
        assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+\n", first), first
        return first.split()[-1]

    yield run
    for process in running:
        process.terminate()
        process.communicate(timeout=10)


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as reply:
        return json.load(reply)


def test_the_first_line_says_where_it_listens(serve: Serve) -> None:
    url = serve("--symbols", "3", "--at", "2024-07-30T09:00", "--speed", "0")

    assert get(f"{url}/fapi/v1/time") == {"serverTime": 1_722_330_000_000}
    assert get(f"{url}/api/v3/time") == {"serverTime": 1_722_330_000_000}


def test_one_market_alone_can_be_served(serve: Serve) -> None:
    url = serve("--symbols", "3", "--market", "spot", "--no-awkward")

    assert len(get(f"{url}/api/v3/ticker/price")) == 3
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"{url}/fapi/v1/time")


def test_the_same_seed_gives_the_same_market(serve: Serve) -> None:
    options = ("--symbols", "3", "--at", "1722330000000", "--speed", "0")
    query = "/fapi/v1/klines?symbol=ETHUSDT&interval=1m&limit=50"

    one, same, other = (get(serve(*options, "--seed", seed) + query) for seed in ("5", "5", "6"))

    assert one == same
    assert one != other


def test_a_seed_says_when_a_recorded_market_has_gaps(serve: Serve, tmp_path: Path) -> None:
    write_csv(tmp_path / "good.csv", table())

    url = serve("--recorded", str(tmp_path / "good.csv"), "--outages", "--seed", "3")

    assert len(get(f"{url}/api/v3/ticker/price")) == 1


def test_a_scan_of_an_archive_finds_its_symbol(serve: Serve, data: Path) -> None:
    url = serve("--recorded", str(data / "archive"), "--at", "2023-08-20", "--speed", "0")

    run = divbot("scan", "--base-url", url, "-i", "1m", "--json", "--all", "--quiet")

    document = json.loads(run.stdout)
    assert document["summary"]["scanned"] == 1
    assert {x["symbol"] for x in document["divergences"]} == {"FILUSDT"}


def test_ctrl_c_ends_it_quietly() -> None:
    process = start("exchange", "--symbols", "3")
    assert process.stdout
    for _ in range(3):
        process.stdout.readline()

    os.killpg(process.pid, signal.SIGINT)
    printed, complained = process.communicate(timeout=10)

    assert (process.returncode, printed, complained) == (0, "", "")


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        run = divbot("exchange", "--symbols", "3", "--port", str(port))

    assert_one_line(run.stderr, rf"cannot listen on 127\.0\.0\.1, port {port}: .*in use")
    assert run.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(
            ["--market", "forex"], "expected spot, usdm or both, found 'forex'", id="market"
        ),
        pytest.param(["--interval", "7m"], "expected one of 1s, 1m.*found '7m'", id="interval"),
        pytest.param(["--at", "yesterday"], "--at: expected a time.*'yesterday'", id="time"),
        pytest.param(["--at", "1722330000"], "milliseconds.*1722330000", id="time in seconds"),
        pytest.param(
            ["--at", "1999-01-01"],
            "expected a time from 2020-01-01.*found 1999",
            id="before all markets",
        ),
        pytest.param(
            ["--at", "2050-01-01"], "expected a time before 2050-01-01 00:00.*found", id="after all"
        ),
        pytest.param(
            ["--recorded", "good.csv", "--at", "2024-07-30T00:04"],
            "expected a time before 2024-07-30 00:04 UTC.*found 2024-07-30 00:04",
            id="after the recording",
        ),
        pytest.param(["--interval", "5m"], "--interval tells.*--recorded", id="interval alone"),
        pytest.param(
            ["--recorded", "good.csv", "--symbols", "400"],
            "--symbols makes a synthetic market",
            id="symbols of a recording",
        ),
        pytest.param(
            ["--recorded", "good.csv", "--seed", "1"],
            "--seed makes a synthetic market",
            id="seed of a recording",
        ),
        pytest.param(
            ["--recorded", "good.csv", "--edge", "drift=1,from=2024-01-01"],
            "--edge is planted in a synthetic market",
            id="edge of a recording",
        ),
        pytest.param(["--edge", "drift=1"], "expected an edge such as drift=1.5", id="no edge"),
        pytest.param(["--symbols", "0"], "--symbols", id="no symbols"),
        pytest.param(["--speed", "-1"], "--speed", id="negative speed"),
        pytest.param(["--port", "70000"], "--port", id="no port"),
        pytest.param(["--host", "no.such.host.invalid"], "cannot listen", id="no host"),
        pytest.param(["--recorded", "none.parquet"], "none.parquet: expected", id="no file"),
        pytest.param(
            ["--recorded", "bad.csv"], "bad.csv: expected columns.*found no", id="columns"
        ),
        pytest.param(["--recorded", "bad.parquet"], "bad.parquet: expected", id="no parquet"),
        pytest.param(["--recorded", "empty"], "expected zips.*found none", id="no zips"),
        pytest.param(
            ["--recorded", "broken"], "does not unpack.*download it again", id="corrupt zip"
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_line(arguments: list[str], says: str, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("time,price\n1,2\n")
    write_csv(tmp_path / "good.csv", table())
    (tmp_path / "bad.parquet").write_text("not a parquet file")
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "BTCUSDT-1m-2024-07.zip").write_bytes(b"PK\x03\x04 and then nothing")

    run = divbot("exchange", *arguments, folder=tmp_path)

    assert (run.returncode, run.stdout) == (2, "")
    assert_one_line(run.stderr, says)


def assert_one_line(text: str, says: str) -> None:
    assert text.startswith("divbot: ")
    assert text.count("\n") == 1, text
    assert re.search(says, text), text
