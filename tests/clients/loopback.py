"""Keep other people's clients on this machine: whatever else they ask for is refused and told.

Standard library only: a client that runs as a program of its own is guarded by a copy of this file.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any


class Strayed(AssertionError):
    """A client asked for another machine; no client's `except` clause expects this one."""


@contextmanager
def loopback_only() -> Iterator[list[str]]:
    """Refuse to resolve and to connect to other hosts; yield the names that were asked for."""
    strays: list[str] = []
    undo = install(strays.append)
    try:
        yield strays
    finally:
        undo()


def install(tell: Callable[[str], object]) -> Callable[[], None]:
    """Refuse other hosts from now on, each of them told; return what ends it."""
    targets = [
        (socket, "getaddrinfo"),
        (socket, "gethostbyname"),
        (socket.socket, "connect"),
        (socket.socket, "connect_ex"),
    ]
    originals = [getattr(owner, name) for owner, name in targets]
    resolve, resolve_one, connect, connect_ex = originals

    def checked(host: object) -> None:
        if not is_loopback(host):
            tell(str(host))
            raise Strayed(f"expected loopback only, found {host}")

    def guarded_resolve(host: object, *rest: Any, **options: Any) -> Any:
        checked(host)
        return resolve(host, *rest, **options)

    def guarded_resolve_one(host: str) -> str:
        checked(host)
        return str(resolve_one(host))

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family is not socket.AF_UNIX:
            checked(address[0])
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        if self.family is not socket.AF_UNIX:
            checked(address[0])
        return int(connect_ex(self, address))

    guards = [guarded_resolve, guarded_resolve_one, guarded_connect, guarded_connect_ex]
    for (owner, name), guard in zip(targets, guards, strict=True):
        setattr(owner, name, guard)

    def undo() -> None:
        for (owner, name), original in zip(targets, originals, strict=True):
            setattr(owner, name, original)

    return undo


def is_loopback(host: object) -> bool:
    """Tell whether `host`, a name or an address, is this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ip_address(str(name)).is_loopback
    except ValueError:
        return False
