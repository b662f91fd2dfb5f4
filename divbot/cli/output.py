"""Where a report goes, and in which format: a table, JSON or CSV; to stdout or to a file."""

from __future__ import annotations

import csv
import io
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from divbot.cli.destination import Destination, check_ending, inert, json_bytes
from divbot.domain.errors import InputError
from divbot.scanner.report_documents import OPPORTUNITY_FIELDS, opportunity_document

if TYPE_CHECKING:
    from divbot.scanner.report import Report


class OutputFormat(Enum):
    """How a report is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"

    @classmethod
    def chosen(
        cls, *, as_json: bool, as_csv: bool, with_all: bool, path: Path | None
    ) -> OutputFormat:
        """Return what the flags say, else what the file's name says, else a table."""
        if as_json and as_csv:
            raise InputError("--json and --csv exclude each other: give one of them")
        flagged = cls.JSON if as_json else cls.CSV if as_csv else None
        format_ = flagged or cls._named(path)
        if with_all and format_ is not cls.JSON:
            raise InputError("--all adds to the JSON document: give --json too")
        return format_

    @classmethod
    def _named(cls, path: Path | None) -> OutputFormat:
        by_ending = {".json": cls.JSON, ".csv": cls.CSV, ".txt": cls.TABLE}
        if path is None:
            return cls.TABLE
        check_ending(path, by_ending, "; --json or --csv write any file")
        return by_ending.get(path.suffix.lower(), cls.TABLE)


class Output:
    """Write one report; a file is known to be writable before the scan begins."""

    def __init__(
        self,
        format_: OutputFormat,
        path: Path | None,
        *,
        with_divergences: bool,
        is_explained: bool = False,
    ) -> None:
        if is_explained and format_ is not OutputFormat.TABLE:
            raise InputError(
                "--explain is for the table: leave it out with --csv, and --json has it all"
            )
        self._format = format_
        self._is_explained = is_explained
        self._with_divergences = with_divergences
        self._destination = Destination(path)

    def prepare(self) -> None:
        """Load what writing takes, which is not needed before a scan is done."""
        if self._format is OutputFormat.TABLE:
            import divbot.cli.table  # noqa: F401

    def write(self, report: Report) -> None:
        """Write `report` to its place."""
        self._destination.write(self._encode(report))

    def _encode(self, report: Report) -> str | bytes:
        if self._format is OutputFormat.JSON:
            return json_bytes(report.to_document(with_divergences=self._with_divergences))
        if self._format is OutputFormat.CSV:
            return csv_text(report).encode()
        from divbot.cli.table import table_text

        fit = self._destination.fit
        return table_text(
            report,
            width=fit.width,
            is_coloured=fit.is_coloured,
            is_explained=self._is_explained,
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
        cells = (fields[name] for name in columns)
        writer.writerow([inert(x) if isinstance(x, str) else x for x in cells])
    return text.getvalue()
