"""What workers of tests do; they import it."""

from __future__ import annotations

import os
from pathlib import Path


def doubled(number: int) -> int:
    return 2 * number


def ends_its_worker_once(number: int, flag: Path) -> int:
    """End the worker with case 3, the first time that anybody has it."""
    if number == 3 and not flag.exists():
        flag.touch()
        os._exit(1)
    return 2 * number


def ends_its_worker(number: int) -> int:
    """End every worker that has case 3."""
    if number == 3:
        os._exit(1)
    return 2 * number
