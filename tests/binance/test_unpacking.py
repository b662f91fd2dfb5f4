from __future__ import annotations

import gzip
import zlib
from random import Random

import pytest

from divbot.binance import unpacking
from divbot.binance.unpacking import Gunzip


@pytest.fixture(autouse=True, params=["isal", "zlib"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "zlib":
        monkeypatch.setattr(unpacking, "_zlib", zlib)
    else:
        pytest.importorskip("isal")


TEXT = bytes(range(256)) * 40
STREAM = gzip.compress(TEXT)
TWO = gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:])


@pytest.mark.parametrize("step", [1, 7, 100_000])
@pytest.mark.parametrize("stream", [STREAM, TWO], ids=["one member", "two members"])
def test_a_stream_comes_out_whole_however_it_is_cut_up(stream: bytes, step: int) -> None:
    gunzip = Gunzip()

    text = b"".join(
        gunzip.unpack(stream[place : place + step], 1 << 20)
        for place in range(0, len(stream), step)
    )

    assert text == TEXT
    assert gunzip.is_whole


@pytest.mark.parametrize("stream", [STREAM, TWO], ids=["one member", "two members"])
@pytest.mark.parametrize("missing", [1, 4, 8, 9, 20])
def test_a_stream_that_is_cut_is_not_whole(stream: bytes, missing: int) -> None:
    gunzip = Gunzip()

    gunzip.unpack(stream[:-missing], 1 << 20)

    assert not gunzip.is_whole


def test_no_more_comes_out_than_is_wanted() -> None:
    gunzip = Gunzip()

    assert len(gunzip.unpack(gzip.compress(bytes(10_000_000)), 1000)) == 1000
    assert not gunzip.is_whole


@pytest.mark.parametrize(
    "stream",
    [b"garbage garbage", STREAM + b"garbage", STREAM[:-8] + b"12345678"],
    ids=["no gzip", "garbage after it", "another checksum"],
)
def test_nonsense_is_not_believed(stream: bytes) -> None:
    assert believed(stream) is None


def believed(stream: bytes) -> bytes | None:
    gunzip = Gunzip()
    try:
        text = gunzip.unpack(stream, 1 << 20)
    except zlib.error:
        return None
    return text if gunzip.is_whole else None


@pytest.mark.parametrize("stream", [STREAM, TWO], ids=["one member", "two members"])
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
