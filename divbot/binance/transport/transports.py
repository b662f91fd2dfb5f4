"""Which library sends requests: libcurl where it is installed, else requests."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from divbot.binance.transport.authorities import authorities
from divbot.binance.transport.transport import Transport
from divbot.domain.clock import Clock


def open_transport(
    clock: Clock, *, connections: int = 4, use_proxies: bool = False, trust: Path | None = None
) -> Transport:
    """Return a transport for as many threads as there are `connections`.

    Proxies of the environment are ignored unless `use_proxies`. Certificates are trusted by the
    authorities in the file or folder `trust`, by itself those that the environment names, or else
    those of certifi. Raise InputError where it names what cannot be read.
    """
    trust = trust or authorities()
    if find_spec("pycurl") is not None:
        from divbot.binance.transport.curl_transport import CurlTransport

        return CurlTransport(clock, use_proxies=use_proxies, trust=trust)
    from divbot.binance.transport.requests_transport import RequestsTransport

    return RequestsTransport(clock, connections=connections, use_proxies=use_proxies, trust=trust)
