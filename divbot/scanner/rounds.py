"""Several intervals in one thread: each is scanned once its candles have closed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from divbot.domain.clock import Clock
from divbot.domain.market import Interval
from divbot.scanner.cycle import Scanner
from divbot.scanner.report import Report


class Rounds:
    """Scan what is due, all of it together; belongs to one thread.

    An interval is due once a candle has closed since its last whole scan: where a symbol failed,
    its newest candle had not come yet, or `hear` could not take what was found, the interval comes
    again with the next round.
    """

    def __init__(
        self,
        scanner: Scanner,
        clock: Clock,
        hear: Callable[[Sequence[Report]], None] = lambda _: None,
    ) -> None:
        self._scanner = scanner
        self._clock = clock
        self._hear = hear
        self._as_of: dict[Interval, int] = {}
        """By interval, the close that its last whole scan was as of."""

    def __call__(self, held: Collection[str]) -> tuple[Report, ...]:
        """Return a report for each interval that is due; raise as Scanner.reports and `hear` do."""
        now = self._clock.now()
        due = [x for x in self._scanner.intervals if x.close_of(self._as_of.get(x, 0)) <= now]
        if not due:
            return ()
        reports = self._scanner.reports(held=held, intervals=due)
        found = tuple(reports.values())
        self._hear(found)
        self._as_of |= {x.interval: x.as_of for x in found if x.summary.is_whole}
        return found
