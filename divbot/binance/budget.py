"""The account of request weight: one for the whole process tree, and no lock between processes.

What request weight and a lease are is said in docs/glossary.md.

    parent                         shared memory: a lease, a column   worker
    open_lease(weight)                                                lease(number)
    grant(): gives what is free -> GRANTED                            take(weight): waits for it
    knows what was spent        <- WANTED, SPENT                      counted before it is sent
    knows what others spend     <- SEEN, SEEN_AT                      saw(header)
    all stop                    <- PAUSED_UNTIL, BANNED_UNTIL ->      pause(), ban()

Theory of operation. Every cell has one writer and is one aligned machine word, so that a worker
that is killed in the middle of anything leaves nothing locked and nothing half written. Only the
parent grants. It never lets more than its share of the limit be in use, counted in the two ways
that a venue may count (nobody has documented which):

- rolling: all that was spent in the last minute, and all that is granted and not yet spent;
- by the venue's own header, which sees other programs on the same address too: what it last said,
  all that was spent since that request was sent, and all that is granted and not yet spent.

Spending is dated when the parent notices it, which is late, so that it expires late: the error is
on the safe side. A header is believed for a minute; by then everything it counted has expired.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawArray
from typing import Any

import numpy as np

from divbot.arrays import Floats
from divbot.domain.clock import Clock
from divbot.domain.errors import LONGEST_WAIT, StopUntil, VenueRefused

WINDOW = 60.0
_SLACK = 1.0
_POLL_SECONDS = 0.02
_LEASES = 512
_MOST_AHEAD = 0.5
"""Of what may be used in a minute: all leases that keep ahead leave so much to others."""

_GRANTED, _WANTED, _SPENT, _SEEN, _SEEN_AT, _PAUSED_UNTIL, _BANNED_UNTIL = range(7)
_ROWS = 7
_LIMIT, _KEPT = _ROWS * _LEASES, _ROWS * _LEASES + 1
"""Behind all cells: what the venue allows a minute, and how much is kept for leases ahead."""


@dataclass(slots=True)
class _OpenLease:
    """What the parent knows of a lease: its reserve, and how much of its spending it noticed."""

    reserved: float
    ahead: float
    noticed: float = 0.0


class WeightBudget:
    """Grant request weight to leases; made by the parent, handed to workers when they start.

    `limit` is the venue's request weight per minute, `share` the part of it to use.
    """

    def __init__(self, clock: Clock, limit: int, *, share: float = 0.8) -> None:
        self._clock = clock
        self._share = share
        self._memory = RawArray("d", _KEPT + 1)
        self._memory[_LIMIT] = limit
        self._cells()[_SEEN_AT] = -np.inf
        self._is_parent = True
        self.on_wait: Callable[[], None] = lambda: None
        """Called again and again by whoever waits for weight, or for a pause, in this process."""
        self._open: dict[int, _OpenLease] = {}
        self._free_numbers = deque(range(_LEASES))
        self._log: deque[tuple[float, float]] = deque()
        self._logged = 0.0
        self._total = 0.0
        # Guards what only the parent has: its own requests grant from several threads.
        self._lock = threading.RLock()

    def __getstate__(self) -> tuple[Any, ...]:
        return self._clock, self._share, self._memory

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        # A worker may spend what is granted; it grants nothing.
        self._clock, self._share, self._memory = state
        self._is_parent = False

    @property
    def limit(self) -> int:
        """Return the venue's limit per minute."""
        return int(self._memory[_LIMIT])

    def allow(self, limit: int) -> None:
        """Take `limit` for the venue's from now on, in all processes."""
        self._memory[_LIMIT] = limit

    def open_lease(self, weight: int = 0, *, ahead: int = 0) -> int:
        """Set `weight` aside for one piece of work, as soon as it is free; return its number.

        `ahead` is for who must not wait for others: as much is kept free for that lease alone,
        over and over, whatever it has spent. It needs ahead what it spends in two minutes: in the
        second one its own headers tell that what was spent in the first has expired.
        """
        with self._lock:
            number = self._free_numbers.popleft()
            # What was seen, and pauses, hold for whoever comes next.
            self._cells()[: _SPENT + 1, number] = 0.0
            self._open[number] = _OpenLease(float(weight), float(ahead))
            self.grant()
            return number

    def close_lease(self, number: int) -> None:
        """Take back what is left of a lease; whoever held it spends no more."""
        with self._lock:
            self._notice(self._clock.monotonic())
            del self._open[number]
            self._free_numbers.append(number)

    def grant(self) -> None:
        """Grant what is free to the leases that want it, the oldest first."""
        with self._lock:
            now = self._clock.monotonic()
            self._notice(now)
            cells = self._cells()
            free = self._free(now)
            self._memory[_KEPT] = sum(map(self._ahead, self._open.values()))
            for number, lease in self._open.items():
                ahead = self._ahead(lease)
                wanted = max(lease.reserved, cells[_WANTED, number], cells[_SPENT, number] + ahead)
                grant = min(wanted - cells[_GRANTED, number], free)
                if grant > 0:
                    cells[_GRANTED, number] += grant
                    free -= grant

    def spent(self) -> int:
        """Return all that was spent so far."""
        with self._lock:
            self._notice(self._clock.monotonic())
            return round(self._total)

    def used(self) -> int:
        """Return what this address has used in the last minute, as far as this program knows."""
        now = self._clock.monotonic()
        with self._lock:
            self._notice(now)
            return round(self._used(now))

    @property
    def allowed(self) -> int:
        """Return how much of the venue's limit may be used in a minute."""
        return int(self._share * self.limit)

    def refuse_beyond(self, weight: int) -> None:
        """Raise VenueRefused for a request of `weight` that would be waited for for ever."""
        most = self._share * self.limit - self._memory[_KEPT]
        if weight > most:
            raise VenueRefused(
                f"one request costs a weight of {weight}, but only {most:g} of the {self.limit} "
                "that the venue allows a minute may be used for it: raise --weight-share"
            )

    def waiting_for(self) -> str:
        """Return what work waits for, in words; nothing when it does not wait."""
        now = self._clock.monotonic()
        if (pause := self._paused_until() - now) > 0:
            return f"the venue wants a pause of {pause:.0f} s"
        with self._lock:
            cells = self._cells()
            starved = any(cells[_WANTED, number] > cells[_GRANTED, number] for number in self._open)
        return "waiting for request weight" if starved else ""

    def lease(self, number: int) -> Lease:
        """Return lease `number` to spend from."""
        return Lease(self, self._cells(), number, self._clock)

    def grant_own(self) -> None:
        """Grant where this is the parent; a worker waits for its parent to do so."""
        if self._is_parent:
            self.grant()

    def waits(self) -> None:
        """Hear that somebody waits: in the parent others want to know."""
        if self._is_parent:
            self.on_wait()

    def _cells(self) -> Floats:
        return np.frombuffer(self._memory)[:_LIMIT].reshape(_ROWS, _LEASES)

    def _paused_until(self) -> float:
        return float(self._cells()[_PAUSED_UNTIL].max())

    def _ahead(self, lease: _OpenLease) -> float:
        return min(lease.ahead, _MOST_AHEAD * self._share * self.limit)

    def _notice(self, now: float) -> None:
        """Date and add up what leases have spent since they were noticed last."""
        cells = self._cells()
        for number, lease in self._open.items():
            spent = float(cells[_SPENT, number])
            if spent > lease.noticed:
                self._log.append((now, spent - lease.noticed))
                # Weights are whole numbers: their sums stay exact.
                self._logged += spent - lease.noticed
                self._total += spent - lease.noticed
                lease.noticed = spent
        while self._log and self._log[0][0] < now - WINDOW - _SLACK:
            self._logged -= self._log.popleft()[1]

    def _free(self, now: float) -> float:
        cells = self._cells()
        unspent = sum(float(cells[_GRANTED, x] - cells[_SPENT, x]) for x in self._open)
        return self._share * self.limit - unspent - self._used(now)

    def _used(self, now: float) -> float:
        return max(self._logged, self._by_header(now))

    def _by_header(self, now: float) -> float:
        cells = self._cells()
        latest = int(cells[_SEEN_AT].argmax())
        seen_at = float(cells[_SEEN_AT, latest])
        if seen_at < now - WINDOW - _SLACK:
            return 0.0
        later = itertools.takewhile(lambda entry: entry[0] >= seen_at, reversed(self._log))
        since = sum(weight for _, weight in later)
        return float(cells[_SEEN, latest]) + since


