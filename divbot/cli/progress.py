"""A progress bar on stderr while a scan or a backtest works."""

from __future__ import annotations

from rich.progress import (
    MofNCompleteColumn,
    TaskProgressColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from divbot.cli.bar import TransientBar
from divbot.scanner.cycle import ScanListener


class ScanProgress(TransientBar, ScanListener):
    """Show how many symbols have been downloaded.

    While kernels are being compiled, which workers wait for, that is what it shows.
    """

    def __init__(self, *, is_compiling: bool = False) -> None:
        self._first = "compiling" if is_compiling else ""
        super().__init__(self._first or "listing", MofNCompleteColumn(), TimeElapsedColumn())

    def listed(self, symbols: int) -> None:
        """Begin to count."""
        self._bar.update(self._task, description=self._first or "scanning", total=symbols)

    def downloaded(self, symbols: int, waits_for: str) -> None:
        """Show the count, or what is waited for."""
        doing = waits_for or ("scanning" if symbols else self._first or "scanning")
        self._bar.update(self._task, completed=symbols, description=doing)


class PastProgress(TransientBar):
    """Show how far a backtest is."""

    def __init__(self) -> None:
        super().__init__(
            "reading", TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn()
        )

    def __call__(self, what: str, done: int, count: int) -> None:
        """Show `what` is done, and which part of it is."""
        self._bar.update(self._task, description=what, completed=done, total=count)
