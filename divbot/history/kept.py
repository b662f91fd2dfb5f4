"""Files that are computed once and kept: written whole, and let go of when nobody used them long.

Each is named by a hash of all that it was made of, so that none is ever wrong, only of no more use.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from divbot.files import whole_file

_UNUSED_FOR = 14 * 86_400
"""Seconds."""


def name_of(*made_of: Any) -> str:
    """Return a name for what is made of these: texts, numbers, and lists of such."""
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:20]


def whole(path: Path) -> AbstractContextManager[BinaryIO]:
    """Provide what is written to; it takes its place once the block has ended well."""
    return whole_file(path, is_durable=False)


def write_array(path: Path, values: NDArray[np.generic]) -> None:
    """Keep one array."""
    with whole(path) as file:
        np.save(file, values)


def let_go(folder: Path, used: Iterable[Path]) -> None:
    """Remove what nobody used for two weeks; `used` is what somebody uses now, by its path."""
    now = 0.0
    for path in used:
        with suppress(OSError):  # of a folder that is only read
            path.touch()
        now = max(now, path.stat().st_mtime)
    for path in folder.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime < now - _UNUSED_FOR:
                path.unlink()
