"""Where paper runs are kept: one journal per run, named by its start, its market and its interval.

    2026-11-20T190312-usdm-5m.db             started at 19:03:12 UTC
    2026-11-20T190312-usdm-5m-2.db           a second one in that second
    2026-11-20T190400-spot-15m-demo.db       on a simulated market
    2026-11-20T190500-usdm-1h-history.db     on the market as it was

The newest run is the one that began last, as the journals count themselves: this machine's clock,
which names them, may have been wrong. Older journals count nothing: they come first, by the venue's
time. What cannot be read comes after the run that its name comes after.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from divbot.domain.errors import InputError, JournalError
from divbot.domain.events import Started
from divbot.domain.market import Interval, Market
from divbot.trading.journal.journal import JournalCopy, read, start_of

_FORM = "%Y-%m-%dT%H%M%S"
_NAME = re.compile(
    rf"(\d{{4}}-\d\d-\d\dT\d{{6}})-({'|'.join(Market)})-({'|'.join(Interval)})(-demo|-history)?(?:-(\d+))?\.db",
    re.ASCII,
)
_NAMED_AT_MOST = 10


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """One run, as its name tells it; that of the later name is the greater."""

    at: int
    """When it started, to the second; ms UTC."""
    ordinal: int
    """Counts the runs that started in the same second, from 1."""
    path: Path
    market: Market = field(compare=False)
    interval: Interval = field(compare=False)
    is_demo: bool = field(compare=False)
    is_history: bool = field(compare=False)
    start: Started | None = field(compare=False)
    """How it began, as its journal tells; None where that cannot be read."""

    @property
    def name(self) -> str:
        """Return what a user calls it."""
        return self.path.stem


class Runs:
    """The runs in one folder, which need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new(
        self,
        at: int,
        market: Market,
        interval: Interval,
        *,
        is_demo: bool = False,
        is_history: bool = False,
    ) -> Path:
        """Return a file for a run that starts at `at` (ms UTC); there is none of this name yet."""
        start = datetime.fromtimestamp(at // 1000, UTC).strftime(_FORM)
        kind = "-demo" if is_demo else "-history" if is_history else ""
        name = f"{start}-{market}-{interval}{kind}"
        paths = (
            self.folder / f"{name}{suffix}.db"
            for suffix in ("" if number == 1 else f"-{number}" for number in count(1))
        )
        return next(path for path in paths if not path.exists())

    def all(self) -> tuple[Run, ...]:
        """Return every run, the oldest first; raise JournalError where the folder is closed."""
        try:
            paths = list(self.folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise JournalError(f"{self.folder}: cannot be listed: {error.strerror}") from error
        return tuple(_in_order(sorted(run for path in paths if (run := _run(path)))))

    def read_all(self) -> tuple[list[JournalCopy], dict[str, str]]:
        """Return every run whole, the oldest first, and by name why others cannot be read."""
        found: list[JournalCopy] = []
        damaged: dict[str, str] = {}
        for run in self.all():
            try:
                found.append(read(run.path))
            except JournalError as error:
                damaged[run.name] = str(error)
        return found, damaged

    def next_number(self) -> int:
        """Return the number of a run that begins now."""
        return 1 + max((run.start.number for run in self.all() if run.start), default=0)

    def latest(
        self,
        market: Market | None = None,
        venue: str | None = None,
        *,
        interval: Interval | None = None,
        address: str | None = None,
        include_demo: bool = True,
        include_history: bool = True,
    ) -> Run | None:
        """Return the newest run of `market` and `interval` on `venue` at `address`; None: none.

        Raise JournalError where it cannot be told on which venue a newer one was.
        """
        for run in reversed(self.all()):
            is_wanted = market in (None, run.market) and interval in (None, run.interval)
            is_wanted &= (include_demo or not run.is_demo) and (
                include_history or not run.is_history
            )
            if is_wanted and _is_at(run, venue, address):
                return run
        return None

    def named(self, name: str) -> Run:
        """Return the run of this name, with or without `.db`; raise InputError for no such run."""
        runs = self.all()
        for run in runs:
            if run.name == name.removesuffix(".db"):
                return run
        known = ", ".join(run.name for run in reversed(runs[-_NAMED_AT_MOST:]))
        older = len(runs) - _NAMED_AT_MOST
        more = f" and {older} older" if older > 0 else ""
        there_are = f"there are {known}{more}" if runs else f"there are none in {self.folder}"
        raise InputError(f"no run is called {name!r}; {there_are}")


def _is_at(run: Run, venue: str | None, address: str | None) -> bool:
    """Tell whether `run` is on that venue; None: whichever it is. A name does not tell it."""
    if venue is None:
        return True
    start = run.start or start_of(run.path)
    if start.venue != venue:
        return False
    if address is None or start.address is not None:
        return address in (None, start.address)
    return read(run.path).ledger.address in (None, address)


def _in_order(by_name: Iterable[Run]) -> list[Run]:
    placed, place = [], (0, 0)
    for run in by_name:
        here = place if run.start is None else (run.start.number, run.start.at)
        placed.append((here, run))
        place = max(place, here)
    return [run for _, run in sorted(placed, key=lambda each: each[0])]


def _run(path: Path) -> Run | None:
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    start, market, interval, kind, ordinal = match.groups()
    try:
        at = datetime.strptime(start, _FORM).replace(tzinfo=UTC)
    except ValueError:  # the 31st of February
        return None
    begun = None
    with suppress(JournalError):
        begun = start_of(path)
    return Run(
        at=round(at.timestamp() * 1000),
        ordinal=int(ordinal or 1),
        path=path,
        market=Market(market),
        interval=Interval(interval),
        is_demo=kind == "-demo",
        is_history=kind == "-history",
        start=begun,
    )
