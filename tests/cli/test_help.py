from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.commands import divbot, environment


@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=["nothing", "--help"])
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
