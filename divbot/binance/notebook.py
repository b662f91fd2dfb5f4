"""A small file of what is worth knowing again in the next run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Notebook:
    """Keep one JSON object in a file, which is replaced whole.

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
        part = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.write_text(json.dumps(content), "utf-8")
            part.replace(self._path)
        except OSError:
            part.unlink(missing_ok=True)
