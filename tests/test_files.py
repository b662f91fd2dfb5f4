"""Files that appear whole or not at all, wherever they are written."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from divbot.files import why_unwritable, write_whole

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and links")


@pytest.mark.parametrize("is_durable", [True, False])
def test_what_was_there_is_replaced(tmp_path: Path, is_durable: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before" * 100)

    write_whole(path, b"after", is_durable=is_durable)

    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_link_points_to_is_left_alone(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"theirs")
    link.symlink_to(target)

    write_whole(link, b"ours")

    assert (link.is_symlink(), link.read_bytes(), target.read_bytes()) == (
        False,
        b"ours",
        b"theirs",
    )


@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_nothing_is_written_to_what_bears_the_name_of_the_part_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(os, "urandom", bytes)
    planted, victim = tmp_path / ".divbot-0000000000000000.part", tmp_path / "victim"
    if kind != "dangling link":
        victim.write_bytes(b"theirs")
    if kind == "file":
        planted.write_bytes(b"planted")
    else:
        planted.symlink_to(victim)

    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "file", b"ours")

    assert not (tmp_path / "file").exists()
    assert kind == "dangling link" or victim.read_bytes() == b"theirs"
    assert kind != "dangling link" or not victim.exists()


@pytest.mark.parametrize(("mode", "found"), [(None, 0o644), (0o600, 0o600), (0o666, 0o666)])
def test_permissions_are_as_asked_for(tmp_path: Path, mode: int | None, found: int) -> None:
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "file", b"", mode=mode)
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == found


def test_a_disk_that_fills_up_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    write = os.write

    def fill(descriptor: int, content: bytes) -> int:
        if len(content) < 5:
            raise OSError(28, "No space left on device")
        return write(descriptor, content[:3])

    monkeypatch.setattr(os, "write", fill)

    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"after that")

    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "free some space there"),
        (errno.EFBIG, "free some space there"),
        (errno.EROFS, "let this user write there"),
        (errno.EACCES, "let this user write there"),
        (errno.EIO, "let this user write there, free some space"),
    ],
    ids=lambda x: errno.errorcode[x] if isinstance(x, int) else "",
)
def test_what_cannot_be_written_is_told_with_what_helps(number: int, advice: str) -> None:
    assert why_unwritable(OSError(number, "why")) == f"why; {advice}"
