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
Outside = Callable[[Row], str]
"""The markup of a row's links to other pages."""
_OUTSIDE = "charts"


def table_markup(
    rows: Sequence[Row],
    columns: Sequence[Column[Row]],
    nothing: str,
    keys: Keys[Row] | None = None,
    links: Links[Row] | None = None,
    *,
    meanings: Mapping[str, str],
    outside: Outside[Row] | None = None,
    is_long: bool = False,
) -> str:
    """Return `rows` as a table, or `nothing` where there are none.

    `meanings` are shown to whoever points at the title of a column; a long table has a filter.
    """
    if not rows:
        return f"<p>{escape(nothing)}</p>"
    head = "".join(head_markup(x.title, _kind(x), meanings) for x in columns)
    if outside:
        head += head_markup(_OUTSIDE, "word", meanings)
    body = "".join(
        "<tr>"
        + "".join(_cell(row, x, keys or {}, links or {}) for x in columns)
        + (f'<td class="word">{outside(row)}</td>' if outside else "")
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<div class="scroll{" filtered" if is_long else ""}" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>"
    )


def head_markup(title: str, kind: str, meanings: Mapping[str, str]) -> str:
    """Return the head of a column, which sorts and says what it means."""
    meaning = meanings.get(title, "")
    about = f' title="{escape(meaning)}"' if meaning else ""
    button = f'<button type="button"{about}>{escape(title)}</button>'
    return f'<th scope="col" class="{kind}">{button}</th>'


def _cell(row: Row, column: Column[Row], keys: Keys[Row], links: Links[Row]) -> str:
    key, link = keys.get(column.title), links.get(column.title)
    value = "" if key is None else f' data-value="{key(row)}"'
    text = escape(harmless(column.cell(row)))
    if link is not None:
        text = f'<a href="#{escape(link(row))}">{text}</a>'
    return f'<td class="{_kind(column)} {column.style(row)}"{value}>{text}</td>'


def _kind(column: Column[Row]) -> str:
    return "number" if column.is_number else "word"
