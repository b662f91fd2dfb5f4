"""A search: the same whoever does it and in whatever order, and nothing of sealed days."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from divbot.domain.errors import InputError
from divbot.research.sweep.hands import DoneCases, OwnHands, PoolHands
from divbot.research.sweep.run import Searched, search, units_of
from tests.research.sweep.markets import FIRST, rules, variants, walks

DAYS = range(FIRST + 25, FIRST + 115)
HISTORY = walks()
VARIANTS = variants(pivots=(3, 5))


class CountingHands(OwnHands):
    """Own hands that count what they do, and tire."""

    def __init__(self, most: int = 1000) -> None:
        self.most = most
        self.count = 0

    def done(self, call: Callable[..., Any], cases: Sequence[tuple[Any, ...]]) -> DoneCases:
        for number, result in super().done(call, cases):
            if call.__name__ == "sums_of":
                if self.count == self.most:
                    raise KeyboardInterrupt
                self.count += 1
            yield number, result


def searched(cache: Path, **changes: Any) -> Searched:
    given: dict[str, Any] = {"variants": VARIANTS, "days": DAYS, "hands": OwnHands(), **changes}
    chosen, days = given.pop("variants"), given.pop("days")
    return search(HISTORY, chosen, days, rules(), cache=cache, **given)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def whole(cache: Path) -> Searched:
    return searched(cache)


def same(one: Searched, other: Searched) -> bool:
    a, b = one.results, other.results
    return (
        a.settings == b.settings
        and bool((a.net_r == b.net_r).all())
        and bool((a.trades == b.trades).all())
    )


def test_every_setting_trades_on_many_days(whole: Searched) -> None:
    assert whole.results.net_r.shape == (8, 90)
    assert (np.count_nonzero(whole.results.trades, axis=1) > 30).all()
    assert (whole.results.net_r.sum(axis=1) < 0).all()  # there are costs, and nothing to find


def test_workers_find_what_one_process_finds(whole: Searched, cache: Path) -> None:
    with PoolHands.started(2) as hands:
        found = searched(cache, hands=hands)

    assert same(found, whole)


def test_the_order_of_settings_and_copies_of_them_change_nothing(
    whole: Searched, cache: Path
) -> None:
    found = searched(cache, variants=(*reversed(VARIANTS), VARIANTS[2]))

    assert same(found, whole)


def test_a_setting_comes_to_the_same_whatever_it_is_tried_with(
    whole: Searched, cache: Path
) -> None:
    alone = searched(cache, variants=VARIANTS[3:4])

    row = whole.results.settings.index(VARIANTS[3].name)
    assert (alone.results.net_r[0] == whole.results.net_r[row]).all()


def test_days_come_to_the_same_in_a_longer_search(whole: Searched, cache: Path) -> None:
    part = searched(cache, days=DAYS[:50])

    assert (part.results.net_r == whole.results.net_r[:, :50]).all()


def test_a_search_that_was_interrupted_does_the_rest(
    whole: Searched, cache: Path, tmp_path: Path
) -> None:
    tired, fresh = CountingHands(most=3), CountingHands()

    with pytest.raises(KeyboardInterrupt):
        searched(cache, hands=tired, kept=tmp_path / "kept")
    found = searched(cache, hands=fresh, kept=tmp_path / "kept")

    assert tired.count == 3
    assert fresh.count == whole.units - 3
    assert same(found, whole)


def test_what_is_kept_is_of_the_very_settings_and_days(cache: Path, tmp_path: Path) -> None:
    searched(cache, kept=tmp_path / "kept")
    other = CountingHands()

    searched(cache, variants=variants(stops=(0.7,)), hands=other, kept=tmp_path / "kept")

    assert other.count > 0


def test_of_sealed_days_trades_are_counted_and_nothing_is_summed(
    whole: Searched, cache: Path, tmp_path: Path
) -> None:
    sealed = DAYS[60:]

    found = searched(cache, sealed=sealed, kept=tmp_path / "kept")

    assert (found.results.trades == whole.results.trades).all()
    assert (found.results.net_r[:, :60] == whole.results.net_r[:, :60]).all()
    assert not found.results.net_r[:, 60:].any()
    kept = [np.load(path)["net_r"] for path in (tmp_path / "kept").iterdir()]
    assert sum(x.sum() for x in kept) == pytest.approx(found.results.net_r.sum())


def test_a_unit_ships_next_to_nothing(cache: Path) -> None:
    units = units_of(HISTORY, VARIANTS, DAYS, rules(), cache=cache, hands=OwnHands())

    assert max(len(pickle.dumps(unit)) for _, unit in units) < 3_000


def test_days_without_candles_are_said_to_be_so(cache: Path) -> None:
    with pytest.raises(InputError, match="expected candles in that range, found none"):
        searched(cache, days=range(FIRST + 1000, FIRST + 1100))


def test_costs_are_in_what_a_setting_comes_to(whole: Searched, cache: Path) -> None:
    free = searched(cache, variants=variants(pivots=(3, 5), fee=0.0, slippage=0.0))

    assert (free.results.trades >= whole.results.trades).all()
    assert (free.results.net_r.sum(axis=1) > whole.results.net_r.sum(axis=1) + 5).all()
