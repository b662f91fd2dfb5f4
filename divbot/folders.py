"""Where a user's caches and state live, by the customs of each platform."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_home() -> Path:
    """Return the folder for what can be made anew."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return _local_data()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def state_home() -> Path:
    """Return the folder for what must outlive a run."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return _local_data()
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")


def _local_data() -> Path:
    return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
