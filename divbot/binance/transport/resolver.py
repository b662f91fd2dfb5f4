"""Names of hosts, looked up in time: the system's own resolver knows no deadline."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future
from typing import TypeAlias

from divbot.domain.hosts import is_address

_Name: TypeAlias = tuple[str, int]


class Resolver:
    """Look names up, each at most once at a time; safe to use from several threads.

    A lookup cannot be ended. One that outlives whoever waits for it goes on in a thread of its
    own, which keeps no process alive, and answers whoever asks for the same name meanwhile.
    """

    def __init__(self) -> None:
        self._under_way: dict[_Name, Future[list[str]]] = {}
        # Guards _under_way.
        self._lock = threading.Lock()

    def addresses(self, host: str, port: int, seconds: float) -> list[str]:
        """Return the addresses of `host`, the best first.

        Raise TimeoutError when they are not known within `seconds`, OSError when there are none.
        """
        if is_address(host):
            return [host]
        return self._lookup((host, port)).result(seconds)

    def _lookup(self, name: _Name) -> Future[list[str]]:
        with self._lock:
            lookup = self._under_way.get(name)
            if lookup is None:
                lookup = self._under_way[name] = Future()
                threading.Thread(
                    target=self._answer, args=(name, lookup), name="resolver", daemon=True
                ).start()
            return lookup

    def _answer(self, name: _Name, lookup: Future[list[str]]) -> None:
        try:
            found = socket.getaddrinfo(*name, type=socket.SOCK_STREAM)
        except OSError as error:
            self._forget(name)
            lookup.set_exception(error)
        else:
            self._forget(name)
            lookup.set_result([str(address[0]) for *_, address in found])

    def _forget(self, name: _Name) -> None:
        with self._lock:
            del self._under_way[name]
