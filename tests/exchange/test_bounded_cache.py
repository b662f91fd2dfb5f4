from hypothesis import given
from hypothesis import strategies as st

from divbot.exchange.bounded_cache import BoundedCache


def test_what_was_asked_for_last_is_kept():
    cache = BoundedCache(30)
    for name in "abc":
        cache.keep(name, name.upper(), 10)

    cache.get("a")
    cache.keep("d", "D", 10)

    assert [cache.get(name) for name in "abcd"] == ["A", None, "C", "D"]


def test_what_is_too_large_is_not_kept():
    cache = BoundedCache(30)

    made = cache.keep("a", 1, 31)

    assert (made, cache.get("a"), cache.size) == (1, None, 0)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), min_size=1))
def test_it_knows_how_much_it_keeps(kept):
    cache, sizes = BoundedCache(100), {}

    for key, size in kept:
        sizes[key] = size
        assert cache.keep(key, size, size) == size

    assert cache.size == sum(sizes[key] for key in sizes if cache.get(key) is not None) <= 100
