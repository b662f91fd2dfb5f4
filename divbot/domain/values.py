"""What a user gives that is no number: one of a few words, a list of names, yes or no, a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import Generic, TypeVar

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
        return "one of " + ", ".join(map(repr, map(str, self.kind)))

    def read(self, value: object) -> Word:
        """Return the word that `value` is; raise ValueError for another."""
        if isinstance(value, str):
            for word in self.kind:
                if word == self.write(value):
                    return word
        raise ValueError(f"expected {self}, found {shortened(value)}")


@dataclass(frozen=True, slots=True)
class Several(Reader[tuple[Item, ...]], Generic[Item]):
    """Names in a text such as `A,B`, or in a list of texts."""

    expected: str
    item: Callable[[str], Item]
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.expected

    def read(self, value: object) -> tuple[Item, ...]:
        """Return each name as `item` has it; raise ValueError where there is none."""
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, list | tuple) or not all(isinstance(x, str) for x in names):
            raise ValueError(f"expected {self}, found {shortened(value)}")
        found = tuple(self.item(name.strip()) for name in names if name.strip())
        if names and not found:
            raise ValueError(f"expected {self}, found none")
        return found


class Switch(Reader[bool]):
    """Yes or no."""

    def __str__(self) -> str:
        return "true or false"

    def read(self, value: object) -> bool:
        """Return what `value` says; raise ValueError where it says neither."""
        text = str(value).strip().lower()
        if not isinstance(value, bool | int | str) or text not in (*_YES, *_NO):
            raise ValueError(f"expected {self}, found {shortened(value)}")
        return text in _YES


class FilePath(Reader[Path]):
    """The path of a file."""

    def __str__(self) -> str:
        return "the path of a file"

    def read(self, value: object) -> Path:
        """Return the path; raise ValueError for what is none."""
        if isinstance(value, str | PathLike):
            return Path(value)
        raise ValueError(f"expected {self}, found {shortened(value)}")


@dataclass(frozen=True, slots=True)
class Text(Reader[str]):
    """A text of a certain form."""

    expected: str
    fits: Callable[[str], bool]

    def __str__(self) -> str:
        return self.expected

    def read(self, value: object) -> str:
        """Return the text; raise ValueError where it is none of that form."""
        if not isinstance(value, str) or not self.fits(value):
            raise ValueError(f"expected {self}, found {shortened(value)}")
        return value


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

    def read(self, value: object) -> Item:
        """Return the word or the other; raise ValueError for neither."""
        if isinstance(value, str) and value.strip().lower() == self.word:
            return self.word
        try:
            return self.other.read(value)
        except ValueError:
            raise ValueError(f"expected {self}, found {shortened(value)}") from None
