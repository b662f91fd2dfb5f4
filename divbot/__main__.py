"""Start the command line; imports nothing before it is asked to.

Worker processes import the main module of the program that starts them: theirs must stay small.
"""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line and leave with its exit code."""
    # Until everything is in place to end quietly, Ctrl-C ends the process without a word.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from divbot.cli import run

    run()


if __name__ == "__main__":
    main()
