"""How one is told to install what is not there."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from divbot.extras import (
    APPRISE,
    DISTRIBUTED,
    FSSPEC,
    PLOTLY,
    PROMETHEUS,
    PYARROW,
    S3FS,
    SCIPY,
    how_to_install,
)

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


@pytest.mark.parametrize(
    ("extra", "requirements"),
    [
        ("report", [PLOTLY]),
        ("metrics", [PROMETHEUS]),
        ("notify", [APPRISE]),
        ("parquet", [PYARROW]),
        ("history", [PYARROW]),
        ("sample", [SCIPY]),
        ("cluster", [DISTRIBUTED, FSSPEC, S3FS]),
    ],
)
def test_what_is_to_be_installed_is_what_the_project_asks_for(
    extra: str, requirements: list[str]
) -> None:
    extras = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["optional-dependencies"]

    assert extras[extra] == requirements


def test_the_command_names_the_python_that_runs_divbot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/home/a b/python")

    assert how_to_install(PLOTLY) == "'/home/a b/python' -m pip install 'plotly>=6'"
