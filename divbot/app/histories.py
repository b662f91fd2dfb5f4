"""The past that commands are about: a recording, or the store of the settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from divbot.domain.market import Market

if TYPE_CHECKING:
    from divbot.history.joined import JoinedHistory
    from divbot.research.port import PastMarket
    from divbot.settings import Settings


def read_recording(path: Path, market: Market) -> JoinedHistory:
    """Return the past that a recording holds; RecordingError for a bad one."""
    from divbot.exchange.market.recorded import load_tape
    from divbot.history.joined import JoinedHistory

    return JoinedHistory(path, market, load_tape(path).interval)


def open_recording(path: Path, settings: Settings) -> JoinedHistory:
    """Return the same; InputError where the candles of the settings cannot be made of its own."""
    history = read_recording(path, settings.market)
    history.symbols(settings.interval)
    return history


def open_stored(settings: Settings) -> PastMarket:
    """Return the past that the store of the settings holds."""
    from divbot.app.stores import open_store

    return open_store(settings)
