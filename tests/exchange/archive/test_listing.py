"""The listing, page by page, as S3 gives it."""

from __future__ import annotations

from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divbot.domain.clock import parse_time

from .readers import SPOT, USDM, Page, reading

FOLDER = f"{USDM}/monthly/klines/BTCUSDT/1d/"
NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


def stem(date, interval="1d"):
    return f"{USDM}/monthly/klines/BTCUSDT/{interval}/BTCUSDT-{interval}-{date}.zip"


def test_a_folder_lists_each_month_and_its_checksum(plain):
    page = plain.page(prefix=FOLDER)

    months = [f"{year}-{month:02}" for year in range(2020, 2025) for month in range(1, 13)][:54]
    expected = [stem(month) + end for month in months for end in ("", ".CHECKSUM")]
    assert page.keys == expected
    assert not page.is_truncated


def test_what_is_listed_is_what_is_sent(plain):
    page = plain.page(prefix=stem("2024-0")[:-4])

    for key, etag, size, modified in zip(
        page.keys,
        page.all("Contents/ETag"),
        page.all("Contents/Size"),
        page.all("Contents/LastModified"),
        strict=True,
    ):
        reply = plain.get(key)
        assert reply.headers["ETag"] == etag
        assert len(reply.content) == int(size)
        assert modified[8:10] == reply.headers["Last-Modified"][5:7]
        assert modified.endswith(".000Z")
    assert page.all("Contents/StorageClass") == ["STANDARD"] * 12


def test_a_page_has_the_shape_that_s3_gives_it(plain):
    page = plain.page(prefix=f"{USDM}/monthly/", delimiter="/", max_keys=2)

    assert page.root.tag == f"{NAMESPACE}ListBucketResult"
    assert [each.tag.removeprefix(NAMESPACE) for each in page.root] == [
        "Name",
        "Prefix",
        "Marker",
        "NextMarker",
        "MaxKeys",
        "Delimiter",
        "IsTruncated",
        "CommonPrefixes",
        "CommonPrefixes",
    ]
    assert page.text("Name") == "data.binance.vision"
    assert page.text("NextMarker") == page.prefixes[-1] == f"{USDM}/monthly/indexPriceKlines/"


def test_only_a_delimiter_gives_a_next_marker(plain):
    page = plain.page(prefix=FOLDER, max_keys=3)

    assert (page.is_truncated, page.text("NextMarker")) == (True, None)
    assert len(page.keys) == 3


def test_a_thousand_entries_make_a_page(plain):
    folder = f"{SPOT}/daily/klines/BTCUSDT/1d/"

    pages = list(plain.pages(prefix=folder))

    keys = [key for page in pages for key in page.keys]
    assert [len(page.keys) for page in pages][:-1] == [1000] * (len(pages) - 1)
    assert len(keys) == len(set(keys)) == 2 * 1672  # all days from 2020-01-01 to 2024-07-29
    assert keys == sorted(keys)
    assert {page.text("MaxKeys") for page in pages} == {"1000"}


def test_a_market_of_more_than_a_thousand_symbols_needs_a_second_page():
    with reading(symbols=1003) as reader:
        pages = list(reader.pages(prefix=f"{SPOT}/monthly/klines/", delimiter="/"))

    assert [len(page.prefixes) for page in pages] == [1000, 3]
    names = [each for page in pages for each in page.prefixes]
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", ["data/"]),
        ("data", ["data/"]),
        ("data/", ["data/futures/", "data/spot/"]),
        ("data/futures/", ["data/futures/um/"]),
        (f"{USDM}/", [f"{USDM}/daily/", f"{USDM}/monthly/"]),
        (f"{SPOT}/daily/", [f"{SPOT}/daily/klines/"]),
        (f"{USDM}/monthly/f", [f"{USDM}/monthly/fundingRate/"]),
        (f"{USDM}/daily/f", []),
        (f"{USDM}/monthly/klines/BTC", [f"{USDM}/monthly/klines/BTCUSDT/"]),
        ("data/option/", []),
        ("nothing", []),
    ],
)
def test_folders_are_rolled_up(plain, prefix, expected):
    page = plain.page(prefix=prefix, delimiter="/")

    assert (page.prefixes, page.keys, page.is_truncated) == (expected, [], False)
    assert page.text("Prefix") == prefix


def test_intervals_are_where_the_archive_has_them(plain):
    every = ["12h", "15m", "1d", "1h", "1m", "2h", "30m", "3m", "4h", "5m", "6h", "8h"]

    for market in (SPOT, USDM):
        assert plain.symbols(f"{market}/daily/klines/BTCUSDT") == every
        longer = sorted([*every, "1mo", "1w", "3d"], key=lambda name: f"{name}/")
        assert plain.symbols(f"{market}/monthly/klines/BTCUSDT") == longer


