"""The command line: commands, and one way out of each failure.

Data goes to stdout; notices, progress and errors to stderr. Whatever fails gets one line and
the exit code of its class; nobody is shown a traceback.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import divbot
from divbot.cli.command import Command, CommandGroup
from divbot.cli.signals import Terminated, heed, ignore
from divbot.cli.terminal import settle
from divbot.domain.errors import DivbotError, OutputError
from divbot.domain.suggestions import nearest
from divbot.processes import end_forkserver
from divbot.setting_table import ENVIRONMENT_PREFIX, SETTINGS

INTERRUPTED = 130
_BUG = 1
_AFTER_SCHEME = re.compile(r"://[^\s'\")]+")
"""Of an address on the command line, or in an error that nobody foresaw: it may hold a secret."""
_PASSWORD = re.compile(r"(\w{2,}:/+)\S*@")
"""In an address that stands where a path is expected, with a slash less, too."""

_COMMANDS = (
    "scan",
    "chart",
    "watch",
    "paper",
    "web",
    "backtest",
    "sweep",
    "sweeps",
    "exchange",
    "universe",
    "why",
    "limits",
    "doctor",
    "runs",
    "status",
    "trades",
    "stats",
    "verify",
    "data",
)
"""Each in a module of its name."""
_COMPILES = {
    "scan": "kernels",
    "chart": "kernels",
    "watch": "kernels",
    "paper": "kernels",
    "backtest": "kernels",
    "sweep": "kernels",
    "why": "kernels",
    "verify": "kernels",
    "exchange": "exchange",
}
"""Commands that run compiled code, and the folder of its sources."""


def command_line(arguments: Sequence[str] = ()) -> typer.Typer:
    """Return divbot's command line, as far as `arguments` need it.

    Where they begin with a command, that one alone is loaded.
    """
    app = typer.Typer(
        name="divbot",
        cls=CommandGroup,
        help="Scan the whole Binance USDT market for RSI divergences. No key, no real orders.",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_overview)
    names = [name for name in arguments[:1] if name in _COMMANDS] or _COMMANDS
    for name in names:
        command = getattr(import_module(f"divbot.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            for each in command.registered_commands:
                each.cls, each.short_help = Command, _summary(each.callback)
            app.add_typer(command, cls=CommandGroup)
        else:
            app.command(cls=Command, short_help=_summary(command))(command)
    return app


def _summary(command: Callable[..., object] | None) -> str:
    """Return what a list of commands says: a whole sentence, which else ends with its line."""
    return (command.__doc__ or "").partition("\n")[0]


def _overview(
    context: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True)
    ] = False,
) -> None:
    if version:
        print(f"divbot {divbot.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


def run() -> NoReturn:
    """Run the command line and leave with its exit code."""
    heed()
    settle()
    try:
        code = exit_code(sys.argv[1:])
        ignore()
    except (KeyboardInterrupt, Terminated) as error:  # while it was on its way out
        code = _code_of(error)
    ignore()
    # It may still be loading what nobody needs any more.
    end_forkserver()
    # Leave as sys.exit does, but for one thing: threads that still wait for an answer of the venue
    # are not waited for.
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no public name for it
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def exit_code(arguments: Sequence[str]) -> int:
    """Run what `arguments` say and return the exit code; whatever fails is told in one line."""
    try:
        app = command_line(arguments)
        _warn_of_compiling(arguments)
        code: int = app(arguments, prog_name="divbot", standalone_mode=False) or 0
        sys.stdout.flush()
    except typer.TyperException as error:
        return _complain(f"{_usage_of(error)}{_as_a_setting(error)}", error.exit_code)
    except DivbotError as error:
        return _complain(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort, Terminated) as error:
        return _code_of(error)
    except BrokenPipeError:
        return 0
    except SystemExit as error:
        # Typer leaves with 1 where whoever read us (head, less) has seen enough.
        if isinstance(error.__context__, BrokenPipeError):
            return 0
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EIO):
            return _complain(f"cannot write: {error.strerror}", OutputError.exit_code)
        return _complain_of_bug(error)
    except Exception as error:
        return _complain_of_bug(error)
    else:
        return code


def _usage_of(error: typer.TyperException) -> str:
    """Return what is wrong with the command line, and of the flags that look alike the near one."""
    if alike := getattr(error, "possibilities", None):
        near = nearest(getattr(error, "option_name", ""), alike)
        error.possibilities = [near] if near else None  # type: ignore[attr-defined]
    return _hidden(error.format_message())


def _as_a_setting(error: typer.TyperException) -> str:
    """Return how to set what a command has no flag for, where it is a setting."""
    context, flag = getattr(error, "ctx", None), getattr(error, "option_name", None)
    if context is None or flag is None or "config" not in {x.name for x in context.command.params}:
        return ""
    name = flag.removeprefix("--").removeprefix("no-").replace("-", "_")
    if name not in SETTINGS:
        return ""
    return (
        f"; it is a setting: write `{name} = ...` into divbot.toml, or set "
        f"{ENVIRONMENT_PREFIX}{name.upper()}"
    )


def _warn_of_compiling(arguments: Sequence[str]) -> None:
    """Say where compiled code cannot be kept: else each start takes a minute, nobody knows why."""
    sources = _COMPILES.get(arguments[0]) if arguments else None
    if sources is None or {"-h", "--help", "--quiet", "-q"} & {*arguments}:
        return
    from divbot.cli.compiling import problem_of_place

    if problem := problem_of_place(sources):
        print(f"divbot: {problem}", file=sys.stderr)


def _complain_of_bug(error: Exception) -> int:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    told = f"{type(error).__name__}: {_hidden(str(error))}"
    return _complain(f"internal error at {where}: {told}; this is a bug in divbot", _BUG)


def _hidden(message: str) -> str:
    return _AFTER_SCHEME.sub("://***", message)


def _complain(message: str, code: int) -> int:
    line = _PASSWORD.sub(r"\1***@", " ".join(message.split()))
    with contextlib.suppress(BrokenPipeError):  # nobody reads it
        print(f"divbot: {line}", file=sys.stderr)
    return code


def _code_of(error: BaseException) -> int:
    return error.exit_code if isinstance(error, Terminated) else INTERRUPTED
