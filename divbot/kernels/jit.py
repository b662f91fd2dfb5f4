"""The only caller of numba: one decorator, every flag with its reason, and a cache of our own.

numba's own cache looks only at the file of the function it compiles: with a helper or a constant
in another file edited, or a flag in a shared decorator, it keeps the old machine code. So the cache
lives in a folder named by a hash of all sources beside the function and beside this decorator.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.runtime.nrt import rtsys

from divbot.kernels.place import place_of

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
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    if _Locator.from_function(function, function.__code__.co_filename) is not None:
        # numba offers no other way to choose the cache.
        compiled._cache = _ForgivingCache(function)  # type: ignore[attr-defined,no-untyped-call]  # noqa: SLF001
    return cast("Callable[P, R]", compiled)


class _Locator:
    """Tell numba where the code of one function lies: in the place of its sources.

    numba's own ones take no folder that cannot be written to, however much there is to read.
    """

    def __init__(self, function: Callable[..., object], path: str, folder: Path) -> None:
        self._py_file = path  # numba's messages name it
        self._line = function.__code__.co_firstlineno
        self._folder = folder

    @classmethod
    def from_function(cls, function: Callable[..., object], path: str) -> _Locator | None:
        """Return the locator of a function in the file `path`, None where nothing is kept."""
        folder = place_of(Path(path).parent).folder
        return None if folder is None else cls(function, path, folder)

    def ensure_cache_path(self) -> None:
        """Do nothing: the folder is there."""

    def get_cache_path(self) -> str:
        """Return the folder."""
        return str(self._folder)

    def get_source_stamp(self) -> str:
        """Return what changes with the source: nothing but the folder does."""
        return self._folder.name

    def get_disambiguator(self) -> str:
        """Return what tells the function from others of its name."""
        return str(self._line)


class _InPlace(CompileResultCacheImpl):
    _locator_classes = [_Locator]  # type: ignore[list-item]  # noqa: RUF012 - numba's own


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

    _impl_class = _InPlace

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
