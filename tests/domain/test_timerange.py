"""Ranges of time, as users of this bot and of others write them."""

from __future__ import annotations

import pytest

from divbot.domain.clock import parse_time
from divbot.domain.timerange import Range, TimeRange

JANUARY, YEAR = parse_time("2024-01-01"), parse_time("2025-01-01")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("20240101-20250101", JANUARY, YEAR),
        ("20240101-", JANUARY, None),
        ("-20250101", None, YEAR),
        ("2024-01-01/2025-01-01", JANUARY, YEAR),
        ("2024-01-01-2025-01-01", JANUARY, YEAR),
        ("2024-01-01..2025-01-01", JANUARY, YEAR),
        ("2024-01-01 to 2025-01-01", JANUARY, YEAR),
        ("2024-01-01-", JANUARY, None),
        ("-2025-01-01", None, YEAR),
        ("2024-01-01T00:00/20250101", JANUARY, YEAR),
        ("2024-01-01T01:00+01:00/", JANUARY, None),
        (f"{JANUARY}-{YEAR}", JANUARY, YEAR),
    ],
)
def test_a_range_is_read_as_it_is_written(text: str, start: int | None, end: int | None) -> None:
    assert Range().read(text) == TimeRange(start, end)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "20240101",
        "20250101-20240101",
        "20240101-20240101",
        "20240230-",
        "a-b",
        "2024-2025",
    ],
)
def test_what_is_no_range_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="expected a range of time such as 20240101-20250101"):
        Range().read(text)
