"""Nothing that a venue says can steer a terminal, whichever command prints it."""

from __future__ import annotations

import ast
import io
import json
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

import divbot
from divbot.cli import exit_code
from divbot.cli.destination import Destination, json_bytes
from divbot.cli.terminal import Terminal, console, settle
from divbot.domain.clock import ManualClock
from divbot.domain.market import Market
from divbot.exchange.desk import Desk
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.rest.response import Response
from divbot.exchange.server import open_desks
from tests.conftest import STANDSTILL
from tests.silent_server import SilentServer

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[8m\x9b31m\u202e\u2066\u200b\x00\x08\x7f\r\u2028"
PLANTED = "owned"
"""What is left of it where it was printed."""
OWN = "ETHUSDT"

Plant = Callable[[str, Any], Any]


def in_field(name: str) -> Plant:
    """Return what plants hostile text in one field of each second row of every list."""

    def planted(_: str, body: Any) -> Any:
        rows = body.get("symbols") if isinstance(body, dict) else body
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and name in row and row.get("symbol") != OWN:
                text = row[name]
                row[name] = [HOSTILE] if isinstance(text, list) else f"{text}{HOSTILE}"
        return body

    return planted


def everywhere(_: str, body: Any) -> Any:
    """Plant hostile text in every text, however deep."""
    if isinstance(body, dict):
        return {name: everywhere(name, value) for name, value in body.items()}
    if isinstance(body, list):
        return [everywhere("", value) for value in body]
    return f"{body}{HOSTILE}" if isinstance(body, str) else body


class Hostile:
    """A venue that answers as the local exchange does, but for what a test plants."""

    def __init__(self, desks: list[Desk]) -> None:
        self.plant: Plant = lambda _, body: body
        self.refusal: Response | None = None
        venue = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                desk = next(each for each in desks if path.startswith(each.root))
                answer = venue.refusal or desk.answer(path, query)
                body = answer.body
                if venue.refusal is None:
                    body = json.dumps(venue.plant(path, json.loads(body))).encode()
                self.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = SilentServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def served() -> Iterator[Hostile]:
    options = ExchangeOptions(symbols=4, seed=7, at=STANDSTILL, speed=0, weight_limit=10**9)
    venue = Hostile(open_desks(options, ManualClock(STANDSTILL)))
    thread = threading.Thread(target=venue.server.serve_forever, args=(0.01,))
    thread.start()
    yield venue
    venue.server.shutdown()
    thread.join()
    venue.server.server_close()


@pytest.fixture
def venue(served: Hostile) -> Iterator[Hostile]:
    yield served
    served.plant, served.refusal = lambda _, body: body, None


class Screen(io.TextIOWrapper):
    """A terminal, as far as a program can tell."""

    is_terminal = True

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")

    def isatty(self) -> bool:
        return self.is_terminal

    def shown(self) -> str:
        self.flush()
        binary = self.buffer
        assert isinstance(binary, io.BytesIO)
        return binary.getvalue().decode()


Screens = Callable[[], tuple[Screen, Screen]]


@pytest.fixture
def screens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Screens:
    """Return what lets stdout and stderr be terminals, as at the start of a command.

    In the test itself: pytest puts streams of its own in their place before.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm")

    def settled() -> tuple[Screen, Screen]:
        both = Screen(), Screen()
        monkeypatch.setattr(sys, "stdout", both[0])
        monkeypatch.setattr(sys, "stderr", both[1])
        settle()
        return both

    return settled


def unprintable(text: str) -> set[str]:
    return {x for x in text if x != "\n" and unicodedata.category(x)[0] in "CZ" and x != " "}


COMMANDS = {
    "universe": ["universe"],
    "universe --json": ["universe", "--json"],
    "scan": ["scan", "--sequential", "--top", "3", "--limit", "301", "--quiet"],
    "scan --json": ["scan", "--sequential", "--top", "3", "--limit", "301", "-q", "--json"],
    "scan --csv": ["scan", "--sequential", "--top", "3", "--limit", "301", "-q", "--csv"],
    "why": ["why", OWN, "BNBUSDT", "--sequential"],
    "limits": ["limits"],
    "verify": ["verify", "lookahead", OWN, "--limit", "301"],
}
FIELDS = {
    Market.SPOT: ("symbol", "status", "baseAsset", "quoteAsset", "permissions", "lastPrice"),
    Market.USDM: ("pair", "status", "contractType", "underlyingType", "underlyingSubType"),
}


@pytest.mark.parametrize("command", ["universe", "universe --json", "scan"])
@pytest.mark.parametrize(
    ("market", "field"), [(market, field) for market in FIELDS for field in FIELDS[market]]
)
def test_no_field_of_the_venue_reaches_a_terminal_as_it_is(
    venue: Hostile, screens: Screens, market: Market, field: str, command: str
) -> None:
    venue.plant = in_field(field)

    both = screens()
    exit_code([*COMMANDS[command], "--market", market.value, "--base-url", venue.url])

    shown = "".join(screen.shown() for screen in both)
    assert unprintable(shown) <= {"\x1b"}
    assert "\x1b]" not in shown
    assert "\x1b[2J" not in shown
    assert "\x1b[8m" not in shown
    if (command, field) in {("universe", "status"), ("universe", "contractType")}:
        assert PLANTED in shown


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("status", [None, 400, 418, 451])
def test_no_message_of_the_venue_reaches_a_terminal_as_it_is(
    venue: Hostile, screens: Screens, command: str, status: int | None
) -> None:
    venue.plant = everywhere
    if status is not None:
        told = json.dumps({"code": -1, "msg": HOSTILE}).encode()
        venue.refusal = Response(status, {"Retry-After": "9999"}, told)

    out, error = screens()
    exit_code([*COMMANDS[command], "--base-url", venue.url])

    said = error.shown()
    assert unprintable(out.shown() + said) <= {"\x1b"}
    assert not any(odd in said for odd in ("\x1b]", "\x1b[2J", "\x1b[8m"))
    assert status is None or said.startswith("divbot: ")


@given(st.text() | st.text("a\x1b[]8mJ;0\n\x07\u202e", max_size=40))
def test_whatever_is_written_cannot_steer_a_terminal(text: str) -> None:
    plain, styled = Screen(), Screen()

    Terminal(plain).write(text)
    Terminal(styled).write_styled(text)

    assert unprintable(plain.shown()) == set()
    assert unprintable(styled.shown().replace("\x1b[0m", "")) == set()
    assert plain.shown().count("\n") == text.count("\n")


@given(st.text() | st.text("a\x1b[]8mJ;0\n\x07\u202e", max_size=40))
def test_what_is_laid_out_is_coloured_by_us_alone(text: str) -> None:
    screen = Screen()

    console(screen, force_terminal=True, color_system="standard", width=200).print(
        Text(text, "green")
    )

    assert unprintable(screen.shown().replace("\x1b[32m", "").replace("\x1b[0m", "")) == set()


def test_colours_of_ours_pass_and_nothing_that_hides_text() -> None:
    screen = Screen()

    Terminal(screen).write_styled("\x1b[1;32mBUY\x1b[0m \x1b[8mhidden\x1b[0;8m\x1b[1;;m")

    assert screen.shown() == "\x1b[1;32mBUY\x1b[0m ?[8mhidden?[0;8m?[1;;m"


@given(st.text())
def test_json_says_the_same_and_is_harmless(text: str) -> None:
    document = json_bytes({"text": text, text: [text]})

    assert json.loads(document) == {"text": text, text: [text]}
    assert unprintable(document.decode()) == set()


@pytest.mark.parametrize(("is_terminal", "left"), [(False, HOSTILE), (True, None)])
def test_a_file_for_another_program_is_left_as_it_is(
    screens: Screens,
    monkeypatch: pytest.MonkeyPatch,
    is_terminal: bool,
    left: str | None,
) -> None:
    monkeypatch.setattr(Screen, "is_terminal", is_terminal)

    out, _ = screens()
    Destination(None).write(HOSTILE.encode())

    assert out.shown() == left or (left is None and not unprintable(out.shown()))


AROUND = {"stdout.buffer", "stderr.buffer", "sys.__stdout__", "sys.__stderr__", "os.write"}


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)
        elif isinstance(node, ast.Call):
            yield f"{ast.unparse(node.func)}()"


def test_nobody_writes_around_the_terminal() -> None:
    root = Path(divbot.__file__).parent
    # The latter two write files.
    allowed = {"cli/terminal.py", "files.py", "binance/candles/candle_store.py"}

    around = {
        (str(path.relative_to(root)), name)
        for path in root.rglob("*.py")
        for name in _names(ast.parse(path.read_text("utf-8")))
        for odd in AROUND
        if name.endswith(odd) or name == "Console()"
        if str(path.relative_to(root)) not in allowed
    }

    assert around == set()
