"""The way to a host: directly, or through a proxy; and whom to blame where it leads nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from divbot.binance.transport.transport import host_of
from divbot.domain.errors import InputError, VenueUnreachable

_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_OF_A_PROXY = (403, 407, 502, 503, 504)
"""What a proxy answers by itself to a request that it should pass on."""
_REFUSALS = {403: "it forbids that", 407: "it wants a user and a password"}


@dataclass(frozen=True, slots=True)
class ProxyRoute:
    """The way to one address."""

    url: str
    proxy: str = ""
    """The address of the proxy to go through; empty: none."""

    def late(self) -> VenueUnreachable:
        """Return the error for an answer that does not come in time."""
        return VenueUnreachable(f"no answer from {host_of(self.url)}{self._through()} in time")

    def unreachable(self, reason: str) -> VenueUnreachable:
        """Return the error for an answer that cannot come, for a `reason` in a few words."""
        return VenueUnreachable(
            f"cannot reach {host_of(self.url)}{self._through()}: {reason}{self._hint()}"
        )

    def refused(self, status: int) -> VenueUnreachable:
        """Return the error for a proxy that answers `status` instead of passing requests on."""
        reason = _REFUSALS.get(status, "it finds no way on")
        return self.unreachable(f"{reason} (HTTP {status})")

    def is_of_the_proxy(self, status: int) -> bool:
        """Tell whether a reply of `status` is the proxy's own.

        Only without TLS does the proxy's reply stand where the venue's is expected.
        """
        return bool(self.proxy) and self.url.startswith("http:") and status in _OF_A_PROXY

    def _through(self) -> str:
        return f" through the proxy {host_of(self.proxy)}" if self.proxy else ""

    def _hint(self) -> str:
        """Return what to do where the environment names a proxy, and nothing goes through it."""
        unused = "" if self.proxy else _proxy_for(self.url)
        if not unused:
            return ""
        return f"; the environment names the proxy {host_of(unused)}: use_proxies = true uses it"


class ProxyRoutes:
    """The ways that are taken, each found once."""

    def __init__(self, *, use_proxies: bool) -> None:
        self._use_proxies = use_proxies
        self._known: dict[str, ProxyRoute] = {}

    def to(self, url: str) -> ProxyRoute:
        """Return the way to `url`; raise InputError for a proxy without an address."""
        if not self._use_proxies:
            return ProxyRoute(url)
        route = self._known.get(url)
        if route is None:
            route = self._known[url] = ProxyRoute(url, _checked(_proxy_for(url)))
        return route


def _proxy_for(url: str) -> str:
    """Return the proxy that the environment names for `url`; an empty text where it names none."""
    # Loaded here: without proxies nobody waits for it.
    from requests.utils import get_environ_proxies, select_proxy

    named = select_proxy(url, get_environ_proxies(url)) or ""
    return named if not named or "://" in named else f"http://{named}"


def _checked(proxy: str) -> str:
    try:
        parts = urlsplit(proxy)
        is_address = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if proxy and not is_address:
        # Not shown: there may be a password in it.
        raise InputError(
            "the environment (HTTPS_PROXY, ALL_PROXY ...) names a proxy that is no address: "
            "expected http://HOST:PORT"
        )
    return proxy
