"""When a sink may be sent something, and how much at once: the user's rules, and no I/O."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from divbot.alerts.outbox import Pending
from divbot.alerts.quiet_hours import QuietHours

MOST_AT_ONCE = 10
"""Alerts in a message: what any service takes, and a person reads."""
_MINUTE = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0
"""Seconds after a failure; each further one doubles them."""
RESTART, _OUTAGE, _QUIET = "a restart", "an outage", "the quiet hours"


@dataclass(frozen=True, slots=True)
class PaceRules:
    """How a person wants to be told."""

    a_minute: int
    """Messages, at most."""
    digest: float = 0.0
    """Seconds for which alerts are gathered into one message; 0: each comes alone."""
    quiet: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What to do now."""

    wait: float = 0.0
    """Seconds; 0: send."""
    at_once: int = 1
    """How many alerts go into a message."""
    why: str = ""
    """What held them back."""


@dataclass(slots=True)
class SinkPace:
    """The pace of one sink; times are `now`, ms UTC, and `monotonic`, seconds.

    Without rules, for programs, each alert goes at once and alone.
    """

    rules: PaceRules | None
    held_by: str = ""
    """What held back that which is pending, for a person's next message to say."""
    _sent: deque[float] = field(default_factory=deque)
    """When messages of the last minute were sent."""
    _oldest: int = 0
    """The number of the alert with which a digest began, which is whole at `_whole_at`."""
    _whole_at: float = 0.0
    _failures: int = 0
    _retry_at: float = 0.0

    def turn(self, oldest: Pending, now: int, monotonic: float) -> Turn:
        """Return what to do about all that is pending, of which `oldest` is kept longest."""
        if (left := self._retry_at - monotonic) > 0:
            return Turn(left)
        if self.rules is None:
            return Turn()
        if self.rules.quiet and (left := self.rules.quiet.left(now)):
            return self._hold(_QUIET, left)
        if (left := self._gathering(oldest, self.rules.digest, now, monotonic)) > 0:
            return Turn(left)
        while self._sent and self._sent[0] <= monotonic - _MINUTE:
            self._sent.popleft()
        if len(self._sent) >= self.rules.a_minute:
            limit = f"the limit of {self.rules.a_minute} a minute"
            return self._hold(limit, self._sent[0] + _MINUTE - monotonic)
        many = bool(self.held_by or self.rules.digest)
        return Turn(at_once=MOST_AT_ONCE if many else 1, why=self.held_by)

    def sent(self, monotonic: float, *, are_more_held: bool) -> None:
        """Hear that the sink took a message."""
        self._failures, self._retry_at = 0, 0.0
        if self.rules is not None:
            self._sent.append(monotonic)
        if not are_more_held:
            self.held_by = ""

    def failed(self, monotonic: float) -> None:
        """Hear that it took none."""
        pause = min(_FIRST_PAUSE * 2**self._failures, _LONGEST_PAUSE)
        self._failures = min(self._failures + 1, 10)
        self._retry_at = monotonic + pause
        self.held_by = self.held_by or _OUTAGE

    def _gathering(self, oldest: Pending, digest: float, now: int, monotonic: float) -> float:
        """Return the seconds for which alerts are still gathered.

        A clock that is set back makes nobody wait for longer than a digest takes.
        """
        if oldest.number != self._oldest:
            left = min(oldest.kept_at / 1000 + digest - now / 1000, digest)
            self._oldest, self._whole_at = oldest.number, monotonic + left
        return self._whole_at - monotonic

    def _hold(self, why: str, seconds: float) -> Turn:
        self.held_by = why
        return Turn(seconds)
