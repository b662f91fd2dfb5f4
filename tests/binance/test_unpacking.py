from __future__ import annotations

import gzip
import zlib
from random import Random

import pytest

from divbot.binance.transport import unpacking
from divbot.binance.transport.unpacking import unpacked

TEXT = bytes(range(256)) * 40
STREAM = gzip.compress(TEXT)
TWO = gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:])
MOST = 1 << 20

both_ways = pytest.mark.parametrize("stream", [STREAM, TWO], ids=["one member", "two members"])


@pytest.fixture(autouse=True, params=["libdeflate", "zlib"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "zlib":
        monkeypatch.setattr(unpacking, "_libdeflate", None)
    else:
        pytest.importorskip("deflate")
    return str(request.param)


@both_ways
@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_all_of_a_stream_comes_out(
    monkeypatch: pytest.MonkeyPatch, stream: bytes, piece: int
) -> None:
    monkeypatch.setattr(unpacking, "_PIECE", piece)

    assert unpacked(stream, MOST) == TEXT


def test_an_ordinary_stream_is_not_left_to_zlib(
    monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    if library == "libdeflate":
        monkeypatch.delattr(unpacking, "_by_zlib")

    assert unpacked(STREAM, len(TEXT)) == TEXT


def test_two_members_that_are_alike_are_both_there() -> None:
    assert unpacked(STREAM * 2, MOST) == TEXT * 2


def test_two_members_of_one_length_are_both_there() -> None:
    assert unpacked(gzip.compress(b"one") + gzip.compress(b"two"), MOST) == b"onetwo"


def test_nothing_in_gzip_is_nothing() -> None:
    assert unpacked(gzip.compress(b""), MOST) == b""


@both_ways
@pytest.mark.parametrize("missing", [1, 4, 8, 9, 20])
def test_a_stream_that_is_cut_is_not_believed(stream: bytes, missing: int) -> None:
    assert believed(stream[:-missing]) is None


@pytest.mark.parametrize("length", [1000, 1001, 10_000_000])
def test_no_more_comes_out_than_tells_that_it_is_too_long(length: int) -> None:
    assert len(unpacked(gzip.compress(bytes(length)), 1000)) == min(length, 1001)


def test_a_length_that_is_too_small_hides_nothing() -> None:
    stream = gzip.compress(bytes(10_000_000))

    assert len(unpacked(stream[:-4] + (500).to_bytes(4, "little"), 1000)) == 1001


def test_members_may_be_many_and_tiny() -> None:
    assert (
        unpacked(b"".join(gzip.compress(TEXT[x : x + 1]) for x in range(5000)), MOST) == TEXT[:5000]
    )


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"", id="nothing at all"),
        pytest.param(b"garbage garbage", id="no gzip"),
        pytest.param(STREAM + b"garbage", id="garbage after it"),
        pytest.param(STREAM + bytes(3), id="zeros after it"),
        pytest.param(STREAM + STREAM[-8:], id="its end twice"),
        pytest.param(STREAM[:-8] + b"12345678", id="another checksum"),
        pytest.param(STREAM[:-4] + (len(TEXT) + 1).to_bytes(4, "little"), id="another length"),
    ],
)
def test_nonsense_is_not_believed(stream: bytes) -> None:
    assert believed(stream) is None


def believed(stream: bytes) -> bytes | None:
    try:
        return unpacked(stream, MOST)
    except zlib.error:
        return None


@both_ways
def test_whatever_is_damaged_nothing_else_comes_out(stream: bytes) -> None:
    chance = Random(7)
    for _ in range(2000):
        damaged = bytearray(stream)
        place = chance.randrange(len(damaged))
        kind = chance.choice(["flip", "cut", "insert", "swap"])
        if kind == "flip":
            damaged[place] ^= 1 << chance.randrange(8)
        elif kind == "cut":
            del damaged[place : place + chance.randrange(1, 40)]
        elif kind == "insert":
            damaged[place:place] = chance.randbytes(chance.randrange(1, 40))
        else:
            damaged[place:] = damaged[place:][::-1]

        # A header may change without a trace, and the second member may be missing.
        assert believed(bytes(damaged)) in (None, TEXT, TEXT[:99])
