"""What systemd hears of a paper run and of a watch."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from divbot import cli
from tests.cli.commands import divbot

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="systemd is Linux's")


@pytest.fixture
def manager(tmp_path: Path, quiet_market: str, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """Return a service manager's socket, of which the environment tells."""
    found = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    found.bind(str(tmp_path / "notify"))
    found.setblocking(False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("DIVBOT_BASE_URL", quiet_market)
    return found


def heard(manager: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(manager.recv(4096).decode())
        except BlockingIOError:
            manager.close()
            return messages


def test_a_watch_is_ready_when_it_watches_and_tells_of_its_end(
    manager: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.exit_code(["watch", "--sequential", "--top", "2", "--duration", "1s", "--quiet"])

    first, *_, last = heard(manager)
    assert code == 0, capsys.readouterr().err
    assert first == "READY=1\nWATCHDOG=1\nSTATUS=alerts 0, scans 0; no scan yet"
    assert last == "STOPPING=1"


def test_a_run_is_ready_when_it_trades_and_tells_of_its_end(
    manager: socket.socket, tmp_path: Path, quiet_market: str
) -> None:
    run = divbot(
        *("paper", "--top", "2", "--duration", "1s", "--quiet"),
        DIVBOT_BASE_URL=quiet_market,
        XDG_STATE_HOME=str(tmp_path),
    )

    first, *_, last = heard(manager)
    assert run.returncode == 0, run.stderr
    assert first.startswith("READY=1\nWATCHDOG=1\nSTATUS=equity 10,000.00 USDT, open 0, closed 0;")
    assert last == "STOPPING=1"
