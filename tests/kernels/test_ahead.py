"""Kernels that another process compiles; here they only say that they did."""

from __future__ import annotations

from pathlib import Path

import pytest

from divbot.kernels.ahead import compiled_beside
from divbot.kernels.place import is_kept, place_of

KERNELS = """
import os
from pathlib import Path
from divbot.kernels.place import place_of

def warm():
    (place_of(Path(__file__).parent).folder / f"sample.{os.getpid()}.nbi").touch()
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"made_up_{tmp_path.name}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    (tmp_path / name / "sample.py").write_text(KERNELS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return name


def folder_of(tmp_path: Path, package: str) -> Path:
    folder = place_of(tmp_path / package).folder
    assert folder is not None
    return folder


def test_what_is_not_kept_is_compiled_by_another_process(tmp_path: Path, package: str) -> None:
    kernels = [f"{package}.sample"]
    assert is_kept(kernels) is False

    with compiled_beside(kernels, by=kernels):
        pass

    assert is_kept(kernels) is True


def test_what_is_kept_starts_no_other_process(tmp_path: Path, package: str) -> None:
    kept = folder_of(tmp_path, package) / "sample.before.nbi"
    kept.touch()
    kernels = [f"{package}.sample"]

    with compiled_beside(kernels, by=kernels) as is_done:
        assert is_done(0.0)

    assert list(kept.parent.glob("*.nbi")) == [kept]


def test_what_the_other_process_fails_at_stops_nobody(tmp_path: Path, package: str) -> None:
    with compiled_beside([f"{package}.sample"], by=[f"{package}.missing"]):
        pass

    assert is_kept([f"{package}.sample"]) is False
