"""Folders of archive zips: nothing in them is dropped, mixed or ignored without a word."""

import os
import zipfile

import pytest

from divbot.domain.errors import RecordingError
from divbot.domain.market import Interval
from divbot.exchange.market.recorded import load_tape
from tests.exchange.markets import DATA

from .files import MINUTE, START, archive_row, write_zip

FAULTS = DATA / "faults"
HOUR = 60 * MINUTE
needs_faults = pytest.mark.skipif(not FAULTS.exists(), reason=f"needs {FAULTS}")


def minutes(*places, price="1.5"):
    """Return archive rows of the minutes at `places` after the start."""
    rows = (archive_row(START + n * MINUTE, START + (n + 1) * MINUTE - 1) for n in places)
    return "\n".join(rows).replace(",1.5,", f",{price},")


def put(folder, path, text=None):
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    return write_zip(place, minutes(0, 1) if text is None else text)


def refusal(path, interval=None):
    with pytest.raises(RecordingError) as caught:
        load_tape(path, interval)
    message = str(caught.value)
    assert "\n" not in message
    return message


@needs_faults
@pytest.mark.parametrize(
    ("name", "kinds"),
    [("spotfut", ("spot klines", "um klines")), ("spotmark", ("um klines", "um markPriceKlines"))],
)
def test_two_markets_or_kinds_of_price_never_become_one_series(name, kinds):
    message = refusal(FAULTS / name)

    assert message.startswith(f"{FAULTS / name}: expected candles of one market and one kind")
    assert all(kind in message for kind in kinds)
    assert "BTCUSDT-1h-2024-06.zip" in message
    assert "BTCUSDT-1h-2024-07.zip" in message


@needs_faults
def test_one_market_of_such_a_folder_is_served_alone():
    tape = load_tape(FAULTS / "spotfut" / "data" / "spot")

    assert len(tape.candles(0, tape.first, tape.last + 1)) == 720


@needs_faults
def test_a_month_without_its_zero_is_read():
    tape = load_tape(FAULTS / "unpadded")

    rows = tape.candles(0, tape.first, tape.last + 1)
    assert len(rows) == 2 * 744
    assert len({b - a for a, b in zip(rows[:-1, 0], rows[1:, 0], strict=True)}) == 1


@needs_faults
def test_a_byte_order_mark_costs_no_candle():
    tape = load_tape(FAULTS / "bom")

    assert (tape.first, len(tape.candles(0, tape.first, tape.last + 1))) == (1719792000000, 744)


@needs_faults
def test_a_month_and_a_day_of_it_are_both_named():
    message = refusal(FAULTS / "daymonth")

    assert "BTCUSDT-1h-2024-07.zip" in message
    assert "BTCUSDT-1h-2024-07-31.zip" in message
    assert "take one of the two files away" in message
    assert "2024-07-31 00:00 UTC and 23 more" in message


@needs_faults
def test_rows_without_a_symbol_are_told():
    message = refusal(FAULTS / "symnull.parquet")

    assert "expected a symbol in every row, found none in 120 rows" in message
    assert "row 6" in message


def test_days_that_fill_a_hole_in_their_month_are_welcome(tmp_path):
    put(tmp_path, "monthly/AAAUSDT-1m-2024-07.zip", minutes(0, 1, 4, 5))
    put(tmp_path, "daily/AAAUSDT-1m-2024-07-30.zip", minutes(2, 3))

    tape = load_tape(tmp_path)

    times = tape.candles(0, tape.first, tape.last + 1)[:, 0].tolist()
    assert times == [START + n * MINUTE for n in range(6)]


def test_the_same_file_in_two_folders_is_told_by_both_names(tmp_path):
    paths = [put(tmp_path, f"{x}/AAAUSDT-1m-2024-07.zip", minutes(0, 1)) for x in ("a", "b")]

    message = refusal(tmp_path)

    assert all(str(path) in message for path in paths)


def test_a_repeated_block_is_told_by_the_file_that_holds_it(tmp_path):
    put(tmp_path, "AAAUSDT-1m-2024-06.zip", minutes(-9, -8))
    path = put(tmp_path, "AAAUSDT-1m-2024-07.zip", minutes(0, 1, 0, 1))

    message = refusal(tmp_path)

    assert message.startswith(f"{path}: ")
    assert "ascend" in message


