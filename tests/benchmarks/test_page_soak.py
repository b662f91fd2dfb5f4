"""A page that is looked at all day costs as much at its end as at its beginning."""

from __future__ import annotations

from dataclasses import replace

import pytest
from machine import Usage
from page_soak import Soak, measure, report

FLAT = Usage(processes=6, threads=90, descriptors=300, rss=100.0, pss=200.0, private=180.0)
GROWN = {
    "memory": (Usage(6, 90, 300, 100.0, 200.0, 198.0), "memory grew by 10.0%"),
    "threads": (Usage(6, 95, 300, 100.0, 200.0, 180.0), "threads: 90, then 95"),
    "descriptors": (Usage(6, 90, 400, 100.0, 200.0, 180.0), "descriptors: 300, then 400"),
}


@pytest.mark.parametrize(("last", "expected"), GROWN.values(), ids=GROWN)
def test_what_grows_is_told(last: Usage, expected: str) -> None:
    soak = Soak(exit_code=0)
    soak.samples = [*((0.0, FLAT) for _ in range(12)), *((0.0, last) for _ in range(4))]

    assert list(soak.problems()) == [expected]


def test_an_alert_that_never_came_is_told_as_is_one_that_came_twice() -> None:
    soak = Soak(exit_code=0, owed=frozenset(("close:1", "close:2")))
    soak.samples = [(0.0, FLAT)] * 16
    soak.told.update(("close:2", "close:2", "trouble 1"))

    assert list(soak.problems()) == ["1 alerts came twice", "1 alerts never came: close:1 ..."]


def test_private_memory_is_told_of_each_process_that_is_still_there() -> None:
    soak = Soak()
    begins, ends = (replace(FLAT, private_of=x) for x in ({7: 80.0, 9: 30.0}, {7: 81.0, 11: 30.0}))
    soak.samples = [*((0.0, begins) for _ in range(12)), *((0.0, ends) for _ in range(4))]

    assert soak.figures()["private by process"] == [[80.0, 81.0]]


@pytest.mark.soak
@pytest.mark.parametrize("program", ["watch", "paper"])
def test_a_day_with_twenty_readers_leaves_no_trace(program: str) -> None:
    """Take a quarter of an hour; `pytest -m soak -n0 -s` shows the figures."""
    soak = measure(program, 86_400, 120.0, 200, 20)

    report(soak)
    assert list(soak.problems()) == []
