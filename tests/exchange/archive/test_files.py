"""Files as they are sent, and what is in them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from decimal import Decimal

import pandas as pd
import pytest

from divbot.domain.clock import parse_time

from .readers import SPOT, USDM, reading

HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore"
)
MONTH = f"{USDM}/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-06.zip"
INTERVALS = ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d"]


def key_of(market, cadence, kind, interval, date, symbol="BTCUSDT"):
    return f"{market}/{cadence}/{kind}/{symbol}/{interval}/{symbol}-{interval}-{date}.zip"


def rest_path(market, kind):
    return f"/api/v3/{kind}" if market == SPOT else f"/fapi/v1/{kind}"


def values(rows):
    """Return rows as exact values: a volume may be written without its fraction."""
    return [[Decimal(str(field)) for field in row[:11]] for row in rows]


@pytest.mark.parametrize("market", [SPOT, USDM])
@pytest.mark.parametrize("interval", ["1m", "15m", "1h", "4h"])
def test_a_day_of_candles_is_what_rest_tells(plain, market, interval):
    start = parse_time("2024-07-28")

    rows = plain.rows(key_of(market, "daily", "klines", interval, "2024-07-28"))

    told = plain.rest(
        rest_path(market, "klines"),
        symbol="BTCUSDT",
        interval=interval,
        startTime=start,
        endTime=start + 86_399_999,
        limit=1000,
    )
    assert values(rows)[: len(told)] == values(told)
    assert len(rows) == {"1m": 1440, "15m": 96, "1h": 24, "4h": 6}[interval]


@pytest.mark.parametrize("interval", ["12h", "1d", "3d", "1w", "1mo"])
@pytest.mark.parametrize("market", [SPOT, USDM])
def test_a_month_holds_the_candles_that_open_in_it(plain, market, interval):
    start, end = parse_time("2024-05-01"), parse_time("2024-06-01")

    rows = plain.rows(key_of(market, "monthly", "klines", interval, "2024-05"))

    told = plain.rest(
        rest_path(market, "klines"),
        symbol="BTCUSDT",
        interval=interval.replace("1mo", "1M"),
        startTime=start,
        endTime=end - 1,
        limit=1000,
    )
    assert values(rows) == values(told)


@pytest.mark.parametrize("kind", ["markPriceKlines", "indexPriceKlines", "premiumIndexKlines"])
@pytest.mark.parametrize("interval", ["1m", "1h", "1d"])
def test_prices_that_are_derived_are_what_rest_tells(plain, kind, interval):
    start = parse_time("2024-07-28")
    name = "pair" if kind.startswith("index") else "symbol"

    rows = plain.rows(key_of(USDM, "daily", kind, interval, "2024-07-28"))

    told = plain.rest(
        rest_path(USDM, kind), **{name: "BTCUSDT"}, interval=interval, startTime=start, limit=1000
    )
    count = min(len(rows), len(told))
    assert [row[:5] for row in rows[:count]] == [
        [str(each[0]), *each[1:5]] for each in told[:count]
    ]
    assert {tuple(row[5:6] + row[7:8] + row[9:]) for row in rows} == {("0",) * 5}
    assert {row[8] for row in rows} == {{"1m": "60", "1h": "3600", "1d": "86400"}[interval]}


def test_a_month_of_minutes_of_the_mark_price_is_whole(plain):
    rows = plain.rows(key_of(USDM, "monthly", "markPriceKlines", "1m", "2024-06"))

    assert len(rows) == 30 * 1440
    assert all(len(price.partition(".")[2]) == 8 for row in rows[:100] for price in row[1:5])


def test_funding_of_a_month_is_what_rest_tells(plain):
    start, end = parse_time("2024-06-01"), parse_time("2024-07-01")

    lines = plain.text(
        f"{USDM}/monthly/fundingRate/ETHUSDT/ETHUSDT-fundingRate-2024-06.zip"
    ).splitlines()

    told = plain.rest("/fapi/v1/fundingRate", symbol="ETHUSDT", startTime=start, endTime=end - 1)
    assert lines[0] == "calc_time,funding_interval_hours,last_funding_rate"
    assert len(lines) == 1 + 30 * 3
    assert [line.split(",")[::2] for line in lines[1:]] == [
        [str(each["fundingTime"]), each["fundingRate"]] for each in told
    ]
    assert {line.split(",")[1] for line in lines[1:]} == {"8"}


@pytest.mark.parametrize("interval", INTERVALS)
def test_months_are_made_of_their_days(plain, interval):
    days = [key_of(SPOT, "daily", "klines", interval, f"2024-06-{day:02}") for day in (1, 30)]

    month = plain.rows(key_of(SPOT, "monthly", "klines", interval, "2024-06"))

    first, last = (plain.rows(day) for day in days)
    assert month[: len(first)] == first
    assert month[-len(last) :] == last


@pytest.mark.parametrize("kind", ["klines", "markPriceKlines"])
@pytest.mark.parametrize(
    ("market", "cadence", "date", "headed"),
    [
        (SPOT, "monthly", "2024-06", False),
        (USDM, "monthly", "2024-06", True),
        (USDM, "monthly", "2020-01", False),
        (USDM, "monthly", "2022-04", False),
        (USDM, "daily", "2024-06-01", True),
    ],
)
def test_a_header_stands_where_the_archive_has_one(plain, kind, market, cadence, date, headed):
    kind = "klines" if market == SPOT else kind

    first = plain.text(key_of(market, cadence, kind, "1d", date)).splitlines()[0]

    assert (first == HEADER) is headed
    assert first[0].isdigit() is not headed


def test_days_of_the_mark_price_have_a_header_from_the_beginning(plain):
    marked, traded = (
        plain.text(key_of(USDM, "daily", kind, "1h", "2020-02-01"))[:9]
        for kind in ("markPriceKlines", "klines")
    )

    assert (marked, traded[0].isdigit()) == ("open_time", True)


def test_spot_counts_microseconds_from_2025_on():
    with reading(symbols=1, at=parse_time("2025-02-05T12:00")) as late:
        before, after = (
            late.rows(key_of(SPOT, "monthly", "klines", "1h", date))
            for date in ("2024-12", "2025-01")
        )
        futures = late.rows(key_of(USDM, "monthly", "klines", "1h", "2025-01"))

    assert before[-1][0] == str(parse_time("2024-12-31T23:00"))
    assert before[-1][6] == str(parse_time("2025-01-01") - 1)
    assert after[0][0] == f"{parse_time('2025-01-01')}000"
    assert after[0][6] == f"{parse_time('2025-01-01T01:00') - 1}999"
    assert futures[0][0] == str(parse_time("2025-01-01"))


def test_spot_writes_eight_decimals_and_futures_those_of_the_symbol(plain):
    spot = plain.rows(key_of(SPOT, "daily", "klines", "1m", "2024-06-01"))
    futures = plain.rows(key_of(USDM, "daily", "klines", "1m", "2024-06-01"))

    numbers = (1, 2, 3, 4, 5, 7, 9, 10)
    assert {len(row[n].partition(".")[2]) for row in spot for n in numbers} == {8}
    assert {len(row[n].partition(".")[2]) for row in futures for n in (1, 2, 3, 4)} == {2}


def test_whole_volumes_of_futures_lost_their_fraction_one_morning_in_2023():
    key = key_of(USDM, "daily", "klines", "1m", "2023-09-19", "SOLUSDT")
    with reading(symbols=3) as reader:
        rows = reader.rows(key)

    changed = 7 * 60 + 5
    before = {len(row[5].partition(".")[2]) for row in rows[:changed]}
    whole = [row[5] for row in rows[changed:] if Decimal(row[5]) % 1 == 0]
    assert len(before) == 1
    assert whole
    assert all("." not in text for text in whole)
    assert {len(row[5].partition(".")[2]) for row in rows[changed:]} == before | {0}


def test_pandas_reads_a_zip_as_it_is(plain, tmp_path):
    path = tmp_path / "month.zip"
    path.write_bytes(plain.file(MONTH))

    frame = pd.read_csv(path)

    assert list(frame.columns) == HEADER.split(",")
    assert len(frame) == 30 * 24
    assert (frame["open_time"].diff().dropna() == 3_600_000).all()
    assert (frame["close_time"] - frame["open_time"] == 3_599_999).all()
    assert (frame["low"] <= frame[["open", "close"]].min(axis=1)).all()
    assert (frame["high"] >= frame[["open", "close"]].max(axis=1)).all()
    assert (frame["taker_buy_volume"] <= frame["volume"]).all()
    assert (frame["ignore"] == 0).all()


def test_a_zip_holds_one_file_of_its_own_name(plain):
    with zipfile.ZipFile(io.BytesIO(plain.file(MONTH))) as archive:
        (member,) = archive.infolist()

        assert archive.testzip() is None

    assert member.filename == "BTCUSDT-1h-2024-06.csv"
    assert member.compress_type == zipfile.ZIP_DEFLATED
    assert member.compress_size < member.file_size


def test_every_file_has_the_etag_and_length_and_checksum_of_its_bytes(plain):
    reply, about = plain.get(MONTH), plain.head(MONTH)

    body = reply.content
    assert reply.headers["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert int(reply.headers["Content-Length"]) == int(about.headers["Content-Length"]) == len(body)
    assert about.headers["ETag"] == reply.headers["ETag"]
    assert about.content == b""
    assert reply.headers["Last-Modified"].startswith("Tue, 02 Jul 2024 10:")
    assert reply.headers["Server"] == "AmazonS3"
    assert reply.headers["Accept-Ranges"] == "bytes"
    assert reply.headers["X-Cache"].endswith(" from cloudfront")
    assert plain.agrees(MONTH)


@pytest.mark.parametrize(
    ("date", "content_type", "ends"),
    [
        ("2022-06", "binary/octet-stream", b"zip"),
        ("2023-06", "application/zip", b"zip"),
        ("2024-06", "binary/octet-stream", b"zip"),
    ],
)
def test_the_type_is_that_of_the_upload(plain, date, content_type, ends):
    key = key_of(USDM, "monthly", "klines", "1d", date)

    assert plain.get(key).headers["Content-Type"] == content_type
    assert plain.get(f"{key}.CHECKSUM").headers["Content-Type"] == "binary/octet-stream"
    assert plain.file(f"{key}.CHECKSUM").endswith(ends)


def test_checksums_end_their_line_from_2025_on():
    with reading(symbols=1, at=parse_time("2025-03-05")) as late:
        told = late.file(f"{key_of(USDM, 'monthly', 'klines', '1d', '2025-01')}.CHECKSUM")

    assert told.endswith(b"  BTCUSDT-1d-2025-01.zip\n")


def test_the_same_seed_gives_the_same_bytes_whenever_it_is_asked(plain):
    with reading(symbols=2, at=parse_time("2024-09-01")) as later, reading(seed=2) as other:
        assert later.file(MONTH) == plain.file(MONTH)
        assert other.file(MONTH) != plain.file(MONTH)


@pytest.mark.parametrize(
    "key",
    [
        f"{USDM}/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2019-06.zip",
        f"{USDM}/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-07.zip",
        f"{USDM}/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-6.zip",
        f"{USDM}/monthly/klines/BTCUSDT/1s/BTCUSDT-1s-2024-06.zip",
        f"{USDM}/monthly/klines/btcusdt/1h/btcusdt-1h-2024-06.zip",
        f"{USDM}/daily/klines/BTCUSDT/3d/BTCUSDT-3d-2024-06-01.zip",
        f"{USDM}/daily/fundingRate/BTCUSDT/BTCUSDT-fundingRate-2024-06-01.zip",
        f"{SPOT}/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-2024-06.zip",
        f"{SPOT}/monthly/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-06.zip",
        f"{USDM}/monthly/klines/BTCUSDT/1h/",
        f"{MONTH}.CHECKSUM.CHECKSUM",
    ],
)
def test_what_is_not_there_is_said_so_in_xml(plain, key):
    reply, about = plain.get(key), plain.head(key)

    assert (reply.status_code, about.status_code) == (404, 404)
    assert reply.headers["Content-Type"] == "application/xml"
    assert "<Code>NoSuchKey</Code>" in reply.text
    assert f"<Key>{key}</Key>" in reply.text
    assert about.content == b""


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-99", slice(0, 100)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-50", slice(-50, None)),
        ("bytes=0-999999999", slice(None)),
    ],
)
def test_a_part_is_sent_when_a_part_is_asked_for(plain, asked, part):
    whole = plain.file(MONTH)

    reply = plain.get(MONTH, Range=asked)

    start, end, _ = part.indices(len(whole))
    assert (reply.status_code, reply.content) == (206, whole[part])
    assert reply.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(whole)}"


@pytest.mark.parametrize(
    "asked", ["bytes=9-5", "bytes=x-y", "items=0-5", "bytes=0-1,5-9", "bytes=-"]
)
def test_a_part_that_is_not_understood_is_all(plain, asked):
    reply = plain.get(MONTH, Range=asked)

    assert (reply.status_code, len(reply.content)) == (200, len(plain.file(MONTH)))


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_part_beyond_the_end_is_refused(plain, asked):
    reply = plain.get(MONTH, Range=asked)

    assert reply.status_code == 416
    assert "<Code>InvalidRange</Code>" in reply.text


def test_head_tells_of_all_whatever_part_is_asked_for(plain):
    about = plain.head(MONTH, Range="bytes=0-9")

    assert about.status_code == 200
    assert int(about.headers["Content-Length"]) == len(plain.file(MONTH))


def test_what_a_client_has_is_not_sent_again(plain):
    tag, since = (plain.head(MONTH).headers[name] for name in ("ETag", "Last-Modified"))

    assert plain.get(MONTH, **{"If-None-Match": tag}).status_code == 304
    assert plain.get(MONTH, **{"If-None-Match": f'"other", W/{tag}'}).status_code == 304
    assert plain.get(MONTH, **{"If-Modified-Since": since}).status_code == 304
    assert plain.get(MONTH, **{"If-None-Match": '"other"'}).status_code == 200
    assert plain.get(MONTH, **{"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}).ok
    assert plain.get(MONTH, **{"If-Modified-Since": "never"}).status_code == 200


def test_both_hosts_give_the_same_file(plain):
    reply = plain.session.get(f"{plain.listing_url}/{MONTH}", timeout=60)

    assert reply.content == plain.file(MONTH)
    assert "X-Cache" not in reply.headers


def test_nothing_is_charged_and_nothing_is_written(plain):
    before = plain.tell("GET", "state")["markets"]

    plain.get(MONTH)

    assert plain.tell("GET", "state")["markets"] == before
    assert plain.session.put(f"{plain.base}/{MONTH}", data=b"x", timeout=60).status_code == 405
    assert plain.session.delete(plain.listing_url, timeout=60).status_code == 405
