"""Files that appear whole or not at all, and folders of the user's own."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_FLAGS = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_PART = ".divbot-", ".part"
"""What the name of a file begins and ends with as long as it is written."""


def why_unwritable(error: OSError) -> str:
    """Return why nothing can be written, and what to do about it."""
    if error.errno in _FULL:
        advice = "free some space there"
    elif error.errno in _FORBIDDEN:
        advice = "let this user write there"
    else:
        advice = "let this user write there, free some space"
    return f"{error.strerror or error}; {advice}"


def make_private(folder: Path) -> None:
    """Make `folder` and what is missing above it, closed to others; raise OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)


def write_whole(
    path: Path, content: bytes, *, is_durable: bool = True, mode: int | None = None
) -> None:
    """Put `content` in the place of whatever is at `path`; raise OSError where that cannot be.

    Whatever happens meanwhile, what was there is there, or all of `content`; where it `is_durable`,
    through a power loss, too. `mode`: the file's permissions; None: those of any new file.
    """
    with whole_file(path, is_durable=is_durable, mode=mode) as file:
        _write(file.fileno(), content)


@contextmanager
def whole_file(
    path: Path, *, is_durable: bool = True, mode: int | None = None
) -> Iterator[BinaryIO]:
    """Provide what is written to; it takes its place, as by `write_whole`, at a good end."""
    # Nobody can guess the name, and a file or link of that name would not be written to.
    part = path.with_name(f"{_PART[0]}{os.urandom(8).hex()}{_PART[1]}")
    descriptor = os.open(part, _FLAGS, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            if mode is not None:
                part.chmod(mode)
            if is_durable:
                os.fsync(descriptor)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    if is_durable:
        # It is there by now, also where a folder cannot be read, or a file system syncs none.
        with suppress(OSError):
            sync_folder(path.parent)


def sweep(folder: Path) -> None:
    """Remove what programs that were killed have left of files below `folder`.

    Nobody else may be writing there.
    """
    for place, _, names in os.walk(folder):
        for name in names:
            if name.startswith(_PART[0]) and name.endswith(_PART[1]):
                with suppress(OSError):
                    Path(place, name).unlink()


def sync_folder(folder: Path) -> None:
    """Let the names in `folder` reach the disk."""
    # Without it, a power loss may take a file's new name. Windows cannot, and need not.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
