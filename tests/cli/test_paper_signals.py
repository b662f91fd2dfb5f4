"""How a paper run ends, whatever ends it: in order, in time, in silence, with nothing lost."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import resource
import signal
import socket
import subprocess
import termios
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import pytest

from divbot.domain.events import Marked
from divbot.trading.journal.journal import Journal, read
from tests.cli.commands import (
    CLOCK,
    DIVBOT,
    divbot,
    environment,
    eventually,
    group,
    hear_signals,
    linux,
)
from tests.cli.paper_processes import Ending, Paper, arguments, busy_exchange

pytestmark = linux

CTRL_C, TERM, HANGUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


@pytest.fixture(scope="module")
def market() -> Iterator[str]:
    with busy_exchange() as url:
        yield url


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "run.db"


def assert_in_order(ending: Ending, *codes: int) -> None:
    # Notices are no complaints: a busy machine makes looks run late.
    assert [x for x in ending.complained.splitlines() if "Z WARNING " not in x] == []
    assert ending.code in codes
    assert ending.left == set()


def assert_whole(journal: Path) -> None:
    """Open it, which checks all of it."""
    Journal.open(journal).close()


@pytest.mark.parametrize("number", [CTRL_C, TERM, HANGUP], ids=["Ctrl-C", "SIGTERM", "hangup"])
def test_a_signal_while_it_trades_ends_it_in_order(market: str, journal: Path, number: int) -> None:
    with Paper(market, journal, "--quiet") as run:
        assert run.process.stdout
        held = next(filter(is_entry, run.process.stdout)).split()[4]
        ending = run.told_to_end(number)

    assert_in_order(ending, 128 + number)
    assert is_summed_up(ending.printed)
    assert_whole(journal)
    recorded = read(journal)
    assert isinstance(recorded.events[-1], Marked)
    assert held in ending.printed or held in {x.symbol for x in recorded.ledger.closed}
    for position in recorded.ledger.positions.values():
        assert position.symbol in ending.printed


def is_summed_up(printed: str) -> bool:
    return any(line.startswith("ran ") for line in printed.splitlines())


def is_entry(line: str) -> bool:
    return " BUY " in line or " SELL " in line


@pytest.mark.parametrize("number", [CTRL_C, TERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("moment", range(3))
def test_a_signal_at_the_start_ends_it_in_order(
    market: str, journal: Path, number: int, moment: int
) -> None:
    with Paper(market, journal, "--jsonl") as run:
        CLOCK.wait(Random(moment + 10 * number).uniform(0.1, 1.5))
        ending = run.told_to_end(number)

    # Before divbot hears signals, they end any program so.
    assert_in_order(ending, 128 + number, -number)
    if journal.exists():
        assert_whole(journal)


@pytest.mark.parametrize("number", [CTRL_C, TERM, HANGUP], ids=["Ctrl-C", "SIGTERM", "hangup"])
def test_a_signal_to_the_whole_group_during_a_scan_ends_it_in_order(
    market: str, journal: Path, number: int
) -> None:
    with Paper(market, journal, "--jsonl", "--check-interval", "1s") as run:
        run.notice("found")
        run.notice("scanning")
        ending = run.told_to_end(number, whole_group=True)

    assert_in_order(ending, 128 + number)
    assert_whole(journal)


@pytest.mark.parametrize("moment", range(3))
def test_a_second_ctrl_c_ends_it_at_once(market: str, journal: Path, moment: int) -> None:
    with Paper(market, journal, "--jsonl") as run:
        run.event("entered")
        os.killpg(run.pid, CTRL_C)
        CLOCK.wait(Random(moment).uniform(0, 0.15))
        ending = run.told_to_end(CTRL_C, whole_group=True)

    assert_in_order(ending, 130)
    assert_whole(journal)


@pytest.mark.soak
@pytest.mark.parametrize("moment", range(80))
def test_signals_at_any_moment(market: str, journal: Path, moment: int) -> None:
    chance = Random(moment)
    flags = chance.choice(
        [["--jsonl"], ["--jsonl", "--check-interval", "1s"], ["--jsonl", "--demo"]]
    )
    numbers = [chance.choice([CTRL_C, TERM, HANGUP]) for _ in range(chance.choice([1, 1, 2, 3]))]
    with ExitStack() as stack:
        run = stack.enter_context(
            demo(journal) if "--demo" in flags else Paper(market, journal, *flags)
        )
        CLOCK.wait(chance.uniform(0, 4))
        for number in numbers[:-1]:
            os.kill(run.pid, number)
            CLOCK.wait(chance.uniform(0, 0.3))
        with contextlib.suppress(ProcessLookupError):
            os.kill(run.pid, numbers[-1])
        ending = run.ending()

    print(f"{numbers} {ending.seconds:.2f} s")
    assert_in_order(ending, *(code for x in numbers for code in (128 + x, -x)))
    if journal.exists():
        assert_whole(journal)


def demo(journal: Path) -> Paper:
    run = Paper.__new__(Paper)
    run.journal, run.heard = journal, []
    run.process = subprocess.Popen(
        [*DIVBOT, "paper", "--demo", "--journal", str(journal), "--jsonl", "--top", "40"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(XDG_STATE_HOME=str(journal.parent)),
        start_new_session=True,
        preexec_fn=hear_signals,  # noqa: PLW1509
    )
    return run


def test_a_venue_that_does_not_answer_keeps_nobody_from_leaving(journal: Path) -> None:
    patient = ("--jsonl", "--request-timeout", "2m")  # longer than the test waits
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Paper(f"http://127.0.0.1:{silent.getsockname()[1]}", journal, *patient) as run,
        silent.accept()[0] as asked,
    ):
        asked.recv(1)
        ending = run.told_to_end(CTRL_C)

    assert_in_order(ending, 130)
    assert not journal.exists()


def test_who_reads_three_lines_ends_it_in_order(market: str, journal: Path) -> None:
    with Paper(market, journal, "--jsonl") as run:
        assert run.process.stdout
        lines = [run.process.stdout.readline() for _ in range(3)]
        run.process.stdout.close()
        run.process.stdout = None
        ending = run.ending()

    assert_in_order(ending, 0)
    assert all(json.loads(line)["event"] for line in lines)
    assert_whole(journal)


def test_without_a_reader_of_its_notices_it_goes_on(market: str, journal: Path) -> None:
    with Paper(market, journal) as run:
        assert run.process.stdout
        assert run.process.stderr
        run.process.stderr.close()
        traded = next(filter(is_entry, run.process.stdout))
        run.process.stderr = None
        os.kill(run.pid, TERM)
        printed, _ = run.process.communicate(timeout=60)

    assert traded
    assert run.process.returncode == 143
    assert is_summed_up(printed)
    assert eventually(lambda: not group(run.pid))


def test_a_full_disk_under_its_output_is_told(market: str, journal: Path) -> None:
    with Path("/dev/full").open("w") as full, Paper(market, journal, "--jsonl", stdout=full) as run:
        ending = run.ending()

    assert ending.complained == "divbot: cannot write: No space left on device\n"
    assert (ending.code, ending.left) == (2, set())


def test_a_terminal_that_is_closed_ends_it_in_order(market: str, journal: Path) -> None:
    master, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))

    def take_terminal() -> None:
        hear_signals()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    streams = dict.fromkeys(("stdin", "stdout", "stderr"), terminal)
    variables = {"TERM": "xterm"}
    with Paper(market, journal, preexec_fn=take_terminal, variables=variables, **streams) as run:
        os.close(terminal)
        shown = b""
        while b"BUY" not in shown and b"SELL" not in shown:
            shown += os.read(master, 65536)
        os.close(master)
        code = run.process.wait(30)

    assert code == 128 + HANGUP
    assert eventually(lambda: not group(run.pid))
    assert isinstance(read(journal).events[-1], Marked)


def test_under_nohup_the_end_of_the_terminal_ends_nothing(market: str, journal: Path) -> None:
    def as_nohup_does() -> None:
        hear_signals()
        signal.signal(HANGUP, signal.SIG_IGN)

    with Paper(market, journal, "--jsonl", preexec_fn=as_nohup_does) as run:
        run.event("entered")
        os.kill(run.pid, HANGUP)
        run.notice("scanning")
        run.notice("found")
        ending = run.told_to_end(TERM)

    assert_in_order(ending, 143)


def test_a_journal_that_cannot_grow_is_told_and_keeps_what_it_told(
    market: str, journal: Path
) -> None:
    with Paper(market, journal, "--jsonl") as run:
        run.event("entered")
        log = Path(f"{journal}-wal")
        resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, -1))
        ending = run.ending()

    (line,) = ending.complained.splitlines()
    assert line.startswith(f"divbot: {journal}: disk I/O error; look after the disk: full")
    assert (ending.code, ending.left) == (5, set())
    told = [*run.heard, *map(json.loads, ending.printed.splitlines())]
    events = [x["event"] for x in told if x["event"] not in ("notice", "ended")]
    assert [x.kind for x in read(journal).events] == ["started", *events]
    assert_whole(journal)


def test_a_folder_that_cannot_be_written_is_told(market: str, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")

    run = divbot("paper", "--base-url", market, "--top", "5", XDG_STATE_HOME=f"{tmp_path}/state")

    (line,) = [x for x in run.stderr.splitlines() if x.startswith("divbot: ")]
    assert "cannot be opened or written: " in line
    assert run.returncode == 5


def test_a_second_run_on_the_same_journal_is_refused(market: str, journal: Path) -> None:
    with Paper(market, journal, "--jsonl") as run:
        run.event("resumed")
        second = divbot(*arguments(market, journal), "--jsonl", XDG_STATE_HOME=str(journal.parent))
        ending = run.told_to_end(TERM)

    assert second.stderr == (
        f"divbot: {journal}: another divbot writes to it; end that one, or start a new run with "
        "--fresh\n"
    )
    assert (second.returncode, second.stdout) == (5, "")
    assert_in_order(ending, 143)


def test_without_a_venue_it_does_not_start(journal: Path) -> None:
    run = divbot(
        *arguments("http://127.0.0.1:1", journal), "--jsonl", XDG_STATE_HOME=str(journal.parent)
    )

    assert run.stderr == (
        "divbot: cannot reach 127.0.0.1:1: connection refused; --demo needs no network\n"
    )
    assert (run.returncode, run.stdout) == (3, "")
    assert not journal.exists()


def test_with_nothing_that_the_venue_lists_it_does_not_start(market: str, journal: Path) -> None:
    run = divbot(*arguments(market, journal), "--symbols", "BTCUSTD", "--duration", "3s")

    assert run.stderr == (
        "divbot: unknown symbol 'BTCUSTD': the venue does not list it; did you mean BTCUSDT?\n"
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert not journal.exists()


@contextmanager
def exchange_on(port: int, *flags: str) -> Iterator[None]:
    command = ["exchange", "--market", "usdm", "--symbols", "40", "--port", str(port)]
    command += ["--weight-limit", "100000000", *flags]
    with subprocess.Popen([*DIVBOT, *command], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert b"listening" in process.stdout.readline()
        yield
        process.terminate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


@pytest.mark.parametrize("at", [None, "2024-07-30T09:00"], ids=["on time", "its clock set back"])
def test_a_venue_that_goes_away_and_comes_back_is_waited_for(journal: Path, at: str | None) -> None:
    port, variables = free_port(), {"DIVBOT_REQUEST_TIMEOUT": "1s"}
    later = ["--at", "2024-07-30T10:00"] if at else []
    flags = [
        "--jsonl",
        "--speed",
        "1",
        "--check-interval",
        "1s",
        "--position-update-interval",
        "1s",
    ]
    with ExitStack() as stack:
        with exchange_on(port, *later):
            run = stack.enter_context(
                Paper(f"http://127.0.0.1:{port}", journal, *flags, variables=variables)
            )
            run.notice("found")
        run.notices("no quotes", "scan failed")
        with exchange_on(port, *(["--at", at] if at else [])):
            run.notice("found")
            run.notice("processing")
            run.notice("found")
            ending = run.told_to_end(TERM)

    assert_in_order(ending, 143)
    assert_whole(journal)
