from __future__ import annotations

import gzip
import zlib

import pytest

from divbot.binance.unpacking import Gunzip

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
def test_nonsense_is_refused(stream: bytes) -> None:
    with pytest.raises(zlib.error):
        Gunzip().unpack(stream, 1 << 20)
