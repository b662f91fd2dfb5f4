"""What the trader is given by others is behaviour behind ports, and data of the domain."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from divbot.trading import port

PORTS = [x for x in vars(port).values() if getattr(x, "__module__", "") == port.__name__]


@pytest.mark.parametrize("described", PORTS, ids=lambda x: x.__name__)
def test_a_port_describes_behaviour_and_no_data(described: type[Any]) -> None:
    methods = [x for x in vars(described).values() if inspect.isfunction(x)]

    public = [x.__name__ for x in methods if not x.__name__.startswith("_")]

    assert public
