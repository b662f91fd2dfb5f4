"""Where a report goes, and in which format: a table, JSON or CSV; to stdout or to a file."""

from __future__ import annotations

import csv
import io
import os
import shutil
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import orjson

from divbot.cli.table import table_text
from divbot.domain.errors import InputError, OutputError
from divbot.scanner.report import OPPORTUNITY_FIELDS, opportunity_document

if TYPE_CHECKING:
    from divbot.scanner.report import Report


class Format(Enum):
    """How a report is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"

    @classmethod
    def chosen(cls, *, as_json: bool, as_csv: bool, with_all: bool, path: Path | None) -> Format:
        """Return what the flags say, else what the file's name says, else a table."""
        if as_json and as_csv:
            raise InputError("--json and --csv exclude each other: give one of them")
        by_name = {".json": cls.JSON, ".csv": cls.CSV}.get(path.suffix.lower() if path else "")
        flagged = cls.JSON if as_json else cls.CSV if as_csv else None
        format_ = flagged or by_name or cls.TABLE
        if with_all and format_ is not cls.JSON:
            raise InputError("--all adds to the JSON document: give --json too")
        return format_


class Output:
    """Write one report; a file is known to be writable before the scan begins."""

    def __init__(self, format_: Format, path: Path | None, *, with_divergences: bool) -> None:
        self._format = format_
        self._path = path
        self._with_divergences = with_divergences
        self._file = _WholeFile(path) if path and path != Path("-") else None

    def write(self, report: Report) -> None:
        """Write `report` to its place."""
        if self._file:
            self._file.write(self._encode(report))
            return
        stdout = sys.stdout
        stdout.flush()
        if self._format is Format.TABLE:
            stdout.write(_table_for(stdout, report))
        else:
            stdout.buffer.write(self._encode(report))
        stdout.flush()

    def _encode(self, report: Report) -> bytes:
        if self._format is Format.JSON:
            document = report.to_document(with_divergences=self._with_divergences)
            return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
        if self._format is Format.CSV:
            return csv_text(report).encode()
        return table_text(report).encode()


def _table_for(stream: TextIO, report: Report) -> str:
    if not stream.isatty():
        return table_text(report)
    return table_text(
        report,
        width=shutil.get_terminal_size().columns,
        is_coloured=not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
    )


def csv_text(report: Report) -> str:
    """Return the opportunities as CSV, with a header; times in ms UTC."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    origin = {
        "venue": report.venue,
        "market": report.market.value,
        "interval": report.interval.value,
        "simulated": str(report.simulated).lower(),
    }
    columns = [*OPPORTUNITY_FIELDS, *origin]
    writer.writerow(columns)
    for opportunity in report.opportunities:
        fields = opportunity_document(opportunity) | origin
        writer.writerow([_inert(fields[name]) for name in columns])
    return text.getvalue()


def _inert(value: object) -> object:
    """Keep a spreadsheet from taking a symbol's name for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


class _WholeFile:
    """A file that appears whole or not at all; a device or a pipe is written to as it is."""

    def __init__(self, path: Path) -> None:
        self._named = path
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
        try:
            if self._is_plain:
                self._replace(content)
            else:
                self._path.write_bytes(content)
        except OSError as error:
            raise OutputError(f"cannot write {self._named}: {_reason(error)}") from error

    def _replace(self, content: bytes) -> None:
        part = self._path.with_name(f".divbot-{os.getpid()}.part")
        try:
            with part.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            if self._path.exists():
                part.chmod(self._path.stat().st_mode & 0o7777)
            part.replace(self._path)
        finally:
            part.unlink(missing_ok=True)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
