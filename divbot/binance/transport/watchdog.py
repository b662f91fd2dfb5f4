"""Deadlines for sockets: a timeout of a socket is for each recv, and a reply may be many.

A peer that sends a byte now and then, in its headers or its body, keeps every recv alive and the
request for ever. So whoever sends a request guards it: when the time is up, the watchdog shuts the
socket down, and the recv that waits on it ends at once.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import socket
import threading
from collections.abc import Iterator

from divbot.domain.clock import Clock


class Guard:
    """One request under way: its end, and the socket it waits on, once there is one."""

    def __init__(self, end: float, clock: Clock) -> None:
        self.end = end
        self._clock = clock
        self.is_over = False
        """The request is done, or its time was up."""
        self.was_late = False
        self._socket: socket.socket | None = None
        # Guards `is_over`, `was_late` and `_socket`: the watchdog must not shut down a socket that
        # was handed on.
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Return the seconds until the end, none below zero."""
        return max(self.end - self._clock.monotonic(), 0.0)

    def watch(self, waiting: socket.socket) -> None:
        """Name the socket on which the reply is waited for."""
        with self._lock:
            self._socket = waiting
            if self.was_late:
                self._shut_down()

    def release(self) -> None:
        """Leave the socket alone from now on: the reply is here."""
        with self._lock:
            self.is_over = True
            self._socket = None

    def expire(self) -> None:
        """End the wait, if it still goes on."""
        with self._lock:
            if self.is_over:
                return
            self.is_over = self.was_late = True
            self._shut_down()

    def _shut_down(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Past TLS: its own farewell could wait for the same peer.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Watchdog:
    """Watch over any number of requests from one thread, which starts with the first of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # Guards _guards and _thread, and wakes the thread.
        self._changed = threading.Condition()
        self._guards: list[tuple[float, int, Guard]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    @contextlib.contextmanager
    def guard(self, end: float) -> Iterator[Guard]:
        """Guard what happens inside until `end`, on the clock's monotonic time."""
        guard = Guard(end, self._clock)
        with self._changed:
            heapq.heappush(self._guards, (end, next(self._numbers), guard))
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
                self._thread.start()
            elif self._guards[0][2] is guard:
                self._changed.notify()
        try:
            yield guard
        finally:
            guard.release()

    def close(self) -> None:
        """End every wait, and stop watching."""
        with self._changed:
            self._is_closed = True
            guards, self._guards = self._guards, []
            self._changed.notify()
        for _, _, guard in guards:
            guard.expire()

    def _watch(self) -> None:
        while True:
            with self._changed:
                while self._guards and self._guards[0][2].is_over:
                    heapq.heappop(self._guards)
                if self._is_closed:
                    return
                wait = self._guards[0][0] - self._clock.monotonic() if self._guards else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                guard = heapq.heappop(self._guards)[2]
            guard.expire()
