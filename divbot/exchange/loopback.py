"""Which addresses only programs on this machine can reach."""

from __future__ import annotations

import re
from ipaddress import ip_address

_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:]+))(?::[0-9]{1,5})?")
"""A host as requests name it, an IPv6 address in brackets and without a zone; and its port."""


def is_loopback(host: str) -> bool:
    """Tell whether only programs on this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_named_loopback(authority: str) -> bool:
    """Tell whether a request that names the host `authority` can only mean this machine."""
    named = _AUTHORITY.fullmatch(authority)
    return named is not None and is_loopback(named[1] or named[2])
