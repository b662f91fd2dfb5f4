"""`divbot paper` in a process of its own, against a local exchange that is not its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from divbot.exchange.embedded import EmbeddedExchange
from divbot.exchange.options import ExchangeOptions
from divbot.processes import PRELOAD
from tests.cli.commands import (
    DIVBOT,
    environment,
    eventually,
    group,
    hear_signals,
)

"""Seconds; what is promised is 2, on a machine that has nothing else to do."""


@contextmanager
def busy_exchange(**changes: Any) -> Iterator[str]:
    """Provide the address of an exchange whose market is small, quick and generous."""
    options: dict[str, Any] = {"symbols": 40, "speed": 60.0, "weight_limit": 10**8, **changes}
    with EmbeddedExchange(ExchangeOptions(**options), PRELOAD) as exchange:
        yield exchange.base_url


@dataclass(frozen=True)
class Ending:
    """How a run ended."""

    code: int
    printed: str
    complained: str
    left: set[int]
    """Processes of its group that outlived it."""


class Paper:
    """A run of `divbot paper`, the leader of a process group as a shell makes it."""

    def __init__(self, url: str, journal: Path, *flags: str, **how: Any) -> None:
        self.journal = journal
        variables = how.pop("variables", {})
        self.process = subprocess.Popen(
            [*DIVBOT, *arguments(url, journal, *flags)],
            **{
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "encoding": "utf-8",
                "env": environment(XDG_STATE_HOME=str(journal.parent / "state"), **variables),
                "start_new_session": True,
                "preexec_fn": hear_signals,
                **how,
            },
        )
        self.heard: list[dict[str, Any]] = []

    @property
    def pid(self) -> int:
        return self.process.pid

    def hear(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read JSON lines up to one that is what is waited for."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.heard.append(json.loads(line))
            if is_it(self.heard[-1]):
                return self.heard[-1]
        raise AssertionError(f"ended after {self.heard[-3:]}: {self.ending()}")

    def event(self, kind: str) -> dict[str, Any]:
        """Read up to an event of that kind."""
        return self.hear(lambda x: x["event"] == kind)

    def notice(self, text: str) -> dict[str, Any]:
        """Read up to a notice with that in it."""
        return self.hear(lambda x: text in x.get("text", ""))

    def notices(self, *texts: str) -> None:
        """Read until there was a notice of each, in whichever order."""
        missing = set(texts)

        def is_new(line: dict[str, Any]) -> bool:
            return any(text in line.get("text", "") for text in missing)

        while missing:
            heard = self.hear(is_new)
            missing.difference_update([text for text in missing if text in heard["text"]])

    def told_to_end(self, number: int, *, whole_group: bool = False) -> Ending:
        """Send a signal, and wait for the end."""
        (os.killpg if whole_group else os.kill)(self.pid, number)
        return self.ending()

    def ending(self) -> Ending:
        """Wait for the end."""
        self.process.wait(60)
        eventually(lambda: not group(self.pid))
        left = group(self.pid)
        if left:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)  # they would keep the pipes open
        # Not by communicate(): what was read ahead of the lines heard would be lost.
        streams = self.process.stdout, self.process.stderr
        printed, complained = [stream.read() if stream else "" for stream in streams]
        return Ending(self.process.returncode, printed, complained, left)

    def __enter__(self) -> Paper:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


def arguments(url: str, journal: Path, *flags: str) -> list[str]:
    """Return the flags of a run that trades as often as it can, as far as `flags` let it."""
    usual = {
        "--base-url": url,
        "--journal": str(journal),
        "--interval": "1m",
        "--speed": "60",
        "--top": "40",
        "--workers": "2",
        "--max-positions": "20",
        "--min-score": "0",
    }
    kept = (x for name, value in usual.items() if name not in flags for x in (name, value))
    return ["paper", *kept, "--take-earlier", *flags]
