"""An edge that is planted: a drift after each divergence, and nothing before it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from divbot.domain.clock import parse_time
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.exchange.market.candles import aggregate
from divbot.exchange.market.edge import PlantedTape
from divbot.exchange.market.edge_plan import EdgePlan, parse_edge
from divbot.exchange.market.synthetic import SyntheticTape
from divbot.exchange.market.tape import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    OPEN_TIME,
    QUOTE_VOLUME,
    TAKER_QUOTE_VOLUME,
    VOLUME,
)
from divbot.exchange.options import ExchangeOptions
from divbot.kernels.analysis import analyse

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = parse_time("2024-03-01")
END = START + 60 * DAY
CANDLES = 12
BASE = SyntheticTape(market=Market.USDM, seed=1, symbols=24, until=END)
SYMBOLS = [
    pytest.param(0, id="the most traded"),
    pytest.param(23, id="one with quiet minutes"),
]


def planted(drift: float = 1.5, ordinary: int = 24) -> PlantedTape:
    return PlantedTape(BASE, EdgePlan(drift, CANDLES, Interval.H1, START), ordinary)


def confirmations(rows):
    """Return close, side and ATR of the divergences in the hours of some minutes."""
    hours = aggregate(rows, np.arange(START, END, HOUR))
    analysis = analyse(*(hours[:, [x]].astype(float) for x in (HIGH, LOW, CLOSE)))
    events = analysis.after_warm_up()
    at = analysis.confirmed(events)
    side = np.where(events[:, 1] < 2, 1, -1)
    return list(zip((hours[at, OPEN_TIME] + HOUR).tolist(), side, analysis.atr[at, 0], strict=True))


def test_nothing_is_touched_before_the_first_confirming_candle_has_closed():
    before = BASE.candles(0, START - DAY, END)
    after = planted().candles(0, START - DAY, END)

    close, side, _ = confirmations(BASE.candles(0, START, END))[0]
    touched = after[(before != after).any(axis=1), OPEN_TIME]
    assert close <= touched[0] < close + 3 * MINUTE
    moved = (after[:, CLOSE] - before[:, CLOSE])[after[:, OPEN_TIME] == close + HOUR][0]
    assert moved * side > 0


@pytest.mark.parametrize("drift", [1.5, -0.75])
def test_the_drift_is_so_many_atrs_within_so_many_candles_and_stays(drift):
    before, after = BASE.candles(0, START, END), planted(drift).candles(0, START, END)
    ones = confirmations(after)
    close, side, atr = next(
        x
        for x, following in pairwise(ones)
        if following[0] >= x[0] + CANDLES * HOUR
        and not any(x[0] - CANDLES * HOUR <= y[0] < x[0] for y in ones)
    )

    ratio = dict(zip(after[:, OPEN_TIME], after[:, CLOSE] / before[:, CLOSE], strict=True))
    end = close + CANDLES * HOUR - MINUTE
    price = after[after[:, OPEN_TIME] == close - MINUTE, CLOSE][0]
    whole, half = ratio[end] / ratio[close - MINUTE], ratio[end - 6 * HOUR] / ratio[close - MINUTE]
    assert whole - 1 == pytest.approx(side * drift * atr / price, rel=0.02)
    assert half - 1 == pytest.approx((whole - 1) / 2, rel=0.02)


@pytest.mark.parametrize("number", [0, 3])
def test_divergences_are_those_of_the_candles_that_are_served(number):
    """Each is followed by a drift; by nothing else is a price moved."""
    before, after = BASE.candles(number, START, END), planted().candles(number, START, END)

    level = after[:, CLOSE] / before[:, CLOSE]
    ones = confirmations(after)
    spans = [(close, close + CANDLES * HOUR) for close, _, _ in ones]
    times = after[1:, OPEN_TIME]
    drifting, moves = np.zeros(len(times), bool), np.zeros(len(times))
    for (begin, end), (_, side, atr) in zip(spans, ones, strict=True):
        own = (times >= begin) & (times < end)
        drifting |= own
        price = after[after[:, OPEN_TIME] == begin - MINUTE, CLOSE][0]
        moves[own] += side * 1.5 * atr / price / (CANDLES * HOUR // MINUTE)
    rounding = 2.0 / before[1:, CLOSE]
    assert len(spans) > 20
    assert (np.abs(np.diff(level))[~drifting] <= rounding[~drifting]).all()
    assert (level[-1] != 1.0).all()
    assert level[-1] == pytest.approx(np.prod(1 + moves), rel=1e-3)


@pytest.mark.parametrize("number", SYMBOLS)
def test_candles_still_hold_together(number):
    before, rows = BASE.candles(number, START, END), planted().candles(number, START, END)

    assert (rows[:, OPEN_TIME] == before[:, OPEN_TIME]).all()
    assert (rows[:, VOLUME] == before[:, VOLUME]).all()
    assert (rows[:, LOW] <= rows[:, [OPEN, CLOSE]].min(axis=1)).all()
    assert (rows[:, HIGH] >= rows[:, [OPEN, CLOSE]].max(axis=1)).all()
    assert (abs(rows[1:, OPEN] - rows[:-1, CLOSE]) <= 3).all()
    assert (rows[:, TAKER_QUOTE_VOLUME] <= rows[:, QUOTE_VOLUME]).all()
    quiet = rows[:, VOLUME] == 0
    assert (rows[quiet, HIGH] == rows[quiet, LOW]).all()
    traded = before[:, [OPEN, HIGH, LOW, CLOSE]].sum(axis=1), before[:, QUOTE_VOLUME]
    moved = rows[:, [OPEN, HIGH, LOW, CLOSE]].sum(axis=1), rows[:, QUOTE_VOLUME]
    assert np.allclose((moved[1] / moved[0])[~quiet], (traded[1] / traded[0])[~quiet], rtol=1e-3)


def test_it_is_the_same_however_it_is_asked_for():
    whole = planted().candles(3, START, END)

    tape = planted()
    late = tape.candles(3, START + 40 * DAY + 7, START + 41 * DAY + HOUR)
    early = tape.candles(3, START - DAY, START + 20 * DAY)

    times = whole[:, OPEN_TIME]
    one = (times >= START + 40 * DAY + 7) & (times < START + 41 * DAY + HOUR)
    assert late.tolist() == whole[one].tolist()
    assert early[1440:].tolist() == whole[times < START + 20 * DAY].tolist()


@pytest.mark.parametrize(
    ("drift", "ordinary", "end"),
    [
        pytest.param(0.0, 24, END, id="a drift of nothing"),
        pytest.param(1.5, 0, END, id="a listing that is not ordinary"),
        pytest.param(1.5, 24, START, id="before it begins"),
    ],
)
def test_without_an_edge_it_is_the_market_byte_for_byte(drift, ordinary, end):
    found = planted(drift, ordinary).candles(0, START - 2 * DAY, end)

    assert found.tobytes() == BASE.candles(0, START - 2 * DAY, end).tobytes()


def test_an_edge_is_read_from_a_text():
    day = parse_time("2024-01-05")

    assert parse_edge("drift=1.5,from=2024-01-05") == EdgePlan(1.5, 12, Interval.H1, day)
    assert parse_edge("from=2024-01-05T12:00,drift=-1,candles=3,interval=5m") == EdgePlan(
        -1.0, 3, Interval.M5, day
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("drift=1", "found 'drift=1'", id="no date"),
        pytest.param("drift=1,from=2024-01-01,until=2025-01-01", "found 'drift", id="unknown"),
        pytest.param("drift=x,from=2024-01-01", "a number from -20 to 20, found 'x'", id="drift"),
        pytest.param("drift=1,from=monday", "a time such as 2024-07-30T09:00", id="date"),
        pytest.param("drift=1,from=2024-01-01,candles=0", "from 1 to 1000, found 0", id="candles"),
        pytest.param("drift=1,from=2024-01-01,interval=1w", "from 1m to 1d, found 1w", id="weeks"),
        pytest.param("drift=1,from=2024-01-01,interval=1s", "from 1m to 1d, found 1s", id="1s"),
        pytest.param("drift=1,from=2024-01-01,interval=1x", "expected one of 1s", id="interval"),
    ],
)
def test_what_is_no_edge_is_said_in_a_line(text, told):
    with pytest.raises(InputError, match="expected an edge such as ") as raised:
        ExchangeOptions(edge=text)

    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_recording_has_no_other_edge_than_its_own(tmp_path):
    with pytest.raises(InputError, match="synthetic markets only"):
        ExchangeOptions(edge="drift=1,from=2024-01-01", recorded=tmp_path)
