"""A search: the same whoever does it and in whatever order, and nothing of sealed days."""

from __future__ import annotations

import errno
import os
import pickle
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any, BinaryIO

import numpy as np
import pytest

from divbot.domain.errors import InputError, OutputError
from divbot.history import kept as kept_files
from divbot.history.kept import alone
from divbot.research.sweep import parcels
from divbot.research.sweep.hands import DoneCases, OwnHands, PoolHands
from divbot.research.sweep.market import shared_out
from divbot.research.sweep.run import Searched, deciding_files, search, units_of
from divbot.research.sweep.unit import Parcel, sums_of_all, trades_of
from tests.research.sweep.markets import FIRST, rules, variants, walks

DAYS = range(FIRST + 25, FIRST + 115)
HISTORY = walks()
VARIANTS = variants(pivots=(3, 5))


def test_whatever_a_search_imports_is_in_the_hash_of_its_code() -> None:
    deciding = set(deciding_files())
    script = (
        "import sys, divbot.research.sweep.unit, divbot.research.sweep.run, divbot.evaluation\n"
        "print(*(x.__file__ for n, x in sys.modules.items() if n.startswith('divbot')), sep='\\n')"
    )

    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )

    imported = {Path(x) for x in told.stdout.split()}
    assert len(imported) > 50
    assert imported <= deciding


class CountingHands(OwnHands):
    """Own hands that count what they do, and tire."""

    def __init__(self, most: int = 1000) -> None:
        self.most = most
        self.count = 0

    def done(self, call: Callable[..., Any], cases: Iterable[tuple[Any, ...]]) -> DoneCases:
        for number, result in super().done(call, cases):
            if call is sums_of_all:
                if self.count >= self.most:
                    raise KeyboardInterrupt
                self.count += len(result.sums)
            yield number, result


def searched(cache: Path | Callable[[], Path], **changes: Any) -> Searched:
    given: dict[str, Any] = {"variants": VARIANTS, "days": DAYS, "hands": OwnHands(), **changes}
    chosen, days = given.pop("variants"), given.pop("days")
    return search(HISTORY, chosen, days, rules(), cache=cache, **given)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def whole(cache: Path) -> Searched:
    return searched(cache)


def same(one: Searched, other: Searched) -> bool:
    a, b = one.results, other.results
    return (
        a.settings == b.settings
        and bool((a.net_r == b.net_r).all())
        and bool((a.trades == b.trades).all())
    )


def test_every_setting_trades_on_many_days(whole: Searched) -> None:
    assert whole.results.net_r.shape == (8, 90)
    assert (np.count_nonzero(whole.results.trades, axis=1) > 30).all()
    assert (whole.results.net_r.sum(axis=1) < 0).all()  # there are costs, and nothing to find


def test_workers_find_what_one_process_finds(whole: Searched, cache: Path) -> None:
    with PoolHands.started(2) as hands:
        found = searched(cache, hands=hands)

    assert same(found, whole)


def test_the_order_of_settings_and_copies_of_them_change_nothing(
    whole: Searched, cache: Path
) -> None:
    found = searched(cache, variants=(*reversed(VARIANTS), VARIANTS[2]))

    assert same(found, whole)


def test_a_setting_comes_to_the_same_whatever_it_is_tried_with(
    whole: Searched, cache: Path
) -> None:
    alone = searched(cache, variants=VARIANTS[3:4])

    row = whole.results.settings.index(VARIANTS[3].name)
    assert (alone.results.net_r[0] == whole.results.net_r[row]).all()


def test_days_come_to_the_same_in_a_longer_search(whole: Searched, cache: Path) -> None:
    part = searched(cache, days=DAYS[:50])

    assert (part.results.net_r == whole.results.net_r[:, :50]).all()


def test_a_search_that_was_interrupted_does_the_rest(
    whole: Searched, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "_SECONDS", 0.0)  # each unit goes by itself
    tired, fresh = CountingHands(most=3), CountingHands()

    with pytest.raises(KeyboardInterrupt):
        searched(cache, hands=tired, kept=tmp_path / "kept")
    found = searched(cache, hands=fresh, kept=tmp_path / "kept")

    assert tired.count == 3
    assert fresh.count == whole.units - 3
    assert same(found, whole)


