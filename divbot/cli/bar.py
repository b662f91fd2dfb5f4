"""A bar on stderr that is gone at the end, for all who show progress by one."""

from __future__ import annotations

from typing import Self

from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn

from divbot.cli import terminal
from divbot.cli.job_control import GivenBack


class TransientBar:
    """A bar behind what is done; gone without a trace at the end, and given back for Ctrl-Z."""

    def __init__(self, first: str, *columns: ProgressColumn) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            *columns,
            console=terminal.stderr().console(),
            transient=True,
        )
        self._task = self._bar.add_task(first, total=None)
        self._given_back = GivenBack(self._show_cursor, self._hide_cursor)

    def draw(self) -> None:
        """Draw at once, besides what is drawn ten times a second."""
        self._bar.refresh()

    def __enter__(self) -> Self:
        self._given_back.begin()
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._given_back.end()
        self._bar.stop()

    def _show_cursor(self) -> None:
        self._bar.console.show_cursor(show=True)

    def _hide_cursor(self) -> None:
        self._bar.console.show_cursor(show=False)
