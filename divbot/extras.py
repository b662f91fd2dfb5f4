"""What some commands need besides what divbot always brings, and how to get it."""

from __future__ import annotations

import shlex
import sys

PLOTLY = "plotly>=6"
APPRISE = "apprise>=1.9"
PYARROW = "pyarrow>=18"
SCIPY = "scipy>=1.15"
DISTRIBUTED = "distributed>=2024.8"
PROMETHEUS = "prometheus-client>=0.21"


def how_to_install(requirement: str) -> str:
    """Return the command that installs `requirement` for the Python that runs divbot.

    It works however divbot itself was installed, an editable checkout included.
    """
    python = shlex.quote(sys.executable or "python")
    return f"{python} -m pip install {shlex.quote(requirement)}"
