"""Where a command's data goes, and how wide and colourful it may be there."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import orjson

from divbot.cli import terminal
from divbot.cli.whole_file import WholeFile
from divbot.domain.errors import InputError


@dataclass(frozen=True, slots=True)
class Fit:
    """What a table must fit into."""

    width: int | None = None
    """In columns; None: as wide as it gets."""
    is_coloured: bool = False


PAGE = (".html", ".htm")
"""How the name of a page ends."""


def check_ending(path: Path, known: Collection[str], otherwise: str = "") -> None:
    """Raise InputError where `path` has an ending that says something else than `known` ones."""
    ending = path.suffix.lower()
    if ending and ending not in known:
        raise InputError(
            f"{path}: expected a name that ends in {' or '.join(known)}, found {ending}{otherwise}"
        )


class Destination:
    """Stdout, or a file that is known to be writable before anything is written.

    With `endings`, a name that has an ending has one of those.
    """

    def __init__(self, path: Path | None, endings: Collection[str] = ()) -> None:
        if path and endings:
            check_ending(path, endings)
        self._file = WholeFile(path) if path and path != Path("-") else None

    @property
    def fit(self) -> Fit:
        """Return what a table should fit into: a terminal; files and pipes are wide enough."""
        if self._file or not sys.stdout.isatty():
            return Fit()
        wants_colours = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return Fit(shutil.get_terminal_size().columns, is_coloured=wants_colours)

    def write(self, content: str | bytes) -> None:
        """Write all there is to write."""
        if self._file:
            self._file.write(content.encode() if isinstance(content, str) else content)
            return
        stdout = terminal.stdout()
        if isinstance(content, bytes):
            stdout.write_file(content)
        elif self.fit.is_coloured:
            stdout.write_styled(content)
        else:
            stdout.write(content)
        stdout.flush()


def json_bytes(document: Mapping[str, object]) -> bytes:
    """Return `document` as JSON to read; a Decimal becomes a text, to the last digit.

    What cannot be printed is written as JSON does it: the same to programs, and to terminals too.
    """
    text = orjson.dumps(document, default=_plain, option=orjson.OPT_INDENT_2).decode()
    if not text.replace("\n", "").isprintable():
        text = "".join(x if x.isprintable() or x == "\n" else json.dumps(x)[1:-1] for x in text)
    return f"{text}\n".encode()


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"expected what JSON can hold, found {type(value).__name__}")


def inert(text: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text
