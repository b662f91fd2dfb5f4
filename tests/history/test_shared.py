"""A store at a URL reads like the store itself, and is copied once on a machine."""

from __future__ import annotations

import os
import pickle
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from divbot.app.detail import with_stand_ins
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.history.parts import RowSource
from divbot.history.shared import SharedStore
from divbot.history.spans import Span
from divbot.history.store import Store
from tests.history.made import HOUR, START, walked
from tests.history.object_store import object_store

fsspec = pytest.importorskip("fsspec")

SYMBOLS = ("AAAUSDT", "BBBUSDT")
STEP = 4 * HOUR
END = START + 400 * STEP
SOURCE = RowSource("made")
_copies: list[Path] = []


def copies() -> Path:
    """Return the folder of this machine; where it is, a test says."""
    return _copies[-1]


@pytest.fixture(autouse=True)
def machine(tmp_path: Path) -> Iterator[Path]:
    _copies.append(tmp_path / "copies")
    yield _copies[-1]
    _copies.pop()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store(tmp_path / "bucket" / "store", Market.USDM)
    with found.locked(is_simulated=True):
        for number, symbol in enumerate(SYMBOLS):
            candles = walked(symbol, number, 400, step=STEP)
            found.write(symbol, Interval.H4, candles, SOURCE)
    return found


@pytest.fixture
def memory(store: Store) -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    files.put(str(store.root), "/bucket/", recursive=True)
    yield files
    files.rm("/bucket", recursive=True)


def shared(url: str, market: Market = Market.USDM) -> SharedStore:
    return SharedStore(url, market, copies)


def assert_same(one: SharedStore, other: Store) -> None:
    one.check()
    assert one.intervals() == other.intervals() == (Interval.H4,)
    assert one.symbols(Interval.H4) == other.symbols(Interval.H4) == SYMBOLS
    assert one.is_simulated is True
    for symbol in SYMBOLS:
        asked = symbol, Interval.H4, START, END
        assert one.span(symbol, Interval.H4) == other.span(symbol, Interval.H4)
        assert one.version(*asked) == other.version(*asked) != ""
        assert (one.candles(*asked).close == other.candles(*asked).close).all()
        assert one.holes(symbol, Interval.H4) == ()
        assert one.unpaid(symbol, Span(START, END)) == other.unpaid(symbol, Span(START, END))
        assert len(one.funding(symbol, START, END)) == 0
        assert len(one.marks(symbol, START, END).open_time) == 0


@pytest.mark.parametrize("scheme", ["", "file://", "memory://"])
def test_a_store_reads_the_same_wherever_it_is(
    scheme: str, store: Store, memory: Any, machine: Path
) -> None:
    url = "memory://bucket/store" if scheme == "memory://" else f"{scheme}{store.root}"

    assert_same(shared(url), store)
    assert machine.exists() == (scheme == "memory://")  # what is in a folder is read where it is


def test_a_store_in_a_bucket_reads_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    s3fs = pytest.importorskip("s3fs")
    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    with object_store("bucket", store.root.parent) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        assert_same(shared("s3://bucket/store"), store)
        with pytest.raises(InputError, match=r"s3://bucket/none cannot be read on .* found none"):
            shared("s3://bucket/none").check()


def test_what_goes_to_another_machine_is_the_url_alone(memory: Any, store: Store) -> None:
    here = shared("memory://bucket/store")
    here.span(SYMBOLS[0], Interval.H4)

    sent = pickle.dumps(here)

    assert len(sent) < 250
    assert_same(pickle.loads(sent), store)


