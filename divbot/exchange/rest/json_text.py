"""JSON, read and written in one place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias, TypeGuard

import orjson

from divbot.domain.errors import InputError

JsonObject: TypeAlias = dict[str, Any]


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


def json_bytes(content: object) -> bytes:
    """Return `content` as JSON, without blanks and without escapes."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def is_whole(value: object) -> TypeGuard[int]:
    """Tell whether JSON wrote a whole number; true is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def text_in(content: Mapping[str, Any], name: str) -> str:
    """Return the text `name`, empty where there is none; raise InputError for anything else."""
    text = content.get(name, "")
    if not isinstance(text, str):
        raise InputError(f"expected text for {name}, found {text!r}")
    return text


def number_in(
    content: Mapping[str, Any], name: str, least: float, most: float, *, whole: bool = False
) -> float:
    """Return the number `name`; raise InputError for none, and one outside of the bounds."""
    value = content.get(name)
    if (is_whole(value) or (isinstance(value, float) and not whole)) and least <= value <= most:
        return float(value)
    raise InputError(f"expected {name} from {least} to {most}, found {value!r}")
