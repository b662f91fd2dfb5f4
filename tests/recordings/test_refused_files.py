"""A recording that cannot be served says in one line what is wrong and what to do."""

import pandas as pd
import pytest

from divbot.domain.errors import RecordingError
from divbot.domain.market import Interval
from divbot.exchange.market.recorded import load_tape

from .files import MINUTE, START, archive_row, table, write_csv, write_zip


def altered(column, value, *, row=2):
    def write(folder):
        frame = table().astype({column: object})
        frame.loc[row, column] = value
        return write_csv(folder / "market.csv", frame)

    return write


def scaled(factor):
    def write(folder):
        frame = table()
        frame["open_time"] = (frame["open_time"] * factor).astype("int64")
        return write_csv(folder / "market.csv", frame)

    return write


def spaced(milliseconds, offset=0):
    def write(folder):
        frame = table()
        frame["open_time"] = START + offset + milliseconds * frame.index
        return write_csv(folder / "market.csv", frame)

    return write


def text_file(name, text):
    def write(folder):
        path = folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def zipped(name, text, checksum=None):
    def write(folder):
        write_zip(folder / name, text, checksum=checksum)
        return folder

    return write


def broken_zip(folder):
    (folder / "AAAUSDT-1m-2024-07.zip").write_bytes(b"PK\x03\x04 no more")
    return folder


def two_intervals(folder):
    for interval in ("1m", "5m"):
        write_zip(folder / f"AAAUSDT-{interval}-2024-07.zip", GOOD_ROW)
    return folder


GOOD_ROW = archive_row(START, START + MINUTE - 1)
WRONG = {
    "missing file": (lambda folder: folder / "none.csv", ["none.csv", "found nothing"]),
    "unknown kind": (text_file("market.xls", "x"), ["market.xls", ".parquet or .csv", ".xls"]),
    "no ending": (text_file("market", "x"), ["without an ending"]),
    "missing column": (
        lambda folder: write_csv(folder / "market.csv", table().drop(columns=["low", "volume"])),
        ["expected columns symbol, open_time", "found no low, volume"],
    ),
    "text for a price": (altered("close", "dear"), ["column close", "'dear'"]),
    "text for a time": (altered("open_time", "noon"), ["column open_time", "'noon'"]),
    "no price": (altered("open", ""), ["column open", "''"]),
    "price that is none": (altered("open", "nan"), ["prices above zero", "AAAUSDT with nan"]),
    "no time": (altered("open_time", "nan"), ["a time in every row"]),
    "endless price": (altered("high", float("inf")), ["prices above zero", "inf"]),
    "price of zero": (altered("low", 0), ["prices above zero", "0.0"]),
    "negative price": (altered("low", -1), ["prices above zero", "-1.0", str(START + 2 * MINUTE)]),
    "negative volume": (altered("volume", -1), ["volumes from zero up", "-1.0"]),
    "low above high": (altered("low", 1.9), ["low <= high", "1.9"]),
    "close above high": (altered("close", 1.76), ["between low and high", "1.76"]),
    "time twice": (altered("open_time", START + MINUTE), ["ascend", "twice", "drop duplicates"]),
    "time goes back": (altered("open_time", START), ["ascend", f"after {START + MINUTE}"]),
    "time in seconds": (scaled(0.001), ["13 digits", "looks like seconds"]),
    "time in microseconds": (scaled(1000), ["13 digits", "looks like microseconds"]),
    "no interval": (spaced(7 * MINUTE), ["at most 1d", "420 s apart"]),
    "too long an interval": (spaced(7 * 1440 * MINUTE), ["at most 1d"]),
    "off the grid": (spaced(MINUTE, offset=15), ["whole 1m", str(START + 15)]),
    "no rows": (text_file("m.csv", "symbol,open_time,open,high,low,close,volume\n"), ["no row"]),
    "empty file": (text_file("market.csv", ""), ["expected a CSV file"]),
    "no parquet": (text_file("market.parquet", "text"), ["expected a parquet file"]),
    "no zip": (lambda folder: folder, ["BTCUSDT-1m-2024-07.zip, found none"]),
    "corrupt zip": (broken_zip, ["AAAUSDT-1m-2024-07.zip", "does not unpack", "download"]),
    "checksum mismatch": (
        zipped("AAAUSDT-1m-2024-07.zip", GOOD_ROW, "0" * 64),
        ["AAAUSDT-1m-2024-07.zip", "SHA-256 000", "download both"],
    ),
    "empty checksum": (zipped("AAAUSDT-1m-2024-07.zip", GOOD_ROW, " "), ["SHA-256"]),
    "zip with other columns": (zipped("AAAUSDT-1m-2024-07.zip", "1,2,3"), ["12 columns, found 3"]),
    "zip with text": (zipped("AAAUSDT-1m-2024-07.zip", "1,a,3"), ["numeric columns", "download"]),
    "symbol in small letters": (
        lambda folder: write_csv(folder / "market.csv", table(symbol="btcusdt")),
        ["symbols such as BTCUSDT", "'btcusdt'"],
    ),
    "symbol with a space": (
        lambda folder: write_csv(folder / "market.csv", table(symbol="BTC USDT")),
        ["symbols such as BTCUSDT", "'BTC USDT'"],
    ),
    "quote volume that is none": (
        zipped("AAAUSDT-1m-2024-07.zip", GOOD_ROW.replace("1500.75", "nan")),
        ["volumes from zero up", "nan"],
    ),
    "volume beyond all volumes": (altered("volume", 1e30), ["volumes from zero up", "1e+30"]),
    "empty zip": (zipped("AAAUSDT-1m-2024-07.zip", ""), ["no row"]),
    "several intervals": (two_intervals, ["one interval, found 1m, 5m", "--interval"]),
}


@pytest.mark.parametrize(("write", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_recording_that_cannot_be_served_is_refused(tmp_path, write, says):
    path = write(tmp_path)

    with pytest.raises(RecordingError) as caught:
        load_tape(path)

    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(tmp_path))
    for part in says:
        assert part in message


def test_another_interval_than_the_recorded_one_is_refused(tmp_path):
    path = write_csv(tmp_path / "market.csv", table())

    with pytest.raises(RecordingError, match="expected 5m candles, found 1m candles"):
        load_tape(path, Interval.M5)


def test_an_archive_without_the_interval_asked_for_is_refused(tmp_path):
    write_zip(tmp_path / "AAAUSDT-1m-2024-07.zip", GOOD_ROW)

    with pytest.raises(RecordingError, match="expected 5m candles, found 1m"):
        load_tape(tmp_path, Interval.M5)


def test_a_single_candle_needs_the_interval_told(tmp_path):
    path = write_csv(tmp_path / "market.csv", table(1))

    with pytest.raises(RecordingError, match="--interval"):
        load_tape(path)
    assert load_tape(path, Interval.M5).interval is Interval.M5


def test_one_bad_symbol_among_good_ones_is_named(tmp_path):
    bad = table(symbol="BBBUSDT")
    bad.loc[1, "low"] = 9.0
    path = write_csv(tmp_path / "market.csv", pd.concat([table(), bad]))

    with pytest.raises(RecordingError, match="BBBUSDT"):
        load_tape(path)
