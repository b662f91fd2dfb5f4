"""What some commands need besides what divbot always brings, and how to get it."""

from __future__ import annotations

import re
import shlex
import sys
from importlib import metadata

PLOTLY = "plotly>=6"
APPRISE = "apprise>=1.9"
PYARROW = "pyarrow>=18"
SCIPY = "scipy>=1.15"
DISTRIBUTED = "distributed>=2024.8"
PROMETHEUS = "prometheus-client>=0.21"
FSSPEC = "fsspec>=2024.6"
S3FS = "s3fs>=2024.6"


_OF_AN_EXTRA = re.compile(
    r"""(?P<requirement>(?P<name>[\w.-]+)[^;]*?) *; *extra *== *['"](?P<extra>[\w.-]+)['"]"""
)
_FOR_DEVELOPERS = ("test",)


def how_to_install(*requirements: str) -> str:
    """Return the command that installs `requirements` for the Python that runs divbot.

    It works however divbot itself was installed, an editable checkout included.
    """
    python = shlex.quote(sys.executable or "python")
    return f"{python} -m pip install {' '.join(map(shlex.quote, requirements))}"


def missing_extras() -> dict[str, list[str]]:
    """Return what is missing of each extra that is not for developers, where anything is."""
    found: dict[str, list[str]] = {}
    for line in metadata.requires("divbot") or ():
        match = _OF_AN_EXTRA.fullmatch(line)
        if match and not _is_installed(match["name"]):
            found.setdefault(match["extra"], []).append(match["requirement"])
    return {name: missing for name, missing in found.items() if name not in _FOR_DEVELOPERS}


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
