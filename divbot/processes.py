"""How divbot starts other processes, and how these end when they should.

- Never fork: a fork of a process with threads can deadlock on any lock held at that moment
  (measured: about half of all forks beside a busy thread). `forkserver` forks from a process
  that stays single-threaded; where it does not exist, `spawn` starts afresh.
- A child ignores Ctrl-C, and a terminal that closes, which reach the whole group: its parent
  decides when it ends.
- A child ends when its parent does, even by kill -9. PR_SET_PDEATHSIG would not do: under a
  forkserver the parent in the kernel's eyes is the forkserver. The parent's sentinel is true
  everywhere.
- A child does not import the main module of the program that starts it, as children of Python do:
  nothing of it is needed here, and a script without `if __name__ == "__main__":` would start all
  over in each of them. So divbot.scan() works in any script, notebook or prompt.
"""

from __future__ import annotations

import contextlib
import copy
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from multiprocessing import forkserver, resource_tracker, spawn
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

from divbot.domain.errors import InputError

if sys.platform != "win32":
    import resource

PRELOAD = (
    "divbot.loading",
    "divbot.binance.market_data",
    "divbot.binance.protocol.compiled_klines",
    "divbot.binance.transport.curl_transport",
    "divbot.scanner.workforce.preload",  # the last: what is loaded by then is frozen
)
"""What workers need, by name: nobody here knows more of it."""
SHARE_MEMORY = "share memory among processes (in /dev/shm or TMPDIR)"
_START = "start worker processes (TMPDIR names the folder for their sockets)"
_OTHER_FILES, _AMPLE_FILES = 64, 1024


def start_context(preload: Sequence[str] = ()) -> BaseContext:
    """Return the multiprocessing context to start children with; never fork.

    `preload` names modules that the forkserver imports once, for all children to share. It starts
    to do so right away; it runs but once, so that the first call decides on the list. Raise
    InputError where this machine does not let it run.
    """
    global _is_early  # noqa: PLW0603 - there is one forkserver in a process
    _is_early = False
    allow_files()
    context = copy.copy(_CONTEXT)
    context.Process = _Process  # type: ignore[attr-defined]  # BaseContext lacks it
    if context.get_start_method() != "forkserver":
        return context
    context.set_forkserver_preload(list(preload))
    with allowed_to(_START):
        # What is blocked here stays blocked in what is started, and in all that the forkserver
        # forks: a child that is only just starting does not greet Ctrl-C with a traceback, and a
        # terminal that closes ends the program alone, which then ends them.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
        try:
            # The tracker first: starting it unblocks Ctrl-C again.
            resource_tracker.ensure_running()
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            with _few_arenas():
                forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context


_CONTEXT = multiprocessing.get_context(
    "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
)
_ProcessOfPython: type[BaseProcess] = _CONTEXT.Process  # type: ignore[attr-defined]
_starting = threading.local()
_is_early = False
"""Whether the forkserver was started by `start_early`, and nobody has asked for it since."""
_prepare = spawn.get_preparation_data


class _Process(_ProcessOfPython):  # type: ignore[valid-type,misc]  # it depends on the platform
    @staticmethod
    def _Popen(process: BaseProcess) -> Any:  # noqa: N802 - Python's own name for it
        _starting.is_ours = True
        try:
            return _ProcessOfPython._Popen(process)  # type: ignore[attr-defined]  # noqa: SLF001
        finally:
            _starting.is_ours = False


def _prepare_without_main(name: str) -> dict[str, Any]:
    """Return what a child is told first; of the main module only if it is none of ours."""
    told = _prepare(name)
    if getattr(_starting, "is_ours", False):
        told.pop("init_main_from_name", None)
        told.pop("init_main_from_path", None)
    return told


# Python offers no other way: it decides by itself whether a child imports the main module.
spawn.get_preparation_data = _prepare_without_main


def allow_files(connections: int = 0) -> None:
    """Let this process, and its children, open as many files at once as `connections` may take.

    Raise InputError where that would be too few.
    """
    if sys.platform == "win32":
        return
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _OTHER_FILES + connections
    ample = max(needed, _AMPLE_FILES)
    if now == resource.RLIM_INFINITY or now >= ample:
        return
    wanted = ample if most == resource.RLIM_INFINITY else min(most, ample)
    if wanted < needed:
        lower = f", or use less than {connections} connections" if connections else ""
        raise InputError(
            f"this system lets a program open {wanted} files at once, and divbot needs {needed}: "
            f"raise the limit, as with `ulimit -n {ample}`{lower}"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def most_files() -> str:
    """Return how many files this process may open at once, in words where there is no limit."""
    if sys.platform == "win32":
        return "any number"
    now, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return "any number" if now == resource.RLIM_INFINITY else str(now)


@contextlib.contextmanager
def allowed_to(what: str) -> Iterator[None]:
    """Raise InputError in place of an OSError: this machine does not let divbot do `what`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"this machine does not let divbot {what}: {reason}") from error


@contextlib.contextmanager
def _few_arenas() -> Iterator[None]:
    """Let what is started meanwhile, and its children, share few pools of memory.

    glibc gives threads that allocate at once pools of their own, eight for each core, and none
    gives back what others could use: with 32 downloading threads a worker grew by 50 MB within 500
    scans, and took twice as long for what it keeps on disk. Other systems do not look at this.
    """
    name = "MALLOC_ARENA_MAX"
    if name in os.environ:
        yield
        return
    os.environ[name] = "2"
    try:
        yield
    finally:
        del os.environ[name]


def start_early() -> None:
    """Let what becomes the workers load its modules, before anybody knows whether there are any.

    Who knows it says so: by `start_context`, or by `end_early`.
    """
    global _is_early  # noqa: PLW0603 - there is one forkserver in a process
    # Whoever needs them next will tell why they cannot be had.
    with contextlib.suppress(InputError):
        start_context(PRELOAD)
        _is_early = True


def end_early() -> None:
    """End what was started early and is not wanted: it takes a core from others."""
    if _is_early:
        end_forkserver()


def end_forkserver() -> None:
    """End the forkserver at once, whatever it is doing; the next child to start brings a new one.

    Whoever waits for it to start a child is told so by an EOFError.
    """
    pid = getattr(forkserver._forkserver, "_forkserver_pid", None)  # noqa: SLF001
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def obey_parent() -> None:
    """Make this child process ignore Ctrl-C, heed SIGTERM, and end when its parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(0)
