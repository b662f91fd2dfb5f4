"""The page of architecture shows the house as it stands."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.documents.pages import DOCS, PROJECT

ARCHITECTURE = (DOCS / "architecture.md").read_text("utf-8")


def test_every_package_is_on_the_map() -> None:
    packages = {path.parent.name for path in (PROJECT / "divbot").glob("*/__init__.py")}

    mapped = set(re.findall(r"^\| `divbot/(\w+)` \|", ARCHITECTURE, re.M))

    assert mapped == packages


def test_the_layers_are_drawn_as_they_are_held() -> None:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    held = [layer.replace("divbot.", "") for layer in contract["layers"]]

    drawn = ARCHITECTURE.partition("```\n")[2].partition("```")[0].splitlines()

    assert [re.split(r"  +", line)[0] for line in drawn] == held


ROOMS = ("app", "binance", "exchange", "recordings", "scanner", "trading", "web")


@pytest.mark.parametrize(
    "package",
    [
        pytest.param(path.parent, id=str(path.parent.relative_to(PROJECT / "divbot")))
        for room in ROOMS
        for path in sorted((PROJECT / "divbot" / room).rglob("__init__.py"))
    ],
)
def test_every_module_is_in_the_drawing_of_its_package(package: Path) -> None:
    drawing = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""

    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}

    assert modules <= set(re.findall(r"\w+", drawing))
