"""What a user gives that is no number: told in one wording where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from divbot.domain.bounds import Bounds, Reader
from divbot.domain.signals import Side
from divbot.domain.values import CheckedText, Choice, Either, FilePath, Several, Switch

SIDE = Choice(Side, str.upper)
SIDES = Several("BUY or SELL", SIDE.read)
WORKERS: Reader[object] = Either("auto", Bounds(int, 1, 4))
WORD = CheckedText("a word", str.isalpha)


@pytest.mark.parametrize(
    ("reader", "value", "found"),
    [
        pytest.param(SIDE, "buy", Side.BUY, id="a word in other letters"),
        pytest.param(SIDES, "buy, SELL,", (Side.BUY, Side.SELL), id="a list with commas"),
        pytest.param(SIDES, ["BUY"], (Side.BUY,), id="a list"),
        pytest.param(Switch(), "Yes", True, id="yes"),
        pytest.param(Switch(), 0, False, id="zero"),
        pytest.param(FilePath(), "a/b", Path("a/b"), id="a path"),
        pytest.param(WORKERS, " AUTO ", "auto", id="the word"),
        pytest.param(WORKERS, "3", 3, id="instead of the word"),
        pytest.param(WORD, "abc", "abc", id="a text"),
    ],
)
def test_a_value_is_read(reader: Reader[object], value: object, found: object) -> None:
    assert reader.read(value) == found


@pytest.mark.parametrize(
    ("reader", "value", "says"),
    [
        (SIDE, "HOLD", "expected one of BUY, SELL, found 'HOLD'"),
        (SIDE, 5, "expected one of BUY, SELL, found 5"),
        (SIDES, "", "expected BUY or SELL, found none"),
        (SIDES, [5], "expected BUY or SELL, found [5]"),
        (Switch(), 2, "expected true or false, found 2"),
        (Switch(), None, "expected true or false, found None"),
        (FilePath(), 5, "expected the path of a file, found 5"),
        (WORKERS, 9, "expected auto or a whole number from 1 to 4, found 9"),
        (WORD, "a b", "expected a word, found 'a b'"),
    ],
)
def test_another_value_is_refused(reader: Reader[object], value: object, says: str) -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        reader.read(value)

    assert str(refused.value) == says


def test_what_is_named_twice_is_taken_once() -> None:
    assert SIDES.read("SELL,BUY,SELL") == SIDES.read(["SELL", "BUY"])
