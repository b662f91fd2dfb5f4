"""What is worth a line to whoever watches, though it is no event of the account."""

from __future__ import annotations

import re
from typing import Protocol

from divbot.domain.clock import utc_text

_NUMBER = re.compile(r"-?\d[\d.,:]*")


class Tell(Protocol):
    """Hear of something; called from any thread."""

    def __call__(self, text: str, *, is_warning: bool = False, is_detail: bool = False) -> None:
        """Pass `text` on; a warning is something that a user may want to do something about.

        A detail comes again and again while all is well: it is for machines, not for a log.
        """


def same_words(text: str) -> str:
    """Return `text` without its numbers: what differs in them alone is no news."""
    return _NUMBER.sub("", text)


class Outage:
    """Tell when something begins to fail, when it fails in another way, and when it is back.

    What is met again every few seconds for days is two lines of a log.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._since = 0
        self._back = ""
        self._told: set[str] = set()

    def note(self, trouble: str, *, back: str, now: int) -> None:
        """Hear of trouble at `now` (ms UTC), and in `back` what is to be told at its end."""
        if back != self._back:
            self.end(now)
            self._since, self._back = now, back
        words = same_words(trouble)
        if words not in self._told:
            self._told.add(words)
            self._tell(trouble, is_warning=True)

    def end(self, now: int) -> None:
        """Hear that all is well at `now`."""
        if not self._back:
            return
        lasted = max(now - self._since, 0) // 1000
        # As grave as the beginning: who reads warnings alone is told both.
        self._tell(
            f"{self._back} after {lasted} s, since {utc_text(self._since, seconds=True)} UTC",
            is_warning=True,
        )
        self._back, self._told = "", set()
