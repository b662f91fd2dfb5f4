from __future__ import annotations

import inspect
import pickle
import re

import pytest

from divbot.domain import errors

CLASSES = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, errors.DivbotError)
]


def test_the_drawn_tree_is_the_tree_of_classes() -> None:
    drawn: list[tuple[str, str]] = []
    path: list[str] = []
    for indent, name in re.findall(r"^    ([│ ├└─]*)(\w+)(?= |$)", errors.__doc__ or "", re.M):
        del path[len(indent) // 4 :]
        drawn.append((name, path[-1] if path else "Exception"))
        path.append(name)

    assert sorted(drawn) == sorted((cls.__name__, cls.__base__.__name__) for cls in CLASSES)


def test_the_drawn_exit_codes_are_the_classes_own() -> None:
    drawn = re.findall(r"(\w+) +exit code (\d+)", errors.__doc__ or "")

    assert len(drawn) == 6
    for name, code in drawn:
        assert getattr(errors, name).exit_code == int(code)


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_survives_the_way_back_from_a_worker(cls: type[errors.DivbotError]) -> None:
    extra = {errors.StopUntil: {"ends": 7.5}, errors.RequestRejected: {"code": -1121}}.get(cls, {})
    error = cls("what happened", **extra)

    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is cls
    assert (str(copy), vars(copy)) == ("what happened", vars(error))
