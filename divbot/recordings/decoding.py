"""What decoders raise for a file that is not what its name says, told in one line of ours."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from divbot.domain.errors import RecordingError

_RAISED = (
    OSError,
    EOFError,
    ValueError,  # a byte that is no text, a seek before the begin, a line that does not parse
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,  # a zip with a password; one packed in an unknown way is a NotImplementedError
    MemoryError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
)

_LONGEST_REASON = 200  # some decoders quote all that they do not understand


@contextmanager
def decoding(
    path: Path,
    expected: str,
    advice: str,
    *,
    found: str = "what does not read",
    others: tuple[type[Exception], ...] = (),
) -> Iterator[None]:
    """Raise RecordingError, naming `path`, for whatever decoding it raises within the block.

    `others` are exceptions that only the block's decoder knows.
    """
    raised: tuple[type[Exception], ...] = (*_RAISED, *others)
    try:
        yield
    except raised as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise RecordingError(
            f"{path}: expected {expected}, found {found}: {lines[0][:_LONGEST_REASON]}; {advice}"
        ) from error
