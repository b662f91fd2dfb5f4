from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.binance.candles.candle_store import CandleStore, Stored, sweep
from divbot.candle_arrays import Candles
from divbot.domain.clock import ManualClock
from divbot.domain.market import Interval

SYMBOL, M5 = "币安人生USDT", Interval.M5
STEP = M5.milliseconds
HEADER, ROW = 32, 56


def candles(count: int, first: int = 0) -> Candles:
    steps = np.arange(first, first + count)
    prices = np.random.default_rng(7).standard_normal((first + count, 5))[first:]
    return Candles(1_722_000_000_000 + steps * STEP, *np.ascontiguousarray(prices.T))


def same(ours: Candles, theirs: Candles) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(ours.columns, theirs.columns, strict=True))


def kept(folder: Path, count: int = 20) -> tuple[CandleStore, Stored]:
    store = CandleStore(folder)
    store.begin(SYMBOL, M5, 500, candles(count))
    stored = store.read(SYMBOL, M5)
    assert stored is not None
    return store, stored


def test_what_is_kept_comes_back_bit_for_bit(tmp_path: Path) -> None:
    store, stored = kept(tmp_path)
    store.add(stored, candles(3, first=20))

    again = store.read(SYMBOL, M5)

    assert again is not None
    assert same(again.candles, candles(23))
    assert (again.asked, again.reaches(500), again.reaches(501)) == (500, True, False)


def test_nothing_is_kept_of_what_nobody_has_begun(tmp_path: Path) -> None:
    store, _ = kept(tmp_path)

    assert store.read("BTCUSDT", M5) is None
    assert store.read(SYMBOL, Interval.M1) is None


@given(data=st.data())
def test_no_damage_gives_a_wrong_number(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    store, stored = kept(tmp_path_factory.mktemp("store"))
    content = bytearray(stored.path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
    end = data.draw(st.sampled_from([len(content), data.draw(st.integers(0, len(content)))]))
    before = stored.path.read_bytes()
    stored.path.write_bytes(content[:end])

    found = store.read(SYMBOL, M5)

    if found is not None:  # cut between two rows, all that was damaged cut off: so much is true
        rows = len(found.candles.open_time)
        assert content[:end] == before[: HEADER + ROW * rows]
        assert same(found.candles, candles(rows))


@pytest.mark.parametrize("bit", [63, 62, 31, 0])
@pytest.mark.parametrize("places", [(1, 2), (1, 5), (4, 6), (0, 6), (1, 2, 3, 4)], ids=str)
def test_bits_that_flip_together_are_seen(
    tmp_path: Path, bit: int, places: tuple[int, ...]
) -> None:
    store, stored = kept(tmp_path)
    content = bytearray(stored.path.read_bytes())
    for place in places:
        content[HEADER + 3 * ROW + 8 * place + bit // 8] ^= 1 << bit % 8
    stored.path.write_bytes(content)

    assert store.read(SYMBOL, M5) is None


def test_zeros_where_power_was_lost_are_no_candles(tmp_path: Path) -> None:
    store, stored = kept(tmp_path)
    with stored.path.open("ab") as file:
        file.write(bytes(ROW))

    assert store.read(SYMBOL, M5) is None


def test_a_file_of_another_version_is_no_candles(tmp_path: Path) -> None:
    store, stored = kept(tmp_path)
    content = stored.path.read_bytes()
    stored.path.write_bytes(content.replace(b"divbot candles 2", b"divbot candles 1"))

    assert store.read(SYMBOL, M5) is None


def test_a_file_of_another_symbol_is_no_candles(tmp_path: Path) -> None:
    store, stored = kept(tmp_path)
    stored.path.rename(stored.path.with_name("BTCUSDT.candles"))

    assert store.read("BTCUSDT", M5) is None


def test_two_programs_that_add_the_same_at_once_cost_a_download_at_most(tmp_path: Path) -> None:
    store, stored = kept(tmp_path)
    store.add(stored, candles(2, first=20))
    store.add(stored, candles(2, first=20))

    again = store.read(SYMBOL, M5)

    assert again is not None
    assert same(again.candles, candles(22))

    # And where both have looked before either has written:
    with stored.path.open("ab") as file:
        file.write(stored.path.read_bytes()[-ROW:])
    assert store.read(SYMBOL, M5) is None


def test_a_file_never_grows_without_end(tmp_path: Path) -> None:
    store, stored = kept(tmp_path)

    store.add(stored, candles(6000, first=20))

    assert store.read(SYMBOL, M5) is None
    assert not stored.path.exists()


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    store = CandleStore(tmp_path / "file")

    store.begin(SYMBOL, M5, 500, candles(3))

    assert store.read(SYMBOL, M5) is None


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, content: memoryview) -> int:
        os.pwrite(descriptor, content[:100], 0)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    store = CandleStore(tmp_path)

    store.begin(SYMBOL, M5, 500, candles(3))

    assert store.read(SYMBOL, M5) is None
    assert list((tmp_path / "5m").iterdir()) == []


def test_what_nobody_has_added_to_for_days_is_swept(tmp_path: Path) -> None:
    _, stored = kept(tmp_path / "old")
    _, fresh = kept(tmp_path / "new")
    now = 1_722_000_000
    os.utime(stored.path, (now - 4 * 86_400,) * 2)
    os.utime(fresh.path, (now - 2 * 86_400,) * 2)

    sweep(tmp_path, ManualClock(now * 1000))
    sweep(tmp_path / "none", ManualClock(now * 1000))

    assert not (tmp_path / "old").exists()
    assert fresh.path.exists()
