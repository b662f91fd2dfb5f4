"""Where this user's own files of divbot are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from divbot.domain.errors import InputError
from divbot.folders import cache_home


def at_home(home: Callable[[], Path]) -> Path:
    """Return divbot's own folder in `home`; raise InputError for a user without any."""
    try:
        return home() / "divbot"
    except RuntimeError:
        raise InputError(
            "this user has no home folder: set HOME, or XDG_CACHE_HOME and XDG_STATE_HOME"
        ) from None


def copies_folder() -> Path:
    """Return where copies of stores that lie elsewhere are; raise what at_home does."""
    return at_home(cache_home) / "stores"


def past_folder() -> Path:
    """Return where what is counted from the past is kept; raise what at_home does."""
    return at_home(cache_home) / "past"
