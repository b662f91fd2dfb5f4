from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from divbot.candle_arrays import Candles
from divbot.domain.errors import InputError
from divbot.domain.market import Interval
from divbot.research import rates
from divbot.research.rates import rate_before
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.evidence.recording import RecordedBlock
from tests.history.made import DAY, HOUR, START, MadeHistory, chosen, spliced, walked
from tests.research.test_no_lookahead import shaken
from tests.scanner.fakes import TRADE

ROWS = 24 * 150
UNTIL = START + 100 * DAY
RULES = replace(TRADE, horizon=48)


def market() -> MadeHistory:
    names = [f"S{x}USDT" for x in range(6)]
    return MadeHistory({x: walked(x, 40 + n, ROWS) for n, x in enumerate(names)})


def counted(history: MadeHistory, folder: Path, until: int = UNTIL) -> BaseRate:
    found = rate_before(history, Interval.H1, RULES, until, cache=folder)
    assert found is not None
    return found


def test_a_rate_is_what_a_recording_of_the_same_candles_says(tmp_path: Path) -> None:
    history = market()
    series, traded = {}, {}
    for symbol, track in history.tracks.items():
        part = chosen(track, track.open_time + HOUR <= UNTIL)
        prices = (part.open, part.high, part.low, part.close)
        series[symbol] = Candles(part.open_time, *prices, part.volume)
        traded[symbol] = part.volume

    found = counted(history, tmp_path)

    expected = RecordedBlock.of(series, traded, Interval.H1, ROWS).base_rate(RULES, history.market)
    assert found.cases == expected.cases > 300
    assert found.weeks == expected.weeks
    assert found.ratio == pytest.approx(expected.ratio, rel=1e-3)
    assert found.ratio_error == pytest.approx(expected.ratio_error, rel=1e-2)
    assert found.gross == pytest.approx(expected.gross, abs=1e-3)
    assert found.source == f"6 symbols of the store, {expected.source.partition(', ')[2]}"


def test_no_candle_after_it_changes_a_rate(tmp_path: Path) -> None:
    history = market()

    before = counted(history, tmp_path / "one")

    for seed in range(3):
        other = shaken(history, UNTIL, seed)
        assert counted(other, tmp_path / str(seed)) == before


def _to_the_end(whole: Callable[..., Any]) -> Callable[..., Any]:
    """Count what ended later, too."""
    return lambda columns, place, rules, _, folder: whole(
        columns, place, rules, columns.end, folder
    )


def test_a_rate_that_knows_what_came_later_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = market()
    monkeypatch.setattr(rates, "walk_of_month", _to_the_end(rates.walk_of_month))

    until = UNTIL + 3 * DAY
    found = [
        counted(x, tmp_path / str(n), until)
        for n, x in enumerate((history, shaken(history, until, 2)))
    ]

    assert found[0] != found[1]


def test_no_trade_lives_in_two_contracts(tmp_path: Path) -> None:
    """What is open when a contract ends never ends; the next one warms up anew."""
    first = walked("AUSDT", 1, 24 * 40)
    second = walked("AUSDT", 2, 24 * 40, start=START + 45 * DAY, price=9.0)
    both = MadeHistory({"AUSDT": spliced(first, second)})
    apart = MadeHistory({"AUSDT": first, "BUSDT": second})

    until = START + 90 * DAY
    together, each = counted(both, tmp_path / "1", until), counted(apart, tmp_path / "2", until)

    assert (together.cases, together.ratio) == (each.cases, each.ratio)


def test_months_are_counted_once(tmp_path: Path) -> None:
    history = market()
    counted(history, tmp_path)
    made = {x: x.stat().st_ino for x in tmp_path.rglob("*.cases.npz")}

    counted(history, tmp_path, UNTIL + 31 * DAY)

    again = {x: x.stat().st_ino for x in tmp_path.rglob("*.cases.npz")}
    # Those of January and February had all ended; of March and April some had not.
    assert sum(again.get(x) == y for x, y in made.items()) == len(made)
    assert len(again) == len(made) + 2


def test_nothing_is_counted_of_too_few_candles(tmp_path: Path) -> None:
    history = MadeHistory({"AUSDT": walked("AUSDT", 1, 100)})

    assert rate_before(history, Interval.H1, RULES, START + 90 * HOUR, cache=tmp_path) is None


def test_a_time_before_the_first_candle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found none"):
        counted(market(), tmp_path, START)


def test_a_month_without_any_candle_between_others_is_passed_over(tmp_path: Path) -> None:
    first = walked("AUSDT", 1, 24 * 30)
    second = walked("AUSDT", 2, 24 * 30, start=START + 70 * DAY)
    history = MadeHistory({"AUSDT": spliced(first, second)})

    found = counted(history, tmp_path, START + 100 * DAY)

    assert found.cases > 5
    assert np.isfinite(found.ratio)
