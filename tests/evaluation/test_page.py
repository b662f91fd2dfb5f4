"""The page of evaluation: its example prints what stands below it, and it names every limit."""

from __future__ import annotations

import re

import pytest

from divbot.evaluation import LIMITS, Finding
from tests.documents.pages import DOCS, blocks_of

PAGE = DOCS / "evaluation.md"
TEXT = PAGE.read_text("utf-8")


def test_the_example_prints_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    example = next(blocks_of(PAGE))

    exec(compile(example.text, PAGE.name, "exec"), {"__name__": "__main__"})

    shown = re.search(r"^```text\n(.*?)^```", TEXT, re.M | re.S)
    assert shown is not None
    assert capsys.readouterr().out == shown[1]


def test_every_limit_is_on_the_page() -> None:
    listed = re.findall(r"^- (.+)$", TEXT.partition("## Limits")[2], re.M)

    assert listed == list(LIMITS)


def test_every_verdict_is_in_the_table_in_the_order_of_conditions() -> None:
    rows = re.findall(r"^\| ([A-Z ]+) \|", TEXT, re.M)

    assert rows == [str(finding) for finding in Finding]
