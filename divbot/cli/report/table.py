"""Tables of a page, which a click on a title sorts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TypeVar

from divbot.cli.columns import Column
from divbot.cli.figures import harmless

Row = TypeVar("Row")
Keys = Mapping[str, Callable[[Row], float]]
"""By a column's title: what its rows are sorted by, where that is not what is read."""
Links = Mapping[str, Callable[[Row], str]]
"""By a column's title: the place on the page that a cell leads to."""


def table_markup(
    rows: Sequence[Row],
    columns: Sequence[Column[Row]],
    nothing: str,
    keys: Keys[Row] | None = None,
    links: Links[Row] | None = None,
) -> str:
    """Return `rows` as a table, or `nothing` where there are none."""
    if not rows:
        return f"<p>{escape(nothing)}</p>"
    head = "".join(
        f'<th scope="col" class="{_kind(x)}"><button type="button">{escape(x.title)}</button></th>'
        for x in columns
    )
    body = "".join(
        "<tr>" + "".join(_cell(row, x, keys or {}, links or {}) for x in columns) + "</tr>\n"
        for row in rows
    )
    return (
        '<div class="scroll" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>"
    )


def _cell(row: Row, column: Column[Row], keys: Keys[Row], links: Links[Row]) -> str:
    key, link = keys.get(column.title), links.get(column.title)
    value = "" if key is None else f' data-value="{key(row)}"'
    text = escape(harmless(column.cell(row)))
    if link is not None:
        text = f'<a href="#{escape(link(row))}">{text}</a>'
    return f'<td class="{_kind(column)} {column.style(row)}"{value}>{text}</td>'


def _kind(column: Column[Row]) -> str:
    return "number" if column.is_number else "word"
