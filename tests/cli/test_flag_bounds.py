"""Numbers given by flags: those of settings are judged as in a file, all others by their bounds."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from divbot.cli import command_line, exit_code
from divbot.domain.errors import InputError
from tests.test_setting_bounds import NUMBERS, refusal

LONG = "9" * 5000
ARGUMENTS = {"chart": ["BTCUSDT"], "why": ["BTCUSDT"]}
FLAGS = [
    (info.callback.__name__, name)
    for info in command_line().registered_commands
    if info.callback
    for name in inspect.signature(info.callback).parameters
    if name in NUMBERS and info.callback.__name__ != "exchange"
]
OTHERS = [
    ("exchange", "--symbols", ["0", "5001", "1.5"]),
    ("exchange", "--delist-after", ["-1m", "1e9m", "5"]),
    ("exchange", "--publish-lag", ["-1ms", "60001ms", "1000"]),
    ("exchange", "--seed", ["-1", "9223372036854775808"]),
    ("exchange", "--speed", ["-1", "1e6"]),
    ("exchange", "--latency", ["-1ms", "60001ms", "50"]),
    ("exchange", "--weight-limit", ["0", "1e10"]),
    ("exchange", "--patience", ["-1", "1e7"]),
    ("exchange", "--aging", ["0", "10001"]),
    ("exchange", "--port", ["-1", "65536"]),
    ("exchange", "--at", ["1722330000", "9999-12-31"]),
    ("paper", "--speed", ["0", "100001"]),
    ("paper", "--duration", ["0s", "3651d", "1e9d", "-1s", "5"]),
    ("trades", "--last", ["0", "1e10"]),
]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("command", "name"), FLAGS)
def test_the_flag_of_a_setting_says_what_a_file_says(
    command: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    flag = f"--{name.replace('_', '-')}"

    assert exit_code([command, *ARGUMENTS.get(command, []), f"{flag}=nan"]) == 2
    assert capsys.readouterr().err == f"divbot: {refusal(name, 'nan')}\n"


@pytest.mark.parametrize(("command", "flag", "values"), OTHERS)
def test_the_bounds_of_another_flag_are_told_with_its_name(
    command: str, flag: str, values: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for value in (*values, "nan", "inf", "", "x", LONG):
        assert exit_code([command, f"{flag}={value}"]) == InputError.exit_code

        said = capsys.readouterr().err
        assert said.startswith(f"divbot: {flag}: expected ")
        assert value[:30] in said
        assert (said.count("\n"), len(said) < 200) == (1, True)
