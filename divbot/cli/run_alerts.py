"""What a paper run sends by `--notify`: entries, exits, pauses, troubles, and each day's end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Protocol

from divbot.alerts.alert import Alert, Topic
from divbot.cli.figures import money, percent, signed
from divbot.cli.lines import ASSET, PRICES, event_json, event_words
from divbot.domain.clock import SystemClock, date_text
from divbot.domain.durations import DAY
from divbot.domain.errors import DivbotError
from divbot.domain.events import Entered, Exited, Paused, Started
from divbot.domain.notices import Outage

if TYPE_CHECKING:
    from divbot.alerts.dispatch import Dispatch
    from divbot.alerts.sinks.port import Sink
    from divbot.app.paper import PaperRun
    from divbot.cli.watching import Watching
    from divbot.domain.events import Event
    from divbot.domain.ledger import Ledger
    from divbot.domain.notices import Tell
    from divbot.trading.engine.snapshot import RunSnapshot

_TOPICS: Mapping[type[Event], Topic] = {
    Entered: Topic.ENTRY,
    Exited: Topic.EXIT,
    Paused: Topic.PAUSE,
}
_TOPIC_BY_WORD = {x.key_form.partition(":")[0]: topic for x, topic in _TOPICS.items()}
"""What the keys of events begin with."""
_BEGAN = "first event"
_PATIENCE = 5.0
"""Seconds that the end waits for messages on their way."""


class RunAlerts:
    """Post what happens to a run; the trader hears of no trouble that this has.

    An event that could not be kept is in the journal, and is posted by the next `catch_up`. `run`
    is its name: receivers of several runs tell by it what they had before.
    """

    def __init__(
        self, dispatch: Dispatch, now: Callable[[], int], tell: Tell, run: str, start: Started
    ) -> None:
        self._dispatch = dispatch
        self._run = run
        self._start = start
        self._now = now
        self._outage = Outage(tell)
        self.told = 0
        """Alerts that were new, since this program began."""
        self._session = SystemClock().now()
        self._numbers = count(1)
        self._day: int | None = None

    def catch_up(self, events: Iterable[tuple[int, Event]], ledger: Ledger) -> None:
        """Post what an earlier session wrote and could not post; of a run that is told of since.

        `events` are all of the journal, with their numbers.
        """
        told = list(events)
        began = self._dispatch.outbox.marked(_BEGAN, told[-1][0] if told else 0)
        for number, event in told:
            if number > began:
                self.hear(event, ledger)

    def hear(self, event: Event, ledger: Ledger) -> None:
        """Hear of an event."""
        topic = topic_of_event(event)
        if topic is None:
            return
        first, *others = event_words(event, ledger)
        title, text = " ".join(first.split()), "".join(others).lstrip(" ,:")
        data = json.loads(event_json(event, ledger))
        self._post(Alert(event.key, topic, event.at, title, text, data))

    def tell(self, text: str, *, is_warning: bool = False, is_detail: bool = False) -> None:
        """Hear of what is no event: a warning is a trouble."""
        if is_warning and not is_detail:
            key = f"trouble {self._session} {next(self._numbers)}"
            self._post(Alert(key, Topic.TROUBLE, self._now(), "trouble", text, {}))

    def show(self, snapshot: RunSnapshot) -> None:
        """Hear how the run is now: the first look of a day sums up the day before."""
        day = snapshot.at // DAY
        start = snapshot.ledger.start
        if self._day == day or start is None:
            return
        self._day = day
        if start.at // DAY < day:
            self._post(_summary(snapshot, day - 1))

    def _post(self, alert: Alert) -> None:
        """Post what is told of any run as told of this one."""
        start, is_simulated = self._start, self._start.is_simulated
        notice = f" ({PRICES[True]})" if is_simulated else ""
        own = replace(
            alert,
            key=key_in(self._run, alert.key),
            title=f"paper {start.market.value} {start.interval}: {alert.title}{notice}",
            data={**alert.data, "run": self._run, "simulated": is_simulated},
        )
        try:
            self.told += len(self._dispatch.post([own]))
        except DivbotError as error:
            self._outage.note(
                f"[Alerts] {error}", back="[Alerts] can be kept again", now=self._now()
            )
        else:
            self._outage.end(self._now())


@dataclass(frozen=True, slots=True)
class KeyedTopic:
    """What a key says of the alert of a run."""

    topic: str
    symbol: str | None = None
    interval: str | None = None


def topic_of(key: str) -> KeyedTopic:
    """Return what an alert of a run is about, by its key."""
    word, *rest = key.partition(" ")[0].split(":")
    topic = _TOPIC_BY_WORD.get(word, word)
    return KeyedTopic(topic, *rest[:2]) if topic == Topic.ENTRY else KeyedTopic(topic)


def topic_of_event(event: Event) -> Topic | None:
    """Return what is told of an event; None: nothing is."""
    return _TOPICS.get(type(event))


def key_in(run: str, key: str) -> str:
    """Return the key of an alert that has this one within its run."""
    return f"{key} {run}"


def summary_key(day: int) -> str:
    """Return the key of the alert that sums up a UTC day, given in days since 1970."""
    return f"summary {date_text(day * DAY)}"


class RunListener(Protocol):
    """Hear what happens to a run."""

    def hear(self, event: Event, ledger: Ledger) -> None:
        """Hear of an event."""

    def tell(self, text: str, *, is_warning: bool = False, is_detail: bool = False) -> None:
        """Hear of what is no event."""

    def show(self, snapshot: RunSnapshot) -> None:
        """Hear how the run is now."""


class Audience:
    """Pass on what happens to a run: to whoever watches it, alerts and a page while there are."""

    def __init__(self, watching: Watching) -> None:
        self.watching = watching
        self.alerts: RunAlerts | None = None
        self.page: RunListener | None = None

    def hear(self, event: Event, ledger: Ledger) -> None:
        """Pass on an event."""
        self.watching.hear(event, ledger)
        if self.alerts:
            self.alerts.hear(event, ledger)
        if self.page:
            self.page.hear(event, ledger)

    def tell(self, text: str, *, is_warning: bool = False, is_detail: bool = False) -> None:
        """Pass on what is no event."""
        self.watching.tell(text, is_warning=is_warning, is_detail=is_detail)
        if self.alerts:
            self.alerts.tell(text, is_warning=is_warning, is_detail=is_detail)
        if self.page:
            self.page.tell(text, is_warning=is_warning, is_detail=is_detail)

    def show(self, snapshot: RunSnapshot) -> None:
        """Pass on how the run is now."""
        self.watching.show(snapshot)
        if self.alerts:
            self.alerts.show(snapshot)
        if self.page:
            self.page.show(snapshot)


@contextmanager
def sending(run: PaperRun, sinks: tuple[Sink, ...], audience: Audience) -> Iterator[Dispatch]:
    """Let `sinks` be sent what `audience` hears of `run`; provide what sends it.

    Raise JournalError where it cannot be.
    """
    from divbot.app.alerting import open_dispatch, outbox_of_run

    # What alerts have trouble with is shown, and is no alert itself.
    tell = audience.watching.tell
    dispatch = open_dispatch(run.settings, outbox_of_run(run.journal.path), sinks, tell)
    try:
        dispatch.start()
        start = run.journal.ledger.start
        assert start  # noqa: S101 - a journal begins with it
        audience.alerts = RunAlerts(dispatch, run.trading.now, tell, run.journal.path.stem, start)
        audience.alerts.catch_up(run.journal.events(), run.journal.ledger)
        yield dispatch
    finally:
        audience.alerts = None
        dispatch.end(_PATIENCE)


def _summary(snapshot: RunSnapshot, day: int) -> Alert:
    ledger = snapshot.ledger
    trades = [x for x in ledger.closed if x.closed_at // DAY == day]
    won = sum(x.is_won for x in trades)
    profit = sum((x.profit for x in trades), start=snapshot.equity * 0)
    date = date_text(day * DAY)
    open_ = len(ledger.positions)
    lines = [
        f"equity {money(snapshot.equity)} {ASSET}, {percent(snapshot.drawdown)} below its peak",
        f"{len(trades)} closed, {won} won, {signed(profit)} {ASSET}; {open_} open",
        *([f"entries paused: {ledger.paused}"] if ledger.paused else []),
    ]
    data = {
        "day": date,
        "equity": f"{snapshot.equity:f}",
        "drawdown": float(snapshot.drawdown),
        "closed": len(trades),
        "won": won,
        "profit": f"{profit:f}",
        "open": open_,
        "paused": ledger.paused,
    }
    return Alert(summary_key(day), Topic.SUMMARY, snapshot.at, date, "\n".join(lines), data)
