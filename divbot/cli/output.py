"""Where a report goes, and in which format: a table, JSON or CSV; to stdout or to a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from divbot.cli.destination import Destination, check_ending, inert, json_bytes
from divbot.domain.errors import InputError
from divbot.scanner.report_documents import OPPORTUNITY_FIELDS, opportunity_document
from divbot.scanner.together import best_of, longer_ones, reports_document

if TYPE_CHECKING:
    from divbot.domain.market import Interval
    from divbot.scanner.report import Report

_STANCE_FIELDS = ("trend", "way", "divergence", "age")


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

    def write(self, reports: Mapping[Interval, Report], best: int) -> None:
        """Write a report to its place, or several as one of `best` opportunities."""
        one = next(iter(reports.values()))
        content = self._encode(one) if len(reports) == 1 else self._encode_all(reports, best)
        self._destination.write(content)

    def _encode_all(self, reports: Mapping[Interval, Report], best: int) -> str | bytes:
        if self._format is OutputFormat.JSON:
            return json_bytes(reports_document(reports, with_divergences=self._with_divergences))
        if self._format is OutputFormat.CSV:
            return csv_of_all(reports, best).encode()
        from divbot.cli.interval_table import text_of_all

        fit = self._destination.fit
        return text_of_all(reports, best, fit, is_explained=self._is_explained)

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
    rows = [opportunity_document(x) | _origin(report) for x in report.opportunities]
    return _csv([*OPPORTUNITY_FIELDS, *_origin(report)], rows)


def csv_of_all(reports: Mapping[Interval, Report], best: int) -> str:
    """Return the opportunities of all as CSV, and what each longer interval says as columns."""
    longer = longer_ones(reports)
    columns = [*OPPORTUNITY_FIELDS, *_origin(next(iter(reports.values()))), "aligned"]
    columns += [f"{field}_{x.value}" for x in longer for field in _STANCE_FIELDS]
    rows = []
    for row in best_of(reports, best):
        fields = opportunity_document(row.opportunity) | _origin(reports[row.interval])
        fields["aligned"] = str(fields["aligned"]).lower()
        for name, stance in fields["higher"].items():
            fields |= {f"{field}_{name}": stance[field] for field in _STANCE_FIELDS}
        rows.append(fields)
    return _csv(columns, rows)


def _origin(report: Report) -> dict[str, str]:
    return {
        "venue": report.venue,
        "market": report.market.value,
        "interval": report.interval.value,
        "simulated": str(report.simulated).lower(),
    }


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as CSV; a cell that a row does not have is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = (row.get(name) for name in columns)
        writer.writerow([inert(x) if isinstance(x, str) else x for x in cells])
    return text.getvalue()
