"""Events as rows of the journal: canonical JSON, each row sealed by a hash over all before it.

Exact both ways: decimals are kept as text with all their zeros, and what could not be read back as
it was is refused before it is written. A flipped bit changes a hash, and a missing row breaks the
chain; SQLite's own checks see neither.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any, NamedTuple, Self, get_args

import orjson
from pydantic import TypeAdapter, ValidationError

from divbot.database import Damaged
from divbot.domain.errors import JournalError
from divbot.domain.events import Event

GENESIS = bytes(32)
"""What the first row is chained to, in a journal that was never upgraded."""


class Original(NamedTuple):
    """The journal of an older version that this one was made from: the row of `original`."""

    version: int
    events: int
    hash: bytes
    """Of its last event."""

    @property
    def seal(self) -> bytes:
        """Return what the first row is chained to."""
        return hashlib.sha256(self.hash + f"{self.version}|{self.events}".encode()).digest()


class Record(NamedTuple):
    """One row of the table `event`."""

    seq: int
    """Counts from 1, without gaps."""
    ts: int
    kind: str
    key: str
    """What may stand in a journal only once."""
    body: str
    """The fields of the event as JSON."""
    hash: bytes

    @classmethod
    def of(cls, event: Event, seq: int, previous: bytes) -> Self:
        """Return the row for `event`; raise JournalError where it could not be read back."""
        open_ = cls(seq, event.at, event.kind, event.key, encode(event), GENESIS)
        return open_.sealed(previous)

    def sealed(self, previous: bytes) -> Self:
        """Return the row with its hash, chained to the hash `previous`."""
        text = "|".join(map(str, self[:-1]))
        return self._replace(hash=hashlib.sha256(previous + text.encode()).digest())

    def event(self) -> Event:
        """Return the event; raise Damaged for what this version of divbot does not know."""
        try:
            return decode(self.kind, self.body)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, (self.kind, *first["loc"])))
            raise Damaged(
                f"event {self.seq}: {where}: {first['msg']}; was it written by another version "
                "of divbot?"
            ) from error
        except KeyError:
            raise Damaged(
                f"event {self.seq}: unknown kind {self.kind!r}; was it written by another version "
                "of divbot?"
            ) from None

    def check(self, seq: int, previous: bytes) -> None:
        """Raise Damaged unless this is row `seq` and follows a row whose hash is `previous`."""
        if self.seq != seq:
            raise Damaged(f"event {seq} is missing, {self.seq} stands in its place")
        if self != self.sealed(previous):
            raise Damaged(f"event {seq} is not what was written: its hash is another")


def encode(event: Event) -> str:
    """Return the fields of `event` as JSON; raise JournalError where they could not be read back.

    Keys are sorted: what is equal has equal text, and so equal hashes.
    """
    try:
        fields = _adapters()[event.kind].dump_python(event, mode="json", warnings="error")
        body = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode()
        is_exact = decode(event.kind, body) == event
    except (TypeError, ValueError) as error:  # what pydantic and orjson raise
        reason = " ".join(str(error).split())
        raise JournalError(f"{event.kind}: cannot be written as JSON: {reason}") from error
    if not is_exact:
        raise JournalError(f"{event.kind}: would be read back as another event: {event}")
    return body


def decode(kind: str, body: str) -> Event:
    """Return the event of `kind` with the fields in `body`.

    Raise KeyError for an unknown kind, ValidationError for missing, unknown or malformed fields.
    """
    event: Event = _adapters()[kind].validate_json(body, strict=True, extra="forbid")
    return event


@cache
def _adapters() -> dict[str, TypeAdapter[Any]]:
    # Made at the first use: it takes as long as a small import.
    return {event.kind: TypeAdapter(event) for event in get_args(Event)}
