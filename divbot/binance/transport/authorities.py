"""Whose certificates are trusted: those of certifi, or those of a file that the environment names.

A proxy that reads along, as many companies have one, signs with an authority of its own.
"""

from __future__ import annotations

import os
from pathlib import Path

from divbot.domain.errors import InputError

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""The first that is set counts: a file, or a folder as OpenSSL wants it."""
_BEGINNING = b"CERTIFICATE-----"


def authorities() -> Path | None:
    """Return the file or folder that the environment names; None where it names none.

    Raise InputError where there is no certificate to be read.
    """
    for name in VARIABLES:
        if named := os.environ.get(name):
            return _checked(name, Path(named))
    return None


def _checked(name: str, path: Path) -> Path:
    try:
        # All of it is read by whoever connects: TLS would take 70 ms to do so here, for nothing.
        is_one = path.is_dir() or _BEGINNING in path.read_bytes()
        reason = "" if is_one else "there is no certificate in it"
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    if reason:
        raise InputError(f"cannot read the certificates that {name} names: {path}: {reason}")
    return path
