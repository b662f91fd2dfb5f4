from __future__ import annotations

import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from divbot.domain.errors import InputError
from divbot.domain.market import Interval
from divbot.history.columns import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    TRADED,
    Columns,
    make_month,
    month_at,
    month_name,
    one_by_one,
    open_columns,
    steps_of_month,
)
from tests.history.made import DAY, HOUR, START, MadeHistory, spliced, walked, without

ROWS = 24 * 70  # into March


@pytest.fixture
def history() -> MadeHistory:
    tracks = {
        "AUSDT": without(walked("AUSDT", 1, ROWS), 5, 6, 700),
        "BUSDT": walked("BUSDT", 2, 24 * 20, start=START + 40 * DAY),
    }
    return MadeHistory(tracks)


def opened(history: MadeHistory, folder: Path, span: tuple[int, int] | None = None) -> Columns:
    return open_columns(history, Interval.H1, span or (START, history.end), folder, one_by_one)


def test_columns_hold_what_the_history_does_and_gaps_stay_gaps(
    history: MadeHistory, tmp_path: Path
) -> None:
    columns = opened(history, tmp_path)

    for number, symbol in enumerate(columns.symbols):
        track = history.tracks[symbol]
        rows = (track.open_time // HOUR) - columns.first
        for place, name in ((OPEN, "open"), (HIGH, "high"), (LOW, "low"), (CLOSE, "close")):
            found = columns.wide([number], place, columns.first, columns.end)[0]
            assert found[rows].tolist() == getattr(track, name).tolist()
            assert np.isnan(np.delete(found, rows)).all()
    assert [month_name(x.number) for x in columns.months] == ["2024-01", "2024-02", "2024-03"]


def test_quote_volume_that_is_not_told_is_volume_times_the_typical_price(
    history: MadeHistory, tmp_path: Path
) -> None:
    columns = opened(history, tmp_path)

    track = history.tracks["BUSDT"]
    expected = track.volume * ((track.high + track.low + track.close) / 3)
    steps = track.open_time // HOUR
    found = columns.at(np.full(len(steps), 1), TRADED, steps)
    assert found.tolist() == expected.tolist()
    assert max(x.stood_in for x in columns.months) == 2


def test_a_month_is_made_once_and_anew_where_a_candle_was_replaced(
    history: MadeHistory, tmp_path: Path
) -> None:
    number = month_at(START)
    first = make_month(history, Interval.H1, number, tmp_path)
    written = first.path.stat().st_mtime_ns

    again = make_month(history, Interval.H1, number, tmp_path)
    history.tracks["AUSDT"].close[3] += 0.01
    other = make_month(history, Interval.H1, number, tmp_path)

    assert again == first
    assert again.path.stat().st_mtime_ns == written
    assert other.path != first.path


def test_a_month_that_was_not_finished_is_made_again(history: MadeHistory, tmp_path: Path) -> None:
    first = make_month(history, Interval.H1, month_at(START), tmp_path)
    first.path.with_suffix(".json").unlink()
    first.path.write_bytes(b"half")

    again = make_month(history, Interval.H1, month_at(START), tmp_path)

    assert again.values().shape == (1, 5, 24 * 31)


def test_columns_travel_without_their_candles(history: MadeHistory, tmp_path: Path) -> None:
    columns = opened(history, tmp_path)
    columns.wide([0], CLOSE, columns.first, columns.end)

    travelled = pickle.dumps(columns)

    assert len(travelled) < 5000
    again = pickle.loads(travelled)
    assert again == columns
    assert (
        again.at(np.array([0]), CLOSE, np.array([columns.first]))[0]
        == (history.tracks["AUSDT"].close[0])
    )


def test_a_settled_contract_is_no_symbol_and_parts_the_lives_of_its_sibling(
    tmp_path: Path,
) -> None:
    old = walked("CTKUSDT", 1, 24 * 10)
    new = walked("CTKUSDT", 2, 24 * 10, start=START + 12 * DAY)
    settled = walked("CTKUSDTSETTLED", 3, 24, start=START + 10 * DAY)
    history = MadeHistory({"CTKUSDT": spliced(old, new), "CTKUSDTSETTLED": settled})

    columns = opened(history, tmp_path)

    assert columns.symbols == ("CTKUSDT",)
    assert [x.start for x in columns.lives[0]] == [START, START + 12 * DAY]


def test_a_first_life_that_began_before_the_months_is_as_old_as_the_history_says(
    history: MadeHistory, tmp_path: Path
) -> None:
    columns = opened(history, tmp_path, (START + 35 * DAY, START + 36 * DAY))

    assert [month_name(x.number) for x in columns.months] == ["2024-02"]
    assert columns.lives[0][0].start == START


def test_a_range_without_candles_is_told(history: MadeHistory, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected candles in that range, found none"):
        opened(history, tmp_path, (START - 9 * DAY, START - 8 * DAY))


@pytest.mark.parametrize("interval", ["5m", "4h", "1d", "3d", "1w", "1M"])
def test_each_step_is_of_one_month(interval: str) -> None:
    bounds = [steps_of_month(x, Interval(interval)) for x in range(640, 660)]

    assert all(first[1] == second[0] for first, second in pairwise(bounds))
