"""What passes over a connection, in either direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class TextFrame:
    """A message."""

    content: str


@dataclass(frozen=True, slots=True)
class BinaryFrame:
    """A message that is no text."""

    content: bytes


@dataclass(frozen=True, slots=True)
class PingFrame:
    """A question whether the other side is there."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class PongFrame:
    """The answer, with the question's payload; or one that nobody asked for."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class CloseFrame:
    """The end of the connection, and why."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Abort:
    """The end of the connection without a word: no frame of the protocol, but of its absence."""


Frame: TypeAlias = TextFrame | BinaryFrame | PingFrame | PongFrame | CloseFrame | Abort
