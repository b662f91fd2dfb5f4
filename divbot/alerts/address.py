"""Where alerts are sent: addresses that users give, of which nobody else may see the secret.

An address is named by its scheme and by its place in the list, never by what follows: in most that
is a token that lets anybody write in the user's name.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import ClassVar

from divbot.domain.bounds import Reader

BELL, LINES, WEBHOOK = "bell", "jsonl", "webhook"
OWN = (BELL, LINES, WEBHOOK)
"""The schemes of divbot's own sinks; Apprise knows all others."""
FORMS = "SCHEME://... as Apprise has them, webhook:https://..., jsonl:FILE, or bell"
_SCHEME = re.compile(r"([a-z][a-z0-9+-]{0,23}):(?://)?.+", re.IGNORECASE | re.DOTALL)
_BETWEEN = re.compile(rf"[,\s]+(?=[a-z][a-z0-9+-]*://|{LINES}:|{WEBHOOK}:|{BELL}\b)", re.IGNORECASE)
"""A comma inside an address is a part of it."""
_WORD = re.compile(r"[!-~]+")
_MARK = 16


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that is in nothing that is printed."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """Where alerts are sent."""

    number: int
    """Its place in the list, from 1."""
    scheme: str
    secret: Secret

    def __str__(self) -> str:
        return self.scheme if self.scheme == BELL else f"{self.scheme}, address {self.number}"

    @property
    def target(self) -> str:
        """Return what follows the scheme of one of divbot's own sinks."""
        return self.secret.text.partition(":")[2]

    @property
    def mark(self) -> str:
        """Return what tells it from all others, and tells nothing else of it."""
        digest = hashlib.sha256(self.secret.text.encode()).hexdigest()
        return f"{self.scheme}:{digest[:_MARK]}"


class Addresses(Reader[tuple[Address, ...]]):
    """Several addresses, in a list or in one text."""

    metavar: ClassVar[str | None] = None

    def __str__(self) -> str:
        return FORMS

    def _taken(self, value: object) -> tuple[Address, ...] | None:
        if isinstance(value, tuple) and all(isinstance(x, Address) for x in value):
            return value
        texts = _BETWEEN.split(value.strip()) if isinstance(value, str) else value
        if not isinstance(texts, list | tuple) or not all(isinstance(x, str) for x in texts):
            return None
        found = {text.strip(): None for text in texts if text.strip()}
        return tuple(_address(number, text) for number, text in enumerate(found, 1))

    def _found(self, value: object) -> str:
        return f"a value of type {type(value).__name__}"


@dataclass(frozen=True, slots=True)
class SecretText(Reader[Secret]):
    """A secret of the user's, so long at least; with `is_word`, of what a header can hold."""

    least: int = 8
    is_word: bool = False

    def __str__(self) -> str:
        of = "ASCII letters, digits or signs" if self.is_word else "characters"
        return f"a text of {self.least} {of} at least"

    def _taken(self, value: object) -> Secret | None:
        if isinstance(value, Secret):
            return value
        if not isinstance(value, str) or len(value) < self.least:
            return None
        return None if self.is_word and not _WORD.fullmatch(value) else Secret(value)

    def _found(self, value: object) -> str:
        if isinstance(value, str):
            return "a shorter one" if len(value) < self.least else "one with other characters"
        return f"a {type(value).__name__}"


def _address(number: int, text: str) -> Address:
    if text.lower() == BELL:
        return Address(number, BELL, Secret(BELL))
    match = _SCHEME.fullmatch(text)
    if match is None:
        raise ValueError(f"expected {FORMS}; address {number} of the list has no such form")
    scheme = match[1].lower()
    if scheme not in OWN and "://" not in text:
        raise ValueError(f"expected {FORMS}; address {number} of the list has no ://")
    return Address(number, scheme, Secret(text))
