"""The archive's client: lists are read to their end, files are what their checksum says."""

from __future__ import annotations

import hashlib

import pytest

from divbot.binance.archive.archive import ATTEMPTS
from divbot.binance.archive.keys import ArchiveSeries, FilePeriod, Product, first_moment
from divbot.binance.archive.listings import ArchivedFile
from divbot.binance.transport.transport import HttpReply
from divbot.domain.clock import parse_time
from divbot.domain.errors import BadAnswer, VenueUnreachable
from divbot.domain.market import Interval, Market

from .buckets import Bucket, archive_of, whole

FOLDER = "data/futures/um/monthly/klines/"
PREFIX = f"{FOLDER}BTCUSDT/1h/BTCUSDT-1h-"


def months(count: int) -> dict[str, bytes]:
    names = [f"{2000 + n // 12}-{n % 12 + 1:02}" for n in range(count)]
    return {k: v for x in names for k, v in whole(f"{PREFIX}{x}.zip").items()}


def test_a_list_of_more_than_a_page_is_read_to_its_end() -> None:
    names = [f"S{n:04}USDT" for n in range(2345)] + ["币安人生USDT"]
    bucket = Bucket({f"{FOLDER}{x}/1h/{x}-1h-2024-01.zip": b"" for x in names})

    found = archive_of(bucket).symbols(Market.USDM, Product.KLINES)

    assert found == tuple(sorted(names))


def test_symbols_that_have_days_alone_are_found_and_the_folder_itself_is_none() -> None:
    daily = "data/futures/um/daily/klines/"
    files = {f"{daily}NEWUSDT/1h/NEWUSDT-1h-2024-01-01.zip": b"", daily: b"", FOLDER: b""}

    assert archive_of(Bucket(files)).symbols(Market.USDM, Product.KLINES) == ("NEWUSDT",)


def test_a_symbol_that_begins_as_another_one_does_is_another_one() -> None:
    other = f"{FOLDER}BTCUSDT_240628/1h/BTCUSDT_240628-1h-2024-01.zip"
    bucket = Bucket({**months(3), **whole(other)})
    series = ArchiveSeries(Market.USDM, Product.KLINES, "BTCUSDT", Interval.H1)

    found = archive_of(bucket).entries(series.prefix(FilePeriod.MONTHLY), "2000", "2025")

    assert [x.key for x in found] == [f"{PREFIX}2000-0{n}.zip" for n in (1, 2, 3)]


def test_a_list_is_read_from_its_range_s_start_and_not_beyond_its_end() -> None:
    bucket = Bucket(months(1500))

    found = list(archive_of(bucket).entries(PREFIX, "2010-01", "2010-07", 12))

    inside = [x for x in found if x.key < f"{PREFIX}2010-07"]
    assert [x.key[-11:-4] for x in inside] == [f"2010-0{n}" for n in range(1, 7)]
    assert len(bucket.asked) <= 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>a page</body></html>",
        b"<!DOCTYPE html><html></html>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><ListBucketResult/>',
        b"<Error><Code>AccessDenied</Code></Error>",
        b"<ListBucketResult></ListBucketResult>",
        b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>x</Key></Contents>",
        b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key><Size>-1</Size>"
        b"</Contents></ListBucketResult>",
    ],
)
def test_what_is_no_list_is_an_error_and_no_empty_list(body: bytes) -> None:
    bucket = Bucket(months(1))
    bucket.answers = [HttpReply(200, {}, body)] * ATTEMPTS

    with pytest.raises(BadAnswer, match=f"the archive, its list of {PREFIX}: expected "):
        list(archive_of(bucket).entries(PREFIX, "2000", "2025"))


def test_a_page_that_comes_again_ends_nothing_well() -> None:
    bucket = Bucket(months(600))
    first = bucket.page({"prefix": PREFIX, "max-keys": 1000})
    bucket.answers = [HttpReply(200, {}, first.encode())] * (ATTEMPTS + 1)

    with pytest.raises(BadAnswer, match="found one that was there before"):
        list(archive_of(bucket).entries(PREFIX, "2000", "2100"))


def test_trouble_is_waited_out() -> None:
    bucket = Bucket(months(1))
    trouble = [HttpReply(status, {}, b"") for status in (503, 429, 403)]
    bucket.answers = [*trouble]

    assert len(list(archive_of(bucket).entries(PREFIX, "2000", "2025"))) == 1
    bucket.answers = [VenueUnreachable("reset"), *trouble[:2]]
    entry = ArchivedFile(f"{PREFIX}2000-01.zip", 5, "", "")
    assert archive_of(bucket).file(entry).content == b"a zip"


