"""What this machine may not have: a home, files, shared memory, a folder for temporary files."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path
from typing import NoReturn

import pytest

from divbot.cli import exit_code
from divbot.processes import allow_files
from tests.cli.commands import environment, hear_signals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits and folders")


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    yield
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["scan", "status", "limits"])
def test_a_user_without_a_home_is_told_what_to_set(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nobody(_: object) -> NoReturn:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", classmethod(nobody))
    monkeypatch.delenv("XDG_STATE_HOME")

    assert exit_code([command]) == 2
    assert capsys.readouterr().err == (
        "divbot: this user has no home folder: set HOME, or XDG_CACHE_HOME and XDG_STATE_HOME\n"
    )


@pytest.mark.parametrize(
    ("flags", "limit", "said"),
    [
        (["--demo"], 20, "open 20 files at once, and divbot needs 64: raise the limit, as with "),
        (
            ["--connections", "200"],
            100,
            "open 100 files at once, and divbot needs 264: raise the limit, as with "
            "`ulimit -n 1024`, or use less than 200 connections",
        ),
    ],
)
def test_few_open_files_are_told(
    flags: list[str],
    limit: int,
    said: str,
    quiet_market: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    venue = [] if "--demo" in flags else ["--base-url", quiet_market]
    monkeypatch.setattr("resource.getrlimit", lambda _: (limit, limit))
    monkeypatch.setattr("resource.setrlimit", lambda *_: None)

    assert exit_code(["scan", "-q", "--sequential", *venue, *flags]) == 2
    assert capsys.readouterr().err.startswith(f"divbot: this system lets a program {said}")


@pytest.mark.parametrize(
    ("limits", "connections", "asked"),
    [
        pytest.param((256, 4096), 64, [(1024, 4096)], id="ample"),
        pytest.param((256, 512), 64, [(512, 512)], id="all there are"),
        pytest.param((256, -1), 64, [(1024, -1)], id="no end of them"),
        pytest.param((1024, 4096), 1024, [(1088, 4096)], id="many connections"),
        pytest.param((1024, 4096), 64, [], id="enough"),
        pytest.param((-1, -1), 64, [], id="as many as one likes"),
    ],
)
def test_as_many_files_are_allowed_as_may_be(
    monkeypatch: pytest.MonkeyPatch,
    limits: tuple[int, int],
    connections: int,
    asked: list[tuple[int, int]],
) -> None:
    changes: list[tuple[int, int]] = []
    monkeypatch.setattr("resource.getrlimit", lambda _: limits)
    monkeypatch.setattr("resource.setrlimit", lambda _, both: changes.append(both))

    allow_files(connections)

    assert changes == asked


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize(
    "place", ["divbot.binance.budget.RawArray", "divbot.scanner.workforce.pool.ProcessPoolExecutor"]
)
def test_no_room_in_shared_memory_is_told(
    place: str,
    number: int,
    quiet_market: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(place, refuse)

    assert exit_code(["scan", "--base-url", quiet_market, "-q", "-j", "2"]) == 2
    assert capsys.readouterr().err == (
        "divbot: this machine does not let divbot share memory among processes (in /dev/shm or "
        f"TMPDIR): {os.strerror(number)}\n"
    )


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"),
        OSError("AF_UNIX path too long"),
    ],
    ids=["no folder for temporary files", "a name too long for a socket"],
)
def test_a_machine_on_which_no_worker_can_start_is_told(
    error: OSError,
    quiet_market: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse() -> NoReturn:
        raise error

    monkeypatch.setattr(forkserver, "ensure_running", refuse)

    assert exit_code(["scan", "--base-url", quiet_market, "-q", "-j", "2"]) == 2
    assert capsys.readouterr().err == (
        "divbot: this machine does not let divbot start worker processes (TMPDIR names the folder "
        f"for their sockets): {error.strerror or error}\n"
    )


LOADING = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
sys.argv = ["/usr/bin/divbot", "--version"]
from divbot.__main__ import main
main()
"""


@pytest.mark.parametrize(
    "module", ["divbot.version", "divbot.__main__", "divbot.loading", "divbot.cli", "typer"]
)
def test_ctrl_c_while_it_is_only_just_loaded_ends_it_without_a_word(module: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", LOADING.format(module=module)],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        preexec_fn=hear_signals,
        check=False,
        timeout=60,
    )

    assert (run.returncode, run.stdout, run.stderr) == (-signal.SIGINT, "", "")


def test_a_program_that_only_uses_divbot_keeps_its_own_ctrl_c() -> None:
    code = "import signal, divbot; print(signal.getsignal(signal.SIGINT).__name__)"

    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        preexec_fn=hear_signals,
        check=False,
        timeout=60,
    )

    assert (run.stdout, run.stderr) == ("default_int_handler\n", "")
