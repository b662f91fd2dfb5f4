"""Where compiled kernels are kept: nowhere that others could exchange them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from divbot.folders import cache_home, state_home
from divbot.kernels.place import Place, place_of

STRANGER = 65_534
OURS = f"divbot-{os.getuid() if hasattr(os, 'getuid') else 0}"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="folders are set by XDG_*_HOME")
as_root = pytest.mark.skipif(
    hasattr(os, "getuid") and os.getuid() != 0, reason="only root gives folders away"
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Place]:
    """Return what finds the place of kernels where the cache is at a path below `tmp_path`."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "tmp").mkdir(mode=0o700)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

    def found(cache: str | Path) -> Place:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / cache))
        # Not from memory; nor forgotten for the tests after this one, some of which move the cache.
        return place_of.__wrapped__(tmp_path / "sources")

    return found


def test_kernels_are_kept_in_the_user_s_cache(place: Callable[..., Place], tmp_path: Path) -> None:
    found = place("new/cache")

    assert found.problem == ""
    assert found.folder is not None
    assert found.folder.parent == tmp_path / "new" / "cache" / "divbot"
    assert {each.stat().st_mode & 0o777 for each in (found.folder, tmp_path / "new")} == {0o700}


def _writable_parent(tmp_path: Path) -> Path:
    (tmp_path / "shared" / "cache").mkdir(parents=True)
    (tmp_path / "shared").chmod(0o777)
    return tmp_path / "shared" / "cache"


def _group_writable_parent(tmp_path: Path) -> Path:
    cache = _writable_parent(tmp_path)
    os.chown(tmp_path / "shared", -1, 12_345)
    (tmp_path / "shared").chmod(0o775)
    return cache


def _strange_parent(tmp_path: Path) -> Path:
    cache = _writable_parent(tmp_path)
    (tmp_path / "shared").chmod(0o755)
    os.chown(tmp_path / "shared", STRANGER, STRANGER)
    return cache


def _strange_folder_in_tmp(tmp_path: Path) -> Path:
    cache = _writable_parent(tmp_path)
    (tmp_path / "shared").chmod(0o1777)
    os.chown(cache, STRANGER, STRANGER)
    return cache


def _link_to_a_writable_folder(tmp_path: Path) -> Path:
    (tmp_path / "link").symlink_to(_writable_parent(tmp_path))
    return tmp_path / "link"


def _strange_link(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    (tmp_path / "link").symlink_to("cache")
    os.chown(tmp_path / "link", STRANGER, STRANGER, follow_symlinks=False)
    return tmp_path / "link"


def _links_by_way_of_a_writable_folder(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    _writable_parent(tmp_path)
    (tmp_path / "shared" / "back").symlink_to("../cache")
    (tmp_path / "link").symlink_to("shared/back")
    return tmp_path / "link"


def _loop(tmp_path: Path) -> Path:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    return tmp_path / "one"


def _file(tmp_path: Path) -> Path:
    (tmp_path / "file").touch()
    return tmp_path / "file"


@pytest.mark.parametrize(
    "arranged",
    [
        _writable_parent,
        pytest.param(_group_writable_parent, marks=as_root),
        pytest.param(_strange_parent, marks=as_root),
        pytest.param(_strange_folder_in_tmp, marks=as_root),
        _link_to_a_writable_folder,
        pytest.param(_strange_link, marks=as_root),
        _links_by_way_of_a_writable_folder,
        _loop,
        _file,
    ],
)
def test_a_cache_that_others_could_exchange_is_not_used(
    place: Callable[..., Place], tmp_path: Path, arranged: Callable[[Path], Path]
) -> None:
    found = place(arranged(tmp_path))

    assert found.folder is not None
    assert found.folder.parent == tmp_path / "tmp" / OURS
    assert found.problem.startswith(
        f"compiled code is kept in {found.folder.parent}, not in the cache: "
    )
    assert found.problem.endswith(
        "; make it one that you can write to and others cannot, or set XDG_CACHE_HOME to such a "
        "folder"
    )


def test_a_folder_of_ours_in_one_where_everybody_owns_their_own_is_ours(
    place: Callable[..., Place], tmp_path: Path
) -> None:
    cache = _writable_parent(tmp_path)
    (tmp_path / "shared").chmod(0o1777)

    assert place(cache).problem == ""


def test_a_link_of_ours_is_followed(place: Callable[..., Place], tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "cache")

    assert place("link").problem == ""


def test_a_cache_open_to_others_is_not_used(place: Callable[..., Place], tmp_path: Path) -> None:
    before = place("cache").folder
    assert before is not None
    before.chmod(0o755)

    after = place("cache")

    assert after.folder != before
    assert f"{before} is open to others" in after.problem


def test_a_cache_that_can_only_be_read_is_used_where_it_holds_kernels(
    place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = place("cache").folder
    assert before is not None
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK or path != before)

    empty = place("cache")
    (before / "kernel.nbi").touch()
    full = place("cache")

    assert f"{before} cannot be written to" in empty.problem
    assert (full.folder, full.problem) == (before, "")


def test_where_nothing_can_be_kept_that_is_said(
    place: Callable[..., Place], tmp_path: Path
) -> None:
    (tmp_path / "tmp" / OURS).touch()

    found = place(_file(tmp_path))

    assert found.folder is None
    assert found.problem.startswith("compiled code is kept nowhere, ")


@pytest.mark.parametrize("relative", ["", ".", "cache", "../cache"])
def test_folders_that_are_not_absolute_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, relative: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", relative)
    monkeypatch.setenv("XDG_STATE_HOME", relative)

    assert cache_home() == tmp_path / ".cache"
    assert state_home() == tmp_path / ".local" / "state"
