"""What a trader had at any moment, and when a run was not running: read off its events."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from divbot.domain.events import Entered, Event, Exited, Marked, Paused, SessionBegan, Started
from divbot.domain.fills import Basis, Reason
from divbot.domain.ledger import Ledger

DECIDED = (Reason.HOLDING_TIME, Reason.OPPOSITE, Reason.DELISTING)
"""Why a position is closed that neither its stop nor its target ended."""


class AccountHistory:
    """The account after each event, by when the trader knew of that event."""

    def __init__(self, events: Sequence[Event], candle_length: int) -> None:
        self.events = events
        self.ticks = {x.trade: x.tick for x in events if isinstance(x, Entered)}
        """The step of a price, by trade; None where the venue named none."""
        self._known_at: list[int] = []
        self._ledgers = [Ledger()]
        known = 0
        for event in events:
            known = max(known, _known_at(event, candle_length))
            self._known_at.append(known)
            self._ledgers.append(self._ledgers[-1].apply(event))

    @property
    def last(self) -> Ledger:
        """Return the account after all events."""
        return self._ledgers[-1]

    def at(self, time: int) -> Ledger:
        """Return the account as it was known at `time` (ms UTC), with what happened then."""
        return self._ledgers[bisect_right(self._known_at, time)]

    def before_acting(self, time: int) -> Ledger:
        """Return the account as it was when the look of `time` decided: after stops and targets.

        What is entered is chosen before anything is closed for another reason.
        """
        place = bisect_left(self._known_at, time)
        while place < len(self.events) and self._known_at[place] == time:
            if _is_decided(self.events[place]):
                break
            place += 1
        return self._ledgers[place]

    def exits(self) -> Iterator[tuple[Ledger, Exited]]:
        """Yield each exit with the account before it."""
        for ledger, event in zip(self._ledgers, self.events, strict=False):
            if isinstance(event, Exited):
                yield ledger, event


@dataclass(frozen=True, slots=True)
class Silence:
    """A time in which a run looked at nothing, ms UTC."""

    start: int
    end: int
    is_ended: bool
    """The program had ended, and was started again."""

    def holds(self, time: int) -> bool:
        """Tell whether `time` lies in it."""
        return self.start < time < self.end


def silences(events: Sequence[Event], mark_every: int) -> tuple[Silence, ...]:
    """Return when a run that values its account every `mark_every` ms looked at nothing.

    A valuation is written where there are quotes; two that are missing are an outage.
    """
    signs = [x for x in events if _is_sign(x)]
    return tuple(
        Silence(last.at, following.at, is_ended)
        for last, following in pairwise(signs)
        if (is_ended := isinstance(following, SessionBegan) and not isinstance(last, Started))
        or following.at - last.at > 2 * mark_every
    )


def _is_decided(event: Event) -> bool:
    return isinstance(event, Entered) or (isinstance(event, Exited) and event.reason in DECIDED)


def _is_sign(event: Event) -> bool:
    """Tell whether `event` was written at its own time, by a program that saw the market."""
    if isinstance(event, Exited):
        return event.fill.basis is Basis.QUOTE
    return isinstance(event, Started | SessionBegan | Marked | Paused | Entered)


def _known_at(event: Event, candle_length: int) -> int:
    if isinstance(event, Exited) and event.fill.basis is Basis.CANDLE:
        return event.fill.basis_at + candle_length
    return event.at
