from __future__ import annotations

import socket

import pytest

from divbot.binance.transport.watchdog import Guard
from divbot.domain.clock import ManualClock


def test_a_socket_that_is_named_too_late_is_shut_down_at_once() -> None:
    guard = Guard(1.0, ManualClock())
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    guard.expire()

    with ours, theirs:
        guard.watch(ours)

        assert theirs.recv(1) == b""


def test_a_socket_of_a_reply_that_is_here_is_left_alone() -> None:
    guard = Guard(1.0, ManualClock())
    ours, theirs = socket.socketpair()

    with ours, theirs:
        guard.watch(ours)
        guard.release()
        guard.expire()

        ours.sendall(b"x")
        assert theirs.recv(1) == b"x"


@pytest.mark.parametrize(("elapsed", "left"), [(0.0, 3.0), (2.0, 1.0), (4.0, 0.0)])
def test_what_is_left_runs_out(elapsed: float, left: float) -> None:
    clock = ManualClock()
    guard = Guard(3.0, clock)

    clock.advance(elapsed)

    assert guard.left == left
