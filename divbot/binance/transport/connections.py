"""Connections of urllib3 that keep a request's deadline from the first lookup to the last byte.

By itself urllib3 looks a name up for as long as the system's resolver pleases, and gives each
address of a host, and then TLS, the whole time once more.
"""

from __future__ import annotations

import socket
import threading
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.poolmanager import PoolManager, ProxyManager
from urllib3.response import HTTPResponse
from urllib3.util.connection import create_connection

from divbot.binance.transport.resolver import Resolver
from divbot.binance.transport.watchdog import Guard

_LEAST_SECONDS = 0.001


class _UnderWay(threading.local):
    """The request that this thread waits for, and what its connection is made with."""

    guard: Guard
    resolver: Resolver
    connect_timeout: float


under_way = _UnderWay()


class _GuardedHTTP(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3's own return type
        under_way.guard.watch(self.sock)
        return super().getresponse()


class _GuardedHTTPS(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        under_way.guard.watch(self.sock)
        return super().getresponse()


class _GuardedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _GuardedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


_GUARDED = {"http": _GuardedHTTPPool, "https": _GuardedHTTPSPool}


class GuardedAdapter(HTTPAdapter):
    """Make connections that name their socket to the guard of the request `under_way`."""

    def __init__(self, connections: int) -> None:
        super().__init__(pool_connections=4, pool_maxsize=connections, max_retries=0)
        self.poolmanager.pool_classes_by_scheme = _GUARDED

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> PoolManager:
        """Return what makes such connections through `proxy`."""
        manager: PoolManager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if isinstance(manager, ProxyManager):  # one for SOCKS has connections of its own
            manager.pool_classes_by_scheme = _GUARDED
        return manager


def _connected(connection: HTTPConnection) -> socket.socket:
    """Return a connected socket; raise what urllib3 raises where there is none."""
    try:
        connection.host.encode("idna")
    except UnicodeError:
        raise LocationParseError(connection.host) from None
    try:
        return _connected_to_any(connection)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "no connection in time") from error
    except OSError as error:
        raise NewConnectionError(connection, "no connection") from error


def _connected_to_any(connection: HTTPConnection) -> socket.socket:
    failure = OSError("no address")
    host, port, guard = connection.host, connection.port, under_way.guard
    for address in under_way.resolver.addresses(host, port, guard.left):
        try:
            connected = create_connection(
                (address, port), _patience(), connection.source_address, connection.socket_options
            )
        except OSError as error:
            failure = error
        else:
            # For the handshake of TLS, which keeps it over all of its recvs.
            connected.settimeout(_patience())
            return connected
    raise failure


def _patience() -> float:
    # Never zero: that would mean not to wait at all.
    return max(min(under_way.connect_timeout, under_way.guard.left), _LEAST_SECONDS)