def test_funding_has_no_folder_for_an_interval(plain):
    page = plain.page(prefix=f"{USDM}/monthly/fundingRate/BTCUSDT/", delimiter="/")

    assert page.prefixes == []
    assert page.keys[0].endswith("/fundingRate/BTCUSDT/BTCUSDT-fundingRate-2020-01.zip")


def test_a_prefix_may_end_within_a_name(plain):
    assert plain.keys(prefix=stem("2024-0")[:-4])[::2] == [
        stem(f"2024-0{month}") for month in range(1, 7)
    ]
    assert plain.keys(prefix=stem("2024-03")) == [stem("2024-03"), stem("2024-03") + ".CHECKSUM"]


@pytest.mark.parametrize(
    "marker",
    [
        pytest.param(stem("2023-12") + ".CHECKSUM", id="a key"),
        pytest.param(stem("2023-12") + "x", id="no key"),
        pytest.param(f"{FOLDER}BTCUSDT-1d-2024", id="part of a key"),
        pytest.param(stem("2023-12") + "\U0010ffff", id="the last of letters"),
    ],
)
def test_any_text_says_where_to_go_on(plain, marker):
    assert plain.keys(prefix=FOLDER, marker=marker)[0] == stem("2024-01")


@pytest.mark.parametrize("marker", ["e", "data/tpot", f"{FOLDER}C", f"{FOLDER[:-1]}0"])
def test_after_the_last_key_there_is_nothing(plain, marker):
    page = plain.page(prefix=FOLDER, marker=marker)

    assert (page.keys, page.is_truncated) == ([], False)


def test_a_marker_before_the_prefix_changes_nothing(plain):
    assert plain.keys(prefix=FOLDER, marker="a") == plain.keys(prefix=FOLDER)


def second_version(plain, **parameters):
    page = plain.page(list_type=2, **parameters)
    yield page
    while page.is_truncated:
        token = page.text("NextContinuationToken")
        page = plain.page(list_type=2, continuation_token=token, **parameters)
        yield page


def test_the_second_version_goes_on_by_a_token(plain):
    pages = list(second_version(plain, prefix=FOLDER, max_keys=40))

    assert [key for page in pages for key in page.keys] == plain.keys(prefix=FOLDER)
    assert [page.text("KeyCount") for page in pages] == ["40", "40", "28"]
    assert pages[0].text("Marker") is None
    assert pages[-1].text("NextContinuationToken") is None


def test_the_second_version_starts_after_any_key(plain):
    page = plain.page(list_type=2, prefix=FOLDER, start_after=stem("2024-04"))

    assert page.keys[0] == stem("2024-04") + ".CHECKSUM"
    assert page.text("StartAfter") == stem("2024-04")


def test_folders_go_on_by_a_token_too(plain):
    folder = f"{USDM}/monthly/klines/BTCUSDT/"

    pages = list(second_version(plain, prefix=folder, delimiter="/", max_keys=4))

    found = [each for page in pages for each in page.prefixes]
    assert found == plain.page(prefix=folder, delimiter="/").prefixes
    assert len(pages) == 4


@settings(max_examples=25, deadline=None)
@given(
    cut=st.integers(0, len(FOLDER)),
    delimiter=st.sampled_from(["", "/", "-", "USDT", ".zip"]),
    size=st.integers(1, 60),
)
def test_pages_of_any_size_hold_together_what_one_holds(plain, cut, delimiter, size):
    after = {"prefix": FOLDER[:cut], "delimiter": delimiter}
    whole = plain.page(**after, max_keys=120)

    entries = []
    marker = ""
    while len(entries) < 120:
        page = plain.page(**after, marker=marker, max_keys=size)
        entries += sorted([*page.keys, *page.prefixes])
        if not page.is_truncated:
            break
        marker = entries[-1]

    assert entries[:120] == sorted([*whole.keys, *whole.prefixes])


def test_names_are_ordered_by_their_bytes(full):
    names = [
        each
        for page in full.pages(prefix=f"{USDM}/monthly/klines/", delimiter="/")
        for each in page.prefixes
    ]

    assert names == sorted(names, key=lambda each: each.encode())
    base, dated = (f"{USDM}/monthly/klines/{name}/" for name in ("BTCUSDT", "BTCUSDT_240628"))
    assert names.index(base) < names.index(dated)
    assert not names[-1].isascii()


