"""The only caller of numba: one decorator, every flag with its reason, and the cache's place.

numba's own cache looks only at the file of the function it compiles: with a helper or a constant
in another file edited, or a flag in a shared decorator, it keeps the old machine code. So the cache
lives in a folder named by a hash of all sources beside the function and beside this decorator.
What is cached is a pickle: the folder is the user's own and closed to others (0700).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
from numba.core import config
from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys

from divbot.folders import cache_home

P = ParamSpec("P")
R = TypeVar("R")


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` to machine code at its first call; keep the code for later processes.

    Where no cache can be kept, every process compiles for itself.

    - nogil: a kernel never touches Python objects, so other threads may run meanwhile.
    - fastmath stays off: it changes last digits and breaks tests for NaN.
    - parallel stays off: divbot's cores are kept busy by processes; numba's threads abort when
      entered from two threads at once.
    - error_model numpy: a division by zero gives inf or NaN instead of raising, so that the
      loop over the symbols holds no branch and vectorises.
    """
    cache = _private_cache(Path(function.__code__.co_filename).parent)
    before = config.CACHE_DIR  # type: ignore[attr-defined]
    if cache is not None:
        # Read by numba while it decorates, and only then: a user's own kernels keep their place.
        config.CACHE_DIR = str(cache)  # type: ignore[attr-defined]
    try:
        compiled = numba.njit(nogil=True, error_model="numpy", cache=cache is not None)(function)
        if cache is not None:
            # numba offers no other way to choose the cache.
            compiled._cache = _ForgivingCache(function)  # type: ignore[attr-defined,no-untyped-call]  # noqa: SLF001
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]
    return cast("Callable[P, R]", compiled)


_LOADS_WITHOUT_REGISTRIES = [(0, 68)]
"""Releases of numba that were seen to run what they load without what they compile with."""


class _ForgivingCache(FunctionCache):
    """Compile anew what cannot be read, and go on where nothing can be written.

    A power loss leaves files of no bytes, a full disk leaves none; and what a damaged pickle
    raises is anybody's guess.

    numba readies itself to compile even where it only loads, which takes longer than to load all
    kernels. All that these need is its runtime; where something is compiled after all, it readies
    itself again.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            if numba.version_info[:2] in _LOADS_WITHOUT_REGISTRIES:
                rtsys.initialize(target_context)
                return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:
            with contextlib.suppress(Exception):
                self.flush()  # type: ignore[no-untyped-call]
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with contextlib.suppress(Exception):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


@lru_cache
def _private_cache(sources: Path) -> Path | None:
    """Return the cache folder for kernels in `sources`, made if need be; None without any."""
    name = f"{sources.name}-{_hash_of(Path(__file__).parent, sources)}"
    try:
        folder = cache_home() / "divbot" / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except (OSError, RuntimeError):  # the latter: nobody's home
        return None
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077):
        return None
    return folder if os.access(folder, os.W_OK) else None


def _hash_of(*folders: Path) -> str:
    digest = hashlib.sha256()
    for source in sorted({path for folder in folders for path in folder.glob("*.py")}):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
