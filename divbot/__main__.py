"""Start the command line; imports nothing before it is asked to.

Worker processes import the main module of the program that starts them: theirs must stay small.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from divbot.interrupts import end_without_a_word


def main() -> None:
    """Run the command line and leave with its exit code."""
    end_without_a_word()
    import divbot.loading  # noqa: F401

    _start_workers_early(sys.argv[1:])
    from divbot.cli import run

    run()


def _start_workers_early(arguments: Sequence[str]) -> None:
    """Let what becomes the workers load its modules while this process still loads its own."""
    if arguments[:1] not in (["scan"], ["paper"], ["why"]):
        return
    if not {"-h", "--help", "--sequential"} & {*arguments}:
        from divbot.processes import start_early

        start_early()


if __name__ == "__main__":
    main()
