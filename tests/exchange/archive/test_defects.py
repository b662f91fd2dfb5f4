"""What is wrong with files, and how listings fail: each on demand, and by a plan."""

from __future__ import annotations

import hashlib
import io
import itertools
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from divbot.domain.clock import parse_time
from divbot.domain.errors import InputError
from divbot.exchange.archive.defect_kinds import DEFECTS, DefectPlace, parse_defect_plan
from divbot.exchange.archive.defects import Defects, parse_defect
from divbot.exchange.seeded_plan import SeededPlan

from .readers import SPOT, USDM, reading

DAY = 86_400_000
MONTH = f"{USDM}/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-06.zip"
BEFORE = MONTH.replace("2024-06", "2024-05")
WEEK = MONTH.replace("1h", "1w")
FUNDING = f"{USDM}/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-2024-06.zip"
MARK = MONTH.replace("/klines/", "/markPriceKlines/")
FOLDER = MONTH.rpartition("/")[0] + "/"
EVERY_LISTING = [kind.name for kind in DEFECTS.values() if kind.part is DefectPlace.LISTING]
EVERY_FILE = [kind.name for kind in DEFECTS.values() if kind.part is not DefectPlace.LISTING]


@pytest.fixture
def flawed(lasting):
    """The archive of a market, without a defect before and after."""
    yield lasting
    lasting.tell("DELETE", "archive")
    lasting.tell("DELETE", "faults")


@pytest.fixture(scope="module")
def lasting():
    with reading(symbols=2) as reader:
        yield reader


def damage(reader, kind, path=MONTH, **more):
    """Ask for a defect; return the rows before and after it."""
    before = reader.rows(path)
    reader.tell("POST", "archive", {"kind": kind, "path": path, **more})
    return before, reader.rows(path)


def opens(rows):
    return [int(row[0]) for row in rows]


def met(reader):
    return reader.tell("GET", "state")["archive"]["met"]


@pytest.mark.parametrize("path", [MONTH, MARK])
def test_a_day_is_missing_in_the_month_and_whole_in_its_file(flawed, path):
    before, after = damage(flawed, "missing_day", path)

    gone = sorted(set(opens(before)) - set(opens(after)))
    assert len(gone) == 24
    assert gone[0] % DAY == 0
    assert opens(before)[0] < gone[0] <= gone[-1] < opens(before)[-1]
    date = np.datetime64(gone[0], "ms").astype("datetime64[D]")
    day = path.replace("monthly", "daily").replace("2024-06", str(date))
    assert opens(flawed.rows(day)) == gone
    assert flawed.agrees(path)
    assert [row for row in before if row[0] in {each[0] for each in after}] == after


@pytest.mark.parametrize("cadence", ["monthly", "daily"])
def test_hours_are_missing(flawed, cadence):
    path = (
        MONTH
        if cadence == "monthly"
        else MONTH.replace("monthly", "daily").replace("2024-06", "2024-06-11")
    )

    before, after = damage(flawed, "missing_hours", path)

    gone = sorted(set(opens(before)) - set(opens(after)))
    assert 1 <= len(gone) <= 7
    assert set(np.diff(gone).tolist()) <= {3_600_000}
    assert flawed.agrees(path)


@pytest.mark.parametrize("path", [MONTH, MARK, FUNDING])
def test_rows_stand_there_twice(flawed, path):
    before, after = damage(flawed, "rows_twice", path)

    assert len(after) > len(before)
    assert sorted(set(map(tuple, after))) == sorted(map(tuple, before))
    assert (np.diff(opens(after)) < 0).sum() == 1
    assert flawed.agrees(path)


@pytest.mark.parametrize("path", [MONTH, FUNDING])
def test_rows_are_out_of_order(flawed, path):
    before, after = damage(flawed, "rows_out_of_order", path)

    assert after != before
    assert sorted(after) == before
    assert flawed.agrees(path)


@pytest.mark.parametrize("path", [MONTH, MARK, FUNDING])
def test_a_row_contradicts_another(flawed, path):
    before, after = damage(flawed, "rows_contradict", path)

    assert len(after) == len(before) + 1
    (extra,) = [row for row in after if row not in before]
    (other,) = [row for row in before if row[0] == extra[0]]
    assert other in after
    assert extra[6:7] == other[6:7]  # it closes when the other does


def test_wrong_values_are_those_of_other_rows(flawed):
    before, after = damage(flawed, "wrong_values")

    differing = [row for row in after if row not in before]
    assert opens(after) == opens(before)
    assert [row[6] for row in after] == [row[6] for row in before]
    assert len(differing) > len(before) / 5
    assert all(float(row[3]) <= float(row[1]) <= float(row[2]) for row in after)
    assert flawed.agrees(MONTH)


