"""Couriers: one for each sink, in a thread of its own, so that one that is down delays nothing.

A courier that has nothing to do sleeps until it is woken. It survives whatever a sink raises, and
of an outage it tells the beginning and the end. An alert that its sink refuses lets others go
before it, and comes again when none is left; after TRIES it is set aside.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing

from divbot.alerts.alert import Alert
from divbot.alerts.outbox import Outbox, Pending
from divbot.alerts.pace import MOST_AT_ONCE, RESTART, PaceRules, SinkPace
from divbot.alerts.sinks.port import NotDelivered, Refused, Sink
from divbot.domain.clock import Clock
from divbot.domain.errors import DivbotError
from divbot.domain.heartbeat import Heartbeat
from divbot.domain.notices import Outage, Tell

TRIES = 5
"""Of one alert that is refused."""
_IDLE_SECONDS = 3600.0
_AGAIN_SECONDS = 5.0
"""After which the outbox is looked into again, where that failed."""


class Courier:
    """Bring to one sink what the outbox holds for it."""

    def __init__(
        self, outbox: Outbox, sink: Sink, rules: PaceRules | None, clock: Clock, tell: Tell
    ) -> None:
        self._outbox = outbox
        self._sink = sink
        self._mark = sink.address.mark
        self._clock = clock
        is_backlog = self.left > 1  # one comes whole
        self._pace = SinkPace(rules if sink.is_for_people else None, RESTART if is_backlog else "")
        self._outage = Outage(tell)
        self._outbox_outage = Outage(tell)
        self._tell = tell
        self._strikes: dict[int, int] = {}
        """How often an alert was refused, by its number."""
        self._taken: list[int] = []
        """What the sink has and the outbox does not know yet: nothing else is sent before."""
        self.refused = 0
        """Alerts that were set aside by this program."""
        self._heartbeat = Heartbeat(clock.monotonic)
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"alerts to {sink.address.scheme}", daemon=True
        )

    @property
    def left(self) -> int:
        """Return how many alerts the sink has to get yet."""
        return self._outbox.count(self._mark)

    @property
    def gets_on(self) -> bool:
        """Tell whether its thread runs, and does not hang in its sink."""
        return self._thread.is_alive() and not self._heartbeat.hangs

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def wake(self) -> None:
        """Look into the outbox now."""
        self._wake.set()

    def ask_to_end(self) -> None:
        """Send what can be sent at once, and end."""
        self._ending.set()
        self._wake.set()

    def join(self, seconds: float) -> None:
        """Wait at most so long for its end."""
        if self._thread.ident is not None:
            self._thread.join(max(seconds, 0.0))

    def step(self) -> float:
        """Send one message, if it is time; return the seconds to the next look."""
        self._write_taken()
        waiting = self._waiting()
        if not waiting:
            return _IDLE_SECONDS
        turn = self._pace.turn(waiting[0], self._clock.now(), self._clock.monotonic())
        if turn.wait > 0:
            return turn.wait
        batch = waiting[: turn.at_once]
        count = self.left if turn.at_once > 1 else len(batch)
        try:
            self._sink.send([x.alert for x in batch], count, turn.why)
        except Refused as error:
            self._strike(batch, str(error))
            return 0.0
        except NotDelivered as error:
            self._fail(str(error))
            return 0.0
        except Exception as error:  # the thread's boundary; its words may hold a secret
            self._fail(f"internal error: {type(error).__name__}")
            return 0.0
        self._taken = [x.number for x in batch]
        self._forget(batch)
        self._pace.sent(self._clock.monotonic(), are_more_held=count > len(batch))
        self._outage.end(self._clock.now())
        self._write_taken()
        return 0.0

    def _write_taken(self) -> None:
        if self._taken:
            self._outbox.delivered(self._mark, self._taken)
            self._taken = []

    def _waiting(self) -> tuple[Pending, ...]:
        """Return what is next: all that was never refused, else the one refused least, alone."""
        if fresh := self._outbox.pending(self._mark, MOST_AT_ONCE, self._strikes):
            return fresh
        struck = self._outbox.pending(self._mark, len(self._strikes))
        return tuple(sorted(struck, key=lambda x: self._strikes[x.number])[:1])

    def _strike(self, batch: Sequence[Pending], reason: str) -> None:
        """Hear that the sink refused these; nobody knows which of several it meant."""
        self._pace.failed(self._clock.monotonic())
        is_news = not self._strikes and not self.refused
        for one in batch:
            self._strikes[one.number] = self._strikes.get(one.number, 0) + 1
            if self._strikes[one.number] >= TRIES:
                self._set_aside(one, reason)
        if is_news:
            self._tell(
                f"[Alerts] {self._sink.address} refuses {_named(batch)}: {reason}; others go "
                f"on, and it comes again, {TRIES} times in all",
                is_warning=True,
            )

    def _set_aside(self, one: Pending, reason: str) -> None:
        self._outbox.set_aside(self._mark, one.number, reason, self._clock.now())
        self._forget([one])
        self.refused += 1
        self._tell(
            f"[Alerts] {self._sink.address} refused {_named([one])} {TRIES} times: {reason}; it is "
            f"set aside, as number {self.refused}; `divbot watch --refused` lists all",
            is_warning=self.refused == 1,
            is_detail=self.refused > 1,
        )

    def _forget(self, batch: Sequence[Pending]) -> None:
        for one in batch:
            self._strikes.pop(one.number, None)

    def _fail(self, reason: str) -> None:
        self._pace.failed(self._clock.monotonic())
        self._outage.note(
            f"[Alerts] {self._sink.address} takes none: {reason}; they are kept, and sent again",
            back=f"[Alerts] {self._sink.address} takes them again",
            now=self._clock.now(),
        )

    def _run(self) -> None:
        while True:
            self._heartbeat.beat()
            wait = self._look()
            if wait > 0 and self._ending.is_set():
                return
            if wait > 0:
                self._heartbeat.beat(wait)
                self._clock.wait(wait, self._wake)
                self._wake.clear()

    def _look(self) -> float:
        try:
            wait = self.step()
        except DivbotError as error:  # a full disk, say; or closed, as it did not end in time
            return self._fail_to_look(str(error))
        except Exception as error:  # the thread's boundary; its words may hold a secret
            return self._fail_to_look(f"internal error: {type(error).__name__}")
        self._outbox_outage.end(self._clock.now())
        return wait

    def _fail_to_look(self, reason: str) -> float:
        if not self._ending.is_set():
            self._outbox_outage.note(
                f"[Alerts] {reason}",
                back="[Alerts] the outbox works again",
                now=self._clock.now(),
            )
        return _AGAIN_SECONDS


def _named(batch: Sequence[Pending]) -> str:
    return batch[0].alert.title if len(batch) == 1 else f"one of {len(batch)} alerts"


class Dispatch:
    """Keep alerts, and let them be delivered."""

    def __init__(
        self,
        outbox: Outbox,
        sinks: Sequence[Sink],
        rules: PaceRules,
        clock: Clock,
        tell: Tell,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._tell = tell
        left = outbox.send_to([x.address.mark for x in sinks])
        if left:
            fate = (
                "dropped: it is not named any more, and no other is new"
                if sinks
                else "kept for a start that names one: none is named now"
            )
            tell(f"[Alerts] {left} that an address was still to get are {fate}", is_warning=True)
        self._has_ended = False
        self._couriers = [Courier(outbox, x, rules, clock, tell) for x in sinks]

    @property
    def outbox(self) -> Outbox:
        """Return where alerts are kept."""
        return self._outbox

    @property
    def refused(self) -> int:
        """Return how many alerts were set aside, as a sink refused them."""
        return sum(x.refused for x in self._couriers)

    def gets_on(self) -> bool:
        """Tell whether every courier does."""
        return all(courier.gets_on for courier in self._couriers)

    def start(self) -> None:
        """Begin to deliver, what an earlier program has left first."""
        for courier in self._couriers:
            courier.start()

    def post(self, alerts: Sequence[Alert]) -> tuple[Alert, ...]:
        """Keep what of `alerts` is new, have it sent, and return it; raise JournalError."""
        if not alerts:
            return ()
        new = self._outbox.keep(alerts, self._clock.now())
        if new:
            for courier in self._couriers:
                courier.wake()
        return new

    def end(self, seconds: float) -> None:
        """Send what can be sent at once, for so long; tell of what is left for the next start.

        Doing so again does nothing.
        """
        if self._has_ended:
            return
        self._has_ended = True
        for courier in self._couriers:
            courier.ask_to_end()
        ends = self._clock.monotonic() + seconds
        for courier in self._couriers:
            courier.join(ends - self._clock.monotonic())
        with closing(self._outbox):
            left = sum(courier.left for courier in self._couriers)
            if left:
                self._tell(
                    f"[Alerts] {left} still to be sent: kept for the next start", is_warning=True
                )
