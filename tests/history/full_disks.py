"""A disk that is full after so many operations on it, and stays full."""

from __future__ import annotations

import errno
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_OPERATIONS = ("open", "write", "fsync", "replace", "mkdir")


class FullDisk:
    """Let so many operations below `folder` that need space succeed; later ones raise ENOSPC."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path, room: int) -> None:
        self.is_full = False
        self._folder = folder
        self._left = room
        self._descriptors: set[int] = set()
        self._lock = threading.Lock()
        self._known = self._files()
        for name in _OPERATIONS:
            patch.setattr(os, name, self._counted(getattr(os, name)))
        patch.setattr(os, "fdopen", lambda descriptor, _: io.BufferedWriter(_Raw(descriptor)))

    def unseen(self) -> set[Path]:
        """Return the files that were written by other ways than these operations."""
        return self._files() - self._known

    def _files(self) -> set[Path]:
        return {x for x in self._folder.rglob("*") if x.is_file()}

    def _counted(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def counted(where: Any, *arguments: Any, **named: Any) -> Any:
            is_here = self._is_here(where)
            opens = act.__name__ == "open"
            if is_here and (not opens or arguments[0] & os.O_CREAT):
                with self._lock:
                    self._left -= 1
                    self.is_full |= self._left < 0
                if self._left < 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            found = act(where, *arguments, **named)
            if is_here and act.__name__ in ("open", "replace"):
                self._known.add(Path(where if opens else arguments[0]).absolute())
            if opens and is_here:
                self._descriptors.add(found)
            elif opens:
                self._descriptors.discard(found)
            return found

        return counted

    def _is_here(self, where: Any) -> bool:
        if isinstance(where, int):
            return where in self._descriptors
        return Path(where).absolute().is_relative_to(self._folder)


class _Raw(io.RawIOBase):
    """A file that is written to by `os.write`, as it is then."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        return os.write(self._descriptor, content)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()