def test_a_file_is_replaced_when_its_time_comes():
    # Published on 2024-07-02, replaced 20 days later.
    plan = "rate=1,kinds=replaced"
    times = [parse_time(each) for each in ("2024-07-21", "2024-07-23")]
    found = []
    for at in times:
        with reading(symbols=1, at=at, archive_defects=plan) as reader:
            listed = reader.page(prefix=MONTH[:-4])
            found.append((reader.rows(MONTH), listed.all("Contents/LastModified")[0]))
            assert met(reader).get("replaced", 0) == (1 if len(found) == 1 else 0)
            assert reader.get(MONTH).headers["ETag"] == listed.all("Contents/ETag")[0]
            assert reader.agrees(MONTH)
    with reading(symbols=1) as reader:
        right = reader.rows(MONTH)

    assert found[0][0] != right
    assert found[1][0] == right
    assert [modified[:10] for _, modified in found] == ["2024-07-02", "2024-07-22"]


def test_what_is_cleared_is_replaced_at_once(flawed):
    _, wrong = damage(flawed, "wrong_values")
    bad = flawed.head(MONTH).headers

    flawed.tell("DELETE", "archive")

    good = flawed.head(MONTH).headers
    assert good["ETag"] != bad["ETag"]
    assert good["Last-Modified"] == "Tue, 30 Jul 2024 12:00:20 GMT"
    assert flawed.rows(MONTH) != wrong
    assert flawed.page(prefix=MONTH[:-4]).all("Contents/ETag")[0] == good["ETag"]


