"""Where a report goes, and in which format: a table, JSON or CSV; to stdout or to a file."""

from __future__ import annotations

import csv
import io
import os
import shutil
import sys
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

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
        self._file = _WholeFile(path) if path else None

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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()


def _table_for(stream: TextIO, report: Report) -> str:
    if not stream.isatty():
        return table_text(report)
    return table_text(
        report, width=shutil.get_terminal_size().columns, is_coloured="NO_COLOR" not in os.environ
    )


def csv_text(report: Report) -> str:
    """Return the opportunities as CSV, with a header; times in ms UTC."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(OPPORTUNITY_FIELDS)
    for opportunity in report.opportunities:
        fields = opportunity_document(opportunity)
        writer.writerow([_inert(fields[name]) for name in OPPORTUNITY_FIELDS])
    return text.getvalue()


def _inert(value: object) -> object:
    """Keep a spreadsheet from taking a symbol's name for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


class _WholeFile:
    """A file that appears whole or not at all; a device or a pipe is written to as it is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Replacing /dev/null by a file of one's own would be a surprise.
        self._is_plain = not path.exists() or path.is_file()
        self._written = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            self._stream = (self._written if self._is_plain else path).open("wb")
        except OSError as error:
            raise OutputError(f"cannot write {path}: {_reason(error)}") from error

    def write(self, content: bytes) -> None:
        try:
            with self._stream as stream:
                stream.write(content)
                stream.flush()
                if self._is_plain:
                    os.fsync(stream.fileno())
                    self._written.replace(self._path)
        except OSError as error:
            raise OutputError(f"cannot write {self._path}: {_reason(error)}") from error

    def close(self) -> None:
        self._stream.close()
        if self._is_plain:
            self._written.unlink(missing_ok=True)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
