"""A small file of what is worth knowing again in the next run."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from divbot.files import make_private, write_whole


class Notebook:
    """Keep one JSON object in a private file, which is replaced whole, also through a power loss.

    Without a path, or where the file can be neither read nor written, nothing is kept: whoever
    writes here can do without.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> dict[str, Any]:
        """Return what was written last; nothing where that cannot be told."""
        try:
            document = json.loads(self._path.read_text("utf-8")) if self._path else {}
        except (OSError, ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}

    def write(self, content: Mapping[str, object]) -> None:
        """Replace what was written before."""
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            make_private(self._path.parent)
            write_whole(self._path, json.dumps(content).encode(), mode=0o600)
