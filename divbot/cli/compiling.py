"""The one long wait of a first start: divbot compiles its kernels for the machine it runs on."""

from __future__ import annotations

import sys
from pathlib import Path

import divbot
from divbot.kernels.place import place_of

_KERNELS = Path(divbot.__file__).parent / "kernels"
_LONGEST = "analysis.*.nbi"
"""What numba keeps of the kernel that takes four fifths of the time; a scan compiles it first."""
NOTICE = "compiling for this machine, which usually takes 20 to 60 s; only the first start does so"


def is_compiled() -> bool:
    """Tell whether the kernels are at hand; those that are kept nowhere are compiled each time."""
    folder = place_of(_KERNELS).folder
    return folder is not None and next(folder.rglob(_LONGEST), None) is not None


def tell_of_compiling() -> None:
    """Say on stderr that there is a wait ahead, and how long, where kernels have to be compiled."""
    if not is_compiled():
        print(f"divbot: {NOTICE}", file=sys.stderr, flush=True)
