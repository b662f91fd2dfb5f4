"""JSON that clients send: read in one place."""

from __future__ import annotations

from typing import Any

import orjson


class NotJson(ValueError):
    """Say where, counted from 1, a text ceases to be JSON."""

    def __init__(self, line: int, column: int) -> None:
        super().__init__(f"expected JSON, found something else at line {line} column {column}")
        self.line = line
        self.column = column


def read_json(text: str | bytes) -> Any:
    r"""Return what `text` holds; raise NotJson for what is none.

    A lone surrogate such as \ud800 is half a character, and a text that holds one cannot be sent:
    it is none, as are numbers such as NaN and what is nested more than a thousand deep.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotJson(error.lineno, error.colno) from None
