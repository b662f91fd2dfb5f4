"""Write the commands' own help into docs/command-line.md, below what is written there by hand.

python docs/command_line.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer.main
from typer.testing import CliRunner

from divbot.cli import command_line

PAGE = Path(__file__).with_name("command-line.md")
_FIRST = "\n## divbot "


def page_text() -> str:
    """Return docs/command-line.md: its beginning as it is, and each command's help as it is now."""
    return PAGE.read_text("utf-8").partition(_FIRST)[0] + "".join(
        f"{_FIRST}{' '.join(words)}\n\n```\n{_help_of(words)}\n```\n" for words in _commands()
    )


def _commands() -> Iterator[list[str]]:
    """Give the words of every command, a group's own before those of its commands."""
    for name, command in typer.main.get_command(command_line()).commands.items():
        yield [name]
        yield from ([name, each] for each in getattr(command, "commands", ()))


def _help_of(words: list[str]) -> str:
    run = CliRunner(env={"COLUMNS": "80"})
    return run.invoke(command_line(words), [*words, "--help"], prog_name="divbot").stdout.strip()


if __name__ == "__main__":
    PAGE.write_text(page_text(), "utf-8")
