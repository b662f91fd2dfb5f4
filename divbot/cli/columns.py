"""Rows in columns, as a terminal shows them: fitted to its width, no digit ever cut."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

Row = TypeVar("Row")

_GAP = 2


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One figure of each row."""

    title: str
    cell: Callable[[Row], str]
    is_number: bool = True
    colour: Callable[[Row], str] | None = None

    def width(self, rows: Sequence[Row]) -> int:
        """Return what the column takes, its distance to the next included."""
        return _GAP + max(cell_len(self.title), *(cell_len(self.cell(x)) for x in rows))

    def styled(self, row: Row) -> Text:
        """Return the cell with its colour."""
        return Text(self.cell(row), style=self.colour(row) if self.colour else "")


def columns_text(
    rows: Sequence[Row],
    columns: Sequence[Column[Row]],
    *,
    left_out_first: Sequence[str] = (),
    width: int | None = None,
    is_coloured: bool = False,
) -> str:
    """Return at least one row under titles.

    Where `width` does not hold all columns, those titled `left_out_first` go first, and the last
    line says so: a line that wraps, or a cut price, misleads.
    """
    text = io.StringIO()
    console = Console(
        file=text,
        force_terminal=is_coloured,
        color_system="standard" if is_coloured else None,
        width=10_000,
        highlight=False,
    )
    shown = _fitting(rows, columns, left_out_first, width)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for column in shown:
        table.add_column(
            column.title, justify="right" if column.is_number else "left", no_wrap=True
        )
    for row in rows:
        table.add_row(*(column.styled(row) for column in shown))
    console.print(table)
    if left_out := [column.title for column in columns if column not in shown]:
        print(f"(left out to fit {width} columns: {', '.join(left_out)})", file=text)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _fitting(
    rows: Sequence[Row],
    columns: Sequence[Column[Row]],
    left_out_first: Sequence[str],
    width: int | None,
) -> list[Column[Row]]:
    widths = {column.title: column.width(rows) for column in columns}

    def fits(left_out: Sequence[str]) -> bool:
        taken = sum(wide for title, wide in widths.items() if title not in left_out)
        return width is None or taken - _GAP <= width

    left_out: list[str] = []
    for title in left_out_first:
        if fits(left_out):
            break
        left_out.append(title)
    # What went before a wide column may fit again once that one is gone.
    for title in reversed(left_out):
        fewer = [name for name in left_out if name != title]
        if fits(fewer):
            left_out = fewer
    return [column for column in columns if column.title not in left_out]