@pytest.mark.parametrize(
    ("status", "said"),
    [(403, "the archive refuses "), (503, "the archive is in trouble with ")],
)
def test_a_refusal_says_of_what(status: int, said: str) -> None:
    bucket = Bucket(months(1))
    bucket.answers = [HttpReply(status, {}, b"")] * 2 * ATTEMPTS
    key = f"{PREFIX}2000-01.zip"

    with pytest.raises(BadAnswer, match=f"{said}{key} .HTTP {status}."):
        archive_of(bucket).file(ArchivedFile(key, 5, "", ""))
    with pytest.raises(BadAnswer, match=f"{said}its list of {PREFIX} .HTTP {status}."):
        list(archive_of(bucket).entries(PREFIX, "2000", "2025"))


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (b"0" * 64 + b"  BTCUSDT-1h-2000-01.zip", "is not what its checksum says"),
        (hashlib.sha256(b"a zip").hexdigest().encode() + b"  ETHUSDT-1h-2000-01.zip", "is that of"),
        (b"", "is not what its checksum says"),
        (b"\xff\xfe", "is not what its checksum says"),
    ],
    ids=["another digest", "another name", "empty", "no text"],
)
def test_a_file_that_is_not_what_its_checksum_says_is_refused(told: bytes, problem: str) -> None:
    bucket = Bucket(whole(f"{PREFIX}2000-01.zip", told=told))

    with pytest.raises(BadAnswer, match=problem):
        archive_of(bucket).file(ArchivedFile(f"{PREFIX}2000-01.zip", 5, "", ""))


def test_old_checksums_end_without_a_newline() -> None:
    files = whole(f"{PREFIX}2000-01.zip")
    bucket = Bucket({key: content.rstrip() for key, content in files.items()})

    file = archive_of(bucket).file(ArchivedFile(f"{PREFIX}2000-01.zip", 5, "", ""))

    assert file.sha256 == hashlib.sha256(b"a zip").hexdigest()


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_file_without_a_checksum_has_to_be_what_the_list_says(*, is_whole: bool) -> None:
    key = f"{PREFIX}2000-01.zip"
    md5 = hashlib.md5(b"a zip", usedforsecurity=False).hexdigest()
    archive = archive_of(Bucket({key: b"a zip" if is_whole else b"another"}))

    if is_whole:
        assert archive.file(ArchivedFile(key, 5, md5, "")).content == b"a zip"
    else:
        with pytest.raises(BadAnswer, match="has no checksum"):
            archive.file(ArchivedFile(key, 5, md5, ""))


def test_a_name_of_any_script_is_asked_for_in_utf_8() -> None:
    key = f"{FOLDER}币安人生USDT/1h/币安人生USDT-1h-2024-01.zip"
    bucket = Bucket(whole(key))

    archive_of(bucket).file(ArchivedFile(key, 5, "", ""))

    assert bucket.asked[0].isascii()


@pytest.mark.parametrize(
    ("key", "moment"),
    [
        ("x/BTCUSDT-1h-2024-05.zip", "2024-05-01"),
        ("x/BTCUSDT-1h-2024-05-31.zip", "2024-05-31"),
        ("x/ADABKRW-1d-2020-8.zip", "2020-08-01"),
        ("x/BTCUSDT-1h-2024-05.zip.CHECKSUM", None),
        ("x/BTCUSDT-1h-2024-13.zip", None),
        ("x/notes.zip", None),
    ],
)
def test_a_key_tells_its_month_or_day(key: str, moment: str | None) -> None:
    assert first_moment(key) == (None if moment is None else parse_time(moment))


@pytest.mark.parametrize(
    ("series", "period", "prefix"),
    [
        (
            ArchiveSeries(Market.SPOT, Product.KLINES, "BTCUSDT", Interval.MONTH),
            FilePeriod.MONTHLY,
            "data/spot/monthly/klines/BTCUSDT/1mo/BTCUSDT-1mo-",
        ),
        (
            ArchiveSeries(Market.USDM, Product.MARK_KLINES, "BTCUSDT", Interval.M1),
            FilePeriod.DAILY,
            "data/futures/um/daily/markPriceKlines/BTCUSDT/1m/BTCUSDT-1m-",
        ),
        (
            ArchiveSeries(Market.USDM, Product.FUNDING, "BTCUSDT"),
            FilePeriod.MONTHLY,
            "data/futures/um/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-",
        ),
    ],
)
def test_keys_are_the_archive_s_own(series: ArchiveSeries, period: FilePeriod, prefix: str) -> None:
    assert series.prefix(period) == prefix


def test_long_candles_and_funding_come_by_months_alone() -> None:
    for interval in (Interval.D3, Interval.W1, Interval.MONTH):
        series = ArchiveSeries(Market.USDM, Product.KLINES, "BTCUSDT", interval)
        assert [x for x in FilePeriod if series.comes(x)] == [FilePeriod.MONTHLY]
    assert not ArchiveSeries(Market.USDM, Product.FUNDING, "BTCUSDT").comes(FilePeriod.DAILY)
