"""XML as S3 writes it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.sax.saxutils import escape

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def element(name: str, text: str) -> str:
    """Return one element that holds text."""
    return f"<{name}>{escape(text)}</{name}>"


def is_writable(text: str) -> bool:
    """Tell whether XML can hold `text`: it knows no control characters, however written."""
    return _NOT_XML.search(text) is None


def writable(text: str) -> str:
    """Return `text` with a mark for each character that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


def iso_time(time: int) -> str:
    """Return `time` (ms UTC) as listings write it."""
    return datetime.fromtimestamp(time / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
