"""Whether this machine can do what divbot wants of it: one check after the other, each by itself.

What a check finds is found with the code that a scan or a run uses, so that it says the same.
"""

from __future__ import annotations

import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from divbot.app.homes import at_home
from divbot.domain.errors import DivbotError, InputError, JournalError
from divbot.domain.hosts import address_of
from divbot.extras import how_to_install, missing_extras
from divbot.folders import cache_home, data_home, state_home, stranger_on
from divbot.version import __version__

if TYPE_CHECKING:
    from divbot.binance.limits import Limits
    from divbot.settings import Settings

_Kept = TypeVar("_Kept")
_Told = TypeVar("_Told")
_LATE_MS = 1000.0
"""From this offset on a candle is taken for closed in the wrong second."""
_FAR_MS = 1000.0
"""From this latency on a scan of hundreds of symbols takes a minute."""
_GIGABYTE = 10**9
_LITTLE, _TOO_LITTLE = _GIGABYTE, _GIGABYTE // 10
"""Bytes: what the cache and a journal of months take; what a week takes."""
_WORKS_WITH = ("numpy", "numba", "pandas", "pycurl")


class Health(StrEnum):
    """How something is."""

    GOOD = "ok"
    DOUBTFUL = "warning"
    BAD = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, what was found, and what to do about it."""

    subject: str
    health: Health
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class _Readings(Generic[_Told]):
    """What files told, and what is wrong with those that are damaged."""

    told: tuple[_Told, ...]
    damage: str

    def check(self, subject: str, found: str, doubt: str = "", advice: str = "") -> Check:
        """Return what was found; an error of a file says itself what to do."""
        if self.damage:
            return Check(subject, Health.BAD, f"{found}; not read: {self.damage}")
        if doubt:
            return Check(subject, Health.DOUBTFUL, f"{found}; {doubt}", advice)
        return Check(subject, Health.GOOD, found)


def checkup(settings: Settings) -> Iterator[Check]:
    """Yield what is found, as soon as it is."""
    yield _versions()
    for what, home in _FOLDERS:
        yield from _each(what, _folder(what, home))
    yield from _each("files", _files)
    yield from _each("journals", _journals)
    yield from _each("outboxes", _outboxes)
    yield from _each("trials", _trials)
    yield from _each("store", lambda: _store(settings))
    yield from _each("certificates", _certificates)
    yield from _each("alerts", lambda: _alerts(settings))
    yield from _venue(settings)


def _each(subject: str, *looks: Callable[[], Check]) -> Iterator[Check]:
    """Yield what each look finds; an error says what is wrong, and what to do."""
    for look in looks:
        try:
            yield look()
        except DivbotError as error:
            yield Check(subject, Health.BAD, str(error))
        except OSError as error:
            found = f"{error.filename}: {(error.strerror or str(error)).lower()}"
            yield Check(subject, Health.BAD, found, "let this user read and write it")


def _versions() -> Check:
    works_with = ", ".join(f"{name} {metadata.version(name)}" for name in _WORKS_WITH)
    found = (
        f"divbot {__version__} on Python {platform.python_version()} ({platform.system()}); "
        f"{works_with}, SQLite {sqlite3.sqlite_version}"
    )
    missing = missing_extras()
    if not missing:
        return Check("versions", Health.GOOD, found)
    lacking = f"without the extras {', '.join(missing)}, which are optional"
    advice = f"for all of them: {how_to_install(*(x for each in missing.values() for x in each))}"
    return Check("versions", Health.GOOD, f"{found}; {lacking}", advice)


def _folder(what: str, home: Callable[[], Path]) -> Callable[[], Check]:
    def look() -> Check:
        folder = at_home(home)
        there = next(x for x in (folder, *folder.parents) if x.exists())
        stranger = stranger_on(there)
        free = shutil.disk_usage(there).free
        if problem := _why_not_written(there):
            return Check(
                what,
                Health.BAD,
                f"{there} {problem}",
                "let this user write there, or name another by XDG_CACHE_HOME, XDG_STATE_HOME and "
                "XDG_DATA_HOME",
            )
        room = f"{folder}, {free / _GIGABYTE:.1f} GB free"
        if stranger is not None:
            advice = f"take the right to write to it from others: chmod go-w {stranger}"
            return Check(what, Health.DOUBTFUL, f"{room}; others can write to {stranger}", advice)
        health = (
            Health.BAD if free < _TOO_LITTLE else Health.DOUBTFUL if free < _LITTLE else Health.GOOD
        )
        return Check(
            what, health, room, "" if health is Health.GOOD else "free some space on the disk"
        )

    return look


_FOLDERS: tuple[tuple[str, Callable[[], Path]], ...] = (
    ("cache folder", cache_home),
    ("state folder", state_home),
    ("data folder", data_home),
)


def _why_not_written(folder: Path) -> str:
    """Try it: rights alone do not tell of a file system that is read-only."""
    from tempfile import TemporaryFile

    if not folder.is_dir():
        return "is no folder"
    try:
        with TemporaryFile(dir=folder):
            return ""
    except OSError:
        return "cannot be written to"


def _files() -> Check:
    from divbot.processes import allow_files, most_files

    allow_files()
    return Check("files", Health.GOOD, f"{most_files()} can be open at once")


def _read_each(read: Callable[[_Kept], _Told], kept: Iterable[_Kept]) -> _Readings[_Told]:
    told: list[_Told] = []
    damage: list[str] = []
    for one in kept:
        try:
            told.append(read(one))
        except JournalError as error:
            damage.append(str(error))
    return _Readings(tuple(told), "; ".join(damage))


def _journals() -> Check:
    from divbot.app.journals import open_runs
    from divbot.trading.journal.journal import read

    runs = open_runs().all()
    if not runs:
        return Check("journals", Health.GOOD, "there is no run yet")
    readings = _read_each(lambda run: read(run.path), runs)
    return readings.check("journals", f"runs read whole: {len(readings.told)}")


def _outboxes() -> Check:
    from divbot.alerts.outbox import Outbox
    from divbot.app.alerting import kept_outboxes

    paths = kept_outboxes()
    if not paths:
        return Check("outboxes", Health.GOOD, "no alert has been kept yet")
    readings = _read_each(lambda path: (path, Outbox.standing(path)), paths)
    waiting = sum(x.waiting for _, x in readings.told)
    refusing = [path for path, x in readings.told if x.refused]
    found = f"outboxes read whole: {len(readings.told)}; alerts still to be sent: {waiting}"
    return readings.check(
        "outboxes",
        found,
        doubt=f"some were refused, see {', '.join(map(str, refusing))}" if refusing else "",
        advice="divbot watch --refused --outbox FILE lists them, and says why",
    )


def _trials() -> Check:
    from divbot.app.trials import open_trials

    ledgers = [open_trials(is_simulated=x) for x in (False, True)]
    readings = _read_each(lambda ledger: (ledger, ledger.read()), ledgers)
    entries = sum(len(contents.written) for _, contents in readings.told)
    problems = [f"{ledger.path}: {x}" for ledger, found in readings.told for x in found.problems]
    return readings.check(
        "trials",
        f"entries in the ledgers of trials: {entries}",
        doubt="; ".join(problems),
        advice="put back a backup of the ledger and of the .head beside it; without, sweeps go on, "
        "and every verdict says that looks are unknown",
    )


def _store(settings: Settings) -> Check:
    from divbot.app.stores import open_store, store_folder

    folder = store_folder(settings)
    if not folder.is_dir():
        return Check(
            "store",
            Health.GOOD,
            "there are no candles of the past yet",
            "divbot data download fetches them, for backtests",
        )
    shelves = tuple(open_store(settings).shelves())
    symbols = len({x.symbol for x in shelves})
    return Check("store", Health.GOOD, f"{folder} holds {settings.market.title} symbols: {symbols}")


def _certificates() -> Check:
    from divbot.binance.transport.authorities import authorities

    named = authorities()
    found = "those that come with certifi" if named is None else f"those of {named}"
    return Check("certificates", Health.GOOD, found)


def _alerts(settings: Settings) -> Check:
    from divbot.app.alerting import open_sinks

    if not settings.notify_to:
        return Check("alerts", Health.GOOD, "nobody is told: notify_to names no address")
    sinks = open_sinks(settings, lambda: None)
    return Check(
        "alerts",
        Health.GOOD,
        f"sent to {', '.join(str(x.address) for x in sinks)}",
        "divbot watch --test-notify sends a test",
    )


def _venue(settings: Settings) -> Iterator[Check]:
    """Yield how the venue is reached, its clock, and what it still allows in this minute."""
    from divbot.app.scanning import open_source
    from divbot.binance.transport.routes import ProxyRoutes
    from divbot.binance.transport.transport import host_of

    try:
        with ExitStack() as stack:
            source = open_source(settings, stack)
            url = source.base_urls[0]
            proxy = ProxyRoutes(use_proxies=settings.use_proxies).to(url).proxy
            through = f" through the proxy {host_of(proxy)}" if proxy else ""
            limits = stack.enter_context(source.open_listing()).limits()
    except DivbotError as error:
        is_ours = isinstance(error, InputError)
        advice = "" if is_ours else "look after the network; divbot scan --demo needs none"
        yield Check("network", Health.BAD, str(error), advice)
        return
    yield _network(f"{address_of(url)}{through}", limits)
    yield _clock(limits)
    yield _weight(limits, settings)


def _network(way: str, limits: Limits) -> Check:
    whose = " (a local exchange)" if limits.simulated else ""
    found = f"{way}{whose} answers in {limits.latency:.0f} ms"
    if limits.latency < _FAR_MS:
        return Check("network", Health.GOOD, found)
    return Check("network", Health.DOUBTFUL, found, "scans will be late: look for a nearer network")


def _clock(limits: Limits) -> Check:
    offset = limits.clock_offset
    side = "ahead of" if offset >= 0 else "behind"
    found = f"the venue is {abs(offset) / 1000:.3f} s {side} this machine"
    if limits.simulated:
        return Check("clock", Health.GOOD, f"{found}: a local exchange has a time of its own")
    if abs(offset) < _LATE_MS:
        return Check("clock", Health.GOOD, found)
    return Check(
        "clock",
        Health.DOUBTFUL,
        f"{found}; divbot goes by the venue's",
        "let this machine's clock be set by the network (chrony, systemd-timesyncd)",
    )


def _weight(limits: Limits, settings: Settings) -> Check:
    left = limits.left_to(settings.weight_share)
    found = f"{limits.used} of {limits.limit} used this minute; {left} left to divbot"
    if left > 0:
        return Check("weight", Health.GOOD, found)
    return Check(
        "weight",
        Health.DOUBTFUL,
        found,
        "end other programs that ask from this address, or raise weight_share",
    )
