"""When a sink is sent something, how much at once, and what becomes of one that is down."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from divbot.alerts.alert import Alert
from divbot.alerts.dispatch import TRIES, Courier, Dispatch
from divbot.alerts.outbox import Outbox
from divbot.alerts.pace import PaceRules
from divbot.alerts.quiet_hours import QuietHoursText
from divbot.alerts.sinks.port import Refused
from divbot.domain.clock import ManualClock, parse_time
from divbot.domain.errors import JournalError
from divbot.domain.heartbeat import HANGS_AFTER
from tests.alerts.alerts import FakeSink, Told, alert

EVENING = parse_time("2026-11-20T21:59:50")
LOOSE = PaceRules(1000)


class Delivery:
    """A courier without its thread, on a clock that is moved by hand."""

    def __init__(
        self, path: Path, rules: PaceRules, sink: FakeSink | None = None, begins: int = EVENING
    ) -> None:
        self.clock = ManualClock(begins)
        self.told = Told()
        self.sink = sink or FakeSink()
        self.outbox = Outbox.open(path / "outbox")
        self.outbox.send_to([self.sink.address.mark])
        self.courier = Courier(self.outbox, self.sink, rules, self.clock, self.told)

    def keep(self, *keys: int) -> None:
        self.outbox.keep([alert(str(x)) for x in keys], self.clock.now())

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        ends = self.clock.monotonic() + seconds
        while True:
            wait = self.courier.step()
            if wait and self.clock.monotonic() + wait > ends:
                self.clock.advance(ends - self.clock.monotonic())
                return
            self.clock.advance(wait)


def test_each_alert_comes_at_once_and_alone(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, LOOSE)
    delivery.keep(1, 2)

    delivery.run(0)

    assert delivery.sink.taken == [(["1"], 1, ""), (["2"], 1, "")]
    assert delivery.courier.left == 0


def test_what_the_limit_held_back_comes_together_with_its_count(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, PaceRules(2))
    delivery.keep(*range(15))

    delivery.run(59)
    early = list(delivery.sink.taken)
    delivery.run(60)

    assert [x for x, _, _ in early] == [["0"], ["1"]]
    why = "the limit of 2 a minute"
    later = [(len(x), waiting, held_by) for x, waiting, held_by in delivery.sink.taken[2:]]
    assert later == [(10, 13, why), (3, 3, why)]


def test_alerts_are_gathered_for_the_time_of_a_digest(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, PaceRules(10, digest=300.0))
    delivery.keep(1)
    delivery.run(200)
    delivery.keep(2)

    delivery.run(99)
    early = list(delivery.sink.taken)
    delivery.run(2)

    assert early == []
    assert delivery.sink.taken == [(["1", "2"], 2, "")]


def test_quiet_hours_hold_back_and_their_end_sends_one_message(tmp_path: Path) -> None:
    quiet = QuietHoursText().read("22:00-07:00")
    delivery = Delivery(tmp_path, PaceRules(10, quiet=quiet))
    delivery.keep(1)
    delivery.run(60)
    delivery.keep(2, 3)

    delivery.run(8 * 3600)
    by_night = list(delivery.sink.taken)
    delivery.run(2 * 3600)

    assert by_night == [(["1"], 1, "")]
    assert delivery.sink.taken[1:] == [(["2", "3"], 2, "the quiet hours")]


def test_programs_get_every_alert_at_once_whatever_people_want(tmp_path: Path) -> None:
    rules = PaceRules(1, digest=300.0, quiet=QuietHoursText().read("00:00-23:59"))
    delivery = Delivery(tmp_path, rules, FakeSink(is_for_people=False))
    delivery.keep(1, 2, 3)

    delivery.run(0)

    assert delivery.sink.keys == ["1", "2", "3"]


def test_an_outage_is_told_once_at_its_beginning_and_once_at_its_end(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, LOOSE)
    delivery.keep(1, 2)
    delivery.sink.is_down = True

    delivery.run(3600)
    delivery.sink.is_down = False
    delivery.run(300)

    assert delivery.sink.taken == [(["1", "2"], 2, "an outage")]
    assert len(delivery.told.lines) == 2
    assert delivery.told.lines[0] == (
        "[Alerts] ntfy, address 1 takes none: no connection; they are kept, and sent again"
    )
    assert delivery.told.lines[1].startswith("[Alerts] ntfy, address 1 takes them again after ")


def test_a_sink_that_is_down_delays_no_other(tmp_path: Path) -> None:
    down, up, told = FakeSink("ntfy://down"), FakeSink("ntfy://up"), Told()
    down.is_down = True
    outbox = Outbox.open(tmp_path / "outbox")
    dispatch = Dispatch(outbox, [down, up], LOOSE, ManualClock(EVENING), told)

    new = dispatch.post([alert("1")])
    again = dispatch.post([alert("1")])
    dispatch.start()
    dispatch.end(20)
    dispatch.end(20)

    assert [x.key for x in new] == ["1"]
    assert again == ()
    assert up.keys == ["1"]
    assert "[Alerts] 1 still to be sent: kept for the next start" in told.lines


def test_alerts_of_an_earlier_program_are_sent_by_the_next(tmp_path: Path) -> None:
    sink, told = FakeSink(), Told()
    for is_down in (True, False):
        sink.is_down = is_down
        outbox = Outbox.open(tmp_path / "outbox")
        dispatch = Dispatch(outbox, [sink], LOOSE, ManualClock(EVENING), told)
        dispatch.post([alert("1")])
        dispatch.start()
        dispatch.end(20)

    assert sink.keys == ["1"]


def test_several_that_an_earlier_program_left_come_together(tmp_path: Path) -> None:
    earlier = Delivery(tmp_path, LOOSE)
    earlier.keep(*range(12))
    earlier.outbox.close()

    later = Delivery(tmp_path, LOOSE)
    later.run(0)
    later.keep(12, 13)
    later.run(0)

    taken = [(len(x), waiting, held_by) for x, waiting, held_by in later.sink.taken]
    assert taken == [(10, 12, "a restart"), (2, 2, "a restart"), (1, 1, ""), (1, 1, "")]


def test_one_that_an_earlier_program_left_comes_whole(tmp_path: Path) -> None:
    earlier = Delivery(tmp_path, LOOSE)
    earlier.keep(1)
    earlier.outbox.close()

    later = Delivery(tmp_path, LOOSE)
    later.run(0)

    assert later.sink.taken == [(["1"], 1, "")]


@pytest.mark.parametrize(
    ("moved", "least", "most"),
    [(100, 199, 201), (-3600, 299, 301), (3600, 0, 0)],
    ids=["a restart", "the clock was set back", "the clock was set forward"],
)
def test_a_digest_over_a_restart_comes_once_and_no_later_than_it_takes(
    tmp_path: Path, moved: float, least: float, most: float
) -> None:
    rules = PaceRules(10, digest=300.0)
    earlier = Delivery(tmp_path, rules)
    earlier.keep(1, 2)
    earlier.run(0)
    earlier.outbox.close()

    later = Delivery(tmp_path, rules, begins=EVENING + round(1000 * moved))
    later.run(least)
    early = list(later.sink.taken)
    later.run(most - least)

    assert earlier.sink.taken == []
    assert (early == []) is (least > 0)
    assert later.sink.taken == [(["1", "2"], 2, "a restart")]


def test_what_was_taken_while_the_disk_was_full_is_sent_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = Delivery(tmp_path, LOOSE)
    delivery.keep(1, 2)
    write = Outbox.delivered

    def fail(*_: object) -> None:
        raise JournalError("the disk is full")

    monkeypatch.setattr(Outbox, "delivered", fail)
    for _ in range(3):
        with pytest.raises(JournalError):
            delivery.run(5)
    monkeypatch.setattr(Outbox, "delivered", write)
    delivery.run(5)

    assert delivery.sink.keys == ["1", "2"]
    assert delivery.courier.left == 0


class Picky(FakeSink):
    """Refuses some alerts, whatever comes with them."""

    def __init__(self, *refused: str) -> None:
        super().__init__()
        self.refused = refused
        self.tries = 0

    def send(self, alerts: Sequence[Alert], waiting: int, why: str) -> None:
        if any(x.key in self.refused for x in alerts):
            self.tries += 1
            raise Refused("it answered with HTTP 400")
        super().send(alerts, waiting, why)


def test_an_alert_that_is_refused_lets_others_go_before_it_and_is_set_aside_in_the_end(
    tmp_path: Path,
) -> None:
    delivery = Delivery(tmp_path, LOOSE, Picky("1"))
    delivery.keep(1, 2, 3)

    delivery.run(5)
    early = list(delivery.sink.keys)
    delivery.run(60)
    delivery.keep(4)
    delivery.run(60)

    assert early == ["2", "3"]
    assert delivery.sink.keys == ["2", "3", "4"]
    assert delivery.courier.left == 0
    assert delivery.courier.refused == 1
    assert [x.alert.key for x in Outbox.refused(delivery.outbox.path)] == ["1"]
    assert delivery.sink.tries == TRIES  # type: ignore[attr-defined]
    assert delivery.told.lines == [
        "[Alerts] ntfy, address 1 refuses alert 1: it answered with HTTP 400; others go on, and it "
        "comes again, 5 times in all",
        "[Alerts] ntfy, address 1 refused alert 1 5 times: it answered with HTTP 400; it is set "
        "aside, as number 1; `divbot watch --refused` lists all",
    ]


def test_what_is_refused_among_others_costs_none_of_them(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, PaceRules(1000, digest=10.0), Picky("4"))
    delivery.keep(*range(8))

    delivery.run(600)

    assert sorted(delivery.sink.keys) == [str(x) for x in range(8) if x != 4]
    assert [x.alert.key for x in Outbox.refused(delivery.outbox.path)] == ["4"]


def test_many_that_are_refused_keep_none_that_is_new_waiting(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, LOOSE, Picky(*map(str, range(30))))
    delivery.keep(*range(30))
    delivery.run(3600)

    delivery.keep(30)
    delivery.run(300)

    assert delivery.sink.keys == ["30"]
    assert len([x for x in delivery.told.lines if "refuses" in x]) == 1


def test_what_was_set_aside_is_tried_again_by_the_next_program(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, LOOSE, Picky("1"))
    delivery.keep(1)
    delivery.run(60)
    delivery.outbox.close()

    mended = Delivery(tmp_path, LOOSE)
    mended.run(0)

    assert mended.sink.keys == ["1"]
    assert Outbox.refused(mended.outbox.path) == ()


def test_an_address_in_the_place_of_one_that_refused_gets_what_was_set_aside(
    tmp_path: Path,
) -> None:
    delivery = Delivery(tmp_path, LOOSE, Picky("1"))
    delivery.keep(1)
    delivery.run(60)
    delivery.outbox.close()

    mended = Delivery(tmp_path, LOOSE, FakeSink("ntfy://two"))
    mended.run(0)

    assert mended.sink.keys == ["1"]


@pytest.mark.parametrize("body", ["{", "{}", '{"topic": "of a newer divbot"}', "[]"])
def test_an_alert_that_cannot_be_read_holds_up_no_other_and_is_told_by_its_key(
    tmp_path: Path, body: str
) -> None:
    delivery = Delivery(tmp_path, LOOSE)
    delivery.keep(1, 2)
    with closing(sqlite3.connect(tmp_path / "outbox")) as connection:
        connection.execute("UPDATE alert SET body = ? WHERE key = '1'", (body,))
        connection.commit()

    delivery.run(0)

    assert delivery.sink.keys == ["1", "2"]
    assert delivery.courier.left == 0


def test_a_start_that_names_no_address_keeps_what_one_was_still_to_get(tmp_path: Path) -> None:
    told = Told()
    begun = Delivery(tmp_path, LOOSE)
    begun.keep(1, 2)
    begun.outbox.close()

    nobody = Dispatch(Outbox.open(tmp_path / "outbox"), [], LOOSE, begun.clock, told)
    nobody.post([alert("3")])
    nobody.end(1)
    again = Delivery(tmp_path, LOOSE)
    again.run(60)

    assert told.lines == [
        "[Alerts] 2 that an address was still to get are kept for a start that names one: none is "
        "named now"
    ]
    assert again.sink.keys == ["1", "2"]


class Asked(FakeSink):
    """Tells that it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    def send(self, alerts: Sequence[Alert], waiting: int, why: str) -> None:
        super().send(alerts, waiting, why)
        self.asked.set()


