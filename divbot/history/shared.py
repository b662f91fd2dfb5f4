"""A store that several machines read: in a folder, or at a URL from which each copies.

    --data /mnt/store, file:///mnt/store     read where it is
    --data s3://bucket/store, memory://...   files of one kind and interval are copied into a folder
                                             of this machine once somebody asks for any of them

Copies are named by their place in the store. A note beside them tells what was copied, so that
what has not changed since is not copied again. One process of a machine copies at a time. Whoever
opens a store removes the copies of those that nobody opened for two weeks.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from divbot.domain.errors import DivbotError, InputError
from divbot.domain.hosts import without_secrets
from divbot.domain.market import Interval, Market
from divbot.extras import FSSPEC, S3FS, how_to_install
from divbot.history.funding import FundingTrack
from divbot.history.kept import alone, let_go_beside, make_folder, name_of, write_text
from divbot.history.kind import StoredKind
from divbot.history.shelf import shelves_folder, symbols_among
from divbot.history.spans import Span
from divbot.history.store import VERSION_FILE, Store
from divbot.recordings.track import Track

_TOGETHER = 64
"""Files that are copied at once."""
_COPIED = ".copied.json"


class SharedStore:
    """The candles and funding of one market at a URL; unpickled on another machine, it reads there.

    `copies` names the folder for copies on the machine that asks. Whatever is asked raises
    InputError, naming URL and machine, where the URL cannot be read.
    """

    def __init__(self, url: str, market: Market, copies: Callable[[], Path]) -> None:
        is_here = url.startswith("file:") or "://" not in url
        self.url = str(Path(_path_of(url)).absolute()) if is_here else url
        self.market = market
        self._is_here = is_here
        self._copies = copies
        self._brought: set[str] = set()

    def __reduce__(self) -> tuple[type[SharedStore], tuple[str, Market, Callable[[], Path]]]:
        return type(self), (self.url, self.market, self._copies)

    def __str__(self) -> str:
        return without_secrets(self.url)

    @property
    def is_simulated(self) -> bool | None:
        """Tell whether its prices come from a local exchange; None: none came from an exchange."""
        return self._store.is_simulated

    def check(self) -> None:
        """Raise InputError where there is no store of this market that can be read."""
        if not self._names(_folder_of(self.market, StoredKind.KLINES)):
            raise self._unreadable(
                f"expected a store with candles of {self.market.value}, found none"
            )
        _ = self.is_simulated

    def intervals(self) -> tuple[Interval, ...]:
        """Return the intervals of which there are candles."""
        found = self._names(_folder_of(self.market, StoredKind.KLINES))
        return tuple(x for x in Interval if f"interval={x.file_name}" in found)

    def symbols(self, interval: Interval) -> tuple[str, ...]:
        """Return the symbols that have candles of `interval`, by name."""
        # By their folders: to know who is there, nothing is copied.
        return tuple(
            symbols_among(self._names(_folder_of(self.market, StoredKind.KLINES, interval)))
        )

    def span(self, symbol: str, interval: Interval) -> Span | None:
        """Return from the first open to the last close; None where there is nothing."""
        return self._with(StoredKind.KLINES, interval).span(symbol, interval)

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Track:
        """Return the candles that open in the range, in the order of time; gaps stay gaps."""
        return self._with(StoredKind.KLINES, interval).candles(symbol, interval, start, end)

    def version(self, symbol: str, interval: Interval, start: int, end: int) -> str:
        """Return what changes whenever those candles do; empty where there are none."""
        return self._with(StoredKind.KLINES, interval).version(symbol, interval, start, end)

    def holes(self, symbol: str, interval: Interval) -> tuple[Span, ...]:
        """Return what is missing between the first and the last candle."""
        return self._with(StoredKind.KLINES, interval).holes(symbol, interval)

    def unpaid(self, symbol: str, span: Span) -> tuple[Span, ...]:
        """Return what of `span` lacks funding while the symbol was traded, by candles asked for."""
        return self._with(StoredKind.FUNDING, None).unpaid(symbol, span)

    def marks(self, symbol: str, start: int, end: int, interval: Interval = Interval.M1) -> Track:
        """Return the candles of the mark price that open in the range; their volume is 0."""
        return self._with(StoredKind.MARK, interval).marks(symbol, start, end, interval)

    def funding(self, symbol: str, start: int, end: int) -> FundingTrack:
        """Return the settlements of funding that were due in the range."""
        return self._with(StoredKind.FUNDING, None).funding(symbol, start, end)

    def _with(self, kind: StoredKind, interval: Interval | None) -> Store:
        """Return the store on this machine, in which all of that kind and interval is."""
        folder = _folder_of(self.market, kind, interval)
        if not self._is_here and folder not in self._brought:
            self._bring(folder)
            self._brought.add(folder)
        return self._store

    @cached_property
    def _store(self) -> Store:
        if not self._is_here:
            make_folder(self._root)
            let_go_beside(self._root)
            with self._reading():
                is_told = self._files.exists(self._at(VERSION_FILE))
                about = self._files.cat_file(self._at(VERSION_FILE)) if is_told else b""
            if about:
                write_text(self._root / VERSION_FILE, about.decode("utf-8", "replace"))
        return Store(self._root, self.market)

    @cached_property
    def _root(self) -> Path:
        """Return where the store, or the copy of it, is on this machine."""
        if self._is_here:
            return Path(self.url)
        return self._copies() / name_of(self.url)

    @cached_property
    def _files(self) -> Any:
        """Return the file system of the URL, as fsspec has it."""
        return self._opened[0]

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        try:
            # Its functions have no types.
            core: Any = import_module("fsspec.core")
        except ImportError as error:
            raise InputError(
                f"to read {self}, fsspec is needed (divbot's extra `cluster`): "
                f"{how_to_install(FSSPEC)}"
            ) from error
        try:
            found: tuple[Any, str] = core.url_to_fs(self.url)
        except ImportError as error:
            is_s3 = urlsplit(self.url).scheme in ("s3", "s3a")
            raise self._unreadable(
                f"s3fs is needed (divbot's extra `cluster`): {how_to_install(S3FS)}"
                if is_s3
                else f"a package is missing: {error}"
            ) from error
        except ValueError as error:
            raise self._unreadable(str(error)) from error
        return found

    def _at(self, place: str) -> str:
        return f"{self._opened[1].rstrip('/')}/{place}"

    def _names(self, folder: str) -> frozenset[str]:
        """Return what a folder of the store holds; nothing where it is not there."""
        with self._reading():
            try:
                found = (
                    [x.name for x in (self._root / folder).iterdir()]
                    if self._is_here
                    else self._files.ls(self._at(folder), detail=False)
                )
            except FileNotFoundError:
                return frozenset()
        return frozenset(x.rstrip("/").rpartition("/")[2] for x in found)

    def _bring(self, folder: str) -> None:
        """Copy what is new below `folder`, and remove the copies of what is gone."""
        here = self._root / folder
        make_folder(here)
        with alone(here / ".lock"), self._reading():
            there = self._versions(folder)
            known = _read_note(here / _COPIED)
            for name in known.keys() - there.keys():
                (here / name).unlink(missing_ok=True)
            kept = {x: known[x] for x in known.keys() & there.keys()}
            stale = [x for x in there if kept.get(x) != there[x] or not (here / x).exists()]
            for first in range(0, len(stale), _TOGETHER):
                chosen = stale[first : first + _TOGETHER]
                self._copy(folder, chosen)
                kept |= {x: there[x] for x in chosen}
                write_text(here / _COPIED, json.dumps(kept))

    def _versions(self, folder: str) -> dict[str, str]:
        """Return by its place below `folder` what changes whenever a file does."""
        self._files.invalidate_cache()
        try:
            found: Mapping[str, Any] = self._files.find(self._at(folder), detail=True)
        except FileNotFoundError:  # not all have settlements, and not all file systems say nothing
            found = {}
        below = len(self._at(folder)) + 1
        return {
            path[below:]: name_of(repr(sorted(about.items())))
            for path, about in sorted(found.items())
            if path.endswith(".parquet")
        }

    def _copy(self, folder: str, names: Sequence[str]) -> None:
        with TemporaryDirectory(dir=self._root / folder, prefix=".divbot-") as place:
            parts = [Path(place) / str(number) for number in range(len(names))]
            self._files.get([self._at(f"{folder}/{x}") for x in names], list(map(str, parts)))
            for part, name in zip(parts, names, strict=True):
                path = self._root / folder / name
                make_folder(path.parent)
                part.replace(path)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn what a file system of any kind raises into one line."""
        try:
            yield
        except DivbotError:
            raise
        except OSError as error:
            raise self._unreadable(error.strerror or str(error)) from error
        # Each kind of file system has errors of its own, of no common root.
        except Exception as error:
            raise self._unreadable(f"{type(error).__name__}: {error}") from error

    def _unreadable(self, reason: str) -> InputError:
        told = " ".join(reason.replace(self.url, str(self)).split())
        return InputError(f"--data: {self} cannot be read on {socket.gethostname()}: {told}")


def _path_of(url: str) -> str:
    return url2pathname(urlsplit(url).path) if url.startswith("file:") else url


def _folder_of(market: Market, kind: StoredKind, interval: Interval | None = None) -> str:
    return shelves_folder(Path(), market, kind, interval).as_posix()


def _read_note(path: Path) -> dict[str, str]:
    """Return which version of each file was copied; nothing where nobody can tell."""
    try:
        found: dict[str, str] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found
