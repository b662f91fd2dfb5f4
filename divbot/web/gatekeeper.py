"""Who may ask: the host that a request names, the page that it comes from, and the token.

A page elsewhere can make a browser send requests here. It cannot choose their Host, once its name
points to this machine (DNS rebinding), hide its Origin, or know the token.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from divbot.alerts.address import Secret
from divbot.domain.hosts import host_of, is_address, is_loopback
from divbot.web.denial import Denial

_BEARER = "bearer "
GUARDED = ("Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Authorization")
"""Headers that are looked at besides Host; what comes twice counts as one text."""
_OURS = ("same-origin", "none")
"""What a browser says of requests from this very page, and of an address that was typed."""


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """What is asked of every request."""

    is_local: bool
    """Only programs on this machine can reach the server."""
    names: frozenset[str] = frozenset()
    """Names, in small letters, by which it is reached besides addresses."""
    token: Secret | None = None

    def refusal(
        self, headers: Mapping[str, str], hosts: list[str], *, is_open: bool, is_page: bool
    ) -> Denial | None:
        """Return why a request is not answered; None where it is.

        `hosts` are all Host headers. What `is_open` needs no token; a link may lead to what
        `is_page`.
        """
        if len(hosts) != 1 or not self._knows(hosts[0]):
            return Denial(
                403, "host", "this host is not served here: use its address, or set web_hosts"
            )
        if not _is_from_here(headers, hosts[0], is_page=is_page):
            return Denial(403, "origin", "other pages may not ask here")
        if is_open or self.token is None or self._is_known(headers.get("Authorization", "")):
            return None
        return Denial(
            401, "token", "the token is missing or wrong: send Authorization: Bearer WEB_TOKEN"
        )

    def _knows(self, authority: str) -> bool:
        host = (host_of(authority) or "").lower().removesuffix(".")
        if is_loopback(host) or host in self.names:
            return True
        return not self.is_local and is_address(host)

    def _is_known(self, given: str) -> bool:
        if self.token is None or not given.lower().startswith(_BEARER):
            return False
        said = given[len(_BEARER) :].strip().encode("utf-8", "surrogateescape")
        return hmac.compare_digest(said, self.token.text.encode())


def _is_from_here(headers: Mapping[str, str], host: str, *, is_page: bool) -> bool:
    origin = headers.get("Origin")
    if origin is not None:
        return _same(origin, host)
    site = headers.get("Sec-Fetch-Site")
    if site is None or site in _OURS:
        return True
    return is_page and headers.get("Sec-Fetch-Mode") == "navigate"


def _same(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()
