"""Archives that many tests read, and none changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .readers import Reader, reading


@pytest.fixture(scope="package")
def plain() -> Iterator[Reader]:
    """Two ordinary coins; it is 2024-07-30, noon."""
    with reading(symbols=2) as reader:
        yield reader


@pytest.fixture(scope="package")
def full() -> Iterator[Reader]:
    """Sixty ordinary coins, and all that only an archive knows."""
    with reading(symbols=60, awkward=True) as reader:
        yield reader
