"""The one long wait of a first start: divbot compiles its kernels for the machine it runs on."""

from __future__ import annotations

import sys
from pathlib import Path

import divbot
from divbot.kernels.ahead import ANALYSIS
from divbot.kernels.place import is_kept, place_of

NOTICE = "compiling for this machine, which usually takes 5 to 20 s; only the first start does so"


def is_compiled() -> bool:
    """Tell whether the kernels are at hand; those that are kept nowhere are compiled each time."""
    return is_kept(ANALYSIS) is True


def problem_of_place(sources: str) -> str:
    """Return why code compiled of a folder of divbot is not kept in the cache, and what to do."""
    return place_of(Path(divbot.__file__).parent / sources).problem


def tell_of_compiling() -> None:
    """Say on stderr that there is a wait ahead, and how long, where kernels have to be compiled."""
    if not is_compiled():
        print(f"divbot: {NOTICE}", file=sys.stderr, flush=True)
