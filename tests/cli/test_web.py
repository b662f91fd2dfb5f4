"""`--web` and `divbot web` as their user sees them."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from divbot import cli
from divbot.alerts.outbox import Outbox
from divbot.app.alerting import outbox_of_run
from divbot.cli.board.answers import BoardAnswers
from divbot.cli.board.programs import FileProgram
from divbot.domain.events import Entered, Exited, Paused
from divbot.domain.market import Market
from divbot.trading.journal.journal import Journal
from divbot.web.address import WebAddress, listen
from divbot.web.documents import json_of
from tests.alerts.alerts import alert
from tests.cli.commands import start
from tests.cli.paper_runs import EVENTS, STARTED

RUN = "2026-11-20T160000-usdm-5m"
TOKEN = "V2lzaCB5b3Ugd2VyZSBoZXJl"


@pytest.fixture
def desk(quiet_market: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("DIVBOT_BASE_URL", quiet_market)
    return tmp_path


REFUSED = {
    "others could see a watch": (["watch", "--web", "0.0.0.0:0"], "set DIVBOT_WEB_TOKEN"),
    "others could see a run": (["paper", "--web", "[::]:0"], "set DIVBOT_WEB_TOKEN"),
    "others could see journals": (["web", "0.0.0.0:0"], "set DIVBOT_WEB_TOKEN"),
    "no address": (["watch", "--web", "http://x"], "--web: expected HOST:PORT"),
    "a port that is none": (["web", "1.2.3.4:99999"], "expected HOST:PORT"),
    "an address elsewhere": (["watch", "--web", "nowhere.invalid:0"], "set DIVBOT_WEB_TOKEN"),
    "a run that is not there": (["web", "--run", "x"], "no run is called 'x'"),
    "a token as a flag": (["watch", "--web-token", TOKEN], "it is a setting"),
}


@pytest.mark.parametrize(("arguments", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_served_is_one_line(
    arguments: list[str], expected: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.exit_code(arguments)

    error = capsys.readouterr().err
    assert code == 2
    assert expected in error
    assert error.count("\n") == 1
    assert TOKEN not in error


def test_a_file_that_is_no_outbox_is_told_before_anything_begins(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = desk / "notes.txt"
    other.write_text("not a database, but a text" * 99)

    code = cli.exit_code(["web", "127.0.0.1:0", "--outbox", str(other)])

    assert code == 5
    assert f"{other}: file is not a database; name another one" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["watch", "--web"], ["paper", "--web"], ["web"]])
def test_an_address_in_use_is_told_before_anything_begins(
    command: list[str], desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with listen(WebAddress(port=0)) as taken:
        code = cli.exit_code([*command, str(taken.getsockname()[1])])

    error = capsys.readouterr().err
    assert code == 2
    assert "Address already in use; choose another host or port" in error
    assert error.count("\n") == 1
    assert not list(desk.rglob("*.db"))


def test_a_short_token_is_refused_and_not_told(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIVBOT_WEB_TOKEN", "CANARY")

    code = cli.exit_code(["watch", "--web"])

    error = capsys.readouterr().err
    assert code == 2
    assert "web_token" in error
    assert "CANARY" not in error


def ask(url: str, path: str, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def page_of(program: subprocess.Popen[str]) -> str:
    """Return where the page is, once that was said."""
    assert program.stdout
    for line in program.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
            return found[0]
    raise AssertionError(program.communicate()[1])


def test_a_paper_run_serves_its_page_with_a_chart_of_any_symbol(
    desk: Path, quiet_market: str
) -> None:
    program = start(
        *("paper", "--web", "0.0.0.0:0", "--quiet", "--symbols", "BTCUSDT,ETHUSDT"),
        DIVBOT_BASE_URL=quiet_market,
        DIVBOT_WEB_TOKEN=TOKEN,
        XDG_STATE_HOME=str(desk),
    )
    url, known = page_of(program), {"Authorization": f"Bearer {TOKEN}"}
    refused, _ = ask(url, "/api/v1/equity")
    while ask(url, "/healthz")[0] != 200:
        pass
    _, account = ask(url, "/api/v1/equity", **known)
    status, symbol = ask(url, "/api/v1/symbols/BTCUSDT", **known)
    _, run = ask(url, f"/api/v1/runs/{account['run']}", **known)
    program.send_signal(signal.SIGINT)
    out, error = program.communicate(timeout=60)

    assert refused == 401
    assert account["account"]["equity"] == "10000"
    assert status == 200
    assert len(symbol["series"]["at"]) > 300
    assert symbol["why"][0]["rule"] == "universe"
    assert run["curve"]["equity"][0] == 10_000
    assert program.returncode == 130
    assert error == ""
    assert TOKEN not in out


def test_a_run_has_the_figures_that_the_commands_print(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = desk / "run.db"
    with Journal.create(journal, STARTED) as written:
        written.write(*EVENTS[1:])
    printed = {}
    for command in ("stats", "trades"):
        assert cli.exit_code([command, "--journal", str(journal), "--json"]) == 0
        printed[command] = json.loads(capsys.readouterr().out)

    found = json.loads(json_of(BoardAnswers(None, journal).run("run")))

    assert found["statistics"].items() <= printed["stats"].items()
    assert [x["title"] for x in found["sections"]][:2] == ["Account", "Closed trades"]
    closed = [x for x in printed["trades"]["trades"] if x["closed_at"]]
    assert sorted(found["trades"], key=lambda x: x["number"]) == closed


def test_alerts_of_the_past_are_told_with_what_became_of_each(desk: Path) -> None:
    home = desk / "state" / "divbot"
    of_watch = home / "alerts" / "venue" / "usdm-5m.outbox"
    with closing(Outbox.open(of_watch)) as outbox:
        outbox.send_to(["ntfy:a", "ntfy:b"])
        outbox.keep([alert(f"usdm 5m {x}USDT hidden_bearish 1") for x in "ABC"], now=5)
        outbox.delivered("ntfy:a", [1, 2])
        outbox.delivered("ntfy:b", [1])
        outbox.set_aside("ntfy:b", 3, "HTTP 400", now=6)
    with Journal.create(home / "runs" / f"{RUN}.db", STARTED) as journal:
        journal.write(*EVENTS[1:])
    with closing(Outbox.open(outbox_of_run(journal.path))) as outbox:
        events = [x for x in EVENTS if type(x) in (Entered, Exited, Paused)]
        outbox.keep([alert(x.key) for x in (events[0], events[-1])], now=7)
    (home / "alerts" / "venue" / "spot-1h.outbox").write_text("something else")

    found = json.loads(json_of(BoardAnswers(None, None).alerts(4)))
    of_file = json.loads(json_of(BoardAnswers(None, None, (of_watch,)).alerts(1)))

    told = [(x["program"], x["topic"], x["symbol"], x["delivery"]) for x in found["alerts"]]
    assert told == [
        (RUN, "pause", None, "told"),
        (RUN, "entry", "1000PEPEUSDT", "told"),
        ("usdm-5m", "signal", "CUSDT", "failed"),
        ("usdm-5m", "signal", "BUSDT", "held back"),
    ]
    assert found["damaged"] == ["spot-1h"]
    (newest,) = of_file["alerts"]
    assert (newest["interval"], newest["signal"], newest["reason"]) == ("5m", "SELL", "HTTP 400")


def test_journals_are_shown_beside_the_program_that_writes_them(
    desk: Path, quiet_market: str
) -> None:
    with Journal.create(desk / "run.db", STARTED) as journal:
        journal.write(*EVENTS[1:])
        program = start(
            *("web", "0", "--journal", str(desk / "run.db")),
            DIVBOT_BASE_URL=quiet_market,
            XDG_STATE_HOME=str(desk),
        )
        url = page_of(program)
        _, positions = ask(url, "/api/v1/positions")
        _, run = ask(url, "/api/v1/runs/run")
        _, events = ask(url, "/api/v1/events?limit=1")
        _, health = ask(url, "/api/v1/health")
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=60)

    assert [x["symbol"] for x in positions["positions"]] == [
        "1000PEPEUSDT",
        "币安人生USDT",
        "BTCUSDT",
    ]
    assert run["running"] is True
    assert "journal" not in run
    assert events["events"][0]["kind"] == "paused"
    assert health["program"] == "web"
    assert program.returncode == 130


def test_a_run_that_begins_later_is_the_newest_one_from_then_on(tmp_path: Path) -> None:
    found: list[Path] = []
    program = FileProgram(lambda: found[-1] if found else None, Market.USDM)
    names = []

    for name in ("", "one", "two"):
        if name:
            found.append(tmp_path / f"{name}.db")
            Journal.create(found[-1], STARTED).close()
        program.refresh(5)
        names.append(program.now().run_name)

    assert names == ["", "one", "two"]
