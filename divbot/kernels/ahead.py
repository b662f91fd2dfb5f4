"""A first start on two cores: one process compiles some kernels while another compiles the rest.

    this process                         another one
    compiles its own         ||          compiles others, and keeps them
    loads those of the other <-- ends --

What the other one fails to do is not lost: whoever needs a kernel that is not kept compiles it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module

from divbot.kernels.place import is_kept

ANALYSIS = ("divbot.kernels.wilder", "divbot.kernels.pivots", "divbot.kernels.divergence")
"""The modules of `divbot.kernels.analysis`."""
_CODE = "import sys; sys.path[:] = {path!r}; from divbot.kernels.ahead import run; run({names!r})"


@contextmanager
def compiled_beside(kernels: Sequence[str], by: Sequence[str]) -> Iterator[Callable[[float], bool]]:
    """Let another process compile meanwhile; at the end, wait for it.

    `kernels` are the modules that hold them, `by` those whose `warm()` compiles them. Where all
    are kept, or none can be, there is no other process. Provide what waits so many seconds
    and tells whether it is done. It ends early where this one does, or leaves by an exception.
    """
    if not sys.executable or is_kept(kernels) is not False:
        yield lambda _: True
        return
    code = _CODE.format(path=sys.path, names=list(by))
    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=pipe, stdout=none, stderr=none) as it:  # noqa: S603 - ours
        try:
            yield partial(_is_done, it)
            it.wait()
        except BaseException:
            it.kill()
            raise


def _is_done(other: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        other.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def warm(modules: Sequence[str]) -> None:
    """Compile or load what `warm()` of each of `modules` does."""
    for name in modules:
        import_module(name).warm()


def run(modules: Sequence[str]) -> None:
    """Warm `modules` in the other process; end with the one that started it."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    warm(modules)


def _end_with_parent() -> None:
    # Nothing is ever written: the pipe ends where its other end does.
    os.read(0, 1)
    os._exit(0)
