"""What keeps the trader from trading, or from one entry: told once, not at each price check."""

from __future__ import annotations

from divbot.domain.notices import Outage, Tell, same_words
from divbot.domain.signals import Opportunity


class Troubles:
    """The first trouble of each step, told when it begins and when it is over."""

    def __init__(self, tell: Tell) -> None:
        self.problem = ""
        """That of the last step; empty: there was none."""
        self._found: tuple[str, str] | None = None
        self._outage = Outage(tell)

    def note(self, problem: str, *, back: str) -> None:
        """Hear of a problem of this step, and in `back` what is to be told once it is over."""
        self._found = self._found or (problem, back)

    def end_step(self, now: int) -> None:
        """Tell what this step met, and what it met no more."""
        found, self._found = self._found, None
        self.problem, back = found or ("", "")
        if found:
            self._outage.note(self.problem, back=back, now=now)
        else:
            self._outage.end(now)


class Refusals:
    """Why signals are not entered; what is the same as last time is a detail."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._last: dict[str, tuple[int, str]] = {}
        """By symbol, the signal that was not entered last, and why."""

    def note(self, opportunity: Opportunity, reason: str) -> None:
        """Tell why `opportunity` is not entered, once: each report brings it again."""
        symbol = opportunity.divergence.symbol
        refused = opportunity.confirmed_at, same_words(reason)
        self._tell(f"{symbol} not entered: {reason}", is_detail=self._last.get(symbol) == refused)
        self._last[symbol] = refused
