"""The picture of luck curves: all of a sweep is in it, and it is a picture."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from luck_picture import Curve, picture
from real_years import YEARS, is_aside

from divbot.app.search_space import points_of, read_space
from divbot.settings import load_settings

SVG = "{http://www.w3.org/2000/svg}"
LUCK = {"edges": [0.0, 1.0, 2.0], "counts": [3, 1]}


def document(*t: float, luck: dict[str, Any] | None = LUCK) -> dict[str, Any]:
    return {
        "finding": "NO EDGE FOUND",
        "luck": luck,
        "standings": [{"t": x, "p": 0.5} for x in t],
    }


@pytest.mark.parametrize(
    ("given", "bars", "dots", "said"),
    [
        pytest.param(document(1.5, -2.0), 2, 2, "winner, t = 1.50, adjusted p = 0.50", id="usual"),
        pytest.param(document(-4.0, luck=None), 0, 1, "winner, t = -4.00", id="all lose"),
        pytest.param(document(luck=None), 0, 0, "a &lt;b&gt;: NO EDGE FOUND", id="nothing judged"),
    ],
)
def test_a_picture_has_luck_each_setting_and_the_winner(
    given: dict[str, Any], bars: int, dots: int, said: str
) -> None:
    text = picture([Curve.of("a <b>", given)])
    drawn = ElementTree.fromstring(text)

    assert said in text
    assert len(drawn.findall(f"{SVG}rect[@class='luck']")) == bars
    (marks,) = drawn.findall(f"{SVG}path[@class='setting']")
    places = [float(x.split()[0]) for x in (marks.get("d") or "").split("M")[1:]]
    assert len(places) == dots
    assert all(0 < x < 720 for x in places)


def test_a_quarter_of_names_is_kept_aside_whatever_the_recording() -> None:
    names = [f"COIN{number}USDT" for number in range(4_000)]

    assert sum(map(is_aside, names)) == pytest.approx(1_000, abs=100)
    assert is_aside("BTCUSDT")
    assert not is_aside("ETHUSDT")


def test_the_planned_grids_are_spaces_that_hold_the_default() -> None:
    for year, count in zip(YEARS, (540, 540, 324), strict=True):
        space = read_space([f"{x}={y}" for x, y in year.space.items()])
        points = points_of(space, load_settings({"market": year.market}))

        assert len(points) == count
        default = {"max_holding": "1d", "pivot_left": "5", "reward_risk": "2.0", "stop_atr": "0.5"}
        assert any(default.items() <= x.texts.items() for x in points)