def test_whatever_goes_wrong_in_a_courier_is_told_without_its_words_and_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox, sink, told = Outbox.open(tmp_path / "outbox"), Asked(), Told()
    dispatch = Dispatch(outbox, [sink], LOOSE, ManualClock(EVENING), told)
    real, errors = outbox.pending, [RuntimeError("a secret")]
    monkeypatch.setattr(outbox, "pending", lambda *x: real(*x) if not errors else fail(errors))

    dispatch.post([alert("1")])
    dispatch.start()

    assert sink.asked.wait(30)
    assert dispatch.gets_on()
    dispatch.end(30)
    assert told.lines[0] == "[Alerts] internal error: RuntimeError"


def fail(errors: list[RuntimeError]) -> None:
    raise errors.pop()


def test_an_outbox_that_cannot_be_counted_at_the_end_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = Outbox.open(tmp_path / "outbox")
    dispatch = Dispatch(outbox, [FakeSink()], LOOSE, ManualClock(EVENING), Told())

    monkeypatch.setattr(outbox, "count", lambda _: fail([RuntimeError("disk")]))
    with pytest.raises(RuntimeError):
        dispatch.end(30)

    Outbox.open(tmp_path / "outbox").close()  # nobody has it any more


class Hanging(FakeSink):
    """Answers once it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.let_go = threading.Event(), threading.Event()

    def send(self, alerts: Sequence[Alert], waiting: int, why: str) -> None:
        self.asked.set()
        self.let_go.wait(30)
        super().send(alerts, waiting, why)


class Standing(ManualClock):
    """Wait for real, whatever time passes."""

    def __init__(self, now: int) -> None:
        super().__init__(now)
        self.is_waiting = threading.Event()
        self.seconds = 0.0

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        assert stop
        self.seconds = seconds
        self.is_waiting.set()
        return stop.wait(30)


def test_a_courier_that_waits_as_long_as_it_said_is_no_trouble(tmp_path: Path) -> None:
    clock = Standing(EVENING)
    dispatch = Dispatch(Outbox.open(tmp_path / "outbox"), [FakeSink()], LOOSE, clock, Told())
    dispatch.start()
    assert clock.is_waiting.wait(30)

    gets_on = []
    for seconds in (clock.seconds + HANGS_AFTER, 1):
        clock.advance(seconds)
        gets_on.append(dispatch.gets_on())
    dispatch.end(30)

    assert clock.seconds > HANGS_AFTER
    assert gets_on == [True, False]


def test_a_sink_that_never_answers_is_seen_and_one_with_nothing_to_do_is_no_trouble(
    tmp_path: Path,
) -> None:
    clock, idle, hanging = Standing(EVENING), FakeSink("ntfy://idle"), Hanging()
    dispatch = Dispatch(Outbox.open(tmp_path / "outbox"), [idle, hanging], LOOSE, clock, Told())
    gets_on = [dispatch.gets_on()]
    dispatch.start()

    dispatch.post([alert("1")])
    assert hanging.asked.wait(30)
    for seconds in (HANGS_AFTER, 1):
        clock.advance(seconds)
        gets_on.append(dispatch.gets_on())
    hanging.let_go.set()
    dispatch.end(30)

    assert gets_on == [False, True, False]
    assert hanging.keys == ["1"]
    assert not dispatch.gets_on()
