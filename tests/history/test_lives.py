from __future__ import annotations

import numpy as np
import pytest

from divbot.domain.market import Interval
from divbot.history.lives import Life, lives_of, pieces_of, settled_sibling
from divbot.recordings.track import Track
from tests.history.made import DAY, HOUR, START, chosen, quiet, spliced, walked


def lives(track: Track, settled: tuple[int, ...] = ()) -> tuple[Life, ...]:
    prices = (track.open, track.close)
    return lives_of(pieces_of(track.open_time, prices, track.volume, Interval.H1), settled)


def two(gap: int, price: float, step: float) -> Track:
    first = walked("AUSDT", 1, 100, price=price, move=0.0001)
    start = START + 100 * HOUR + gap
    return spliced(first, walked("AUSDT", 2, 50, start=start, price=price * step, move=0.0001))


@pytest.mark.parametrize(
    ("gap", "step", "count"),
    [
        pytest.param(18 * DAY, 171_116.0, 2, id="LUNA: another coin under the name"),
        pytest.param(9 * DAY, 0.093, 2, id="VIDT: redenominated"),
        pytest.param(DAY, 3.5, 2, id="a day and a step"),
        pytest.param(DAY, 1.5, 1, id="a day without a step"),
        pytest.param(DAY - HOUR, 10.0, 1, id="a step over less than a day"),
        pytest.param(30 * DAY, 1.0, 2, id="a month"),
        pytest.param(29 * DAY, 1.0, 1, id="nearly a month"),
    ],
)
def test_a_gap_begins_another_life_where_it_is_long_or_the_price_made_a_step(
    gap: int, step: float, count: int
) -> None:
    found = lives(two(gap, 100.0, step))

    again = START + 100 * HOUR + gap
    assert len(found) == count
    if count == 2:
        assert found == (
            Life(START, START + 100 * HOUR, again),
            Life(again, again + 50 * HOUR),
        )


def test_a_settled_sibling_ends_a_life_over_any_gap() -> None:
    gap = 2 * DAY

    found = lives(two(gap, 100.0, 1.0), settled=(START + 100 * HOUR + DAY,))

    assert len(found) == 2


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("CTKUSDTSETTLED", "CTKUSDT"),
        ("ICPUSDT_SETTLED", "ICPUSDT"),
        ("AERGOUSDTSETTLEDSETTLED", "AERGOUSDT"),
        ("SETTLEUSDT", None),
    ],
)
def test_a_settled_contract_is_known_by_its_name(name: str, of: str | None) -> None:
    assert settled_sibling(name) == of


def test_a_life_lasts_from_the_first_trade_to_the_last() -> None:
    track = quiet(walked("AUSDT", 1, 100), 60)
    track.volume[:10] = 0.0

    found = lives(track)

    assert found == (Life(START + 10 * HOUR, START + 60 * HOUR),)


def test_what_was_never_traded_is_no_life() -> None:
    track = walked("RAYUSDT", 1, 100)
    track.volume[:] = 0.0

    assert lives(track) == ()


def test_no_later_candle_changes_where_a_life_began() -> None:
    whole = two(18 * DAY, 100.0, 1000.0)
    begins = [x.start for x in lives(whole)]

    for rows in range(1, 150, 7):
        cut = lives(chosen(whole, slice(rows)))
        known = [x for x in begins if x <= int(whole.open_time[rows - 1])]
        assert [x.start for x in cut] == known


def test_no_candles_are_no_pieces() -> None:
    empty = np.empty(0)

    assert pieces_of(np.empty(0, np.int64), (empty, empty), empty, Interval.H1) == ()
