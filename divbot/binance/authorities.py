"""Whose certificates are trusted: those of certifi, or those of a file that the environment names.

A proxy that reads along, as many companies have one, signs with an authority of its own.
"""

from __future__ import annotations

import os
from pathlib import Path

from divbot.domain.errors import InputError

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""The first that is set counts: a file, or a folder as OpenSSL wants it."""


def authorities() -> Path | None:
    """Return the file or folder that the environment names; None where it names none.

    Raise InputError where no certificate can be read there.
    """
    for name in VARIABLES:
        if named := os.environ.get(name):
            return _checked(name, Path(named))
    return None


def _checked(name: str, path: Path) -> Path:
    # Loaded here: libcurl has a TLS of its own.
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if path.is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except OSError as error:
        is_empty = isinstance(error, ssl.SSLError)
        reason = "there is no certificate in it" if is_empty else (error.strerror or "").lower()
        raise InputError(f"cannot read the certificates that {name} names: {path}: {reason}") from (
            error
        )
    return path
