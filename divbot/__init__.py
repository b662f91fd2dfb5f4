"""divbot: scan the whole Binance USDT market for RSI divergences."""

from __future__ import annotations

from divbot.interrupts import end_without_a_word, is_command

if is_command():  # first of all: the rest takes its time
    end_without_a_word()

from importlib import import_module
from typing import TYPE_CHECKING, Any

from divbot.version import __version__

if TYPE_CHECKING:
    from divbot.app.backtest_result import Backtest
    from divbot.app.scanning import scan, scans
    from divbot.app.scripting import backtest, candles
    from divbot.app.sweep import sweep
    from divbot.domain.errors import (
        BadAnswer,
        DivbotError,
        DuplicateEvent,
        InputError,
        JournalError,
        LedgerError,
        OutputError,
        RecordingError,
        RequestRejected,
        SettingsError,
        StateError,
        StopAsking,
        StopUntil,
        StoreError,
        SymbolError,
        TryAgain,
        UnknownSymbol,
        VenueError,
        VenueRefused,
        VenueUnreachable,
        WorkerLost,
    )
    from divbot.research.sweep_report import SweepReport
    from divbot.scanner.report import Report
    from divbot.settings import Settings

__all__ = [
    "Backtest",
    "BadAnswer",
    "DivbotError",
    "DuplicateEvent",
    "InputError",
    "JournalError",
    "LedgerError",
    "OutputError",
    "RecordingError",
    "Report",
    "RequestRejected",
    "Settings",
    "SettingsError",
    "StateError",
    "StopAsking",
    "StopUntil",
    "StoreError",
    "SweepReport",
    "SymbolError",
    "TryAgain",
    "UnknownSymbol",
    "VenueError",
    "VenueRefused",
    "VenueUnreachable",
    "WorkerLost",
    "__version__",
    "backtest",
    "candles",
    "scan",
    "scans",
    "sweep",
]


_MODULES = {
    "Backtest": "divbot.app.backtest_result",
    "backtest": "divbot.app.scripting",
    "candles": "divbot.app.scripting",
    "scan": "divbot.app.scanning",
    "scans": "divbot.app.scanning",
    "Report": "divbot.scanner.report",
    "Settings": "divbot.settings",
    "SweepReport": "divbot.research.sweep_report",
    "sweep": "divbot.app.sweep",
}
"""Where to find what is no error."""


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    # Worker processes import this package too, and must not load what only a caller needs.
    if name not in __all__:
        raise AttributeError(f"module 'divbot' has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, "divbot.domain.errors")), name)
