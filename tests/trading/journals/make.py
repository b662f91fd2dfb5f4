"""Write a journal of the version that this divbot writes, for later ones to read: every event.

.venv/bin/python -m tests.trading.journals.make
"""

from __future__ import annotations

from pathlib import Path

from divbot.domain.events import Paused, SessionBegan
from divbot.trading.journal.journal import Journal
from divbot.trading.journal.versions import VERSION
from tests.trading.events import MINUTE, START, STARTED, entered, exited, funded, marked, trailed

_EVENTS = (
    SessionBegan(START, 1, {"risk": "1%", "top": "400"}, {}),
    entered(),
    funded(),
    trailed(),
    marked(),
    exited(),
    Paused(START + 10 * MINUTE, "the loss of this day has reached the limit of 5.0%"),
    SessionBegan(START + 20 * MINUTE, 2, {"risk": "2%", "top": "400"}, {"risk": ("1%", "2%")}),
    entered(2, START + 21 * MINUTE, "ETHUSDT"),
)


def make(folder: Path) -> Path:
    """Write the journal into `folder`; JournalError where there is one of this version."""
    path = folder / f"version-{VERSION}-each-event.db"
    with Journal.create(path, STARTED) as journal:
        for event in _EVENTS:
            journal.write(event)
    return path


if __name__ == "__main__":
    print(make(Path(__file__).parent))
