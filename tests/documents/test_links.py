"""Links of what people read: each leads to a file, and to a heading, that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents.pages import DOCS, PAGES, PROJECT, README, anchors_of, links_of


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    troubles = {link: trouble_with(page, link) for link in links_of(page)}

    assert {link: trouble for link, trouble in troubles.items() if trouble is not None} == {}


def trouble_with(page: Path, link: str) -> str | None:
    if link.startswith("https://"):
        return None
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists():
        return "no such file"
    if not target.is_relative_to(PROJECT):
        return "outside the project"
    return "no such heading" if anchor and anchor not in anchors_of(target) else None


def test_the_index_leads_to_every_page_of_docs() -> None:
    index = DOCS / "index.md"

    linked = {link.partition("#")[0] for link in links_of(index)}

    assert {page.name for page in DOCS.glob("*.md")} - {"index.md"} <= linked


def test_the_readme_is_read_in_one_go() -> None:
    assert README.stat().st_size <= 9 * 1024


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("signals.md#the-score", None),
        ("#the-map", None),
        ("signals.md#no-such", "no such heading"),
        ("nowhere.md", "no such file"),
        ("../../elsewhere", "no such file"),
    ],
)
def test_links_are_told_apart(link: str, found: str | None) -> None:
    assert trouble_with(DOCS / "architecture.md", link) == found
