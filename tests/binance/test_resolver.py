from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from divbot.binance.transport.resolver import Resolver

FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", 80)) for n in (1, 2)]


class SystemResolver:
    """Count lookups; answer with `answer` once it is let."""

    def __init__(self, answer: Callable[[], object]) -> None:
        self.asked: list[tuple[str, int]] = []
        self.may_answer = threading.Event()
        self._answer = answer

    def getaddrinfo(self, host: str, port: int, **_: object) -> object:
        self.asked.append((host, port))
        self.may_answer.wait(10)
        return self._answer()


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> SystemResolver:
    system = SystemResolver(lambda: FOUND)
    monkeypatch.setattr(socket, "getaddrinfo", system.getaddrinfo)
    return system


def test_a_name_stands_for_its_addresses(system: SystemResolver) -> None:
    system.may_answer.set()

    assert Resolver().addresses("venue.invalid", 80, 5) == ["127.0.0.1", "127.0.0.2"]
    assert system.asked == [("venue.invalid", 80)]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_an_address_is_not_looked_up(system: SystemResolver, address: str) -> None:
    assert Resolver().addresses(address, 80, 0) == [address]
    assert system.asked == []


def test_nobody_waits_longer_than_asked_and_nobody_asks_twice(system: SystemResolver) -> None:
    resolver = Resolver()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            resolver.addresses("venue.invalid", 80, 0.01)

    system.may_answer.set()

    assert resolver.addresses("venue.invalid", 80, 5) == ["127.0.0.1", "127.0.0.2"]
    assert 1 <= len(system.asked) <= 2  # the slow answer may have come just before the last call


def test_a_failed_lookup_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    system = SystemResolver(fail)
    system.may_answer.set()
    monkeypatch.setattr(socket, "getaddrinfo", system.getaddrinfo)
    resolver = Resolver()

    for _ in range(2):
        with pytest.raises(socket.gaierror):
            resolver.addresses("venue.invalid", 80, 5)

    assert len(system.asked) == 2
