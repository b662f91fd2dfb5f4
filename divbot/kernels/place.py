"""Where compiled kernels are kept from one start to the next.

What is kept are pickles: whoever can write them can run anything as this user. So a place is one
that others cannot exchange, on all of the way to it.

    the user's cache --cannot be written, but holds the kernels--> is read
                     --cannot be written, holds none--> a folder of the user's own below /tmp
                                                        --neither--> nothing is kept
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from divbot.files import make_private
from divbot.folders import cache_home, stranger_on


@dataclass(frozen=True, slots=True)
class Place:
    """Where the kernels of one folder of sources are kept."""

    folder: Path | None
    """None: nowhere, so that every process compiles for itself."""
    problem: str = ""
    """Why that is not the user's cache, and what to do; empty: it is."""


_ADVICE = "make it one that you can write to and others cannot" + (
    ", or set XDG_CACHE_HOME to such a folder" if sys.platform == "linux" else ""
)


class _Unfit(Exception):
    """Say why a folder is no place for kernels."""


@lru_cache
def place_of(sources: Path) -> Place:
    """Return where kernels in `sources` are kept; the folder is made if need be."""
    name = f"{sources.name}-{_hash_of(Path(__file__).parent, sources)}"
    try:
        return Place(_usable(cache_home() / "divbot", name))
    except RuntimeError:  # nobody's home
        reason = "this user has no home folder"
    except _Unfit as unfit:
        reason = str(unfit)
    advice = f"{reason}; {_ADVICE}"
    try:
        # A name that the next start finds again, and anybody can guess: it is ours, or not used.
        folder = _usable(Path(tempfile.gettempdir()).absolute() / _temporary_name(), name)
    except (OSError, _Unfit):
        return Place(None, f"compiled code is kept nowhere, and each start compiles it: {advice}")
    return Place(folder, f"compiled code is kept in {folder.parent}, not in the cache: {advice}")


def is_kept(modules: Iterable[str]) -> bool | None:
    """Tell whether compiled code of each of `modules` is kept; None: it has no place.

    They are named as they are imported, and not imported here.
    """
    for name in modules:
        package, _, module = name.rpartition(".")
        folder = place_of(Path(str(import_module(package).__file__)).parent).folder
        if folder is None:
            return None
        if not any(folder.glob(f"{module}.*.nbi")):
            return False
    return True


def _temporary_name() -> str:
    return f"divbot-{os.getuid()}" if hasattr(os, "getuid") else "divbot"


def _usable(home: Path, name: str) -> Path:
    """Return the folder `name` in `home`, made if need be; raise _Unfit where it is no place."""
    folder = home / name
    try:
        make_private(folder)
        stranger = stranger_on(folder)
        status = folder.stat()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _Unfit(f"{error.filename or folder}: {reason}") from None
    if stranger is not None:
        raise _Unfit(f"others can write to {stranger}, or own it")
    if hasattr(os, "getuid") and status.st_uid == os.getuid() and status.st_mode & 0o077:
        raise _Unfit(f"{folder} is open to others")
    if not os.access(folder, os.W_OK) and not any(folder.glob("*.nbi")):
        raise _Unfit(f"{folder} cannot be written to")
    return folder


def _hash_of(*folders: Path) -> str:
    digest = hashlib.sha256()
    for source in sorted({path for folder in folders for path in folder.glob("*.py")}):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
