from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from divbot import cli
from divbot.cli import command_line, exit_code
from divbot.domain.errors import InputError
from divbot.setting_table import SETTINGS
from divbot.settings import Settings
from tests.cli.commands import divbot, environment

COMMANDS = ("scan", "chart", "paper", "exchange", "universe", "why", "limits", "status", "trades")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]], ids=["nothing", "--help", "-h"])
def test_help_lists_the_commands(arguments: list[str]) -> None:
    run = divbot(*arguments)

    assert run.returncode == 0
    assert "scan" in run.stdout
    assert "exchange" in run.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        *(
            [name, "--help"]
            for name in ("scan", "chart", "exchange", "runs", "status", "trades", "stats", "verify")
        ),
    ],
)
def test_help_waits_for_nothing_heavy(arguments: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "divbot", *arguments],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        check=True,
    )

    loaded = {line.rsplit("|", 1)[-1].strip() for line in run.stderr.splitlines()}
    assert "typer" in loaded
    assert not loaded & {"numba", "numpy", "pandas", "requests", "aiohttp", "rich", "plotly"}


def runner() -> CliRunner:
    return CliRunner(env={"COLUMNS": "80"})


@pytest.mark.parametrize("command", [[], ["verify"]], ids=["divbot", "verify"])
def test_a_list_of_commands_is_made_of_whole_sentences(command: list[str]) -> None:
    shown = runner().invoke(command_line(), [*command, "-h"]).stdout

    listed = " ".join(shown.partition("Commands:\n")[2].split())
    assert "..." not in listed
    assert listed.endswith(".")


@pytest.mark.parametrize(
    "command",
    [*([name] for name in COMMANDS), ["verify", "warmup"], ["verify", "calibration"]],
    ids=" ".join,
)
def test_every_command_has_a_short_flag_for_help(command: list[str]) -> None:
    assert "-h, --help" in runner().invoke(command_line(command), [*command, "-h"]).stdout


def test_every_setting_has_a_flag() -> None:
    shown = "".join(
        runner().invoke(command_line([name]), [name, "-h"]).stdout
        for name in ("scan", "paper", "watch")
    )

    missing = [
        name
        for name in Settings.model_fields
        if not re.search(rf"--{name.replace('_', '-')}[\s,]", shown)
    ]
    # Anybody on the machine can read a command line.
    assert missing == [name for name, row in SETTINGS.items() if row.is_secret]


def test_a_flag_that_is_rarely_given_reaches_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: dict[str, object] = {}

    def load(flags: Mapping[str, object], config: Path | None, _: object) -> Settings:
        given.update({name: value for name, value in flags.items() if value is not None})
        raise InputError("seen enough")

    monkeypatch.setattr("divbot.settings.load_settings", load)
    arguments = ["paper", "--cooldown", "5m", "--no-exit-on-opposite", "--weight-trend=0.3"]

    with pytest.raises(InputError, match="seen enough"):
        command_line(arguments)(arguments, standalone_mode=False)

    assert given == {"cooldown": "5m", "exit_on_opposite": False, "weight_trend": "0.3"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(
            ["scan", "--cooldown=5m"],
            "No such option: --cooldown; it is a setting: write `cooldown = ...` into divbot.toml, "
            "or set DIVBOT_COOLDOWN",
            id="a setting",
        ),
        pytest.param(
            ["chart", "BTCUSDT", "--no-keep-candles"],
            "No such option: --no-keep-candles; it is a setting: write `keep_candles = ...` into "
            "divbot.toml, or set DIVBOT_KEEP_CANDLES",
            id="a setting turned off",
        ),
        pytest.param(["scan", "--frob"], "No such option: --frob", id="no setting"),
        pytest.param(
            ["status", "--top=3"], "No such option: --top", id="a command without settings"
        ),
    ],
)
def test_without_a_flag_one_is_told_how_to_set_it(
    arguments: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = cli.exit_code(arguments)

    assert (code, capsys.readouterr().err) == (2, f"divbot: {says}\n")


def test_the_version_is_told() -> None:
    assert divbot("--version").stdout == "divbot 0.1.0\n"


def test_an_unknown_command_is_told_in_one_line() -> None:
    run = divbot("scna")

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.count("\n") == 1
    assert "scna" in run.stderr


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("divbot sc", ["scan"]),
        ("divbot sta", ["status", "stats"]),
        ("divbot stats --by s", ["symbol", "side"]),
        ("divbot trades --reason t", ["trailing_stop", "target"]),
        ("divbot scan --market us", ["usdm"]),
        ("divbot scan --interval 1", ["1s", "1m", "15m", "1h", "12h", "1d", "1w", "1M"]),
        ("divbot scan --kind hidden", ["hidden_bullish", "hidden_bearish"]),
        ("divbot scan --conn", ["--connections"]),
    ],
)
def test_the_shell_completes_commands_flags_and_values(words: str, offered: list[str]) -> None:
    run = divbot(
        _DIVBOT_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split()) - 1),
        _TYPER_COMPLETE_TESTING="1",
    )

    assert run.stdout.split() == offered


def test_a_command_loads_no_other_one() -> None:
    program = (
        "import sys; from divbot.cli import command_line; command_line(['limits', 'paper'])\n"
        "print(*sorted({'divbot.cli.limits', 'divbot.cli.paper'} & {*sys.modules}))"
    )

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True
    )

    assert run.stdout == "divbot.cli.limits\n"


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (["papper"], " Did you mean 'paper'?"),
        (["scna"], " Did you mean 'scan'?"),
        (["run"], " Did you mean 'runs'?"),
        (["runs", "saev"], " Did you mean 'save'?"),
        (["verify", "callibration"], " Did you mean 'calibration'?"),
        (["start"], ""),
        (["list"], ""),
        (["runs", "move"], ""),
    ],
    ids=" ".join,
)
def test_a_command_is_suggested_where_it_is_near(
    arguments: list[str], near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(arguments) == 2

    assert capsys.readouterr().err == f"divbot: No such command {arguments[-1]!r}.{near}\n"


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        (["limits"], "; --demo needs no network"),
        (["verify", "lookahead", "BTCUSDT"], ""),
    ],
    ids=["limits", "verify lookahead"],
)
def test_only_a_command_that_has_the_flag_is_told_to_need_no_network(
    command: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code([*command, "--base-url", "http://127.0.0.1:1"]) == 3

    assert capsys.readouterr().err.endswith(f"cannot reach 127.0.0.1:1: connection refused{hint}\n")
