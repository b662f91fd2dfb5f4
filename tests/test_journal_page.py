"""docs/journal.md says what the events are: all of them, with all their fields, as they are."""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from divbot.domain.events import Event
from divbot.domain.fills import Fill
from divbot.domain.positions import Origin, Seen
from divbot.trading.journal.versions import VERSION, Fact, upgraded
from tests.trading.old_journals import ALL, copied, rows

PAGE = (Path(__file__).parents[1] / "docs" / "journal.md").read_text(encoding="utf-8")
EVENTS = {event.kind: event for event in get_args(Event)}
HELD = {2: "cb167e0a45f30480"}
"""By version, a hash of the fields of its events; of the first, they came by and by."""
PARTS = {"fill": Fill, "seen": Seen, "origin": Origin}

_PLAIN = {int: "integer", float: "number", bool: "boolean", str: "text", Decimal: "decimal"}
_PAIRS = "object of pairs of text"


def section(title: str) -> str:
    """Return what stands under a heading."""
    found = re.search(rf"^#+ {title}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"expected a heading {title!r}"
    return found[1]


def table(title: str, heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading that begins with the column `heading`."""
    lines = section(title).splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    cells = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        cells.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return cells


def in_json(annotation: Any) -> str:
    """Return what a field of this type is in JSON, in the page's words."""
    if isinstance(annotation, UnionType):
        (known,) = (x for x in get_args(annotation) if x is not NoneType)
        return f"{in_json(known)} or null"
    if get_origin(annotation) is dict:
        of = get_args(annotation)[1]
        return _PAIRS if get_origin(of) is tuple else f"object of {in_json(of)}"
    if get_origin(annotation) is tuple:
        return f"list of {in_json(get_args(annotation)[0])}"
    if issubclass(annotation, StrEnum):
        return "text"
    return _PLAIN.get(annotation) or f"[{annotation.__name__.lower()}](#{_anchor(annotation)})"


def _anchor(part: type) -> str:
    return part.__name__.lower()


@pytest.mark.parametrize("name", [*EVENTS, *PARTS])
def test_every_field_is_on_the_page_with_its_type(name: str) -> None:
    kind = (EVENTS | PARTS)[name]
    types = get_type_hints(kind)

    written = [(field, type_) for field, type_, *_ in table(name, "field")]

    assert written == [(x.name, in_json(types[x.name])) for x in fields(kind)]
    assert all(cells[-1] for cells in table(name, "field"))


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_on_the_page_with_its_key(name: str) -> None:
    told = section(name)

    assert f"Key: `{EVENTS[name].key_form.replace('{0.', '{')}`" in told
    assert re.search(r"^\w[^|]*\.", told.strip())


def test_the_page_names_the_choices_of_a_field() -> None:
    for kind in (EVENTS | PARTS).values():
        types = get_type_hints(kind)
        for field, _, _, said in table(_heading(kind), "field"):
            assert all(f"`{choice}`" in f"`{said}`" for choice in choices_of(types[field])), field


def test_what_events_hold_changes_with_the_version_alone() -> None:
    """Else an older divbot, which refuses a newer version by name, meets what it cannot read."""
    held = {
        name: [(x.name, in_json(types[x.name]), choices_of(types[x.name])) for x in fields(kind)]
        for name, kind in (EVENTS | PARTS).items()
        if (types := get_type_hints(kind))
    }

    found = hashlib.sha256(repr(sorted(held.items())).encode()).hexdigest()[:16]

    # Otherwise: CONTRIBUTING.md, Add an event.
    assert HELD[VERSION] == found


def choices_of(annotation: Any) -> list[str]:
    """Return the texts that a field may hold, where there are few."""
    of = [x for x in (annotation, *get_args(annotation)) if isinstance(x, type)]
    return [choice.value for x in of if issubclass(x, StrEnum) for choice in x]


def _heading(kind: Any) -> str:
    return getattr(kind, "kind", None) if kind in EVENTS.values() else _anchor(kind)


def test_every_version_is_on_the_page() -> None:
    assert [version for version, *_ in table("Versions", "version")] == [
        str(n) for n in range(1, VERSION + 1)
    ]
    assert f"this divbot writes version {VERSION}." in section("Versions")


def test_the_page_tells_each_field_that_an_upgrade_adds() -> None:
    written = {(event, field) for event, field, _ in table("Versions", "event")}

    least: dict[str, dict[str, Any]] = {
        "started": {},
        "resumed": {"settings": {}},
        "entered": {
            "margin": "1",
            "stop": "1",
            "quantity": "1",
            "fill": dict.fromkeys(("fee", "price", "requested", "quantity"), "1") | {"side": "BUY"},
        },
        "funded": {"at": 1},
        "marked": {},
        **{kind: {} for kind in ("trailed", "exited", "paused")},
    }
    facts = [Fact(kind, fields) for kind, fields in least.items()]
    added = {
        (fact.kind, field)
        for fact in upgraded(facts, 1)
        for field in fact.fields.keys() - least[fact.kind].keys()
    }
    assert least.keys() == EVENTS.keys()
    assert written == added


def test_the_tables_on_the_page_are_those_of_the_file(tmp_path: Path) -> None:
    path = copied(ALL[-1], tmp_path)

    found = {str(x) for (x,) in rows(path, "SELECT name FROM sqlite_schema WHERE type = 'table'")}
    columns = [str(x) for (x,) in rows(path, "SELECT name FROM pragma_table_info('event')")]

    assert {name for name, _ in table("The file", "table")} == found
    assert [name for name, _ in table("The file", "column")] == columns


CHECK = re.search(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ALL)
def test_the_chain_is_checked_by_hand_as_the_page_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copied(name, tmp_path / "run.db")
    monkeypatch.chdir(tmp_path)
    assert CHECK

    exec(CHECK[1], {})

    ((seq, last),) = rows(path, "SELECT seq, hex(hash) FROM event ORDER BY seq DESC LIMIT 1")
    assert capsys.readouterr().out == f"{seq} events, the last hash is {str(last).lower()}\n"


@pytest.mark.parametrize("name", ALL)
def test_a_broken_chain_is_found_by_hand(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copied(name, tmp_path / "run.db")
    monkeypatch.chdir(tmp_path)
    rows(path, "DROP TRIGGER event_is_never_changed")
    rows(path, "UPDATE event SET body = replace(body, '0', '1') WHERE seq = 5")
    assert CHECK

    with pytest.raises(AssertionError, match="event 5 is not what was written"):
        exec(CHECK[1], {})
