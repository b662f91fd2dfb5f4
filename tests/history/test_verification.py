"""What was damaged or replaced is found, and fetched again where it can be had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from divbot import cli
from divbot.cli.data_text import held_text
from divbot.cli.destination import Fit
from divbot.domain.clock import parse_time
from divbot.domain.market import Interval
from divbot.history.candles import chosen
from divbot.history.inventory import held
from divbot.history.kind import StoredKind
from divbot.history.parts import RowSource, note_text, read_note
from divbot.history.spans import Span, month_of
from divbot.history.store import Store
from tests.exchange.servers import running

from .markets import candles, equal
from .supplies import download, is_the_market, mend, new_store, spoil, supply_of

NOW = parse_time("2024-07-10T09:00")
SPAN = Span(parse_time("2024-05-01"), NOW)
BTC = ("BTCUSDT", Interval.H1)


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with running(symbols=2, at=NOW, weight_limit=1_000_000) as connection:
        yield f"http://{connection.host}:{connection.port}"


@pytest.fixture
def store(base_url: str, tmp_path: Path) -> Store:
    """Return a store with some months of one symbol, of which May came wrong."""
    found = new_store(tmp_path)
    spoil(base_url, "wrong_values", "BTCUSDT-1h-2024-05.zip")
    with supply_of(base_url, found) as supply:
        download(supply, [found.shelf(*BTC)], SPAN)
    mend(base_url)
    return found


def verify(store: Store, base_url: str, *arguments: str) -> int:
    words = ["data", "verify", "--store", str(store.root), "--base-url", base_url, *arguments]
    return cli.exit_code(words)


def test_what_the_archive_replaced_is_fetched_again(
    store: Store, base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(store, base_url) == 0

    assert "3 files hashed, 0 damaged\n1 file fetched again" in capsys.readouterr().out
    with supply_of(base_url, store) as supply:
        assert is_the_market(supply, *BTC, SPAN)


@pytest.mark.parametrize("way", ["cut short", "rows changed"])
def test_what_is_damaged_is_fetched_again(
    store: Store, base_url: str, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = store.shelf(*BTC).path(store.root, Span(parse_time("2024-06-01"), 0))
    if way == "cut short":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        note = read_note(path)
        table = pq.read_table(path, partitioning=None).replace_schema_metadata(
            {b"divbot": note_text(note)}
        )
        column = table.column("close").to_pylist()
        changed = table.set_column(4, table.schema.field(4), [column[::-1]])
        pq.write_table(changed, path)
    assert verify(store, base_url, "--local") == 5

    assert verify(store, base_url) == 0

    assert "3 files hashed, 1 damaged" in capsys.readouterr().out
    assert not store.aside(path).exists()
    with supply_of(base_url, store) as supply:
        assert is_the_market(supply, *BTC, SPAN)


def test_of_a_month_that_was_kept_in_part_that_part_is_fetched_again(
    base_url: str, tmp_path: Path
) -> None:
    part = Span(parse_time("2024-07-03"), parse_time("2024-07-06"))
    store = new_store(tmp_path)
    shelves = [store.shelf(*BTC), store.shelf("BTCUSDT", None, StoredKind.FUNDING)]
    with supply_of(base_url, store) as supply:
        download(supply, shelves, part)
    path = shelves[0].path(store.root, month_of(part.start))
    path.write_bytes(path.read_bytes()[:-100])

    assert verify(store, base_url) == 0

    assert store.span(*BTC) == part
    assert store.unpaid("BTCUSDT", month_of(part.start)) == ()


def test_what_cannot_be_had_again_is_put_aside_and_told(
    base_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = new_store(tmp_path)
    store.write("GONEUSDT", Interval.H1, candles(24, symbol="GONEUSDT"), RowSource("mine"))
    path = next(store.root.rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-100])

    assert verify(store, base_url) == 4

    assert f"not to be had again: {path}" in capsys.readouterr().out
    assert store.aside(path).exists()
    assert store.symbols(Interval.H1) == ()


@pytest.mark.parametrize("given", [("--local",), ()], ids=["hashing alone", "asking too"])
def test_a_store_that_is_not_there_is_not_told_to_be_whole(
    given: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(new_store(tmp_path), "http://127.0.0.1:9", *given) == 0

    assert capsys.readouterr().out.startswith("no candles in ")


def test_hashing_alone_asks_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = new_store(tmp_path)
    some = candles(60)
    store.write(*BTC, chosen(some, slice(0, 50)), RowSource("mine"))

    with store.locked():  # by somebody else, or in a folder that is read-only
        assert verify(store, "http://127.0.0.1:9", "--local") == 0

    assert capsys.readouterr().out == "2 files hashed, 0 damaged\n"
    assert equal(store.candles(*BTC, 0, 1 << 60), chosen(some, slice(0, 50)))


def test_holes_are_listed_on_a_narrow_terminal_too(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    some = candles(60)
    store.write(*BTC, chosen(some, slice(0, 50)), RowSource("mine"))

    text = held_text(store, [held(store, x) for x in store.shelves()], Fit(70))

    assert "holes" in text.splitlines()[2]
