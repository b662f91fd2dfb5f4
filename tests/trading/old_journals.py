"""The journals in `journals/`: as older versions of divbot wrote them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from divbot.trading.journal.versions import VERSION

_FOLDER = Path(__file__).parent / "journals"
ALL = sorted(each.stem for each in _FOLDER.glob("version-*.db"))
OLD = [name for name in ALL if int(name.split("-")[1]) < VERSION]


def copied(name: str, to: Path) -> Path:
    """Return a copy: SQLite makes files beside what it reads."""
    return Path(shutil.copy(_FOLDER / f"{name}.db", to))


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(query).fetchall()


def version_of(path: Path) -> int:
    ((version,),) = rows(path, "PRAGMA user_version")
    assert isinstance(version, int)
    return version
