"""Nothing at or before a close depends on a candle after it; and leaks that are planted show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divbot.binance.listing.rules import UniverseRules
from divbot.history import ranks
from divbot.history.columns import Columns
from divbot.kernels.days import SUM, last_days
from divbot.recordings.track import Track
from divbot.research import past_signals, past_venue
from divbot.research.past import PastScanner
from tests.history.made import DAY, HOUR, START, MadeHistory, chosen, quiet, walked
from tests.research.pasts import opened, scan_rules

ROWS = 24 * 40
FIRST = START + 28 * DAY
CUT = START + 36 * DAY + 11 * HOUR
"""In the middle of a day, whose later hours are not known then."""
RULES = UniverseRules(top=3, min_age=0.0)
EVERY = 3


def market(seed: int) -> MadeHistory:
    tracks = [
        _busy(walked("AUSDT", seed, ROWS), 1),
        _busy(walked("BUSDT", seed + 1, ROWS, price=3.0, tick=3, volume=40_000.0), 2),
        _busy(walked("CUSDT", seed + 2, ROWS, price=0.3, tick=2, move=0.02, volume=4e5), 3),
        _busy(walked("DUSDT", seed + 3, ROWS), 4),
        walked("PEGUSDT", seed + 4, ROWS, price=1.0, tick=3, move=0.0005, volume=2e5),
    ]
    return MadeHistory({x.symbol: x for x in tracks})


def _busy(track: Track, number: int) -> Track:
    """Return it with a volume that comes and goes, day by day."""
    days = np.repeat(np.random.default_rng(number).random(-(-len(track.volume) // 24)), 24)
    return replace(track, volume=track.volume * days[: len(track.volume)])


def shaken(history: MadeHistory, cut: int, seed: int) -> MadeHistory:
    """Return it with other candles from `cut` on: other prices and volumes, some gone."""
    random = np.random.default_rng(seed)

    def changed(track: Track) -> Track:
        later = track.open_time >= cut
        factor = np.where(later, np.exp(random.normal(0, 0.3)), 1.0)
        kept = ~later | (random.random(len(later)) > random.random() / 2)
        ups = np.where(later, np.abs(random.normal(0, 0.05, len(later))), 0.0)
        downs = np.where(later, random.random(len(later)) * 0.05, 0.0)
        prices = {
            "open": track.open * factor,
            "close": track.close * factor,
            "high": track.high * factor * (1 + ups),
            "low": track.low * factor * (1 - downs),
        }
        volume = track.volume * np.where(later, random.exponential(2.0, len(later)), 1.0)
        return chosen(replace(track, volume=volume, **prices), kept)

    tracks = {symbol: changed(track) for symbol, track in history.tracks.items()}
    gone = sorted(tracks)[seed % len(tracks)]
    rows = int((history.tracks[gone].open_time < cut).sum())
    tracks[gone] = (
        quiet(history.tracks[gone], rows) if seed % 2 else chosen(tracks[gone], slice(rows))
    )
    return replace(history, tracks=tracks)


def said(history: MadeHistory, until: int, folder: Path) -> list[Any]:
    """Return all that is said of every close up to `until`; a range may end much later."""
    with opened(history, folder, first=FIRST, universe=RULES, scan=scan_rules(max_age=3)) as past:
        # The last one, which is nearest to what must not be known, is among them.
        closes = [x for x in past.closes.tolist() if x <= until][::-1]
        return [
            *(past.glance(x) for x in closes[::EVERY]),
            *(past.report(x, ("DUSDT",)).summary for x in closes[:: 12 * EVERY]),
            [past.is_listed(x).tolist() for x in closes],
            [past.instrument("BUSDT", x) for x in closes[::EVERY]],
            _columns(past, until),
        ]


def _columns(past: PastScanner, until: int) -> list[list[Any]]:
    found, fresh = past.candidates(FIRST, until + 1), past.fresh(FIRST, until + 1)
    names = ("close", "symbol", "side", "confirmed_at", "stop", "target", "price", "score")
    ones = ("confirmed_at", "symbol", "side")
    return [
        *(getattr(found, x).tolist() for x in names),
        *(getattr(fresh, x).tolist() for x in ones),
    ]


def changes(seed: int, cut: int = CUT) -> list[int]:
    """Return which of what is said up to `cut` another future changes."""
    history = market(seed)
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        before = said(history, cut, Path(one))
        after = said(shaken(history, cut, seed), cut, Path(other))
    assert any(x.open_to_trade for x in before if hasattr(x, "open_to_trade"))
    return [n for n, (x, y) in enumerate(zip(before, after, strict=True)) if x != y]


@given(seed=st.integers(0, 10_000), cut=st.integers(1, 9 * 24))
@settings(max_examples=6)
def test_no_candle_after_a_close_changes_what_is_said_of_it(seed: int, cut: int) -> None:
    assert changes(seed, FIRST + 2 * DAY + cut * HOUR) == []


def test_a_shorter_history_says_the_same(tmp_path: Path) -> None:
    whole = market(5)
    tracks = {x: chosen(track, track.open_time < CUT) for x, track in whole.tracks.items()}

    short = said(replace(whole, tracks=tracks), CUT, tmp_path / "short")

    assert short == said(whole, CUT, tmp_path / "whole")


def _of_its_own_day(*arrays: Any) -> Any:
    """Tell of each row the volume of its whole day, the hours to come included."""
    found = last_days(*arrays)
    rows = found.shape[2]
    for start in range(0, rows, 24):
        day = slice(start, min(start + 24, rows))
        found[SUM, :, day] = np.nansum(arrays[0][:, day], axis=1)[:, None]
    return found


def _one_step_ahead(cut: Callable[..., Any]) -> Callable[..., Any]:
    """Serve the candle that is still forming, as if it were final."""

    def ahead(venue: Any, *rest: Any) -> Any:
        venue.step += 1
        try:
            return cut(venue, *rest)
        finally:
            venue.step -= 1

    return ahead


def _before_their_time(step: Callable[..., int]) -> Callable[..., int]:
    """Take a candle for final when it opens."""
    return lambda columns, close: step(columns, close) + 1


@pytest.mark.parametrize(
    ("where", "name", "leak"),
    [
        pytest.param(ranks, "last_days", lambda _: _of_its_own_day, id="a day's own volume"),
        pytest.param(past_venue.PastVenue, "_cut", _one_step_ahead, id="one candle ahead"),
        pytest.param(Columns, "step_at_close", _before_their_time, id="rows before their time"),
        pytest.param(
            past_signals.Analysis,
            "confirmed",
            lambda whole: lambda analysis, events: whole(analysis, events) - 1,
            id="known a candle before its confirmation",
        ),
    ],
)
def test_a_planted_leak_is_seen(
    where: Any, name: str, leak: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, leak(getattr(where, name)))

    assert any(changes(seed) for seed in range(4))
