"""What is listed: S3's ListObjects, both versions of it, as XML.

A page holds at most 1,000 keys and common prefixes together. Nothing is remembered from one page to
the next: where to go on is said by the client, and any text will do.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias
from urllib.parse import parse_qsl, quote

from divbot.exchange.archive import errors
from divbot.exchange.archive.store import FileFigures
from divbot.exchange.archive.tree import Branch, KeyedFile, walk
from divbot.exchange.archive.xml_text import DECLARATION, element, is_writable, iso_time

BUCKET = "data.binance.vision"
LISTING_PATH = f"/{BUCKET}"
_PAGE = 1000
_MOST_MAX_KEYS = 2**31 - 1
_MOST_PARAMETERS = 100
_LAST = "\U0010ffff"
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

Entry: TypeAlias = KeyedFile | str
"""A file, or a common prefix."""


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a listing was asked for."""

    prefix: str = ""
    delimiter: str = ""
    after: str = ""
    """Only what comes after it."""
    max_keys: int = _PAGE
    is_second: bool = False
    """list-type=2."""
    token: str | None = None
    start_after: str | None = None
    is_encoded: bool = False
    """Keys are to be percent-encoded."""

    @classmethod
    def read(cls, query: str) -> ListRequest:
        """Return what `query` asks for; raise S3Refusal for what S3 refuses."""
        given = _parameters(query)
        if given.get("list-type", "2") != "2":
            raise errors.bad_argument("list-type", given["list-type"], "Invalid List Type value")
        encoding = given.get("encoding-type", "url")
        if encoding != "url":
            text = "Invalid Encoding Method specified in Request"
            raise errors.bad_argument("encoding-type", encoding, text)
        is_second = "list-type" in given
        token = given.get("continuation-token") if is_second else None
        start_after = given.get("start-after") if is_second else None
        after = (start_after or "") if is_second else given.get("marker", "")
        request = cls(
            prefix=given.get("prefix", ""),
            delimiter=given.get("delimiter", ""),
            after=after if token is None else _after(token),
            max_keys=_max_keys(given.get("max-keys", str(_PAGE))),
            is_second=is_second,
            token=token,
            start_after=start_after,
            is_encoded="encoding-type" in given,
        )
        request._check()
        return request

    def _check(self) -> None:
        for name, text in (
            ("prefix", self.prefix),
            ("delimiter", self.delimiter),
            ("marker", self.after),
        ):
            if len(text.encode()) > errors.MOST_KEY_BYTES:
                raise errors.key_too_long(len(text.encode()))
            if not self.is_encoded and not is_writable(text):
                raise errors.bad_argument(name, "", "XML cannot hold it: send encoding-type=url")


def _parameters(query: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise errors.bad_argument("query", "", "too many parameters") from None
    # The first of a name counts.
    return dict(reversed(pairs))


def _max_keys(text: str) -> int:
    plain = text.removeprefix("-")
    if not (plain.isascii() and plain.isdigit() and len(plain) <= len(str(_MOST_MAX_KEYS))):
        told = "Provided max-keys not an integer or within integer range"
        raise errors.bad_argument("max-keys", text, told)
    asked = int(text)
    if not 0 <= asked <= _MOST_MAX_KEYS:
        told = f"Argument maxKeys must be an integer between 0 and {_MOST_MAX_KEYS}"
        raise errors.bad_argument("maxKeys", text, told)
    return min(asked, _PAGE)


def _token(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode()


def _after(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        told = "The continuation token provided is incorrect"
        raise errors.bad_argument("continuation-token", token, told) from None


@dataclass(frozen=True, slots=True)
class KeyPage:
    """One page of a listing."""

    request: ListRequest
    entries: Sequence[Entry]
    is_truncated: bool

    def xml(self, figures: Callable[[Sequence[KeyedFile]], Sequence[FileFigures]]) -> bytes:
        """Return the answer; `figures` gives those of files."""
        files = [each for each in self.entries if isinstance(each, KeyedFile)]
        prefixes = [each for each in self.entries if isinstance(each, str)]
        parts = [
            *self._head(),
            *(
                self._contents(file.key, told)
                for file, told in zip(files, figures(files), strict=True)
            ),
            *(
                f"<CommonPrefixes>{element('Prefix', self._text(each))}</CommonPrefixes>"
                for each in prefixes
            ),
        ]
        body = f'<ListBucketResult xmlns="{_NAMESPACE}">{"".join(parts)}</ListBucketResult>'
        return f"{DECLARATION}{body}".encode()

    def _head(self) -> Iterator[str]:
        asked = self.request
        last = _key(self.entries[-1]) if self.is_truncated and self.entries else None
        yield element("Name", BUCKET)
        yield element("Prefix", self._text(asked.prefix))
        if asked.is_second:
            yield from self._second_head(last)
        else:
            yield element("Marker", self._text(asked.after))
            # Without a delimiter, the last key is the next marker.
            if last is not None and asked.delimiter:
                yield element("NextMarker", self._text(last))
        yield element("MaxKeys", str(asked.max_keys))
        if asked.delimiter:
            yield element("Delimiter", self._text(asked.delimiter))
        if asked.is_encoded:
            yield element("EncodingType", "url")
        yield element("IsTruncated", str(self.is_truncated).lower())

    def _second_head(self, last: str | None) -> Iterator[str]:
        asked = self.request
        if asked.start_after is not None:
            yield element("StartAfter", self._text(asked.start_after))
        if asked.token is not None:
            yield element("ContinuationToken", asked.token)
        if last is not None:
            yield element("NextContinuationToken", _token(last))
        yield element("KeyCount", str(len(self.entries)))

    def _contents(self, key: str, told: FileFigures) -> str:
        return (
            f"<Contents>{element('Key', self._text(key))}"
            f"{element('LastModified', iso_time(told.modified))}"
            f"<ETag>&quot;{told.etag}&quot;</ETag>{element('Size', str(told.size))}"
            "<StorageClass>STANDARD</StorageClass></Contents>"
        )

    def _text(self, text: str) -> str:
        return quote(text) if self.request.is_encoded else text


def page_of(
    root: Branch, request: ListRequest, now: int, is_there: Callable[[KeyedFile], bool]
) -> KeyPage:
    """Return the page that `request` asks for, as things stand at `now`."""
    # One more than the page holds tells whether there is another.
    found = list(islice(_entries(root, request, now, is_there), request.max_keys + 1))
    entries = found[: request.max_keys]
    return KeyPage(request, entries, is_truncated=0 < len(entries) < len(found))


def _entries(
    root: Branch, asked: ListRequest, now: int, is_there: Callable[[KeyedFile], bool]
) -> Iterator[Entry]:
    least: str | None = max(asked.prefix, asked.after + "\0" if asked.after else "")
    while least is not None:
        start, least = least, None
        for file in walk(root, "", start, now):
            if not file.key.startswith(asked.prefix):
                return
            if not is_there(file):
                continue
            common = _common(file.key, asked)
            if common is None:
                yield file
                continue
            # One that holds the marker was passed with it: a listing only ever gets on.
            if common > asked.after:
                yield common
            # All others below it are passed at once.
            least = common + _LAST
            break


def _common(key: str, asked: ListRequest) -> str | None:
    """Return what `key` is rolled up to, None where it stands for itself."""
    cut = key.find(asked.delimiter, len(asked.prefix)) if asked.delimiter else -1
    return None if cut < 0 else key[: cut + len(asked.delimiter)]


def _key(entry: Entry) -> str:
    return entry if isinstance(entry, str) else entry.key
