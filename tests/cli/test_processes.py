"""How divbot ends: by Ctrl-C, by SIGTERM, by kill -9; and what it leaves behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from divbot.cli.compiling import NOTICE
from tests.cli.commands import DIVBOT, divbot, environment, eventually, group, linux, start

pytestmark = linux

PATIENT = ("--request-timeout", "2m")
"""A scan that waits for its request outlasts the test."""


@pytest.fixture
def silent_venue() -> Iterator[socket.socket]:
    """Listen, and never answer: a scan that has connected is in the middle of its work."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        listener.settimeout(60)
        yield listener


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_cache_that_cannot_be_used_is_told_of_once(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    variables = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)}

    run, quiet = (divbot("verify", "nothing", *flags, **variables) for flags in ((), ("-q",)))

    assert run.returncode == quiet.returncode == 2
    told, refused = run.stderr.splitlines()
    assert told.startswith(
        f"divbot: compiled code is kept in {tmp_path}/divbot-{os.getuid()}, not "
    )
    assert refused in quiet.stderr.splitlines()
    assert "compiled code" not in quiet.stderr


@pytest.mark.parametrize("how", [[], ["--sequential"]], ids=["workers", "sequential"])
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_an_interrupted_scan_ends_at_once_quietly_and_whole(
    silent_venue: socket.socket, tmp_path: Path, how: list[str], number: int, code: int
) -> None:
    output = tmp_path / "report.json"
    flags = ("--output", str(output), *PATIENT, *how)
    run = start("scan", "--base-url", address(silent_venue), *flags)
    connection, _ = silent_venue.accept()

    os.killpg(run.pid, number)
    printed, complained = run.communicate(timeout=30)

    connection.close()
    assert (run.returncode, printed, complained) == (code, "", "")
    assert eventually(lambda: not group(run.pid))
    assert not list(tmp_path.iterdir())


def test_ctrl_c_while_candles_are_downloaded_ends_the_workers_too(slow_market: str) -> None:
    run = start("scan", "--base-url", slow_market, "--workers", "2")
    assert eventually(lambda: len(group(run.pid)) >= 5)  # forkserver, tracker, two workers

    os.killpg(run.pid, signal.SIGINT)
    printed, complained = run.communicate(timeout=30)

    assert (run.returncode, printed, complained) == (130, "", "")
    assert eventually(lambda: not group(run.pid))


def test_ctrl_c_while_kernels_are_compiled_does_not_wait_for_the_compiler(
    silent_venue: socket.socket, tmp_path: Path
) -> None:
    url = address(silent_venue)
    run = start("scan", "--base-url", url, *PATIENT, XDG_CACHE_HOME=str(tmp_path))
    connection, _ = silent_venue.accept()

    os.killpg(run.pid, signal.SIGINT)
    printed, complained = run.communicate(timeout=30)

    connection.close()
    assert (run.returncode, printed, complained) == (130, "", f"divbot: {NOTICE}\n")
    assert not list(tmp_path.rglob("analysis*.nbi"))  # the longest of all to compile
    assert eventually(lambda: not group(run.pid))


def test_a_killed_scan_takes_its_workers_with_it(silent_venue: socket.socket) -> None:
    run = start("scan", "--base-url", address(silent_venue), "--workers", "2")
    connection, _ = silent_venue.accept()
    assert eventually(lambda: len(group(run.pid)) >= 5)

    run.kill()
    run.wait()

    connection.close()
    assert eventually(lambda: not group(run.pid), 5.0)
    assert run.stdout
    assert run.stderr
    run.stdout.close()
    run.stderr.close()


def test_a_demo_leaves_no_exchange_behind() -> None:
    run = start("scan", "--demo", "--top", "5")
    run.communicate(timeout=60)

    assert run.returncode == 0
    assert eventually(lambda: not group(run.pid))


@pytest.fixture
def slow_market() -> Iterator[str]:
    run = start("exchange", "--symbols", "60", "--latency", "400ms", "--market", "usdm")
    assert run.stdout
    yield run.stdout.readline().split()[-1]
    run.terminate()
    run.communicate(timeout=10)


def test_a_reader_that_has_seen_enough_is_no_error(quiet_market: str) -> None:
    command = [*DIVBOT, "scan", "--json", "--all", "--base-url", quiet_market, "--top", "60", "-q"]

    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as run:
        assert run.stdout
        assert run.stderr
        run.stdout.read(10)
        run.stdout.close()
        complained = run.stderr.read()

    assert (run.returncode, complained) == (0, b"")


def test_a_terminal_without_utf_8_is_no_error(quiet_market: str) -> None:
    run = divbot(
        "scan", "--base-url", quiet_market, "--top", "60", PYTHONIOENCODING="ascii", LC_ALL="C"
    )

    assert run.returncode == 0
    assert "?" in run.stdout  # the arrow between two RSI values


@pytest.mark.parametrize("arguments", ["--version", "--help", "limits --help"])
@pytest.mark.parametrize(
    ("redirection", "code"),
    [(">&-", 0), ("2>&-", 0), ("<&-", 0), (">/dev/full", 2)],
    ids=["stdout closed", "stderr closed", "stdin closed", "disk full"],
)
def test_odd_streams_are_no_bug(arguments: str, redirection: str, code: int) -> None:
    command = f'"{sys.executable}" -m divbot {arguments} {redirection}'

    run = subprocess.run(
        ["sh", "-c", command], capture_output=True, encoding="utf-8", env=environment(), check=False
    )

    assert run.returncode == code
    assert run.stderr == ("divbot: cannot write: No space left on device\n" if code else "")


def test_a_report_that_does_not_fit_on_the_disk_is_told(quiet_market: str) -> None:
    command = (
        f'"{sys.executable}" -m divbot scan --json --all --top 60 --base-url {quiet_market} '
        ">/dev/full"
    )

    run = subprocess.run(
        ["sh", "-c", command], capture_output=True, encoding="utf-8", env=environment(), check=False
    )

    assert (run.returncode, run.stderr) == (2, "divbot: cannot write: No space left on device\n")
