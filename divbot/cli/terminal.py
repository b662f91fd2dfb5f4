"""The one way out to a terminal: no text that is written here can steer it.

The words of a venue, of a file or of a user may hold anything: escape sequences, bells, marks that
turn the direction of writing. Both streams of a command are a `Terminal` from its start to its end,
so that whoever prints, prints harmlessly; and what rich lays out comes from `console`.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from divbot.cli.figures import harmless_lines

if TYPE_CHECKING:
    from rich.console import Console

_STYLE = re.compile(r"(\x1b\[(?:(?:0|1|2|3|22|23|3[0-7]|39|9[0-7])(?:;|(?=m)))+m)")
"""What colours text, or makes it bold or dim; nothing that hides any."""


class Terminal:
    """A text stream that passes on what can be printed, and a question mark for all else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write `text`; nothing in it but the end of a line does anything."""
        self._stream.write(harmless_lines(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write all `lines`."""
        self.write("".join(lines))

    def write_styled(self, text: str) -> None:
        """Write `text`, in which colours may stand."""
        pieces = _STYLE.split(text)
        # Every second piece is a style.
        pieces[::2] = map(harmless_lines, pieces[::2])
        self._stream.write("".join(pieces))

    def ring(self) -> None:
        """Ring the bell where people look; raise OSError where the terminal is gone."""
        if self.isatty():
            self._stream.write("\a")
            self._stream.flush()

    def write_file(self, content: bytes) -> None:
        """Write a file for another program, as it is unless nobody else but a person reads it."""
        binary = getattr(self._stream, "buffer", None)
        if binary is None or self.isatty():
            self.write(content.decode(errors="replace"))
            return
        self._stream.flush()
        binary.write(content)

    def console(self, **options: Any) -> Console:
        """Return what lays out text here, and moves it about."""
        return console(self._stream, **options)

    def flush(self) -> None:
        """Let all that was written get on."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Tell whether people look at it."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the number of the file that is written to."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:
        """Return how text is encoded."""
        return self._stream.encoding

    @property
    def errors(self) -> str | None:
        """Return what happens to text that cannot be encoded."""
        return self._stream.errors


def settle() -> None:
    """Let both streams be harmless; neither a closed one nor one without UTF-8 ends a command."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, Terminal):
            continue
        if stream is None:
            stream = Path(os.devnull).open("w")  # noqa: SIM115 - for all of the run
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
        setattr(sys, name, Terminal(stream))


def stdout() -> Terminal:
    """Return where data goes."""
    return _terminal(sys.stdout)


def stderr() -> Terminal:
    """Return where notices and progress go."""
    return _terminal(sys.stderr)


def _terminal(stream: object) -> Terminal:
    return stream if isinstance(stream, Terminal) else Terminal(cast("TextIO", stream))


def console(stream: TextIO, **options: Any) -> Console:
    """Return what lays out text on `stream`; its own sequences pass, those of the text do not."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class HarmlessConsole(Console):
        def render(
            self, renderable: RenderableType, options: ConsoleOptions | None = None
        ) -> Iterable[Segment]:
            for text, style, control in super().render(renderable, options):
                yield Segment(text if control else harmless_lines(text), style, control)

    return HarmlessConsole(file=stream, **options)
