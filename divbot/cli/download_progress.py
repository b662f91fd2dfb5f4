"""A progress bar on stderr while a download works: bytes, speed, time left."""

from __future__ import annotations

from collections.abc import Sequence

from rich.progress import DownloadColumn, TimeRemainingColumn, TransferSpeedColumn

from divbot.cli.bar import TransientBar
from divbot.history import download
from divbot.history.jobs import Job


class DownloadProgress(TransientBar, download.DownloadStages):
    """Show how much is there."""

    def __init__(self) -> None:
        super().__init__(
            "asking for lists", DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
        )
        self._months = 0

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