@pytest.mark.parametrize(
    "left", [b"", b"PK\x03\x04", b"noise" * 99], ids=["none", "a part", "noise"]
)
def test_what_a_power_loss_left_of_a_unit_is_done_again(
    left: bytes, whole: Searched, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "_SECONDS", 0.0)  # each unit goes by itself
    searched(cache, kept=tmp_path / "kept")
    min((tmp_path / "kept").iterdir()).write_bytes(left)
    again = CountingHands()

    found = searched(cache, hands=again, kept=tmp_path / "kept")

    assert again.count == 1
    assert same(found, whole)


def test_what_is_kept_is_of_the_very_settings_and_days(cache: Path, tmp_path: Path) -> None:
    searched(cache, kept=tmp_path / "kept")
    other = CountingHands()

    searched(cache, variants=variants(stops=(0.7,)), hands=other, kept=tmp_path / "kept")

    assert other.count > 0


def test_of_sealed_days_trades_are_counted_and_nothing_is_summed(
    whole: Searched, cache: Path, tmp_path: Path
) -> None:
    sealed = DAYS[60:]

    found = searched(cache, sealed=sealed, kept=tmp_path / "kept")

    assert (found.results.trades == whole.results.trades).all()
    assert (found.results.net_r[:, :60] == whole.results.net_r[:, :60]).all()
    assert not found.results.net_r[:, 60:].any()
    kept = [np.load(path)["net_r"] for path in (tmp_path / "kept").iterdir()]
    assert sum(x.sum() for x in kept) == pytest.approx(found.results.net_r.sum())


class WeighingHands(OwnHands):
    """Own hands that know what each parcel would weigh, and what comes back of it."""

    def __init__(self) -> None:
        self.parcels: list[tuple[int, int, int]] = []

    def done(self, call: Callable[..., Any], cases: Iterable[tuple[Any, ...]]) -> DoneCases:
        sent = list(cases)
        for number, result in super().done(call, sent):
            if call is sums_of_all:
                sizes = [len(pickle.dumps(x)) for x in (sent[number], result)]
                self.parcels.append((len(result.sums), *sizes))
            yield number, result


def test_what_takes_a_moment_goes_together_with_at_most_10_kb(whole: Searched, cache: Path) -> None:
    hands = WeighingHands()

    found = searched(cache, hands=hands, makers=OwnHands())

    assert same(found, whole)
    assert len(hands.parcels) < whole.units
    assert sum(units for units, _, _ in hands.parcels) == whole.units
    assert max(weight for _, weight, _ in hands.parcels) <= 10_000


def test_what_takes_long_goes_alone_and_little_comes_back(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "_SECONDS", 0.0)
    hands = WeighingHands()
    many = variants(stops=np.arange(0.2, 1.0, 0.1).tolist(), ratios=np.arange(1, 5, 0.5).tolist())

    searched(cache, variants=many, hands=hands, makers=OwnHands())

    assert {units for units, _, _ in hands.parcels} == {1}
    assert max(max(sizes) for _, *sizes in hands.parcels) <= 10_000


def test_a_machine_that_reads_the_history_makes_columns_of_its_own(
    whole: Searched, cache: Path, tmp_path: Path
) -> None:
    found = searched(partial(Path, tmp_path / "theirs"))

    names = {path.name for path in cache.glob("*/*.npy")}
    assert same(found, whole)
    assert found.data == whole.data
    assert {path.name for path in (tmp_path / "theirs").glob("*/*.npy")} <= names


def test_where_the_disk_of_one_machine_is_full_it_is_named(cache: Path, tmp_path: Path) -> None:
    units = units_of(HISTORY, VARIANTS, DAYS, rules(), cache=cache, hands=OwnHands())
    (tmp_path / "file").touch()  # no folder can be made below it
    source = replace(units[0][1].market, history=HISTORY, cache=tmp_path / "file")

    with pytest.raises(OutputError, match=rf"^on {socket.gethostname()}: cannot write {tmp_path}"):
        sums_of_all(Parcel((replace(units[0][1], market=source),)))


