"""Whole paper runs against kill -9: started again and again on one journal, whatever they do.

An event that a run has printed is acknowledged. What is expected of the journal in the end:

- each session holds what its run acknowledged, in that order, once, from its first event on;
- the trades are those of a run that was never killed: see below;
- of no run that was killed is any process left.

Two runs never look at the same moments, on whatever market and from whatever seed: a look comes
when the machine gets to it. Entries, and exits at quotes, are different in each; no second run can
stand beside this one trade by trade. But an entry decides what candles make of it, whether anybody
is there to see or not. So the checker, which has no line in common with divbot, follows each
position of the journal through all minutes of the market, as a run would that is always awake: the
same exits, for the same reason, in the same minute, at the same price, and the same account.
"""

from __future__ import annotations

import fcntl
import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import pytest

from divbot.cli.lines import event_json
from divbot.domain.clock import parse_time
from divbot.domain.events import SessionBegan
from divbot.domain.ledger import Ledger
from divbot.trading.journal.journal import Journal, read
from tests.cli.commands import CLOCK, linux
from tests.cli.paper_processes import Paper, busy_exchange
from tests.oracles.paper_checker import check
from tests.trading.runs import NEAR, RULES, at_speed, settings_of
from tests.trading.saved_market import save_market

pytestmark = linux

SPEED = 600
BEGIN = parse_time("2025-05-20T07:30")
"""Half an hour before funding is due."""
HISTORY = 10 * 3_600_000
"""What is saved before a run, for the signals it acted on."""

WRITERS_LOCK = 120
"""Byte of the index of a write-ahead log; see WAL_WRITE_LOCK at sqlite.org/walformat.html."""

Told = dict[str, Any]
"""An event as it is printed."""


@pytest.fixture
def market() -> Iterator[str]:
    with busy_exchange(symbols=24, speed=SPEED, awkward=False, at=BEGIN) as url:
        yield url


@pytest.mark.parametrize(
    "kills", [pytest.param(10, id="10"), pytest.param(200, id="200", marks=pytest.mark.soak)]
)
def test_a_run_that_is_killed_loses_nothing_and_doubles_nothing(
    market: str, tmp_path: Path, kills: int
) -> None:
    # Little at risk: there must be cash for the last trade, too.
    rules = at_speed(replace(RULES, risk=Decimal("0.0005")), SPEED)
    flags = "--jsonl", "--speed", str(SPEED), "--max-positions", str(rules.max_positions)
    variables = settings_of(rules) | NEAR
    journal, chance, began = tmp_path / "run.db", Random(kills), CLOCK.monotonic()

    lives = []
    for _ in range(kills):
        with Paper(market, journal, *flags, variables=variables) as run:
            lives.append(told_until_killed(run, chance))
    with Paper(market, journal, *flags, variables=variables) as run:
        run.event("marked")
        lives.append(told_until(run, signal.SIGTERM, 128 + signal.SIGTERM))

    Journal.open(journal).close()
    keys = [event.key for event in read(journal).events]
    assert len(set(keys)) == len(keys)
    sessions = sessions_of(journal)
    assert [first["session"] for first, *_ in sessions] == list(range(1, len(sessions) + 1))
    heard = [told for told in lives if told]
    numbers = [first["session"] for first, *_ in heard]
    assert numbers == sorted(set(numbers))
    assert heard == [
        sessions[number - 1][: len(told)] for number, told in zip(numbers, heard, strict=True)
    ]

    events = list(chain.from_iterable(sessions))
    symbols = sorted({x["symbol"] for x in events if x["event"] == "entered"})
    saved = save_market(market, symbols, BEGIN - HISTORY, max(x["at"] for x in events))
    verdict = check(journal, saved, rules)
    assert verdict.discrepancies == ()
    asleep = [x for session in sessions for x in session if is_exit_before(session[0]["at"], x)]
    acknowledged = sum(map(len, heard))
    print(
        f"{kills} kills in {CLOCK.monotonic() - began:.0f} s, {len(sessions)} sessions, "
        f"{acknowledged} events acknowledged, {len(events) - acknowledged} kept besides, "
        f"{len(verdict.reasons)} trades closed, {len(asleep)} of them while there was no run"
    )
    assert len(verdict.reasons) >= kills // 3
    assert asleep


def told_until_killed(run: Paper, chance: Random) -> list[Told]:
    """Kill a run at some moment; return what it told."""
    with ExitStack() as stack:
        match chance.choice(["starting", "trading", "trading", "writing"]):
            case "starting":
                CLOCK.wait(chance.uniform(0, 1.5))
            case "trading":
                hear_events(run, chance)
                # No clock: at once, or a few transactions later.
                for _ in range(chance.choice([0, chance.randrange(200_000)])):
                    pass
            case "writing":
                hear_events(run, chance)
                stack.enter_context(unwritable(run.journal))
                CLOCK.wait(chance.uniform(0.3, 1))
        return told_until(run, signal.SIGKILL, -signal.SIGKILL)


def hear_events(run: Paper, chance: Random) -> None:
    for _ in range(chance.randrange(1, 12)):
        run.hear(is_event)


@contextmanager
def unwritable(journal: Path) -> Iterator[None]:
    """Let whoever writes wait, as for a slow disk: what is told meanwhile is told too early."""
    with Path(f"{journal}-shm").open("r+b") as index:
        fcntl.lockf(index, fcntl.LOCK_EX, 1, WRITERS_LOCK)
        yield


def told_until(run: Paper, number: int, code: int) -> list[Told]:
    """Send a signal, to no child; return all events told, once everybody has ended."""
    ending = run.told_to_end(number)
    assert (ending.code, ending.left) == (code, set()), ending.complained
    whole, _, _ = ending.printed.rpartition("\n")  # the last line may be torn
    return [x for x in (*run.heard, *map(json.loads, whole.splitlines())) if is_event(x)]


def is_event(told: Told) -> bool:
    return told["event"] not in ("notice", "ended")


def is_exit_before(time: int, told: Told) -> bool:
    return bool(told["event"] == "exited" and told["at"] < time)


def sessions_of(journal: Path) -> list[list[Told]]:
    """Return all events but the first, those of each start of the program by themselves."""
    ledger, sessions = Ledger(), list[list[Told]]()
    for event in read(journal).events:
        ledger = ledger.apply(event)
        if isinstance(event, SessionBegan):
            sessions.append([])
        if sessions:
            sessions[-1].append(json.loads(event_json(event, ledger)))
    return sessions
