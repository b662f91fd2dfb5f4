"""`divbot watch` as its user sees it, and what `divbot paper --notify` sends."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from divbot import cli
from divbot.alerts.alert import Alert
from divbot.alerts.dispatch import Dispatch
from divbot.alerts.outbox import Outbox
from divbot.alerts.pace import PaceRules
from divbot.app.alerting import outbox_of_watch
from divbot.cli.run_alerts import RunAlerts
from divbot.domain.clock import ManualClock
from divbot.domain.events import Event
from divbot.settings import load_settings
from tests.alerts.alerts import FakeSink, Told, alert
from tests.alerts.receivers import http_receiver
from tests.cli.commands import start
from tests.cli.paper_runs import (
    EVENTS,
    FUNDED,
    LEDGER,
    MARKED,
    NOW,
    PAUSED,
    SNAPSHOT,
    SOL,
    SOL_OUT,
    STARTED,
)

CANARY = "CANARY0123456789"
DAY = 86_400_000
FILTERS = ("--min-score", "0", "--sequential", "--duration", "3s")


@pytest.fixture
def desk(quiet_market: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("DIVBOT_BASE_URL", quiet_market)
    return tmp_path


def test_what_is_found_is_told_once_also_by_the_next_program(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIVBOT_NOTIFY_TO", "jsonl:alerts.jsonl")

    codes = [cli.exit_code(["watch", *FILTERS]), cli.exit_code(["watch", *FILTERS, "--jsonl"])]

    first, _, second = capsys.readouterr().out.partition("watched for")
    sent = [json.loads(x) for x in (desk / "alerts.jsonl").read_text().splitlines()]
    assert codes == [0, 0]
    assert len({x["id"] for x in sent}) == len(sent) > 0
    assert first.count(" INFO ") == len(sent)
    assert '"event":"alert"' not in second
    assert json.loads(second.splitlines()[-1])["alerts"] == 0
    assert sent[0]["data"]["simulated"] is True


def test_a_filter_is_kept(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.exit_code(["watch", *FILTERS, "--min-expectancy", "9", "--side", "SELL"])

    captured = capsys.readouterr()
    out = " ".join(captured.out.split())
    assert code == 0
    assert "found 0 opportunities" not in captured.err  # or there is nothing to leave out
    assert "SELL, score from 0" in out
    assert "alerts 0 " in out
    assert "expectancy from +9 R" in out


def test_unknown_symbols_of_a_watch_list_are_named_and_the_others_watched(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "list.txt").write_text("BINANCE:BTCUSDT.P, NOSUCHUSDT")

    code = cli.exit_code(["watch", *FILTERS, "--watch-list", "list.txt"])

    captured = capsys.readouterr()
    assert code == 0
    assert "symbols                   BTCUSDT, NOSUCHUSDT" in captured.out
    assert "NOSUCHUSDT is not scanned: the venue does not list it" in captured.err


REFUSED = {
    "unknown symbols alone": (["--watch-list", "none.txt"], "NOSUCHUSDT", 2),
    "a list and symbols": (["--watch-list", "none.txt", "--symbols", "A"], "exclude each other", 2),
    "no such list": (["--watch-list", "missing.txt"], "cannot read the watch list", 2),
    "nobody to test": (["--test-notify"], "nobody to send alerts to", 2),
    "a secret as a flag": ([f"--notify-to={CANARY}"], "it is a setting", 2),
    "a template": (["--alert-text", "{symbl}"], "did you mean {symbol}?", 2),
    "quiet hours": (["--quiet-hours", "25:00-3"], "expected hours such as", 2),
}


@pytest.mark.parametrize(("flags", "expected", "code"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_one_line(
    flags: list[str], expected: str, code: int, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "none.txt").write_text("NOSUCHUSDT")

    found = cli.exit_code(["watch", *flags])

    error = capsys.readouterr().err
    assert found == code
    assert expected in error
    assert error.count("\n") == 1
    assert CANARY not in error


@pytest.mark.parametrize(("status", "code", "said"), [(200, 0, "sent"), (401, 4, "HTTP 401")])
def test_a_test_says_of_each_address_whether_it_took_it(
    status: int,
    code: int,
    said: str,
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with http_receiver(status) as receiver:
        address = f"gotify://127.0.0.1:{receiver.port}/{CANARY}"
        monkeypatch.setenv("DIVBOT_NOTIFY_TO", f"{address} jsonl:alerts.jsonl")
        found = cli.exit_code(["watch", "--test-notify"])

    captured = capsys.readouterr()
    assert found == code
    assert said in captured.out.splitlines()[0]
    assert captured.out.splitlines()[1] == "jsonl, address 2: sent"
    assert json.loads((desk / "alerts.jsonl").read_text())["topic"] == "test"
    assert CANARY not in captured.out + captured.err


def test_what_was_refused_is_listed_without_its_address(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIVBOT_NOTIFY_TO", f"bell gotify://127.0.0.1/{CANARY}")
    mark = load_settings({}).notify_to[1].mark
    outbox = Outbox.open(desk / "outbox")
    outbox.send_to([mark, "ntfy:gone"])
    outbox.keep([alert("1")], NOW)
    outbox.set_aside(mark, 1, "it answered with HTTP 400", NOW)

    codes = [cli.exit_code(["watch", "--refused", "--outbox", x]) for x in ("outbox", "none")]

    captured = capsys.readouterr()
    assert codes == [0, 2]
    assert captured.out == (
        "2026-11-20 19:03:05 gotify, address 2: it answered with HTTP 400: alert 1: price 1\n"
    )
    assert captured.err == "divbot: no alerts are kept in none\n"


def test_where_nothing_was_refused_a_line_says_so(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Outbox.open(desk / "outbox").close()

    code = cli.exit_code(["watch", "--refused", "--outbox", "outbox"])

    assert (code, *capsys.readouterr()) == (0, "", "divbot: no alert is set aside\n")


def test_paper_that_should_notify_nobody_is_refused(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.exit_code(["paper", "--notify"])

    assert code == 2
    assert "nobody to send alerts to" in capsys.readouterr().err


def test_ctrl_c_ends_a_watch_in_order_and_no_secret_was_anywhere(
    desk: Path, quiet_market: str
) -> None:
    program = start(
        "watch",
        *("--sequential", "--jsonl", "--min-score", "0", "--log-file", str(desk / "log")),
        DIVBOT_BASE_URL=quiet_market,
        DIVBOT_NOTIFY_TO=f"gotify://127.0.0.1:9/{CANARY} webhook:http://127.0.0.1:9/{CANARY}",
        DIVBOT_WEBHOOK_SECRET=CANARY,
        XDG_STATE_HOME=str(desk),
    )
    assert program.stdout
    while "takes none" not in (line := program.stdout.readline()):
        assert line
        assert CANARY not in line
    shown_by_ps = Path(f"/proc/{program.pid}/cmdline")
    command = shown_by_ps.read_bytes() if shown_by_ps.exists() else b""

    program.send_signal(signal.SIGINT)
    out, error = program.communicate(timeout=60)

    files = [x.read_bytes() for x in desk.rglob("*") if x.is_file()]
    assert program.returncode == 130
    assert json.loads(out.splitlines()[-1])["event"] == "ended"
    assert error == ""
    assert len(files) >= 2
    assert not [x for x in (out.encode(), command, *files) if CANARY.encode() in x]


RUN = "2026-11-20T160000-usdm-5m"
SIMULATED = " (SIMULATED PRICES)"


class Sent:
    """What a run sends."""

    def __init__(self, folder: Path, run: str = RUN) -> None:
        self.sink, self.told = FakeSink(), Told()
        self.outbox = Outbox.open(folder / "outbox")
        clock = ManualClock(NOW)
        dispatch = Dispatch(self.outbox, [self.sink], PaceRules(1000), clock, self.told)
        self.alerts = RunAlerts(dispatch, clock.now, self.told, run, STARTED)

    @property
    def titles(self) -> list[str]:
        titles = [x.title for x in self.kept]
        assert all(x.endswith(SIMULATED) for x in titles)
        return [x.removesuffix(SIMULATED) for x in titles]

    @property
    def kept(self) -> list[Alert]:
        return [x.alert for x in self.outbox.pending(self.sink.address.mark, 100)]

    @property
    def texts(self) -> list[str]:
        return [x.text for x in self.kept]


@pytest.fixture
def sent(tmp_path: Path) -> Sent:
    return Sent(tmp_path)


def test_entries_exits_and_pauses_are_sent_and_nothing_that_is_less(sent: Sent) -> None:
    for event in (SOL, FUNDED, MARKED, SOL_OUT, PAUSED, SOL_OUT):
        sent.alerts.hear(event, LEDGER)

    assert sent.titles == [
        "paper usdm 5m: BUY SOLUSDT",
        "paper usdm 5m: EXIT SOLUSDT",
        "paper usdm 5m: PAUSE no new positions",
    ]
    assert sent.texts[1].startswith("stop @ 169.6")
    assert sent.texts[2] == "the loss of this day has reached 3 %"


def test_alerts_of_two_runs_have_nothing_in_common_by_which_one_is_taken_for_the_other(
    tmp_path: Path,
) -> None:
    keys = []
    for run in ("one", "two"):
        (tmp_path / run).mkdir()
        sent = Sent(tmp_path / run, run)
        for event in (SOL, SOL_OUT, PAUSED):
            sent.alerts.hear(event, LEDGER)
        sent.alerts.show(replace(SNAPSHOT, at=NOW + DAY))
        keys += [x.key for x in sent.kept]
        assert {x.data["run"] for x in sent.kept} == {run}

    assert len(set(keys)) == len(keys) == 8


def test_troubles_are_sent_and_other_notices_are_not(sent: Sent) -> None:
    sent.alerts.tell("no quotes", is_warning=True)
    sent.alerts.tell("found 3 opportunities")
    sent.alerts.tell("scanning", is_detail=True)

    assert sent.titles == ["paper usdm 5m: trouble"]
    assert sent.texts == ["no quotes"]


def test_each_day_is_summed_up_once(sent: Sent) -> None:
    for at in (NOW, NOW + 1, NOW + DAY, NOW + DAY + 5, NOW + 2 * DAY):
        sent.alerts.show(replace(SNAPSHOT, at=at))

    assert [x for x in sent.titles if "2026" in x] == [
        "paper usdm 5m: 2026-11-20",
        "paper usdm 5m: 2026-11-21",
    ]
    assert "1 closed" in sent.texts[-2]


def numbered(events: tuple[Event, ...]) -> list[tuple[int, Event]]:
    return list(enumerate(events, 1))


def test_what_was_written_and_not_sent_is_sent_by_the_next_session(sent: Sent) -> None:
    before, after = EVENTS[:-3], EVENTS

    sent.alerts.catch_up(numbered(before), LEDGER)
    told_of_the_past = sent.titles
    sent.alerts.catch_up(numbered(after), LEDGER)
    sent.alerts.catch_up(numbered(after), LEDGER)

    assert told_of_the_past == []
    assert sent.titles == ["paper usdm 5m: EXIT SOLUSDT", "paper usdm 5m: PAUSE no new positions"]


def test_what_was_written_last_before_alerts_began_is_of_the_past(sent: Sent) -> None:
    for events in (EVENTS[:-2], EVENTS):
        sent.alerts.catch_up(numbered(events), LEDGER)

    assert EVENTS[-3] is SOL_OUT
    assert sent.titles == ["paper usdm 5m: PAUSE no new positions"]


def test_the_trader_hears_of_no_trouble_that_alerts_have(sent: Sent) -> None:
    sent.outbox.close()

    for _ in range(3):
        sent.alerts.hear(SOL_OUT, LEDGER)

    assert len(sent.told.lines) == 1


def test_a_folder_of_alerts_that_is_closed_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", f"/{'x' * 300}")  # too long a name, for root, too

    code = cli.exit_code(["watch", "--refused"])

    out, error = capsys.readouterr()
    assert (code, out) == (5, "")
    assert "usdm-5m.outbox: cannot be opened" in error
    assert len(error.splitlines()) == 1


def test_the_name_of_an_outbox_holds_no_password() -> None:
    settings = load_settings({})
    names = [
        outbox_of_watch(settings, x)
        for x in ("https://user:CANARY@Venue.example/", "https://venue.example")
    ]

    assert names[0] == names[1]
