"""What a user gives that is no number: one of a few words, a list of names, yes or no, a file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from divbot.domain.bounds import Reader, shortened

Word = TypeVar("Word", bound=StrEnum)
Item = TypeVar("Item")

_YES, _NO = ("true", "yes", "y", "on", "t", "1"), ("false", "no", "n", "off", "f", "0")


@dataclass(frozen=True, slots=True)
class Choice(Reader[Word], Generic[Word]):
    """One of the words of an enumeration."""

    kind: type[Word]
    write: Callable[[str], str] = str
    """How a word is written that is meant for one of these."""

    @property
    def choices(self) -> tuple[str, ...]:
        """Return the words."""
        return tuple(self.kind)

    def __str__(self) -> str:
        return f"one of {', '.join(self.kind)}"

    def _taken(self, value: object) -> Word | None:
        written = self.write(value) if isinstance(value, str) else None
        return next((word for word in self.kind if word == written), None)


@dataclass(frozen=True, slots=True)
class Several(Reader[tuple[Item, ...]], Generic[Item]):
    """Names in a text such as `A,B`, or in a list of texts; each once, in their order."""

    expected: str
    item: Callable[[str], Item]
    choices: tuple[str, ...] = ()
    is_strict: bool = False
    """Refuse one that is given twice: it is a slip, and not said again for clarity."""

    def __str__(self) -> str:
        return self.expected

    def _taken(self, value: object) -> tuple[Item, ...] | None:
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, list | tuple) or not all(isinstance(x, str) for x in names):
            return None
        items = [self.item(name.strip()) for name in names if name.strip()]
        found = tuple(dict.fromkeys(items))
        if names and not found:
            raise ValueError(f"expected {self}, found none")
        if self.is_strict and len(found) < len(items):
            twice = next(x for x in found if items.count(x) > 1)
            raise ValueError(f"expected each once, found {twice} twice")
        return found


class Switch(Reader[bool]):
    """Yes or no."""

    def __str__(self) -> str:
        return "true or false"

    def _taken(self, value: object) -> bool | None:
        text = str(value).strip().lower() if isinstance(value, bool | int | str) else ""
        return text in _YES if text in (*_YES, *_NO) else None


class FilePath(Reader[Path]):
    """The path of a file."""

    def __str__(self) -> str:
        return "the path of a file"

    def _taken(self, value: object) -> Path | None:
        return Path(value) if isinstance(value, str | PathLike) else None


@dataclass(frozen=True, slots=True)
class CheckedText(Reader[str]):
    """A text of a certain form."""

    expected: str
    fits: Callable[[str], bool]

    def __str__(self) -> str:
        return self.expected

    def _taken(self, value: object) -> str | None:
        return value if isinstance(value, str) and self.fits(value) else None


class VenueAddress(Reader[str]):
    """The address of a server; of one that cannot be, what is wrong is told, and not the text.

    A slip in writing it may make any part of it look like another, and a password like a port.
    """

    def __str__(self) -> str:
        return "https://HOST, or http:// for an exchange on this machine"

    def _taken(self, value: object) -> str | None:
        return value if isinstance(value, str) and not _fault_of(value) else None

    def _found(self, value: object) -> str:
        if isinstance(value, str):
            return _fault_of(value)
        return shortened(value) if isinstance(value, int | float) else f"a {type(value).__name__}"


def _fault_of(url: str) -> str:
    """Return what is wrong with the address of a server; nothing where all is well."""
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "one with a wrong host or port"
    if not url.lower().startswith(f"{parts.scheme}://"):
        return "one without https://"
    if parts.scheme not in ("http", "https"):
        return f"one that begins with {parts.scheme}://"
    if not has_host:
        return "one with a wrong host or port"
    if parts.query or parts.fragment:
        return "one with a ? or # in it"
    is_local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    return "" if parts.scheme == "https" or is_local else f"http:// to {parts.hostname}"


@dataclass(frozen=True, slots=True)
class Either(Reader[Item], Generic[Item]):
    """A word, or what another reader takes."""

    word: Item
    other: Reader[Item]

    @property
    def choices(self) -> tuple[str, ...]:
        """Return the word."""
        return (str(self.word),)

    def __str__(self) -> str:
        return f"{self.word} or {self.other}"

    def _taken(self, value: object) -> Item | None:
        if isinstance(value, str) and value.strip().lower() == self.word:
            return self.word
        with suppress(ValueError):
            return self.other.read(value)
        return None