def test_keys_are_encoded_where_that_is_asked_for(full):
    folder = f"{USDM}/monthly/klines/币安人生USDT/1d/"

    page = full.page(prefix=folder, encoding_type="url", max_keys=2)

    assert page.text("EncodingType") == "url"
    assert page.text("Prefix").isascii()
    assert [unquote(key) for key in page.keys] == full.page(prefix=folder, max_keys=2).keys


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"max-keys": "x"}, "InvalidArgument"),
        ({"max-keys": "-1"}, "InvalidArgument"),
        ({"max-keys": "99999999999"}, "InvalidArgument"),
        ({"max-keys": "1" * 5000}, "InvalidArgument"),
        ({"max-keys": ""}, "InvalidArgument"),
        ({"max-keys": "٣"}, "InvalidArgument"),
        ({"list-type": "3"}, "InvalidArgument"),
        ({"list-type": "2", "continuation-token": "no token"}, "InvalidArgument"),
        ({"list-type": "2", "continuation-token": "_w=="}, "InvalidArgument"),
        ({"encoding-type": "html"}, "InvalidArgument"),
        ({"prefix": "data/\0"}, "InvalidArgument"),
        ({"marker": "\x1b[31m"}, "InvalidArgument"),
        ({"prefix": "x" * 1025}, "KeyTooLongError"),
        ({f"p{n}": "" for n in range(200)}, "InvalidArgument"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused(plain, parameters, code):
    reply = plain.session.get(plain.listing_url, params=parameters, timeout=60)

    assert reply.status_code == 400
    assert ET.fromstring(reply.content).findtext("Code") == code


@pytest.mark.parametrize(
    ("asked", "told", "count"), [(0, "0", 0), (1, "1", 1), (5000, "1000", 108)]
)
def test_no_page_is_larger_than_a_thousand(plain, asked, told, count):
    page = plain.page(prefix=FOLDER, max_keys=asked)

    assert (page.text("MaxKeys"), len(page.keys)) == (told, count)
    assert page.is_truncated is (asked == 1)


def test_the_page_for_browsers_is_no_listing(plain):
    reply = plain.session.get(f"{plain.base}/", params={"prefix": "data/"}, timeout=60)

    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "text/html")
    assert "<html>" in reply.text
    assert plain.session.get(f"{plain.base}/?delimiter=/&prefix=", timeout=60).status_code == 200
    assert plain.session.get(f"{plain.base}/", timeout=60).status_code == 404


def test_the_bucket_may_have_a_slash(plain):
    reply = plain.session.get(f"{plain.listing_url}/", params={"prefix": FOLDER}, timeout=60)

    assert Page(ET.fromstring(reply.content)).keys == plain.keys(prefix=FOLDER)


def test_replies_of_rest_tell_where_the_listing_is(plain):
    reply = plain.session.get(f"{plain.base}/api/v3/ping", timeout=60)

    assert plain.base + reply.headers["X-Divbot-Archive"] == plain.listing_url


@pytest.mark.parametrize(
    ("at", "newest"),
    [
        ("2024-07-02T10:00", "2024-05"),
        ("2024-07-02T11:00", "2024-06"),
        ("2024-08-02T10:30", "2024-06"),
    ],
)
def test_a_month_comes_on_the_second_day_of_the_next(at, newest):
    with reading(symbols=1, at=parse_time(at)) as reader:
        assert reader.keys(prefix=FOLDER)[-1] == stem(newest) + ".CHECKSUM"
        assert reader.get(stem(newest)).ok
        assert reader.get(stem("2024-07")).status_code == 404


@pytest.mark.parametrize(
    ("market", "at", "newest"),
    [
        (USDM, "2024-07-15T08:29", "2024-07-13"),
        (USDM, "2024-07-15T08:46", "2024-07-14"),
        (SPOT, "2024-07-15T03:59", "2024-07-13"),
        (SPOT, "2024-07-15T06:01", "2024-07-14"),
    ],
)
def test_a_day_comes_on_the_next_morning(market, at, newest):
    with reading(symbols=1, at=parse_time(at)) as reader:
        keys = reader.keys(prefix=f"{market}/daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-07")

    assert keys[-2].endswith(f"-{newest}.zip")


@pytest.mark.parametrize(("at", "newest"), [("01T08:00", "2024-06"), ("01T08:30", "2024-07")])
def test_funding_comes_on_the_first_day(at, newest):
    folder = f"{USDM}/monthly/fundingRate/BTCUSDT/"
    with reading(symbols=1, at=parse_time(f"2024-08-{at}")) as reader:
        assert reader.keys(prefix=folder)[-2].endswith(f"-{newest}.zip")


def test_a_week_that_is_not_over_keeps_its_month_waiting():
    # The week that opens on 2024-07-29 closes on 2024-08-04.
    key = f"{SPOT}/monthly/klines/BTCUSDT/1w/BTCUSDT-1w-2024-07.zip"
    with reading(symbols=1, at=parse_time("2024-08-04T12:00")) as early:
        assert early.get(key).status_code == 404
    with reading(symbols=1, at=parse_time("2024-08-07")) as late:
        opens = [int(row[0]) for row in late.rows(key)]

    assert opens[-1] == parse_time("2024-07-29")
