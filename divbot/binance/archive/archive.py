"""Binance's archive over HTTP: lists of keys, and files that are what their checksum says.

It has no request weight and no limit that anybody has met; a few connections are good manners. What
is missing (404) is None; what is refused (403) or in trouble is asked for again, and then an error:
nothing is taken for missing because it could not be had.
"""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from divbot.binance.archive.keys import CHECKSUM, FilePeriod, Product
from divbot.binance.archive.listings import (
    PAGE,
    ArchivedFile,
    ListPage,
    check_progress,
    pages,
    parse_page,
)
from divbot.binance.transport.transport import MEBIBYTE, HttpReply, Transport
from divbot.domain.clock import Clock
from divbot.domain.errors import BadAnswer, TryAgain
from divbot.domain.market import Market

T = TypeVar("T")

ATTEMPTS = 4
_FIRST_PAUSE = 0.25
_FORBIDDEN = 403
_SECONDS = 60.0
_PER_MEBIBYTE = 10.0
"""Seconds for a file: a line of a hundred kB/s is slow, and not broken."""
_LARGEST_LIST = 4 * MEBIBYTE
_LONGEST_CHECKSUM = 4096


class FetchedFile(NamedTuple):
    """A whole file of the archive."""

    entry: ArchivedFile
    content: bytes
    sha256: str


class ArchiveClient:
    """Ask one archive; safe to use from several threads.

    `url` is where files are, `listing_url` where lists of them are. `stop` ends every wait.
    """

    def __init__(
        self, url: str, listing_url: str, transport: Transport, clock: Clock, stop: threading.Event
    ) -> None:
        self._url = url.rstrip("/")
        self._listing_url = listing_url.rstrip("/")
        self._transport = transport
        self._clock = clock
        self._stop = stop

    def symbols(self, market: Market, product: Product) -> tuple[str, ...]:
        """Return every symbol that ever had a file, those that are dead included."""
        found: set[str] = set()
        for period in FilePeriod:
            folder = product.folder(market, period)
            for page in self._pages(folder, "", delimiter="/"):
                found.update(x.removeprefix(folder).rstrip("/") for x in page.folders)
        return tuple(sorted(found - {""}))

    def entries(
        self, prefix: str, start: str, end: str, expected: int = PAGE
    ) -> Iterator[ArchivedFile]:
        """Give the zips whose keys begin with `prefix`, what follows it from `start` to `end`.

        `expected` is about how many there are, their checksums included.
        """
        # A key ends with .zip, which is behind the date alone.
        after = f"{prefix}{start}"
        size = min(max(expected, 10), PAGE)
        for page in self._pages(prefix, after, size=size):
            for entry in page.entries:
                if entry.key.endswith(".zip") and entry.key.startswith(prefix):
                    yield entry
            if page.end.encode() >= f"{prefix}{end}".encode():
                return

    def file(self, entry: ArchivedFile) -> FetchedFile:
        """Return a file that fits its checksum; one without a checksum has to fit its ETag.

        Raise BadAnswer where it does not fit, VenueUnreachable where it cannot be had.
        """
        name = entry.key.rpartition("/")[2]
        for attempt in range(2):
            packed = self._body(entry.key, entry.size)
            told = self._body(f"{entry.key}{CHECKSUM}", _LONGEST_CHECKSUM)
            if packed is None:
                raise BadAnswer(f"{name} is on the archive's list, and not there")
            digest = hashlib.sha256(packed).hexdigest()
            problem = _contradiction(name, digest, told, packed, entry)
            if not problem:
                return FetchedFile(entry, packed, digest)
            if attempt:
                raise BadAnswer(problem)
            # It may have been replaced between the two questions.
        raise AssertionError("the second attempt returns or raises")

    def close(self) -> None:
        """Close every connection, and end every wait."""
        self._stop.set()
        self._transport.close()

    def _body(self, key: str, size: int) -> bytes | None:
        """Return what is at `key`, of at most about `size` bytes; None where nothing is."""
        most = size + MEBIBYTE  # it may have been replaced by a longer one
        seconds = _SECONDS + _PER_MEBIBYTE * size / MEBIBYTE
        url = f"{self._url}/{quote(key)}"
        answer = self._patiently(lambda: self._answer(key, url, {}, seconds, most))
        return None if answer.status == 404 else answer.body

    def _pages(
        self, prefix: str, start: str, *, delimiter: str = "", size: int = PAGE
    ) -> Iterator[ListPage]:
        def ask(marker: str) -> ListPage:
            parameters: dict[str, str | int] = {
                "prefix": prefix,
                "max-keys": size,
                **({"delimiter": delimiter} if delimiter else {}),
                **({"marker": marker} if marker else {}),
            }
            return self._page(parameters, marker)

        return pages(ask, start)

    def _page(self, parameters: dict[str, str | int], marker: str) -> ListPage:
        def asked() -> ListPage:
            what = f"its list of {parameters['prefix']}"
            answer = self._answer(
                what, f"{self._listing_url}/", parameters, _SECONDS, _LARGEST_LIST
            )
            try:
                # A missing list says so in XML, which is none.
                page = parse_page(answer.body)
                check_progress(page, marker)
            except BadAnswer as error:
                raise BadAnswer(f"the archive, {what}: {error}") from error
            return page

        return self._patiently(asked)

    def _answer(
        self, what: str, url: str, parameters: dict[str, str | int], seconds: float, most: int
    ) -> HttpReply:
        """Return an answer of 200 or 404; BadAnswer, naming `what` was asked for, for any other."""
        answer = self._transport.get(url, parameters, seconds=seconds, max_body=most)
        if answer.status not in (200, 404):
            fault = "refuses" if answer.status == _FORBIDDEN else "is in trouble with"
            raise BadAnswer(f"the archive {fault} {what} (HTTP {answer.status})")
        return answer

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Return what `ask` gives; try again while there is hope."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return ask()
            except TryAgain:
                if attempt == ATTEMPTS or not self._may_go_on(attempt):
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _may_go_on(self, attempt: int) -> bool:
        """Wait before another attempt; False where nobody wants one any more."""
        pause = random.uniform(0.5, 1) * _FIRST_PAUSE * 2 ** (attempt - 1)  # noqa: S311 - no secret
        return not self._clock.wait(pause, self._stop)


def _contradiction(
    name: str, digest: str, told: bytes | None, packed: bytes, entry: ArchivedFile
) -> str:
    """Return what is wrong with a file, in words; nothing for a sound one."""
    if told is None:
        md5 = hashlib.md5(packed, usedforsecurity=False).hexdigest()
        return "" if md5 == entry.etag else f"{name} has no checksum, and not the bytes of its list"
    words = told.decode("utf-8", "replace").split()
    if words[:1] == [digest] and words[1:2] in ([], [name], [f"*{name}"]):
        return ""
    if words[1:2] not in ([], [name], [f"*{name}"]):
        return f"the checksum of {name} is that of {words[1][:60]}"
    return f"{name} is not what its checksum says"
