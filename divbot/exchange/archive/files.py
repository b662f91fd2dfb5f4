"""One file as it is sent: all of it, a part, or word that it is still the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime

from divbot.exchange.archive import errors
from divbot.exchange.archive.store import StoredFile
from divbot.exchange.rest.response import Response

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class ArchiveCall:
    """One request, as it came."""

    path: str
    """Decoded."""
    query: str
    """Not decoded."""
    method: str
    headers: Mapping[str, str]


def file_reply(stored: StoredFile, call: ArchiveCall) -> Response:
    """Answer a request for a file that is there; raise S3Refusal for a part that it lacks."""
    figures = stored.figures
    headers = {
        "Content-Type": stored.content_type,
        "ETag": f'"{figures.etag}"',
        "Last-Modified": formatdate(figures.modified // 1000, usegmt=True),
        "Accept-Ranges": "bytes",
    }
    if _is_same(stored, call.headers):
        return Response(304, headers, b"")
    # HEAD tells the length of all, whatever is asked for.
    asked = call.headers.get("Range", "") if call.method == "GET" else ""
    part = _part(asked, len(stored.body))
    if part is None:
        return Response(200, headers, stored.body)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(stored.body)}"
    return Response(206, headers, stored.body[part.start : part.stop])


def _is_same(stored: StoredFile, headers: Mapping[str, str]) -> bool:
    known = headers.get("If-None-Match")
    if known is not None:
        tags = [tag.strip().removeprefix("W/").strip('"') for tag in known.split(",")]
        return "*" in tags or stored.figures.etag in tags
    since = _moment(headers.get("If-Modified-Since", ""))
    return since is not None and stored.figures.modified // 1000 <= since


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _part(asked: str, size: int) -> range | None:
    """Return the places of the bytes asked for, None for all: so it is with what is not read."""
    match = _RANGE.fullmatch(asked)
    if match is None or match[0] == "bytes=-":
        return None
    if not match[1]:
        first, end = max(size - int(match[2]), 0), size
    else:
        first = int(match[1])
        end = min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < first:
            return None
    if first >= size or first >= end:
        raise errors.bad_range(asked, size)
    return range(first, end)