class Lease:
    """Spend from one lease; safe to use from several threads of the one process that holds it."""

    def __init__(self, budget: WeightBudget, cells: Floats, number: int, clock: Clock) -> None:
        self._budget = budget
        self._stops = cells[_PAUSED_UNTIL : _BANNED_UNTIL + 1]
        self._own = cells[:, number]
        self._clock = clock
        # Guards the own column: it is read and written back.
        self._lock = threading.Lock()

    def take(self, weight: int) -> None:
        """Spend `weight`, as soon as it is granted and nobody was told to pause.

        Raise StopUntil where the venue wants nothing for longer than one would wait, and
        VenueRefused where it allows less than that in a whole minute.
        """
        self.want(weight)
        try:
            self._budget.grant_own()
            while not self.try_take(weight):
                self._budget.refuse_beyond(weight)
                self._clock.wait(_POLL_SECONDS)
                self._budget.waits()
                self._budget.grant_own()
        except BaseException:
            self.want(-weight)  # or it would be granted, to nobody
            raise

    def want(self, weight: int) -> None:
        """Ask for `weight` more to be granted; below zero: for so much less."""
        with self._lock:
            self._own[_WANTED] += weight

    def try_take(self, weight: int) -> bool:
        """Spend `weight` if that may be done now; raise StopUntil as `take` does."""
        if self._stops.any() and self._is_paused():
            return False
        with self._lock:
            if self._own[_SPENT] + weight > self._own[_GRANTED]:
                return False
            self._own[_SPENT] += weight
            return True

    def saw(self, used: int, *, sent_at: float) -> None:
        """Note what the venue's header said in answer to a request sent at `sent_at`."""
        with self._lock:
            if sent_at >= self._own[_SEEN_AT]:
                # In this order: a reader in between takes too much for used, never too little.
                self._own[_SEEN] = used
                self._own[_SEEN_AT] = sent_at

    def pause(self, seconds: float) -> None:
        """Let nobody send anything for `seconds`."""
        with self._lock:
            until = self._clock.monotonic() + seconds
            self._own[_PAUSED_UNTIL] = max(until, self._own[_PAUSED_UNTIL])

    def ban(self, seconds: float) -> None:
        """Let nobody send anything for `seconds`; that is not waited for."""
        with self._lock:
            self._own[_BANNED_UNTIL] = self._clock.monotonic() + seconds

    def _is_paused(self) -> bool:
        """Tell whether to ask later; raise StopUntil where that is too late to wait for."""
        paused_until, banned_until = self._stops.max(axis=1).tolist()
        now = self._clock.monotonic()
        if banned_until > now:
            raise StopUntil.banned(self._clock, banned_until - now)
        if paused_until - now > LONGEST_WAIT:
            raise StopUntil.paused(self._clock, paused_until - now)
        return bool(paused_until > now)
