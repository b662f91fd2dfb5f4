"""The benchmarks are scripts: their modules are found beside each other, as when one is run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

if sys.platform == "win32":
    collect_ignore_glob = ["test_*.py"]  # what processes use is asked of Linux
