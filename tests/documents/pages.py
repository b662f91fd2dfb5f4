"""What people read: README, CONTRIBUTING and the pages of docs, taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
README = PROJECT / "README.md"
DOCS = PROJECT / "docs"
PAGES = (README, PROJECT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md")))

_BLOCK = re.compile(
    r"(?:<!-- not run: (?P<why>[^\n]+) -->\n)?^```(?P<language>sh|python)\n(?P<text>.*?)^```",
    re.M | re.S,
)
_FENCED = re.compile(r"^```.*?^```", re.M | re.S)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.M)


@dataclass(frozen=True, slots=True)
class Block:
    """Commands or a program as a reader would copy it."""

    page: Path
    language: str
    text: str
    why_not: str | None
    """Why no test runs it."""


def blocks_of(page: Path) -> Iterator[Block]:
    """Give the blocks of `sh` and `python` on a page, in their order."""
    for found in _BLOCK.finditer(page.read_text("utf-8")):
        yield Block(page, found["language"], found["text"], found["why"])


def links_of(page: Path) -> list[str]:
    """Return where the links of a page lead, as they are written."""
    return _LINK.findall(_CODE.sub("", _prose_of(page)))


def anchors_of(page: Path) -> set[str]:
    """Return what a link to a heading of the page may end with."""
    return {_anchor(heading) for heading in _HEADING.findall(_prose_of(page))}


def _prose_of(page: Path) -> str:
    return _FENCED.sub("", page.read_text("utf-8"))


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
