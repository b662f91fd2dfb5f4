"""Packed bodies are the bodies, whatever was packed before them."""

from __future__ import annotations

import gzip
import random
import tracemalloc

import pytest

from divbot.exchange.rest.packing import Packer


def body(seed: int, size: int) -> bytes:
    return bytes(random.Random(seed).choices(b"0123456789,[]", k=size))


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 2048, 2049, 150_000])
def test_a_body_that_grows_changes_and_shrinks_comes_out_as_it_is(size: int) -> None:
    packer = Packer()
    first = body(1, size)
    bodies = [
        first,
        first,
        first[:-9] + b"[1,2,3]]]",
        first + body(2, 900),
        first + body(3, 9000),
        first[: size // 2],
        b"x" + first[1:],
        first,
    ]

    assert [gzip.decompress(packer.packed(each)) for each in bodies] == bodies


def test_an_unchanged_opening_is_packed_as_well_as_all_at_once() -> None:
    packer, plain = Packer(), body(1, 150_000)
    packer.packed(plain)

    packed = packer.packed(plain[:-1] + b"]")

    assert len(packed) < 1.02 * len(gzip.compress(plain, 1))


def test_only_so_many_bytes_are_kept() -> None:
    packer = Packer(most_bytes=1_000_000)
    tracemalloc.start()
    try:
        for seed in range(40):
            packer.packed(body(seed, 100_000))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 1_300_000
