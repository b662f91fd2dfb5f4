"""What a service manager hears."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from divbot.domain.clock import ManualClock
from divbot.service import ServiceManager

UNIT = Path(__file__).parents[1] / "deploy" / "divbot@.service"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="systemd is Linux's")


class Manager:
    """A service manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return messages


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Manager, str]]:
    if request.param == "path":
        address, name = str(tmp_path / "notify"), str(tmp_path / "notify")
    else:
        address, name = f"\0divbot-{os.getpid()}", f"@divbot-{os.getpid()}"
    found = Manager(address)
    yield found, name
    found.socket.close()


def test_it_lives_only_while_each_thread_that_it_needs_gets_on(
    manager: tuple[Manager, str],
) -> None:
    heard, address = manager
    clock, get_on = ManualClock(0), [True, True]
    service = ServiceManager.of({"NOTIFY_SOCKET": address}, clock.monotonic)
    service.needs(lambda: get_on[0])
    service.needs(lambda: get_on[1])

    for status, get_on[1] in (("well", True), ("hung", False), ("well again", True)):
        service.lives(partial(str, status))
        clock.advance(60)

    assert heard.heard() == [
        "READY=1\nWATCHDOG=1\nSTATUS=well",
        "WATCHDOG=1\nSTATUS=well again",
    ]


def test_it_is_ready_once_and_then_lives(manager: tuple[Manager, str]) -> None:
    heard, address = manager
    clock = ManualClock(0)
    service = ServiceManager.of(
        {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "300000000"}, clock.monotonic
    )

    service.lives(lambda: "equity 1000\nno position")
    service.lives(lambda: "too soon to be told")
    clock.advance(60)
    service.lives(lambda: "equity 1001")
    service.ends()

    assert heard.heard() == [
        "READY=1\nWATCHDOG=1\nSTATUS=equity 1000 no position",
        "WATCHDOG=1\nSTATUS=equity 1001",
        "STOPPING=1",
    ]


def test_a_short_watchdog_hears_three_signs_in_its_time(manager: tuple[Manager, str]) -> None:
    heard, address = manager
    clock = ManualClock(0)
    service = ServiceManager.of(
        {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000"}, clock.monotonic
    )

    for _ in range(31):
        service.lives(lambda: "")
        clock.advance(1)

    assert len(heard.heard()) == 4


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"NOTIFY_SOCKET": "/nowhere/notify", "WATCHDOG_USEC": "1000000"},
        {"NOTIFY_SOCKET": "x" * 500},
    ],
    ids=["no manager", "a manager that is gone", "an address that is none"],
)
def test_nobody_to_tell_stops_nothing(environment: dict[str, str]) -> None:
    service = ServiceManager.of(environment, lambda: 0.0)

    service.lives(lambda: "well")
    service.ends()


def test_the_watchdog_of_another_process_is_not_ours() -> None:
    ours = {"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}

    assert ServiceManager.of(ours, lambda: 0.0).watchdog == 3.0
    assert ServiceManager.of(ours | {"WATCHDOG_PID": "1"}, lambda: 0.0).watchdog == 0.0


def test_services_that_share_their_folders_are_one_user() -> None:
    """By itself systemd makes a user for each, and gives the folders to whoever starts last."""
    settings = dict(x.split("=", 1) for x in UNIT.read_text().splitlines() if x[:1].isupper())

    assert (settings["StateDirectory"], settings["CacheDirectory"]) == ("divbot", "divbot")
    assert (settings["DynamicUser"], settings.get("User")) == ("yes", "divbot")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_finds_nothing_in_the_unit_and_little_that_is_exposed(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    # Its program is not installed here.
    unit.write_text(UNIT.read_text().replace("/opt/divbot/bin/divbot", sys.executable))

    verified = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )
    exposed = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (verified.returncode, verified.stderr) == (0, "")
    assert exposed.returncode == 0, exposed.stdout[-300:]
