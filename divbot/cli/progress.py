"""A progress bar on stderr while a scan or a backtest works."""

from __future__ import annotations

from typing import Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from divbot.cli import terminal
from divbot.cli.job_control import GivenBack
from divbot.scanner.cycle import ScanListener


class ScanProgress(ScanListener):
    """Show how many symbols have been downloaded; gone without a trace at the end.

    While kernels are being compiled, which workers wait for, that is what it shows.
    """

    def __init__(self, *, is_compiling: bool = False) -> None:
        self._first = "compiling" if is_compiling else ""
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=terminal.stderr().console(),
            transient=True,
        )
        self._task = self._bar.add_task(self._first or "listing", total=None)
        self._given_back = GivenBack(self._show_cursor, self._hide_cursor)

    def listed(self, symbols: int) -> None:
        """Begin to count."""
        self._bar.update(self._task, description=self._first or "scanning", total=symbols)

    def downloaded(self, symbols: int, waits_for: str) -> None:
        """Show the count, or what is waited for."""
        doing = waits_for or ("scanning" if symbols else self._first or "scanning")
        self._bar.update(self._task, completed=symbols, description=doing)

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


class PastProgress:
    """Show how far a backtest is; gone without a trace at the end."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=terminal.stderr().console(),
            transient=True,
        )
        self._task = self._bar.add_task("reading", total=None)

    def __call__(self, what: str, done: int, count: int) -> None:
        """Show `what` is done, and which part of it is."""
        self._bar.update(self._task, description=what, completed=done, total=count)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
