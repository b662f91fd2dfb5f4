"""On a full disk each command of `divbot data` ends with one line, and goes on once there is room.

The disk is full at the first operation that needs space, at the second one, and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from divbot import cli
from divbot.domain.clock import parse_time
from divbot.domain.market import Interval
from divbot.history.kind import StoredKind
from divbot.history.spans import Span
from divbot.history.store import Store
from divbot.history.verification import checked
from tests.exchange.servers import running
from tests.recordings.files import table

from .full_disks import FullDisk
from .supplies import is_the_market, mend, new_store, spoil, supply_of

NOW = parse_time("2024-07-10T09:00")
MAY = Span(parse_time("2024-05-01"), parse_time("2024-06-01"))
WHERE = ("--store", "store")
DOWNLOAD = (
    "download",
    "--symbols",
    "BTCUSDT",
    "-i",
    "4h",
    "--timerange",
    "20240501-20240601",
    "-q",
)


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with running(symbols=1, at=NOW, weight_limit=1_000_000) as connection:
        yield f"http://{connection.host}:{connection.port}"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)
    return new_store(tmp_path)


@pytest.fixture
def fill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., int]:
    """Return what runs a command on ever larger disks, until there is room for all of it."""

    def filled(words: tuple[str, ...], code: int, check: Callable[[], None]) -> int:
        capsys.readouterr()
        for room in range(100):
            with monkeypatch.context() as patch:
                disk = FullDisk(patch, tmp_path, room)
                found = cli.exit_code(["data", *words])
            told = capsys.readouterr().err
            assert disk.unseen() == set()
            if not disk.is_full:
                assert found == 0
                return room
            said = [x for x in told.splitlines() if " damaged" not in x and "Parquet" not in x]
            if found:  # of what is there by then, the folder's sync alone may be lost
                assert (found, len(said)) == (code, 1), told
                assert "cannot be written: No space left on device; free some space" in said[0]
            assert list(Path().rglob("*.part")) == []
            check()
        raise AssertionError("it never ends well")

    return filled


def sound(store: Store) -> Callable[[], None]:
    """Return what checks that each file of the store is whole."""

    def check() -> None:
        assert not [x for x in checked(store, store.shelves()) if x.problem]

    return check


def test_a_download(base_url: str, store: Store, fill: Callable[..., int]) -> None:
    operations = fill((*DOWNLOAD, *WHERE, "--base-url", base_url), 5, sound(store))

    assert operations > 10
    with supply_of(base_url, store) as supply:
        assert is_the_market(supply, "BTCUSDT", Interval.H4, MAY)
    assert len(store.funding("BTCUSDT", *MAY)) == 93


def test_an_import(store: Store, fill: Callable[..., int]) -> None:
    both = pd.concat([table(10), table(10, symbol="BBBUSDT")])
    both.to_csv("m.csv", index=False)

    operations = fill(("import", "m.csv", *WHERE), 5, sound(store))

    assert operations > 10
    assert [x.symbol for x in store.shelves()] == ["AAAUSDT", "BBBUSDT"]


@pytest.mark.parametrize("layout", ["freqtrade-feather", "freqtrade-parquet", "csv"])
def test_an_export(store: Store, fill: Callable[..., int], layout: str) -> None:
    table(10).to_csv("m.csv", index=False)
    assert cli.exit_code(["data", "import", "m.csv", *WHERE]) == 0
    words = ("export", "out", *WHERE, "--format", layout)

    def check() -> None:
        assert not any(x.is_file() for x in Path("out").rglob("*"))

    assert fill(words, 2, check) > 2
    assert any(x.is_file() for x in Path("out").rglob("*"))


def test_a_verification(base_url: str, store: Store, fill: Callable[..., int]) -> None:
    spoil(base_url, "wrong_values", "BTCUSDT-4h-2024-05.zip")
    assert cli.exit_code(["data", *DOWNLOAD, *WHERE, "--base-url", base_url]) == 0
    mend(base_url)
    funding = store.shelf("BTCUSDT", None, StoredKind.FUNDING).path(store.root, MAY)
    funding.write_bytes(funding.read_bytes()[:-100])

    def check() -> None:
        assert funding.exists() or store.aside(funding).exists()

    fill(("verify", *WHERE, "--base-url", base_url, "-q"), 5, check)

    sound(store)()
    with supply_of(base_url, store) as supply:
        assert is_the_market(supply, "BTCUSDT", Interval.H4, MAY)
    assert len(store.funding("BTCUSDT", *MAY)) == 93
