"""Every way in which divbot can fail, and what follows from each.

    DivbotError                     exit code 1
    ├── InputError                  exit code 2   tell the user: what was asked cannot be done
    │   ├── SettingsError                         a setting is unknown, malformed or out of range
    │   ├── RecordingError                        a recorded market cannot be used
    │   └── OutputError                           a file to write cannot be written
    ├── VenueError                  exit code 3
    │   ├── TryAgain                              the same request may well succeed in a moment
    │   │   ├── VenueUnreachable                  no answer came at all
    │   │   └── BadAnswer                         an answer came that cannot be believed
    │   ├── StopAsking                            no other request would fare better now
    │   │   ├── StopUntil                         no request at all before the time it names
    │   │   └── VenueRefused                      the venue will not serve this address
    │   └── RequestRejected                       the venue says that the request itself is wrong
    ├── SymbolError                 exit code 4   drop this symbol, keep all others
    │   └── UnknownSymbol
    ├── StateError                  exit code 5   what is kept on disk cannot be relied on
    │   ├── LedgerError                           an event cannot have happened
    │   ├── JournalError                          the journal is damaged, locked or unwritable
    │   │   └── DuplicateEvent                    what was decided again stands in it already
    │   └── StoreError                            the store is damaged, newer, locked or unwritable
    └── WorkerLost                  exit code 1   a worker process died or hung

Retrying and dropping look at the class, never at the text.
"""

from __future__ import annotations

from typing import ClassVar, Self

from divbot.domain.clock import Clock, utc_text


class DivbotError(Exception):
    """Stand for any failure that divbot itself reports, in one line."""

    exit_code: ClassVar[int] = 1


class InputError(DivbotError):
    """What the user asked for cannot be done as asked."""

    exit_code = 2


class SettingsError(InputError):
    """A setting is unknown, malformed or out of range."""


class RecordingError(InputError):
    """A recorded market is missing, of the wrong shape, or damaged."""


class OutputError(InputError):
    """A file that should be written cannot be written."""


class VenueError(DivbotError):
    """The venue did not give what it was asked for."""

    exit_code = 3


class TryAgain(VenueError):
    """The same request may well succeed in a moment."""


class VenueUnreachable(TryAgain):
    """No answer came: no network, no such host, refused, reset or timed out."""


class BadAnswer(TryAgain):
    """An answer came that cannot be believed: truncated, not JSON, or of the wrong shape."""


LONGEST_WAIT = 120.0
"""A pause up to this, in seconds, is waited for; a longer one is told."""


class StopAsking(VenueError):
    """No other request would fare better now, whatever it asks for."""


class StopUntil(StopAsking):
    """The venue wants no request at all for some time.

    `ends` is when that is over, in seconds of the machine's monotonic clock: all its processes
    share that, and no clock that is wrong, set or hurried makes the time shorter or longer.
    """

    def __init__(self, message: str, *, ends: float) -> None:
        super().__init__(message)
        self.ends = ends

    def left(self, monotonic: float) -> float:
        """Return the seconds that are left, none below zero."""
        return max(self.ends - monotonic, 0.0)

    @classmethod
    def paused(cls, clock: Clock, seconds: float) -> Self:
        """Return the error for a pause that the venue asks for."""
        return cls(
            f"the venue wants a pause until {_end(clock, seconds)}",
            ends=clock.monotonic() + seconds,
        )

    @classmethod
    def banned(cls, clock: Clock, seconds: float) -> Self:
        """Return the error for a ban; it holds for all programs on this address."""
        return cls(
            f"the venue has banned this address until {_end(clock, seconds)}; "
            "nothing is sent before",
            ends=clock.monotonic() + seconds,
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way back from a worker process: keyword arguments do not by themselves."""
        return _rebuild_stop_until, (str(self), self.ends)


def _end(clock: Clock, seconds: float) -> str:
    return f"{utc_text(clock.now() + round(1000 * seconds), seconds=True)} UTC"


def _rebuild_stop_until(message: str, ends: float) -> StopUntil:
    return StopUntil(message, ends=ends)


class VenueRefused(StopAsking):
    """The venue will not serve this address at all; asking again changes nothing."""


class RequestRejected(VenueError):
    """The venue says that the request itself is wrong; `code` is the venue's own number."""

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way back from a worker process: keyword arguments do not by themselves."""
        return _rebuild_request_rejected, (str(self), self.code)


def _rebuild_request_rejected(message: str, code: int) -> RequestRejected:
    return RequestRejected(message, code=code)


class SymbolError(DivbotError):
    """One symbol cannot be used; every other one can."""

    exit_code = 4


class UnknownSymbol(SymbolError):
    """The venue does not know, or does not trade, the symbol (any more)."""


class StateError(DivbotError):
    """What is kept on disk cannot be relied on, or not be written to."""

    exit_code = 5


class LedgerError(StateError):
    """An event cannot have happened to the account as it stands."""


class JournalError(StateError):
    """A journal or an outbox is damaged, in use by another program, or cannot be written."""


class DuplicateEvent(JournalError):
    """An event of the same key stands in the journal already: it was acted on before."""


class StoreError(StateError):
    """The store of candles is damaged, of a newer version, in use, or cannot be written."""


class WorkerLost(DivbotError):
    """A worker process died or hung, again and again, over the same work."""
