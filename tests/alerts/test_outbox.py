"""The outbox keeps each alert once, and until every sink has it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.alerts.outbox import Outbox
from divbot.domain.errors import JournalError
from tests.alerts.alerts import alert

A, B = "ntfy:a", "ntfy:b"


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    found = Outbox.open(tmp_path / "outbox")
    found.send_to([A])
    return found


def keys(outbox: Outbox, sink: str = A) -> list[str]:
    return [x.alert.key for x in outbox.pending(sink, 1000)]


def test_an_alert_is_kept_once(outbox: Outbox) -> None:
    first = outbox.keep([alert("1"), alert("2"), alert("1")], now=5)
    second = outbox.keep([alert("2"), alert("3")], now=6)

    assert [x.key for x in first] == ["1", "2"]
    assert [x.key for x in second] == ["3"]
    assert keys(outbox) == ["1", "2", "3"]


def test_what_comes_out_is_what_went_in(outbox: Outbox) -> None:
    outbox.keep([alert("1")], now=5)

    (pending,) = outbox.pending(A, 10)

    assert pending.alert == alert("1")
    assert pending.kept_at == 5


@pytest.mark.parametrize(
    "read",
    [Outbox.refused, Outbox.standing, lambda path: Outbox.last(path, 10)],
    ids=["refused", "standing", "last"],
)
def test_who_reads_it_leaves_nothing_beside_it(outbox: Outbox, read: Callable[[Path], Any]) -> None:
    outbox.keep([alert("1")], now=5)
    outbox.close()
    before = sorted(outbox.path.parent.iterdir())

    read(outbox.path)

    assert sorted(outbox.path.parent.iterdir()) == before


def test_an_alert_is_known_after_it_was_delivered_and_the_program_started_anew(
    tmp_path: Path,
) -> None:
    for expected in ([alert("1")], []):
        outbox = Outbox.open(tmp_path / "outbox")
        outbox.send_to([A])
        assert list(outbox.keep([alert("1")], now=5)) == expected
        outbox.delivered(A, [x.number for x in outbox.pending(A, 10)])
        outbox.close()


def test_what_an_alert_says_is_kept_until_the_last_sink_has_it(tmp_path: Path) -> None:
    path = tmp_path / "outbox"
    outbox = Outbox.open(path)
    outbox.send_to([A, B])
    outbox.keep([alert("1")], now=5)

    bodies = []
    for sink in (A, B):
        outbox.delivered(sink, [1])
        with closing(sqlite3.connect(path)) as connection:
            bodies.append(connection.execute("SELECT body IS NULL FROM alert").fetchone())

    assert bodies == [(0,), (1,)]


def test_a_second_program_is_refused(outbox: Outbox) -> None:
    with pytest.raises(JournalError, match=r"another divbot writes to it; .* --outbox"):
        Outbox.open(outbox.path)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder that takes no files")
def test_a_folder_that_takes_no_file_is_not_called_busy() -> None:
    with pytest.raises(JournalError, match="cannot be opened or written: No such file"):
        Outbox.open(Path("/proc/none.outbox"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"not a database, but a text" * 99, "file is not a database"), (b"", "no outbox of divbot")],
    ids=["a text", "nothing"],
)
def test_another_file_is_refused_and_left_alone(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "outbox"
    path.write_bytes(content)

    with pytest.raises(JournalError, match=expected):
        Outbox.open(path)

    assert path.read_bytes() == content


def test_an_address_that_was_mended_gets_what_the_wrong_one_did_not(outbox: Outbox) -> None:
    outbox.keep([alert("1"), alert("2")], now=5)

    lost = outbox.send_to([B])

    assert lost == 0
    assert keys(outbox, B) == ["1", "2"]
    assert keys(outbox, A) == []


def test_what_an_address_was_to_get_that_is_no_more_is_counted(tmp_path: Path) -> None:
    outbox = Outbox.open(tmp_path / "outbox")
    outbox.send_to([A, B])
    outbox.keep([alert("1"), alert("2")], now=5)

    assert outbox.send_to([A]) == 2
    assert keys(outbox) == ["1", "2"]


def test_a_new_address_gets_nothing_of_the_past(outbox: Outbox) -> None:
    outbox.keep([alert("1")], now=5)

    outbox.send_to([A, B])

    assert keys(outbox, B) == []


def test_nothing_is_kept_of_alerts_that_cannot_all_be_kept(outbox: Outbox) -> None:
    bad = alert("2")
    object.__setattr__(bad, "data", {"price": float("nan")})

    with pytest.raises(ValueError, match="Out of range"):
        outbox.keep([alert("1"), bad], now=5)

    assert keys(outbox) == []
    assert [x.key for x in outbox.keep([alert("1")], now=6)] == ["1"]


@pytest.mark.parametrize("disk", ["full"])
def test_a_full_disk_is_told_and_keeping_may_be_tried_again(outbox: Outbox, disk: str) -> None:
    outbox._connection.execute("PRAGMA max_page_count = 1")

    with pytest.raises(JournalError, match="free some space on the disk"):
        outbox.keep([alert(str(x), "long" * 2000) for x in range(100)], now=5)

    outbox._connection.execute("PRAGMA max_page_count = 100000")
    assert [x.key for x in outbox.keep([alert("1")], now=6)] == ["1"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("keep"), st.lists(st.integers(0, 9), max_size=4)),
        st.tuples(st.just("deliver"), st.integers(1, 3)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=20,
)


@given(steps=STEPS)
def test_every_key_is_delivered_once_and_in_order_whatever_comes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, object]]
) -> None:
    path = tmp_path_factory.mktemp("law") / "outbox"
    outbox = Outbox.open(path)
    outbox.send_to([A])
    kept: list[str] = []
    got: list[str] = []

    for name, value in [*steps, ("deliver", 1000)]:
        if name == "keep":
            wanted = [str(x) for x in value]  # type: ignore[attr-defined]
            new = [x.key for x in outbox.keep([alert(x) for x in wanted], now=1)]
            assert new == [x for x in dict.fromkeys(wanted) if x not in kept]
            kept += new
        elif name == "deliver":
            taken = outbox.pending(A, value)  # type: ignore[arg-type]
            got += [x.alert.key for x in taken]
            outbox.delivered(A, [x.number for x in taken])
        else:
            outbox.close()
            outbox = Outbox.open(path)
            outbox.send_to([A])
    outbox.close()

    assert got == kept
