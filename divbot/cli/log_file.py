"""The log of a paper run in a file, which stays small enough however long the run lasts."""

from __future__ import annotations

import contextlib
import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from divbot.cli.figures import harmless_lines
from divbot.cli.whole_file import reason_of
from divbot.domain.errors import OutputError

LARGEST = 5_000_000
"""Bytes after which a file is put aside, and a new one begun."""
KEPT = 5
"""So many older files are kept, the newest as FILE.1."""


class LogFile:
    """Add lines to a file; safe to use from several threads.

    Raise OutputError where it cannot be opened. What cannot be written later, on a full disk say,
    is lost, and stderr is told of it once.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._handler = _Rotating(path, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8")
        except OSError as error:
            raise OutputError(f"cannot write {path}: {reason_of(error)}") from error

    def write(self, line: str) -> None:
        """Add `line`, of which nothing can steer the terminal that it is read in."""
        self._handler.handle(logging.makeLogRecord({"msg": harmless_lines(line)}))

    def close(self) -> None:
        """Let go of the file."""
        # What a full disk did not take is lost, which was told.
        with contextlib.suppress(OSError):
            self._handler.close()


class _Rotating(RotatingFileHandler):
    _has_failed = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's
        """Say once that lines are lost: its own way is a traceback for each."""
        if not self._has_failed:
            self._has_failed = True
            error = sys.exc_info()[1]
            reason = reason_of(error) if isinstance(error, OSError) else type(error).__name__
            print(f"divbot: cannot write {self.baseFilename}: {reason}", file=sys.stderr)
