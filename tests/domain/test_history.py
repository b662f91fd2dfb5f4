from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from divbot.domain.history import History

STEPS = st.lists(st.tuples(st.integers(0, 30), st.integers()), max_size=30)


@given(STEPS)
def test_every_state_stays_what_it_was_whoever_follows_it(steps: list[tuple[int, int]]) -> None:
    states: list[tuple[History[int], tuple[int, ...]]] = [(History(), ())]
    for chosen, item in steps:
        history, plain = states[chosen % len(states)]
        states.append((history.plus(item), (*plain, item)))

    for history, plain in states:
        assert history == plain
        assert history == History(plain)
        assert (len(history), bool(history)) == (len(plain), bool(plain))
        assert [*reversed(history)] == [*reversed(plain)]
        assert history[1:-1] == plain[1:-1]
        assert history[-3:] == plain[-3:]
        if plain:
            assert (history[0], history[-1]) == (plain[0], plain[-1])


def test_what_comes_later_is_not_seen() -> None:
    first = History([1])
    first.plus(2)

    assert (list(first), first[-1], repr(first)) == ([1], 1, "History([1])")
    assert first != (1, 2)


def test_one_more_item_copies_nothing() -> None:
    history = History(range(1000))

    assert history.plus(1)._shared is history._shared
