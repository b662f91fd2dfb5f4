"""What the tests of journals share."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from divbot.database import connect_writing


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """Return the connections that journals open to write, the newest last."""
    connections: list[sqlite3.Connection] = []

    def connect(path: Path) -> sqlite3.Connection:
        connections.append(connect_writing(path))
        return connections[-1]

    monkeypatch.setattr("divbot.trading.journal.journal.connect_writing", connect)
    return connections