def test_what_has_not_changed_is_copied_once(
    memory: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared("memory://bucket/store").span(SYMBOLS[0], Interval.H4)
    copied: list[str] = []
    get = type(memory).get_file
    monkeypatch.setattr(
        type(memory),
        "get_file",
        lambda self, source, *rest, **more: (
            copied.append(source),
            get(self, source, *rest, **more),
        ),
    )

    assert_same(shared("memory://bucket/store"), store)
    with store.locked():
        store.write(SYMBOLS[0], Interval.H4, walked(SYMBOLS[0], 9, 10, step=STEP), SOURCE)
    folder = store.shelf(SYMBOLS[0], Interval.H4).folder(store.root)
    changed = next(iter(sorted(folder.iterdir())))
    place = f"/bucket/store/{changed.relative_to(store.root).as_posix()}"
    memory.put(str(changed), place)
    memory.rm(
        f"/bucket/store/{folder.parent.relative_to(store.root).as_posix()}/symbol={SYMBOLS[1]}",
        recursive=True,
    )
    fresh = shared("memory://bucket/store")

    asked = SYMBOLS[0], Interval.H4, START, END
    assert (fresh.candles(*asked).close == store.candles(*asked).close).all()
    assert fresh.symbols(Interval.H4) == SYMBOLS[:1]
    assert fresh.span(SYMBOLS[1], Interval.H4) is None
    assert copied == [place]


def test_copies_of_stores_that_nobody_opened_for_two_weeks_are_removed(
    memory: Any, store: Store, machine: Path
) -> None:
    folders = {days: machine / f"opened-{days}-days-ago" for days in (13, 15)}
    for days, folder in folders.items():
        (folder / "market=usdm").mkdir(parents=True)
        at = store.root.stat().st_mtime - days * 86_400
        os.utime(folder, (at, at))

    assert_same(shared("memory://bucket/store"), store)

    assert folders[13].exists()
    assert not folders[15].exists()


def test_what_is_there_is_looked_up_once_for_each_kind(
    memory: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    find = type(memory).find
    monkeypatch.setattr(
        type(memory),
        "find",
        lambda self, path, **more: (looked.append(path), find(self, path, **more))[1],
    )
    found = shared("memory://bucket/store")

    for symbol in SYMBOLS:
        found.span(symbol, Interval.H4)
        found.candles(symbol, Interval.H4, START, END)
        found.funding(symbol, START, END)

    assert len(looked) == len(set(looked)) == 2


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param(
            "/nowhere/store", "expected a store with candles of usdm, found none", id="folder"
        ),
        pytest.param("file:///nowhere", "expected a store with candles of usdm", id="file"),
        pytest.param("memory://nowhere", "expected a store with candles of usdm", id="memory"),
        pytest.param("nosuch://a/b", "Protocol not known: nosuch", id="protocol"),
        pytest.param("gs://a/b", "a package is missing: .*gcsfs", id="package"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_line_with_url_and_machine(url: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as raised:
        shared(url).check()

    assert f"{url.removeprefix('file://')} cannot be read on {socket.gethostname()}" in str(
        raised.value
    )
    assert "\n" not in str(raised.value)


def test_a_folder_without_candles_of_the_market_is_none(store: Store) -> None:
    with pytest.raises(InputError, match="expected a store with candles of spot, found none"):
        shared(str(store.root), Market.SPOT).check()


@pytest.mark.parametrize(
    ("url", "missing", "expected"),
    [
        pytest.param(
            "memory://a", "fsspec.core", "fsspec is needed .*pip install 'fsspec", id="all"
        ),
        pytest.param("s3://a/b", "s3fs", "s3fs is needed .*pip install 's3fs", id="s3"),
    ],
)
def test_what_has_to_be_installed_is_named(
    url: str, missing: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(InputError, match=expected):
        shared(url).check()


def test_whatever_a_file_system_raises_is_told_in_a_line(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("no\nkey")

    monkeypatch.setattr(type(memory), "ls", refuse)

    with pytest.raises(InputError, match=r"memory://bucket/store cannot .*: RuntimeError: no key$"):
        shared("memory://bucket/store").check()


def test_to_know_what_there_is_copies_nothing(memory: Any, machine: Path) -> None:
    found = shared("memory://bucket/store")

    found.check()
    assert found.intervals() == (Interval.H4,)
    assert found.symbols(Interval.H4) == SYMBOLS
    assert list(machine.rglob("*.parquet")) == []


def test_longer_candles_stand_in_for_what_it_lacks_as_they_do_in_a_store(store: Store) -> None:
    found, own = (
        with_stand_ins(x, Interval.H4, Interval.H1) for x in (shared(str(store.root)), store)
    )

    asked = SYMBOLS[0], Interval.H1, START, START + 10 * STEP
    assert len(own.candles(*asked).close) == 40
    assert (
        pickle.loads(pickle.dumps(found)).candles(*asked).close == own.candles(*asked).close
    ).all()
