"""The archive behind one door: files on their own host, and S3 with its listing.

GET /data/...                        the host of files
GET /?prefix=...                     its page for browsers, which is no listing
GET /data.binance.vision?prefix=...  S3: the listing, by the path of the bucket
GET /data.binance.vision/data/...    S3: the same files
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from divbot.domain.market import Market
from divbot.exchange.archive import errors
from divbot.exchange.archive.defects import Defects, FileCondition
from divbot.exchange.archive.failures import failed_listing
from divbot.exchange.archive.files import ArchiveCall, file_reply
from divbot.exchange.archive.holdings import Holding
from divbot.exchange.archive.listing import LISTING_PATH, ListRequest, page_of
from divbot.exchange.archive.page import BROWSER_PAGE
from divbot.exchange.archive.store import FileFigures, FileStore
from divbot.exchange.archive.tree import Branch, KeyedFile, find, root_of
from divbot.exchange.market.market_time import MarketTime
from divbot.exchange.rest.response import ARCHIVE_HEADER, ORIGIN_HEADER, Response

FILES_PATH = "/data/"
_BUCKET_FOLDER = f"{LISTING_PATH}/"
_LISTINGS = (LISTING_PATH, _BUCKET_FOLDER)


class ServedArchive:
    """Answer what is asked of the archive of some markets; any thread may ask."""

    def __init__(
        self,
        holdings: Callable[[], Mapping[Market, Sequence[Holding]]],
        time: MarketTime,
        defects: Defects,
        origin: str,
    ) -> None:
        self.now = time.now
        self._holdings = holdings
        self._opening = threading.Lock()
        """Guards the root, which is made once."""
        self._root: Branch | None = None
        self.defects = defects
        self._store = FileStore(defects)
        self._own = {ORIGIN_HEADER: origin, ARCHIVE_HEADER: LISTING_PATH}
        self._makers = ThreadPoolExecutor(os.cpu_count() or 1, "archive")
        self._is_closed = False

    def answer(self, call: ArchiveCall, now: int) -> Response:
        """Answer one request for a place of the archive, as things stand at `now` (ms UTC)."""
        try:
            answer = self._answered(call, now)
        except errors.S3Refusal as refusal:
            answer = Response(refusal.status, {"Content-Type": "application/xml"}, refusal.xml)
        return replace(answer, headers={**answer.headers, "Server": "AmazonS3", **self._own})

    def close(self) -> None:
        """End listings that are under way at their next file."""
        self._is_closed = True

    def clear_defects(self) -> None:
        """End all defects; what was met with one is replaced now."""
        self.defects.clear(self.now())

    def _opened(self) -> Branch:
        # Not before anybody asks: most of those who ask the exchange never do.
        with self._opening:
            if self._root is None:
                self._root = root_of(self._holdings())
            return self._root

    def _answered(self, call: ArchiveCall, now: int) -> Response:
        if call.method not in ("GET", "HEAD"):
            raise errors.bad_method(call.method)
        if is_listing(call.path):
            return self._listed(call.query, now)
        if call.path == "/":
            return Response(200, {"Content-Type": "text/html"}, BROWSER_PAGE)
        return self._file(call, now)

    def _listed(self, query: str, now: int) -> Response:
        request = ListRequest.read(query)
        failure = self.defects.listing()
        asked = replace(request, after="") if failure == "listing_standing" else request
        conditions: dict[str, FileCondition] = {}

        def is_there(file: KeyedFile) -> bool:
            condition = self._store.condition(file, now)
            if condition is None:
                return False
            conditions[file.key] = condition
            return True

        def figures(files: Sequence[KeyedFile]) -> Sequence[FileFigures]:
            return list(self._makers.map(figures_of, files))

        def figures_of(file: KeyedFile) -> FileFigures:
            if self._is_closed:
                raise errors.internal()
            return self._store.figures(file, conditions[file.key])

        page = page_of(self._opened(), asked, now, is_there)
        return failed_listing(failure, page, figures)

    def _file(self, call: ArchiveCall, now: int) -> Response:
        key = call.path.removeprefix(LISTING_PATH).removeprefix("/")
        size = len(key.encode())
        if size > errors.MOST_KEY_BYTES:
            raise errors.key_too_long(size)
        file = find(self._opened(), key, now)
        condition = None if file is None else self._store.condition(file, now)
        if file is None or condition is None:
            raise errors.no_such_key(key)
        if condition.defect == "denied_file" and not file.is_checksum:
            raise errors.denied()
        was_kept = self._store.is_kept(file, condition)
        answer = file_reply(self._store.stored(file, condition), call)
        if call.path.startswith(_BUCKET_FOLDER):
            return answer
        cache = f"{'Hit' if was_kept else 'Miss'} from cloudfront"
        return replace(answer, headers={**answer.headers, "X-Cache": cache})


def is_listing(path: str) -> bool:
    """Tell whether a path, decoded, leads to the listing."""
    return path in _LISTINGS


def is_archive(path: str, query: str) -> bool:
    """Tell whether a path, decoded, leads to the archive."""
    if path == "/":
        return "&prefix=" in f"&{query}"
    return path == LISTING_PATH or path.startswith((FILES_PATH, _BUCKET_FOLDER))
