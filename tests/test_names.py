"""A name of a public class or type means one thing, wherever in the package it stands."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import divbot

PACKAGE = Path(divbot.__file__).parent


def defined(module: ast.Module) -> Iterator[str]:
    """Yield the public classes and type aliases of a module; what is called makes no alias."""
    for node in module.body:
        match node:
            case ast.ClassDef(name=name):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id="TypeAlias")):
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript() | ast.BinOp()):
                if not (name[0].isupper() and any(map(str.islower, name))):
                    continue
            case _:
                continue
        if not name.startswith("_"):
            yield name


def homes() -> dict[str, list[str]]:
    """Return by name the modules that define it, of names with more than one of them."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for name in defined(ast.parse(path.read_text("utf-8"))):
            found[name].append(path.relative_to(PACKAGE).as_posix())
    return {name: modules for name, modules in found.items() if len(modules) > 1}


def test_no_name_means_two_things() -> None:
    assert homes() == {}


def test_classes_and_aliases_are_seen_and_values_are_not() -> None:
    module = ast.parse(
        "class Candle: ...\nRow: TypeAlias = dict\nFloats = NDArray[float]\nEither = A | B\n"
        "class _Own: ...\nT = TypeVar('T')\nMOST = TABLE[0]\nfound = rows[0]\n"
    )

    assert list(defined(module)) == ["Candle", "Row", "Floats", "Either"]
