"""What is asked of a sink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from divbot.alerts.address import Address
from divbot.alerts.alert import Alert


class NotDelivered(Exception):
    """A sink took nothing; the text says why, without a word of its address."""


class Refused(NotDelivered):
    """It took nothing, and will not take these alerts later either: it does not like them."""


_LATER = (408, 425, 429)
"""HTTP status codes of 4xx that say: not now."""


def not_taken(status: int) -> NotDelivered:
    """Return what an answer with this HTTP status comes to."""
    is_refused = 400 <= status < 500 and status not in _LATER
    return (Refused if is_refused else NotDelivered)(f"it answered with HTTP {status}")


class Sink(Protocol):
    """Take alerts; used by one thread."""

    @property
    def address(self) -> Address:
        """Return where it sends to."""

    @property
    def is_for_people(self) -> bool:
        """Tell whether people read it: programs get every alert at once, and alone."""

    def send(self, alerts: Sequence[Alert], waiting: int, why: str) -> None:
        """Send `alerts`, of so many `waiting`, which something held back; raise NotDelivered."""
