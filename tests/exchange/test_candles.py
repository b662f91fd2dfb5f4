import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from divbot.exchange.market.candles import aggregate, form, merge
from divbot.exchange.market.tape import (
    CLOSE,
    COLUMNS,
    HIGH,
    LOW,
    OPEN,
    OPEN_TIME,
    TRADES,
    VOLUME,
)

from .markets import random_rows

MINUTE = 60_000


@st.composite
def minutes(draw):
    """Rows of 1m candles, some of them missing."""
    rows = random_rows(draw(st.integers(1, 40)), start=0, seed=draw(st.integers(0, 999)))
    kept = draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    return rows[np.array(kept)]


@given(minutes(), st.integers(1, 7))
@settings(deadline=None)
def test_a_longer_candle_is_made_of_the_shorter_ones(rows, factor):
    length = factor * MINUTE

    longer = aggregate(rows, np.arange(0, 41 * MINUTE, length))

    assert longer.tolist() == _naive(rows.tolist(), length)


@given(minutes())
@settings(deadline=None)
def test_going_by_way_of_5m_changes_nothing(rows):
    fives = aggregate(rows, np.arange(0, 60 * MINUTE, 5 * MINUTE))

    quarters = aggregate(fives, np.arange(0, 60 * MINUTE, 15 * MINUTE))

    assert quarters.tolist() == _naive(rows.tolist(), 15 * MINUTE)


def test_no_rows_make_no_candle():
    assert merge(random_rows(0, start=0), 0).shape == (0, COLUMNS)


@given(st.integers(0, 999), st.integers(0, MINUTE), st.integers(0, MINUTE))
@settings(deadline=None)
def test_a_forming_candle_only_grows_and_stays_within_the_final_one(seed, one, other):
    (final,) = random_rows(1, start=0, seed=seed)

    before, after = (form(final, elapsed, MINUTE) for elapsed in sorted((one, other)))

    assert before[OPEN_TIME] == final[OPEN_TIME]
    assert before[OPEN] == after[OPEN] == final[OPEN]
    assert final[LOW] <= after[LOW] <= before[LOW] <= before[HIGH] <= after[HIGH] <= final[HIGH]
    assert before[LOW] <= before[CLOSE] <= before[HIGH]
    assert (before[VOLUME:] <= after[VOLUME:]).all()
    assert (after[VOLUME:] <= final[VOLUME:]).all()


@given(st.integers(0, 999))
@settings(deadline=None)
def test_a_candle_begins_at_its_open_and_ends_as_the_final_one(seed):
    (final,) = random_rows(1, start=0, seed=seed)

    born, grown = form(final, 0, MINUTE), form(final, MINUTE, MINUTE)

    assert born[OPEN : VOLUME + 1].tolist() == [final[OPEN]] * 4 + [0]
    assert grown.tolist() == final.tolist()


def test_a_rising_candle_visits_its_low_before_its_high():
    final = random_rows(1, start=0)[0]
    final[OPEN : VOLUME + 1] = [100, 120, 80, 110, 10**6]

    at_quarter, at_half = form(final, 15_000, MINUTE), form(final, 30_000, MINUTE)

    assert at_quarter[OPEN:VOLUME].tolist() == [100, 100, 80, 80]
    assert at_half[OPEN:VOLUME].tolist() == [100, 100, 80, 100]


def test_a_falling_candle_visits_its_high_before_its_low():
    final = random_rows(1, start=0)[0]
    final[OPEN : VOLUME + 1] = [110, 120, 80, 100, 10**6]

    at_quarter = form(final, 15_000, MINUTE)

    assert at_quarter[OPEN:VOLUME].tolist() == [110, 120, 110, 120]


def test_where_there_is_volume_there_is_a_trade():
    final = random_rows(1, start=0)[0]
    final[TRADES] = 1

    assert form(final, 30_000, MINUTE)[TRADES] == 1


def test_a_volume_near_the_end_of_64_bits_does_not_overflow():
    final = random_rows(1, start=0)[0]
    final[VOLUME] = 10**18

    assert form(final, 30_000, MINUTE)[VOLUME] == 5 * 10**17


def _naive(rows, length):
    """The specification: gather by bucket, then first, max, min, last and sums."""
    buckets = {}
    for row in rows:
        buckets.setdefault(row[OPEN_TIME] // length * length, []).append(row)
    return [
        [
            opened,
            group[0][OPEN],
            max(row[HIGH] for row in group),
            min(row[LOW] for row in group),
            group[-1][CLOSE],
            *(sum(row[column] for row in group) for column in range(VOLUME, COLUMNS)),
        ]
        for opened, group in buckets.items()
    ]