def test_a_zip_is_cut_short(flawed):
    whole = flawed.file(MONTH)
    flawed.tell("POST", "archive", {"kind": "cut_zip", "path": MONTH})

    reply = flawed.get(MONTH)

    assert reply.content == whole[: len(whole) * 2 // 3]
    assert int(reply.headers["Content-Length"]) == len(reply.content)
    assert reply.headers["ETag"] == f'"{hashlib.md5(reply.content).hexdigest()}"'
    told = flawed.file(f"{MONTH}.CHECKSUM").decode()
    assert told == f"{hashlib.sha256(whole).hexdigest()}  BTCUSDT-1h-2024-06.zip"


def test_a_bomb_is_small_and_its_checksum_fits(flawed):
    flawed.tell("POST", "archive", {"kind": "zip_bomb", "path": MONTH})

    body = flawed.file(MONTH)

    with zipfile.ZipFile(io.BytesIO(body)) as archive, archive.open(archive.infolist()[0]) as file:
        (member,) = archive.infolist()
        assert file.read(1 << 20) == b" " * (1 << 20)
    assert len(body) < 1_200_000
    assert (member.filename, member.file_size) == ("BTCUSDT-1h-2024-06.csv", (1 << 30) + 2)
    assert flawed.agrees(MONTH)


def test_a_checksum_is_missing(flawed):
    flawed.tell("POST", "archive", {"kind": "no_checksum", "path": MONTH})

    assert flawed.get(f"{MONTH}.CHECKSUM").status_code == 404
    assert flawed.keys(prefix=MONTH[:-4]) == [MONTH]


def test_a_checksum_that_comes_late_leaves_its_file_alone():
    with reading(symbols=1) as reader:
        reader.tell("POST", "archive", {"kind": "no_checksum", "path": MONTH})
        before = reader.head(MONTH).headers
        reader.tell("DELETE", "archive")

        after = reader.head(MONTH).headers
        assert reader.agrees(MONTH)

    assert [after[name] for name in ("ETag", "Last-Modified")] == [
        before[name] for name in ("ETag", "Last-Modified")
    ]


def test_a_checksum_is_that_of_another_file(flawed):
    flawed.tell("POST", "archive", {"kind": "other_checksum", "path": MONTH})

    assert flawed.get(f"{MONTH}.CHECKSUM").content == flawed.file(f"{BEFORE}.CHECKSUM")
    assert flawed.agrees(BEFORE)


def test_a_file_is_absent(flawed):
    flawed.tell("POST", "archive", {"kind": "absent", "path": MONTH})

    assert flawed.get(MONTH).status_code == 404
    assert flawed.get(f"{MONTH}.CHECKSUM").status_code == 404
    assert MONTH not in flawed.keys(prefix=FOLDER)
    assert BEFORE in flawed.keys(prefix=FOLDER)


@pytest.mark.parametrize(("days", "status"), [(10, 200), (40, 404)])
def test_a_file_is_late(days, status):
    with reading(symbols=1) as reader:
        late = {"kind": "late", "path": MONTH, "seconds": days * 86_400}
        reader.tell("POST", "archive", late)
        reply = reader.get(MONTH)
        keys = reader.keys(prefix=FOLDER)

    assert reply.status_code == status
    assert (MONTH in keys) is (status == 200)
    modified = reply.headers.get("Last-Modified", "none")
    assert modified[:16] == ("Fri, 12 Jul 2024" if status == 200 else "none")


def test_a_file_is_denied_though_it_is_listed(flawed):
    flawed.tell("POST", "archive", {"kind": "denied_file", "path": MONTH})

    reply = flawed.get(MONTH)

    assert reply.status_code == 403
    assert ET.fromstring(reply.content).findtext("Code") == "AccessDenied"
    assert MONTH in flawed.keys(prefix=FOLDER)


def test_a_defect_is_in_as_many_files_as_were_asked_for(flawed):
    flawed.tell("POST", "archive", {"kind": "absent", "path": "-2024-06.zip", "count": 2})

    others = [MONTH.replace("1h", interval) for interval in ("2h", "1h", "4h", "6h")]
    assert [flawed.get(key).status_code for key in others] == [404, 404, 200, 200]
    # Those that have it keep it.
    assert [flawed.get(key).status_code for key in others] == [404, 404, 200, 200]
    assert met(flawed)["absent"] >= 2


def test_a_defect_waits_for_a_file_that_can_have_it(flawed):
    flawed.tell("POST", "archive", {"kind": "missing_day"})

    assert len(flawed.rows(WEEK)) == 4
    assert len(flawed.rows(MONTH.replace("monthly", "daily").replace("-06", "-06-01"))) == 24
    assert len(flawed.rows(MONTH)) == 29 * 24
    assert len(flawed.rows(BEFORE)) == 31 * 24


def test_what_was_met_is_counted(flawed):
    before = met(flawed).get("cut_zip", 0)
    flawed.tell("POST", "archive", {"kind": "cut_zip", "path": MONTH})

    flawed.get(MONTH)
    flawed.get(MONTH)
    flawed.get(BEFORE)

    told = flawed.tell("GET", "state")["archive"]
    assert told["met"]["cut_zip"] == before + 1
    assert told["asked"] == [{"kind": "cut_zip", "path": MONTH, "count": 1, "seconds": 0.0}]


REFUSED = {"listing_denied": 403, "listing_error": 500, "listing_slow_down": 503}


@pytest.mark.parametrize("kind", list(REFUSED))
def test_a_listing_is_refused_as_often_as_was_asked_for(flawed, kind):
    flawed.tell("POST", "archive", {"kind": kind, "count": 2})

    replies = [flawed.listing(prefix=FOLDER, max_keys=1) for _ in range(3)]

    assert [reply.status_code for reply in replies] == [REFUSED[kind]] * 2 + [200]
    assert ET.fromstring(replies[0].content).tag == "Error"


def test_a_listing_is_cut(flawed):
    whole = flawed.listing(prefix=FOLDER, max_keys=4)
    flawed.tell("POST", "archive", {"kind": "listing_cut"})

    reply = flawed.listing(prefix=FOLDER, max_keys=4)

    assert reply.content == whole.content[: len(whole.content) // 2]
    with pytest.raises(ET.ParseError):
        ET.fromstring(reply.content)


def test_a_listing_is_another_document(flawed):
    flawed.tell("POST", "archive", {"kind": "listing_other_root"})
    flawed.tell("POST", "archive", {"kind": "listing_html"})

    other, page = (flawed.listing(prefix=FOLDER, max_keys=2) for _ in range(2))

    assert not ET.fromstring(other.content).tag.endswith("ListBucketResult")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html")


@pytest.mark.parametrize("delimiter", ["", "/"])
def test_a_listing_does_not_get_on(flawed, delimiter):
    asked = {"prefix": f"{USDM}/monthly/", "delimiter": delimiter, "max_keys": 2}
    flawed.tell("POST", "archive", {"kind": "listing_standing", "count": 5})

    pages = list(itertools.islice(flawed.pages(**asked), 5))

    assert len({(*page.keys, *page.prefixes, page.next_marker) for page in pages}) == 1
    assert all(page.is_truncated for page in pages)


def test_faults_of_the_market_leave_the_archive_as_it_is(flawed):
    flawed.tell("POST", "faults", {"kind": "clock_offset", "path": "/time"})

    assert flawed.get("data/time").status_code == 404


def test_faults_of_the_wire_meet_files_and_listings(flawed):
    flawed.tell("POST", "faults", {"kind": "reset_mid_body", "path": MONTH.rpartition("/")[2]})
    flawed.tell("POST", "faults", {"kind": "html502", "path": "/data.binance.vision"})

    with pytest.raises(Exception, match=r"(?i)connection|chunked|incomplete"):
        flawed.file(MONTH)
    assert flawed.listing(prefix=FOLDER).status_code == 502
    assert flawed.listing(prefix=FOLDER, max_keys=1).ok
    assert flawed.agrees(MONTH)


def test_a_plan_is_the_same_every_time():
    plan = "seed=5,rate=0.3"
    keys = [MONTH.replace("06", f"{month:02}") for month in range(1, 7)]
    keys += [key.replace("1h", "4h") for key in keys]
    seen = []
    for _ in range(2):
        with reading(symbols=1, archive_defects=plan) as reader:
            seen.append([(reader.get(key).status_code, reader.get(key).content) for key in keys])
            found = met(reader)

    assert seen[0] == seen[1]
    assert 1 <= sum(found.values()) <= 9


def test_a_plan_damages_about_as_many_files_as_asked():
    plan = parse_defect_plan("seed=2,rate=0.2")

    drawn = [plan.drawn(f"key {n}", plan.kinds) for n in range(2000)]

    names = {each.name for each in drawn if each is not None}
    assert abs(sum(each is not None for each in drawn) / 2000 - 0.2) < 0.03
    assert names == set(DEFECTS)


def test_clearing_ends_the_plan():
    with reading(symbols=1, archive_defects="rate=1,kinds=absent+listing_denied") as reader:
        assert reader.get(MONTH).status_code == 404
        assert reader.listing(prefix=FOLDER).status_code == 403

        reader.tell("DELETE", "archive")

        assert reader.agrees(MONTH)
        assert MONTH in reader.keys(prefix=FOLDER)


@pytest.mark.parametrize("kind", EVERY_FILE)
def test_every_kind_changes_what_a_client_sees(flawed, kind):
    def seen():
        replies = [flawed.get(key) for key in (MONTH, f"{MONTH}.CHECKSUM")]
        return [(reply.status_code, reply.headers.get("ETag")) for reply in replies]

    before = seen()
    flawed.tell("POST", "archive", {"kind": kind, "path": MONTH, "seconds": 0})

    assert seen() != before


@pytest.mark.parametrize("kind", EVERY_LISTING)
def test_every_failure_of_a_listing_is_told_by_its_name(flawed, kind):
    before = met(flawed).get(kind, 0)
    flawed.tell("POST", "archive", {"kind": kind})

    first, second = (flawed.listing(prefix=MONTH) for _ in range(2))

    assert first.content != second.content
    assert met(flawed)[kind] == before + 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, "expected a kind of defect"),
        ({"kind": "no such"}, "expected a kind.*found 'no such'"),
        ({"kind": ["absent"]}, "expected a kind"),
        ({"kind": "absent", "often": 2}, "expected an object with kind"),
        ({"kind": "absent", "count": 0}, "expected count"),
        ({"kind": "absent", "count": True}, "expected count"),
        ({"kind": "absent", "path": 5}, "expected text for path"),
        ({"kind": "late", "seconds": -1}, "seconds"),
        ({"kind": "late", "seconds": float("nan")}, "seconds"),
        ({"kind": "late", "seconds": True}, "seconds"),
    ],
)
def test_what_is_no_defect_is_refused(content, says):
    with pytest.raises(InputError, match=says):
        parse_defect(content)


