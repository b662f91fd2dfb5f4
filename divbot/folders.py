"""Where a user's caches and state live, by the customs of each platform; and whom folders obey."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

_MOST_LINKS = 40


def cache_home() -> Path:
    """Return the folder for what can be made anew."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return _local_data()
    return _absolute("XDG_CACHE_HOME") or Path.home() / ".cache"


def state_home() -> Path:
    """Return the folder for what must outlive a run."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return _local_data()
    return _absolute("XDG_STATE_HOME") or Path.home() / ".local" / "state"


def data_home() -> Path:
    """Return the folder for what a user has gathered."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return _local_data()
    return _absolute("XDG_DATA_HOME") or Path.home() / ".local" / "share"


def _absolute(variable: str) -> Path | None:
    """Return the folder that `variable` names; one that is not absolute is ignored, as XDG says."""
    folder = Path(os.environ.get(variable, ""))
    return folder if folder.is_absolute() else None


def _local_data() -> Path:
    return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")


def stranger_on(path: Path) -> Path | None:
    """Return the first folder or link on the way to `path` that others could exchange, or None.

    All must belong to this user or to root, and nobody else may write there; to /tmp anyone may,
    but what we own there is ours. Raise OSError where there is no such way.
    """
    if not hasattr(os, "getuid"):
        return None
    return next((each for each in _steps(path) if not _is_ours(each.lstat())), None)


def _is_ours(status: os.stat_result) -> bool:
    own = os.getuid()
    if status.st_uid not in (0, own):
        return False
    if not stat.S_ISDIR(status.st_mode) or status.st_mode & stat.S_ISVTX:
        return True
    # A group that bears the user's number is the user's alone, by the custom of many systems.
    others = stat.S_IWOTH if status.st_gid == own else stat.S_IWOTH | stat.S_IWGRP
    return not status.st_mode & others


def _steps(path: Path) -> Iterator[Path]:
    """Yield all that is passed on the way to `path`: folders from the root on, and links."""
    here = Path(path.anchor)
    left = list(reversed(path.parts[1:]))
    links = 0
    yield here
    while left:
        name = left.pop()
        here = here.parent if name == ".." else here / name
        yield here
        if not here.is_symlink():
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(f"more than {_MOST_LINKS} links on the way to {path}")
        target = here.readlink()
        here = Path(target.anchor) if target.is_absolute() else here.parent
        left += reversed(target.parts[1:] if target.is_absolute() else target.parts)
