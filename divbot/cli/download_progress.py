"""A progress bar on stderr while a download works: bytes, speed, time left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from divbot.cli import terminal
from divbot.cli.job_control import GivenBack
from divbot.history import download
from divbot.history.jobs import Job


class DownloadProgress(download.DownloadStages):
    """Show how much is there; gone without a trace at the end."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=terminal.stderr().console(),
            transient=True,
        )
        self._task = self._bar.add_task("asking for lists", total=None)
        self._months = 0
        self._given_back = GivenBack(self._show_cursor, self._hide_cursor)

    def planning(self, shelves: int, total: int) -> None:
        """Show how many lists are there."""
        self._bar.update(self._task, description=f"lists {shelves}/{total}")

    def planned(self, jobs: Sequence[Job]) -> None:
        """Begin to count bytes."""
        self._months = len(jobs)
        self._bar.reset(self._task, total=sum(x.size for x in jobs), description="downloading")

    def fetched(self, size: int) -> None:
        """Count `size` bytes more."""
        self._bar.update(self._task, advance=size)

    def finished(self, months: int) -> None:
        """Show how many months are done."""
        self._bar.update(self._task, description=f"months {months}/{self._months}")

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