@pytest.mark.parametrize(
    "name",
    ["AAAUSDT-1m-2024-07 (1).zip", "AAAUSDT-2024-07.zip", "AAAUSDT-1m.zip", "backup.zip"],
)
def test_a_zip_of_another_name_is_not_ignored(tmp_path, name):
    put(tmp_path, "AAAUSDT-1m-2024-07.zip")
    put(tmp_path, name)

    message = refusal(tmp_path)

    assert message.startswith(f"{tmp_path / name}: ")
    assert "BTCUSDT-1m-2024-07.zip" in message


def test_what_the_archive_keeps_beside_candles_is_left_aside(tmp_path):
    put(tmp_path, "AAAUSDT-1m-2024-07.zip")
    for name in ("aggTrades", "fundingRate", "metrics"):
        put(tmp_path, f"AAAUSDT-{name}-2024-07.zip", "unread")

    assert len(load_tape(tmp_path).listings) == 1


def test_an_ending_in_capitals_is_an_ending(tmp_path):
    put(tmp_path, "AAAUSDT-1m-2024-07-30.ZIP")

    assert len(load_tape(tmp_path).listings) == 1


@pytest.mark.parametrize("mark", ["#", '"', " #"], ids=["a hash", "a quote", "a space and a hash"])
def test_a_row_that_is_no_header_is_never_skipped(tmp_path, mark):
    put(tmp_path, "AAAUSDT-1m-2024-07.zip", mark + minutes(0, 1, 2))

    assert "12 numeric columns" in refusal(tmp_path)


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CR LF"])
def test_a_header_ends_as_the_rows_do(tmp_path, end):
    text = end.join(["open_time,open,ignore", *minutes(0, 1, 2).splitlines()])
    put(tmp_path, "AAAUSDT-1m-2024-07.zip", text)

    tape = load_tape(tmp_path)

    assert len(tape.candles(0, tape.first, tape.last + 1)) == 3


@pytest.mark.parametrize("time", ["nan", "inf", "1e300", "1722297600000.5"])
def test_a_time_is_a_whole_number(tmp_path, time):
    path = put(
        tmp_path,
        "AAAUSDT-1m-2024-07.zip",
        minutes(0) + "\n" + minutes(1).replace(str(START + MINUTE), time),
    )

    message = refusal(tmp_path)

    assert message.startswith(f"{path}: expected a time in every row of open_time")
    assert "row 2" in message


def test_a_zip_of_several_files_is_not_read_in_part(tmp_path):
    path = put(tmp_path, "AAAUSDT-1m-2024-07.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.csv", minutes(2))

    assert "found 2 files" in refusal(tmp_path)


def test_other_intervals_do_not_count_as_another_kind(tmp_path):
    put(tmp_path, "spot/klines/AAAUSDT-1m-2024-07.zip")
    put(tmp_path, "um/klines/AAAUSDT-1h-2024-07.zip", "unread")

    assert load_tape(tmp_path, Interval.M1).interval is Interval.M1


def test_a_year_in_milliseconds_is_joined_by_one_in_microseconds(tmp_path):
    put(tmp_path, "AAAUSDT-1m-2024-12.zip", minutes(0, 1))
    micro = "\n".join(
        archive_row((START + n * MINUTE) * 1000, (START + (n + 1) * MINUTE) * 1000 - 1)
        for n in (2, 3)
    )
    put(tmp_path, "AAAUSDT-1m-2025-01.zip", "open_time,open,ignore\n" + micro)

    tape = load_tape(tmp_path)

    times = tape.candles(0, tape.first, tape.last + 1)[:, 0].tolist()
    assert times == [START + n * MINUTE for n in range(4)]


def test_a_folder_that_is_shut_is_not_passed_by(tmp_path, monkeypatch):
    put(tmp_path, "open/AAAUSDT-1m-2024-07.zip")
    shut = put(tmp_path, "shut/BBBUSDT-1m-2024-07.zip").parent
    look = os.scandir

    def scandir(path):
        if os.fspath(path) == str(shut):
            raise PermissionError(13, "Permission denied", str(shut))
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)

    message = refusal(tmp_path)

    assert str(shut) in message
    assert "Permission denied" in message


def test_a_name_that_no_file_can_have_is_told(tmp_path):
    assert "File name too long" in refusal(tmp_path / ("a" * 300))
