"""Hosts as requests and listeners name them, and which of them are this machine alone."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:]+))(?::[0-9]{1,5})?")
"""A host as requests name it, an IPv6 address in brackets and without a zone; and its port."""
_USER = re.compile(r"([a-z][a-z0-9+.-]*://|[^\s/:@'\"]*:).*@", re.IGNORECASE | re.DOTALL)
_QUERY = re.compile(r"(://[^?#]*[?#]).*", re.DOTALL)


def host_of(authority: str) -> str | None:
    """Return the host that a request names, without its port; None where it names none."""
    named = _AUTHORITY.fullmatch(authority)
    return None if named is None else named[1] or named[2]


def address_of(url: str) -> str:
    """Return the address of a venue as it is shown and kept: without a name and a password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}"


def without_secrets(text: str) -> str:
    """Return `text`, as a user wrote it, without what an address in it may hold of secrets.

    They are what stands before the last @, as a name and a password do, and what is asked for
    after a ?, as a token is. Whether all is well formed does not matter.
    """
    return _QUERY.sub(r"\1***", _USER.sub(r"\1***@", text))


def is_address(host: str) -> bool:
    """Tell whether `host` is an address, which no name server has a say in."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Tell whether only programs on this machine can reach `host`."""
    return host == "localhost" or (is_address(host) and ip_address(host).is_loopback)


def is_named_loopback(authority: str) -> bool:
    """Tell whether a request that names the host `authority` can only mean this machine."""
    host = host_of(authority)
    return host is not None and is_loopback(host)
