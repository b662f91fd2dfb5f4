"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from divbot.domain.errors import OutputError
from divbot.files import write_whole


class WholeFile:
    """A file that appears whole or not at all; a device or a pipe is written to as it is."""

    def __init__(self, path: Path) -> None:
        self._named = path
        try:
            self._look_at(path)
        except OSError as error:  # a name that is too long, say
            raise OutputError(f"cannot write {path}: {reason_of(error)}") from error

    def _look_at(self, path: Path) -> None:
        # What a link points to is replaced, never the link; and a device is no file to replace:
        # /dev/null would become one.
        self._is_plain = not path.exists() or path.is_file()
        self._path = path.resolve() if self._is_plain else path
        folder = self._path.parent
        if path.is_dir():
            raise OutputError(f"cannot write {path}: it is a directory")
        if not folder.is_dir():
            raise OutputError(f"cannot write {path}: there is no folder {folder}")
        if not os.access(self._path if self._path.exists() else folder, os.W_OK):
            raise OutputError(f"cannot write {path}: permission denied")

    def write(self, content: bytes) -> None:
        """Put `content` in the place of whatever was there."""
        try:
            if self._is_plain:
                self._replace(content)
            else:
                self._path.write_bytes(content)
        except OSError as error:
            raise OutputError(f"cannot write {self._named}: {reason_of(error)}") from error

    def _replace(self, content: bytes) -> None:
        mode = self._path.stat().st_mode & 0o7777 if self._path.exists() else None
        write_whole(self._path, content, mode=mode)


def reason_of(error: OSError) -> str:
    """Return in words why a file could not be written."""
    return (error.strerror or type(error).__name__).lower()
