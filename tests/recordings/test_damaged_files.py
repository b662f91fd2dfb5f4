"""However a file is damaged, only our own one line tells of it."""

import io
import zipfile

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from divbot.domain.errors import RecordingError
from divbot.exchange.market.recorded import load_tape

from .files import MINUTE, START, archive_row, table

ROWS = "\n".join(archive_row(START + n * MINUTE, START + (n + 1) * MINUTE - 1) for n in range(9))
PACKED = {
    "stored": zipfile.ZIP_STORED,
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "LZMA": zipfile.ZIP_LZMA,
}


def zipped(method):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("AAAUSDT-1m-2024-07.csv", ROWS)
    return buffer.getvalue()


def parquet():
    buffer = io.BytesIO()
    pd.concat([table(9), table(9, symbol="BBBUSDT")]).set_index("symbol").to_parquet(buffer)
    return buffer.getvalue()


WHOLE = {
    **{f"zip, {name}": ("AAAUSDT-1m-2024-07.zip", zipped(x)) for name, x in PACKED.items()},
    "parquet": ("market.parquet", parquet()),
    "CSV": ("market.csv", table(9).to_csv(index=False).encode()),
}
FILES = pytest.mark.parametrize("kind", WHOLE)


def refused(folder, name, content):
    """Return in which words `content` is refused; none where it is not."""
    path = folder / name
    path.write_bytes(content)
    try:
        load_tape(folder if path.suffix == ".zip" else path)
    except RecordingError as error:
        return str(error)
    return ""


def is_one_of_our_lines(message, folder):
    return "\n" not in message and message.startswith(str(folder))


@FILES
def test_a_whole_file_is_read(tmp_path, kind):
    assert refused(tmp_path, *WHOLE[kind]) == ""


@FILES
@given(st.data())
@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_damage_is_told_in_one_line(tmp_path, kind, data):
    name, whole = WHOLE[kind]
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))

    message = refused(tmp_path, name, bytes(content[: data.draw(st.integers(0, len(whole)))]))

    assert message == "" or is_one_of_our_lines(message, tmp_path)


@FILES
@given(place=st.floats(0, 1), byte=st.integers(0, 255))
@example(place=0.0, byte=0)
@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_one_wrong_byte_is_survived(tmp_path, kind, place, byte):
    name, whole = WHOLE[kind]
    content = bytearray(whole)
    content[int(place * (len(whole) - 1))] = byte

    message = refused(tmp_path, name, bytes(content))

    assert message == "" or is_one_of_our_lines(message, tmp_path)


def encrypted():
    content = bytearray(zipped(zipfile.ZIP_DEFLATED))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    return bytes(content)


def unknown_packing():
    content = bytearray(zipped(zipfile.ZIP_DEFLATED))
    for signature, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(signature) + method] = 97
    return bytes(content)


def shifted_directory():
    content = bytearray(zipped(zipfile.ZIP_DEFLATED))
    end = content.index(b"PK\x05\x06")
    content[end + 16 : end + 20] = (0xFFFFFF).to_bytes(4, "little")
    return bytes(content)


def broken_lzma():
    content = bytearray(zipped(zipfile.ZIP_LZMA))
    start = content.index(b".csv") + 4
    content[start + 4] = 0xFF  # what LZMA is told of itself
    return bytes(content)


def nested():
    buffer = io.BytesIO()
    table().assign(close=[[1.0, 2.0]] * 4).to_parquet(buffer)
    return buffer.getvalue()


def dated():
    buffer = io.BytesIO()
    frame = table()
    frame.assign(open_time=pd.to_datetime(frame["open_time"], unit="ms")).to_parquet(buffer)
    return buffer.getvalue()


def doubled():
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    whole = pa.Table.from_pandas(table())
    pq.write_table(whole.append_column("close", whole["close"]), buffer)
    return buffer.getvalue()


def no_text():
    buffer = io.BytesIO()
    table(symbol="ZZZUSDT").to_parquet(buffer)
    return buffer.getvalue().replace(b"ZZZUSDT", b"ZZ\xffUSDT")


DAMAGED = {
    "encrypted": ("A-1m-2024-07.zip", encrypted(), "File 'AAAUSDT-1m-2024-07.csv' is encrypted"),
    "unknown way of packing": ("A-1m-2024-07.zip", unknown_packing(), "not supported"),
    "directory that lies before the file": ("A-1m-2024-07.zip", shifted_directory(), "download"),
    "broken LZMA": ("A-1m-2024-07.zip", broken_lzma(), "download"),
    "text of another code in CSV": ("m.csv", b"symbol,open_time\n\xff\xfe,1\n", "UTF-8"),
    "a list for a price": ("m.parquet", nested(), "column close"),
    "a date for a time": ("m.parquet", dated(), "13 digits"),
    "a name that is no text": ("m.parquet", no_text(), "UTF"),
    "a column that is there twice": ("m.parquet", doubled(), "close"),
}


@pytest.mark.parametrize(("name", "content", "says"), DAMAGED.values(), ids=DAMAGED.keys())
def test_each_kind_of_damage_names_the_file_and_a_way_out(tmp_path, name, content, says):
    message = refused(tmp_path, name, content)

    assert message.startswith(f"{tmp_path / name}: expected ")
    assert says in message
    assert "; " in message


def test_what_pandas_noted_in_a_parquet_file_changes_nothing(tmp_path):
    path = tmp_path / "market.parquet"
    table().set_index(["symbol", "open_time"]).to_parquet(path)

    assert [each.symbol for each in load_tape(path).listings] == ["AAAUSDT"]
