"""Lists of what the archive holds, as S3 writes them: XML, at most a thousand entries a page.

What goes wrong with such lists, each of it seen: a page that is taken for all there is; a name that
begins as another one does; a page that comes again and again; an error that looks like an empty
list. So a list is read to its end or to where the reader wants no more; the next page begins behind
the last entry of this one, kept or not; and whatever is no list is an error, never an empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree import ElementTree as ET

from divbot.domain.errors import BadAnswer

PAGE = 1000
_ROOT = "ListBucketResult"
_MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """One file of the archive."""

    key: str
    size: int
    """In bytes."""
    etag: str
    """It changes when the file is replaced."""
    modified: str
    """When it was put there, as the list writes it."""


class ListPage(NamedTuple):
    """One page of a list."""

    entries: tuple[ArchivedFile, ...]
    folders: tuple[str, ...]
    is_last: bool
    end: str
    """The last name on it, of a file or a folder."""


def parse_page(body: bytes) -> ListPage:
    """Return what one page says; raise BadAnswer for whatever is none."""
    root = _parsed(body)
    entries = tuple(_entry(x) for x in _children(root, "Contents"))
    folders = tuple(_text(x, "Prefix") for x in _children(root, "CommonPrefixes"))
    is_truncated = _text(root, "IsTruncated")
    if is_truncated not in ("true", "false"):
        raise BadAnswer(f"expected a list that says whether it ends, found {is_truncated[:20]!r}")
    names = [*(x.key for x in entries), *folders]
    return ListPage(
        entries, folders, is_truncated == "false", max(names, key=str.encode, default="")
    )


def pages(ask: Callable[[str], ListPage], start: str = "") -> Iterator[ListPage]:
    """Give the pages of a list behind the name `start`, as `ask` gives the one behind a name."""
    for _ in range(_MOST_PAGES):
        page = ask(start)
        yield page
        if page.is_last:
            return
        start = page.end
    raise BadAnswer(f"expected a list that ends, found more than {_MOST_PAGES} pages")


def check_progress(page: ListPage, start: str) -> None:
    """Raise BadAnswer for a page that does not lie behind `start`, as one that comes again."""
    names = [x.key for x in page.entries] + list(page.folders)
    if any(x.encode() <= start.encode() for x in names) or (not names and not page.is_last):
        raise BadAnswer("expected the next page of a list, found one that was there before")


def _parsed(body: bytes) -> ET.Element:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise BadAnswer("expected a list in XML, found a document that defines its own words")
    try:
        root = ET.fromstring(body)  # noqa: S314 - bounded, and without entities of its own
    except ET.ParseError as error:
        raise BadAnswer(f"expected a list in XML, found {body[:40]!r}") from error
    if _name(root) != _ROOT:
        raise BadAnswer(f"expected a list in XML, found a {_name(root)[:40]}")
    return root


def _entry(element: ET.Element) -> ArchivedFile:
    size = _text(element, "Size")
    if not (size.isascii() and size.isdigit() and len(size) < 16):
        raise BadAnswer(f"expected the size of a file, found {size[:20]!r}")
    etag = _text(element, "ETag").strip('"')
    return ArchivedFile(_text(element, "Key"), int(size), etag, _text(element, "LastModified"))


def _children(element: ET.Element, name: str) -> Iterator[ET.Element]:
    return (x for x in element if _name(x) == name)


def _text(element: ET.Element, name: str) -> str:
    child = next(_children(element, name), None)
    return (child.text or "") if child is not None else ""


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