@pytest.mark.parametrize("text", ["", "seed=7", "rate=2", "rate=x", "rate=nan", "rate=1,how=2"])
def test_what_is_no_plan_is_refused(text):
    with pytest.raises(InputError, match="expected defects like"):
        parse_defect_plan(text)


def test_a_plan_may_be_of_some_kinds():
    plan = parse_defect_plan("rate=0.5,kinds=absent+late")

    assert plan == SeededPlan(1, 0.5, (DEFECTS["absent"], DEFECTS["late"]))
    with pytest.raises(InputError, match="expected a kind of defect"):
        parse_defect_plan("rate=0.5,kinds=nothing")


def test_there_is_an_end_to_what_can_be_asked_for():
    defects = Defects()
    for _ in range(1000):
        defects.add(parse_defect({"kind": "absent"}))

    with pytest.raises(InputError, match="at most 1000"):
        defects.add(parse_defect({"kind": "absent"}))


def test_spot_has_the_same_defects(flawed):
    path = MONTH.replace(USDM, SPOT)

    before, after = damage(flawed, "missing_day", path)

    assert len(before) - len(after) == 24


def test_every_kind_is_described():
    page = (Path(__file__).parents[3] / "docs" / "exchange.md").read_text("utf-8")

    assert [name for name in DEFECTS if f"| `{name}` |" not in page] == []