def test_candles_are_let_go_of_once_their_symbols_are_traded(cache: Path) -> None:
    units = units_of(HISTORY, VARIANTS, DAYS, rules(), cache=cache, hands=OwnHands())

    trades = trades_of(units[0][1])

    market = units[0][1].market.open()
    assert next(trades).net_r.size
    assert market.columns._mapped == market.detail._mapped == {}


def test_candles_that_no_search_used_for_two_weeks_are_let_go_of(tmp_path: Path) -> None:
    searched(tmp_path, variants=VARIANTS[:1])
    files = [x for x in tmp_path.rglob("*") if x.is_file()]
    others = {days: tmp_path / "usdm-1m" / f"{days}.npy" for days in (13, 15)}
    others[13].parent.mkdir()
    for path, days in [(x, days) for days, x in others.items()] + [(x, 30) for x in files]:
        path.touch()
        at = path.stat().st_mtime - days * 86_400
        os.utime(path, (at, at))
    made = {x: x.stat().st_ino for x in files if re.search(r"-\w+\.npy$", x.name)}

    searched(tmp_path, variants=VARIANTS[:1])

    assert all(x.exists() for x in files)
    assert {x: x.stat().st_ino for x in made} == made
    assert others[13].exists()
    assert not others[15].exists()


def test_processes_of_one_machine_share_the_making_of_columns(tmp_path: Path) -> None:
    """What another process is at comes last: by then it is done."""
    done: list[int] = []
    others_are_done = Event()

    def make(number: int) -> None:
        done.append(number)
        if len(done) == 2:
            others_are_done.set()

    with alone(tmp_path / ".make-0.lock", patience=0.0) as is_mine:
        with alone(tmp_path / ".make-0.lock", patience=0.0) as is_mine_too:
            assert (is_mine, is_mine_too) == (True, False)
        thread = Thread(target=shared_out(tmp_path), args=(make, [(0,), (1,), (2,)]))
        thread.start()
        assert others_are_done.wait(timeout=30)

    thread.join()
    assert done == [1, 2, 0]


def test_a_machine_that_reads_other_candles_is_told_so(cache: Path, tmp_path: Path) -> None:
    units = units_of(HISTORY, VARIANTS, DAYS, rules(), cache=cache, hands=OwnHands())
    source = units[0][1].market
    other = replace(source, history=walks(seed=9), cache=tmp_path)

    with pytest.raises(InputError, match="a worker reads other candles than the machine that"):
        other.open()


def test_a_disk_that_is_full_costs_nothing_that_was_done(
    whole: Searched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is full: in columns, in lists, among what is kept of the settings."""
    monkeypatch.setattr(parcels, "_SECONDS", 0.0)
    room = [0]
    write = kept_files.whole_file

    @contextmanager
    def whole_file(path: Path, **how: Any) -> Iterator[BinaryIO]:
        room[0] -= 1
        if room[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        with write(path, **how) as file:
            yield file

    monkeypatch.setattr(kept_files, "whole_file", whole_file)

    lines = []
    for _ in range(20):
        room[0] += 6  # somebody frees a little
        try:
            found = searched(tmp_path / "cache", kept=tmp_path / "kept")
        except OutputError as error:
            lines.append(str(error))
            room[0] = 0
        else:
            break

    assert same(found, whole)
    assert len(lines) > 4
    line = re.compile(r"cannot write /.*: no space left on device; free some space")
    assert all(line.match(x) for x in lines)
    assert len({x.partition(":")[0] for x in lines}) == len(lines)  # it goes on each time


def test_days_without_candles_are_said_to_be_so(cache: Path) -> None:
    with pytest.raises(InputError, match="expected candles in that range, found none"):
        searched(cache, days=range(FIRST + 1000, FIRST + 1100))


def test_costs_are_in_what_a_setting_comes_to(whole: Searched, cache: Path) -> None:
    free = searched(cache, variants=variants(pivots=(3, 5), fee=0.0, slippage=0.0))

    assert (free.results.trades >= whole.results.trades).all()
    assert (free.results.net_r.sum(axis=1) > whole.results.net_r.sum(axis=1) + 5).all()
