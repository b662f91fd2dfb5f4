"""What a service manager hears of a program: that it is ready, that it lives, that it ends.

systemd names a socket in NOTIFY_SOCKET, and in WATCHDOG_USEC how long it waits for a sign of life
(sd_notify(3), sd_watchdog_enabled(3)). Without them, as on a terminal, nothing is sent.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_SIGNS_A_WATCH = 3
"""Signs of life in the time that systemd waits for one."""


@dataclass(slots=True)
class ServiceManager:
    """Tell the service manager that started this program how it gets on.

    Telling fails silently: a program is not ended by who only listens.
    """

    address: str = ""
    """Of the manager's socket; empty: there is none."""
    watchdog: float = 0.0
    """Seconds after which the manager takes a silent program for hung; 0: never."""
    monotonic: Callable[[], float] = field(kw_only=True)
    _signs: list[Callable[[], bool]] = field(default_factory=list, init=False)
    """Whether each thread that the program is nothing without gets on."""
    _is_ready: bool = field(default=False, init=False)
    _told_at: float = field(default=0.0, init=False)

    @classmethod
    def of(cls, environment: Mapping[str, str], monotonic: Callable[[], float]) -> ServiceManager:
        """Return that which `environment` names; one that tells nobody where it names none."""
        is_watched = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        usec = environment.get("WATCHDOG_USEC", "") if is_watched else ""
        return cls(
            environment.get("NOTIFY_SOCKET", ""),
            int(usec) / 1e6 if usec.isdecimal() else 0.0,
            monotonic=monotonic,
        )

    def needs(self, gets_on: Callable[[], bool]) -> None:
        """Hear of threads without which the program is taken for hung."""
        self._signs.append(gets_on)

    def lives(self, status: Callable[[], str]) -> None:
        """Hear that the program does what it is for; `status` says in a line how it gets on.

        That is passed on only while every thread that it needs gets on, too. Cheap: it is called in
        a loop, and most calls send nothing.
        """
        now = self.monotonic()
        if not self.address or (self._is_ready and now - self._told_at < self._pause):
            return
        if not all(gets_on() for gets_on in self._signs):
            return
        first = "" if self._is_ready else "READY=1\n"
        self._is_ready, self._told_at = True, now
        self._send(f"{first}WATCHDOG=1\nSTATUS={' '.join(status().split())}")

    def ends(self) -> None:
        """Hear that the program ends in order."""
        if self.address:
            self._send("STOPPING=1")

    @property
    def _pause(self) -> float:
        return min(self.watchdog / _SIGNS_A_WATCH, 60.0) if self.watchdog else 60.0

    def _send(self, message: str) -> None:
        # A name that begins with @ is of Linux's abstract sockets.
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as told,
        ):
            told.setblocking(False)  # noqa: FBT003 - the name is of Python
            told.sendto(message.encode(), address)
