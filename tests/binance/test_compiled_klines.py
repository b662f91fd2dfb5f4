"""Compiled reading of candles: the law is that it never differs from the reader of all JSON."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from divbot.binance.protocol import compiled_klines, wire
from divbot.candle_arrays import Candles
from divbot.domain.errors import BadAnswer
from divbot.domain.market import Interval
from divbot.kernels.klines import COLUMNS, SHORTEST, are_sound, read_klines

START, STEP = 1_722_000_000_000, 60_000
PRICE = st.one_of(
    st.decimals(0, 10**9, places=8).map(lambda x: f"{x:f}"),
    st.from_regex(r"\A[0-9]{1,24}(\.[0-9]{1,24})?\Z"),
    st.sampled_from(["0", "00.5", "9007199254740993", "0.0000000000000000000000001", "1e5", ".5"]),
)


def text_of(rows: list[list[str]]) -> bytes:
    fields = [
        [START + STEP * n, *row, START + STEP * (n + 1) - 1, "5.5", 7, "1.5", "2.50", "0"]
        for n, row in enumerate(rows)
    ]
    return json.dumps(fields, separators=(",", ":")).encode()


def compiled(body: bytes) -> tuple[int, list[int], list[list[float]]]:
    room = len(body) // SHORTEST + 1
    times, columns = np.empty(room, np.int64), np.empty((COLUMNS, room))
    count = read_klines(np.frombuffer(body, np.uint8), times, columns)
    return count, times[: max(count, 0)].tolist(), columns[:, : max(count, 0)].T.tolist()


def plain(body: bytes) -> tuple[list[int], list[list[float]]]:
    rows = json.loads(body)
    assert all(len(row) >= 12 for row in rows)  # a venue may add some
    return [row[0] for row in rows], [[float(x) for x in row[1:6]] for row in rows]


@given(st.lists(st.lists(PRICE, min_size=5, max_size=5), min_size=1, max_size=4))
@example([["63184.47000000", "12345678901.00000000", "0.00001234", "1", "9007199254740991"]])
def test_every_price_is_the_nearest_number(rows: list[list[str]]) -> None:
    body = text_of(rows)

    count, times, prices = compiled(body)

    if count >= 0:
        assert (times, prices) == plain(body)


@given(data=st.data())
def test_nothing_is_read_that_is_not_there(data: st.DataObject) -> None:
    rows = [["1.5", "22.50", "0.75", "1", "1000.00000000"]] * data.draw(st.integers(1, 3))
    body = bytearray(text_of(rows))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(body)))
        piece = data.draw(st.sampled_from([*b'[]{},".0519 -+eE/:\\n', 0, 255]))
        if data.draw(st.booleans()):
            body.insert(place, piece)
        elif place < len(body):
            body[place] = piece
    body = body[: data.draw(st.sampled_from([len(body), data.draw(st.integers(0, len(body)))]))]

    count, times, prices = compiled(bytes(body))

    if count >= 0:
        assert (times, prices) == plain(bytes(body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[[]]",
        b'{"code":-1121,"msg":"Invalid symbol."}',
        text_of([["1"] * 5]).replace(b",", b", "),
        text_of([["1"] * 5]).replace(b'"1"', b"1"),
        text_of([["1"] * 5]) + b" ",
        text_of([["-1"] * 5]),
        text_of([["1"] * 5]).replace(b"2.50", b"2/50"),
        text_of([["1"] * 5]).replace(b"2.50", b"2:50"),
        text_of([["1" * 19] * 5]),
        text_of([["1." + "1" * 19] * 5]),
        text_of([["9007199254740993"] * 5]),
        text_of([["1"] * 5])[:-2],
    ],
)
def test_what_is_unusual_is_left_to_others(body: bytes) -> None:
    assert compiled(body)[0] == -1


def test_recorded_answers_are_read_alike(data: Path) -> None:
    found = 0
    for name, interval in (
        ("spot_klines_raw_1h_5sym_500_2026-03", Interval.H1),
        ("usdm_klines_raw_1d_40sym_2025-06", Interval.D1),
    ):
        recorded = gzip.decompress((data / "rest" / f"{name}.json.gz").read_bytes())
        for rows in json.loads(recorded).values():
            body = json.dumps(rows, separators=(",", ":")).encode()
            assert compiled(body)[0] == len(rows)
            ours = compiled_klines.parse_final_klines(body, interval)
            theirs = wire.final_klines_of_json(body, interval)
            assert isinstance(ours, Candles)
            assert all(
                np.array_equal(a, b) for a, b in zip(ours.columns, theirs.columns, strict=True)
            )
            found += len(rows)
    assert found > 3000


@pytest.mark.parametrize("body", [b"[]", text_of([["0"] * 5] * 2), b"nonsense"])
def test_nonsense_is_refused_alike(body: bytes) -> None:
    def outcome(parse: object) -> object:
        try:
            return [x.tolist() for x in parse(body, Interval.M1).columns]  # type: ignore[operator]
        except BadAnswer as error:
            return str(error)

    assert outcome(compiled_klines.parse_final_klines) == outcome(wire.final_klines_of_json)


NUMBERS = st.sampled_from([0.0, -0.0, 1.0, 2.0, 3.0, -1.0, np.inf, -np.inf, np.nan, 5e-324])
GAPS = st.sampled_from([60_000, 120_000, 60_001, 0, -60_000, 1])


@given(
    st.lists(st.tuples(GAPS, *[NUMBERS] * COLUMNS), max_size=4),
    st.sampled_from([Interval.M1, Interval.MONTH]),
)
def test_the_kernel_takes_for_sound_what_the_plain_reader_does(
    rows: list[tuple[float, ...]], interval: Interval
) -> None:
    times = np.cumsum([1_722_330_000_000, *(int(row[0]) for row in rows[1:])])[: len(rows)]
    columns = np.array([row[1:] for row in rows], np.float64).reshape(-1, COLUMNS).T.copy()

    spacing = interval.milliseconds if interval.is_regular else 1
    sound = are_sound(times, columns, len(rows), spacing)

    try:
        wire.check_candles(Candles(times, *columns), interval)
    except BadAnswer:
        assert not sound
    else:
        assert sound


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        pytest.param((STEP, STEP), True, id="one after the other"),
        pytest.param((STEP, 3 * STEP), True, id="two are missing"),
        pytest.param((STEP, 0), False, id="twice"),
        pytest.param((STEP, -STEP), False, id="back again"),
        pytest.param((STEP + 1, STEP), False, id="off the grid"),
    ],
)
def test_times_ascend_in_whole_steps(gaps: tuple[int, int], expected: bool) -> None:
    times = START + np.cumsum((0, *gaps))

    assert are_sound(times, np.ones((COLUMNS, 3)), 3, STEP) is expected


@pytest.mark.parametrize("low", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("high", [2.0, 3.0, np.inf])
@pytest.mark.parametrize("close", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("opened", [1.0, 2.0, 3.0])
def test_each_bound_of_a_price_counts(opened: float, high: float, low: float, close: float) -> None:
    columns = np.array([[opened], [high], [low], [close], [0.0]])

    sound = are_sound(np.zeros(1, np.int64), columns, 1, 1)

    assert sound is (0 < low <= min(opened, close) and max(opened, close) <= high < np.inf)
