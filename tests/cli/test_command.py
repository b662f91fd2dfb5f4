"""What all commands have in common: no flag of theirs is ignored without a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from divbot.cli import command_line
from divbot.domain.errors import InputError
from divbot.settings import Settings


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command, with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands(typer.main.get_command(command_line())))
FLAGS = [
    pytest.param(path, option, id=f"{' '.join(path)} {max(option.opts, key=len)}")
    for path, command in COMMANDS.items()
    for option in command.params
    if option.param_type_name == "option" and not option.multiple and option.name != "help"
]


@pytest.mark.parametrize(("path", "option"), FLAGS)
def test_a_flag_that_is_given_twice_is_refused(path: tuple[str, ...], option: Any) -> None:
    once = [option.opts[0]] if option.is_flag else [option.opts[0], "1"]

    with pytest.raises(InputError) as caught:
        run(*path, *once, *once)

    name = max((*option.opts, *option.secondary_opts), key=len)
    told = str(caught.value).partition(", several between commas, as in ")[0]
    assert told == f"expected {name} once, found it 2 times; give it once"


def test_who_gives_several_in_several_flags_is_told_how_to_give_them_in_one() -> None:
    with pytest.raises(InputError) as caught:
        run("watch", "-i", "5m", "-i", "15m")

    assert str(caught.value) == (
        "expected --intervals once, found it 2 times; give it once, several between commas, as in "
        "-i 5m,15m,1h,4h"
    )


def test_another_spelling_is_the_same_flag() -> None:
    with pytest.raises(InputError, match="expected --interval once"):
        run("paper", "-i", "5m", "--interval=1h")


@pytest.mark.parametrize("arguments", [["scan"], ["trades"]])
def test_an_ending_that_says_nothing_is_refused(arguments: list[str], tmp_path: Path) -> None:
    path = tmp_path / "report.foo"

    with pytest.raises(InputError) as caught:
        run(*arguments, "--output", str(path))

    assert str(caught.value) == (
        f"{path}: expected a name that ends in .json or .csv or .txt, found .foo; "
        "--json or --csv write any file"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["chart", "BTCUSDT", "--output"],
        ["scan", "--report"],
        ["stats", "--report"],
        ["verify", "calibration", "--recorded", "market.csv", "--report"],
    ],
    ids=["chart", "scan", "stats", "calibration"],
)
def test_a_page_is_called_one(arguments: list[str], tmp_path: Path) -> None:
    path = tmp_path / "picture.png"

    with pytest.raises(InputError) as caught:
        run(*arguments, str(path))

    assert str(caught.value) == f"{path}: expected a name that ends in .html or .htm, found .png"


def test_a_replay_is_of_a_file_or_of_a_venue() -> None:
    with pytest.raises(InputError, match="--recorded and --base-url exclude each other"):
        run(
            *("verify", "lookahead", "BTCUSDT", "--recorded", "market.csv"),
            *("--base-url", "http://127.0.0.1:9"),
        )


class Opened(Exception):
    pass


@pytest.mark.parametrize(
    ("flags", "variable", "file", "interval"),
    [
        ([], "", "", "1m"),
        ([], "", 'interval = "1h"', "1h"),
        ([], "15m", 'interval = "1h"', "15m"),
        (["-i", "3m"], "15m", 'interval = "1h"', "3m"),
    ],
    ids=["nothing", "a file", "a variable", "a flag"],
)
def test_what_is_set_beats_the_default_of_a_demo(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    variable: str,
    file: str,
    interval: str,
) -> None:
    opened: list[Settings] = []

    def open_nothing(settings: Settings, *_: object, **__: object) -> None:
        opened.append(settings)
        raise Opened

    monkeypatch.setattr("divbot.app.paper.open_paper", open_nothing)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIVBOT_INTERVAL", variable)
    Path("divbot.toml").write_text(file)

    with pytest.raises(Opened):
        run("paper", "--demo", *flags)

    assert [x.interval.value for x in opened] == [interval]


def run(*arguments: str) -> None:
    command_line(arguments)(list(arguments), prog_name="divbot", standalone_mode=False)
