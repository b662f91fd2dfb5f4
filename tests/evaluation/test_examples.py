"""The examples in the docstrings give what they say."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import numpy as np
import pytest

from divbot import evaluation

MODULES = [module.name for module in pkgutil.iter_modules(evaluation.__path__)]
SHOWN_ON_THE_PAGE = {
    "daily", "development", "finding", "judgement", "limits", "signs", "standing", "stepdown",
    "verdict",
}  # fmt: skip
"""Their example is the page docs/evaluation.md."""


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    module = import_module(f"{evaluation.__name__}.{name}")

    failed, tried = doctest.testmod(module, extraglobs={"np": np})

    assert failed == 0
    assert tried or name in SHOWN_ON_THE_PAGE


def test_what_is_public_is_named_and_documented() -> None:
    undocumented = [name for name in evaluation.__all__ if not getattr(evaluation, name).__doc__]

    assert undocumented == []
