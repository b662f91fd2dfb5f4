"""Ctrl-C while the command is only just being loaded; imports next to nothing."""

import signal
import sys


def is_command() -> bool:
    """Tell whether this process was started as `divbot` or as `python -m divbot`."""
    name = sys.argv[0] if sys.argv else ""
    if name == "-m":  # as long as the package is looked for
        return "divbot" in sys.orig_argv
    return name.replace("\\", "/").rpartition("/")[2] in ("divbot", "divbot.exe")


def end_without_a_word() -> None:
    """Let Ctrl-C end the process, until everything is in place to end in order."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
