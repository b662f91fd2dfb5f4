"""The past of made histories, opened for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from divbot.binance.listing.rules import UniverseRules
from divbot.domain.market import Interval
from divbot.research.past import PastScanner
from divbot.scanner.cycle import ScanRules
from tests.history.made import DAY, START, MadeHistory
from tests.scanner.fakes import rules

LIMIT = 330


def scan_rules(**changes: Any) -> ScanRules:
    return rules(**{"interval": Interval.H1, "limit": LIMIT, "best": 3, **changes})


@contextmanager
def opened(
    history: MadeHistory,
    folder: Path,
    *,
    first: int = START + 20 * DAY,
    end: int = 0,
    universe: UniverseRules | None = None,
    scan: ScanRules | None = None,
    **more: Any,
) -> Iterator[PastScanner]:
    with PastScanner.open(
        history,
        (first, end or history.end + 1),
        scan or scan_rules(),
        universe or UniverseRules(top=50, min_age=0.0),
        cache=folder,
        **more,
    ) as past:
        yield past
