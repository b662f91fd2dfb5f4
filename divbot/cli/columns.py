"""Lines that fit a terminal: what does not fit is left out, never wrapped and never cut.

A price that lost a digit would mislead; a column that is missing does not.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich.cells import cell_len
from rich.text import Text

from divbot.cli import terminal
from divbot.cli.destination import Fit
from divbot.cli.figures import harmless
from divbot.domain.signals import Side

Row = TypeVar("Row")

_ROOMY = 100
"""From this width on, columns stand two cells apart."""
_TEXT_GAP = 2
_WIDEST = 10_000


def _plain(_: object) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column of a table: how a row's cell is written and styled."""

    title: str
    cell: Callable[[Row], str]
    style: Callable[[Row], str] = _plain
    is_number: bool = True
    least: int = 0
    """Cells that it takes at least: a figure that gains a digit must not move its neighbours."""


def side_style(side: Side) -> str:
    """Return the colour of what a signal says to do."""
    return "green" if side is Side.BUY else "red"


def left_out(
    widths: Mapping[str, int], order: Sequence[str], width: int | None, gap: int
) -> list[str]:
    """Return the titles to leave out, in this `order`, until all others fit into `width`."""

    def fits(gone: Sequence[str]) -> bool:
        kept = [x for title, x in widths.items() if title not in gone]
        return width is None or sum(kept) + gap * (len(kept) - 1) <= width

    gone: list[str] = []
    for title in order:
        if fits(gone):
            break
        gone.append(title)
    # What went before a wide column may fit again once that one is gone.
    for title in reversed(gone):
        fewer = [name for name in gone if name != title]
        if fits(fewer):
            gone = fewer
    return gone


def close_gap(width: int | None) -> int:
    """Return how many cells stand between columns, where narrow lines are to hold many."""
    return 2 if width is None or width >= _ROOMY else 1


def table_lines(
    columns: Sequence[Column[Row]], rows: Sequence[Row], *, order: Sequence[str], width: int
) -> list[Text]:
    """Return the titles and one line for each row; `order` is that of leaving columns out."""
    lines, _ = _fitted(columns, rows, order=order, width=width, gap=close_gap(width))
    return lines


def table_text(
    columns: Sequence[Column[Row]],
    rows: Sequence[Row],
    *,
    order: Sequence[str],
    fit: Fit,
    gap: int = _TEXT_GAP,
) -> str:
    """Return the same as a text to print, which ends with the titles that were left out."""
    lines, gone = _fitted(columns, rows, order=order, width=fit.width, gap=gap)
    if gone:
        titles = ", ".join(x.title for x in columns if x.title in gone)
        told = f"(left out to fit {fit.width} columns: {titles})"
        lines += map(Text, words_on_lines(told, fit.width))
    text = io.StringIO()
    console = terminal.console(
        text,
        force_terminal=fit.is_coloured,
        color_system="standard" if fit.is_coloured else None,
        width=_WIDEST,
        highlight=False,
    )
    for line in lines:
        line.rstrip()
        console.print(line)
    return text.getvalue()


def _fitted(
    columns: Sequence[Column[Row]],
    rows: Sequence[Row],
    *,
    order: Sequence[str],
    width: int | None,
    gap: int,
) -> tuple[list[Text], list[str]]:
    cells = {x.title: [harmless(x.cell(row)) for row in rows] for x in columns}
    widths = {x.title: max(x.least, *map(cell_len, (x.title, *cells[x.title]))) for x in columns}
    gone = left_out(widths, order, width, gap)
    kept = [x for x in columns if x.title not in gone]
    lines = [Text(style="bold")] + [Text() for _ in rows]
    for column in kept:
        styles = [""] + [column.style(row) for row in rows]
        texts = [column.title, *cells[column.title]]
        for line, text, style in zip(lines, texts, styles, strict=True):
            space = " " * (widths[column.title] - cell_len(text))
            line.append(" " * gap if line else "")
            line.append(space + text if column.is_number else text + space, style)
    return lines, gone


def flowing(items: Sequence[Text], width: int, *, gap: int = 2) -> list[Text]:
    """Return `items` side by side on as many lines as they need; one too wide is left out."""
    lines: list[Text] = []
    for item in items:
        if not 0 < item.cell_len <= width:
            continue
        if lines and lines[-1].cell_len + gap + item.cell_len <= width:
            lines[-1].append(" " * gap).append_text(item)
        else:
            # A copy would carry the style of its first item to the end of the line.
            lines.append(Text().append_text(item))
    return lines


def cut(text: str, width: int, style: str = "") -> Text:
    """Return words, which may lose their end, on one line."""
    line = Text(harmless(text), style)
    line.truncate(max(width, 0), overflow="ellipsis")
    return line


def words_on_lines(text: str, width: int | None) -> list[str]:
    """Return `text` on lines that break between words only; a word too wide stays whole."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width is not None and lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
