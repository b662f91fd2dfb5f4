"""Start the command line; imports nothing before it is asked to.

Worker processes import the main module of the program that starts them: theirs must stay small.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line and leave with its exit code."""
    from divbot.cli import run

    run()


if __name__ == "__main__":
    main()
