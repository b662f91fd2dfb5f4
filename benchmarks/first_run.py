"""How long the first `divbot scan --demo` takes, from an empty cache to the table.

    python benchmarks/first_run.py

Beside it, from the same minute: how long numba takes for one trivial kernel in a process of its
own, which tells how busy the machine is, and a second scan, which compiles nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_SCAN = [sys.executable, "-m", "divbot", "scan", "--demo"]
_TRIVIAL = """
import numba, numpy
@numba.njit
def total(values):
    result = 0.0
    for k in range(len(values)):
        result += values[k]
    return result
total(numpy.ones(3))
"""


def main() -> None:
    options = parse_arguments()
    rows = [measured() for _ in range(options.rounds)]
    for place, name in enumerate(("first scan", "second scan", "trivial kernel")):
        seconds = [row[place] for row in rows]
        print(
            f"{name:<15} best {min(seconds):6.2f} s, all: " + " ".join(f"{x:.2f}" for x in seconds)
        )
    print(f"first scan / trivial kernel  {min(x[0] / x[2] for x in rows):.1f}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


def measured() -> tuple[float, float, float]:
    """Return the seconds of a first scan, of a second one, and of a trivial kernel."""
    with tempfile.TemporaryDirectory() as folder:
        places = {f"XDG_{x}_HOME": str(Path(folder) / x) for x in ("CACHE", "STATE")}
        environment = {**os.environ, **places}
        first, second = (timed(_SCAN, environment) for _ in range(2))
        return first, second, timed([sys.executable, "-c", _TRIVIAL], environment)


def timed(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment, capture_output=True, check=True, timeout=300)
    return time.perf_counter() - began


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
