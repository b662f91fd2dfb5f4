from __future__ import annotations

import pytest

from divbot.cli.figures import change, multiple, percent, ratio
from divbot.domain.names import words


@pytest.mark.parametrize(
    ("part", "text"),
    [(0.12341, "+12.34%"), (-0.5, "-50.00%"), (-0.00001, "0.00%"), (2.6471, "+264.71%")],
)
def test_a_change_has_a_sign_unless_it_rounds_to_nothing(part: float, text: str) -> None:
    assert change(part) == text


def test_ratios_and_multiples_round_to_two_decimals() -> None:
    assert [ratio(x) for x in (1.304, -0.004, -2.5, 1e4)] == ["1.30", "0.00", "-2.50", "10,000.00"]
    assert [multiple(x) for x in (1.304, -0.004, -2.5, None)] == ["+1.30", "0.00", "-2.50", ""]


def test_parts_of_both_types_read_the_same() -> None:
    assert percent(0.25, 1) == "25.0%"
    assert percent(-0.0001, 1) == "0.0%"


def test_names_of_the_code_are_words() -> None:
    assert words("trailing_stop") == "trailing stop"
