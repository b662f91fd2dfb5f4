"""divbot: scan the whole Binance USDT market for RSI divergences."""

from __future__ import annotations

from divbot.interrupts import end_without_a_word, is_command

if is_command():  # first of all: the rest takes its time
    end_without_a_word()

from typing import TYPE_CHECKING, Any

from divbot.version import __version__

if TYPE_CHECKING:
    from divbot.app import scan

__all__ = ["__version__", "scan"]


def __getattr__(name: str) -> Any:
    # Worker processes import this package too, and must not load what only a caller needs.
    if name == "scan":
        from divbot.app import scan

        return scan
    raise AttributeError(f"module 'divbot' has no attribute {name!r}")
