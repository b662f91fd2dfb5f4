"""The command line: commands, and one way out of each failure.

Data goes to stdout; notices, progress and errors to stderr. Whatever fails gets one line and
the exit code of its class; nobody is shown a traceback.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import divbot
from divbot.cli.exchange import exchange
from divbot.cli.scan import scan
from divbot.domain.errors import DivbotError, VenueUnreachable

INTERRUPTED = 130
TERMINATED = 143
_BUG = 1

app = typer.Typer(
    name="divbot",
    help="Scan the whole Binance USDT market for RSI divergences. No key, no real orders.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(scan)
app.command()(exchange)


@app.callback(invoke_without_command=True)
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
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal without UTF-8 must not end a scan that found a symbol in Chinese.
            stream.reconfigure(errors="replace")
    code = _run()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or _BUG
    if code in (INTERRUPTED, TERMINATED, _PIPE_CLOSED):
        # Leave as sys.exit does, but for one thing: threads that still wait for an answer of the
        # venue are not waited for.
        atexit._run_exitfuncs()  # noqa: SLF001 - there is no public name for it
        os._exit(0 if code == _PIPE_CLOSED else code)
    sys.exit(code)


_PIPE_CLOSED = -1


def _run() -> int:  # noqa: PLR0911 - one way out of each failure
    try:
        return app(prog_name="divbot", standalone_mode=False) or 0
    except typer.TyperException as error:
        return _complain(error.format_message(), error.exit_code)
    except VenueUnreachable as error:
        return _complain(f"{error}; --demo scans a simulated market without one", error.exit_code)
    except DivbotError as error:
        return _complain(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except _Terminated:
        return TERMINATED
    except BrokenPipeError:
        # Whoever read us (head, less) has seen enough.
        return _PIPE_CLOSED
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        return _complain(
            f"internal error at {where}: {type(error).__name__}: {error}; this is a bug in divbot",
            _BUG,
        )


def _complain(message: str, code: int) -> int:
    line = " ".join(message.split())
    print(f"divbot: {line}", file=sys.stderr)
    return code


class _Terminated(BaseException):
    """Unwind as Ctrl-C does, so that processes and files are put in order."""


def _terminate(*_: object) -> NoReturn:
    raise _Terminated
