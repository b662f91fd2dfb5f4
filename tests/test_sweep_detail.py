"""What a sweep says of short candles that its store lacks: first with the command, and after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from divbot.app.options import SweepOptions
from divbot.app.sweep_setup import opened_sweep
from divbot.app.sweep_words import coarse_words, notes_of, warnings_of
from divbot.domain.clock import utc_text
from divbot.domain.durations import DAY, MINUTE
from divbot.domain.market import Interval, Market
from divbot.history.candles import chosen
from divbot.history.joined import joined_candles
from divbot.history.parts import RowSource
from divbot.history.spans import Span
from divbot.recordings.track import Track
from divbot.settings import Settings
from tests.history.made import START, walked
from tests.history.supplies import new_store

HOUR = 60 * MINUTE
SYMBOLS = ("AAAUSDT", "BBBUSDT")
MINUTES = {x: walked(x, n, 20 * 1440, step=MINUTE, move=0.001) for n, x in enumerate(SYMBOLS)}
DATES = "-".join(utc_text(x)[:10].replace("-", "") for x in (START, START + 20 * DAY))
NOTHING = Span(START, START + 20 * DAY)
STOP = "and one that touches both stop and target counts as a stop: "
OWN = (
    "all trades are judged by candles of their own interval, "
    f"{STOP}not every symbol has shorter ones"
)
HOURS = f"of the time trades are judged by 1h candles, {STOP}1m ones are missing there"


def without(symbol: str, spans: list[Span]) -> Track:
    """Return all minutes of a symbol but those of some spans."""
    minutes = MINUTES[symbol]
    opened = minutes.open_time
    return chosen(
        minutes, ~np.logical_or.reduce([(x.start <= opened) & (opened < x.end) for x in spans])
    )


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ({}, ""),
        ({x: [NOTHING] for x in SYMBOLS}, OWN),
        ({"BBBUSDT": [NOTHING]}, OWN),
        (
            {
                "AAAUSDT": [Span(START + DAY, START + 2 * DAY)],
                "BBBUSDT": [Span(START, START + DAY)],
            },
            f"for 5.0% {HOURS}",
        ),
        (
            {"AAAUSDT": [Span(START + DAY, START + DAY + MINUTE)]},
            f"for 0.1% {HOURS}",
        ),
        (
            {"AAAUSDT": [Span(x, x + MINUTE) for x in range(START + DAY, START + 2 * DAY, HOUR)]},
            f"for 2.5% {HOURS}",
        ),
    ],
    ids=["nothing", "all", "all of one symbol", "a day of each", "a minute", "a minute an hour"],
)
def test_what_longer_candles_judge_is_said_with_the_command_that_fetches_shorter_ones(
    missing: dict[str, list[Span]], expected: str, tmp_path: Path
) -> None:
    store = new_store(tmp_path, Market.USDM)
    for symbol in SYMBOLS:
        hours = joined_candles(MINUTES[symbol], Interval.M1, Interval.H1)
        store.write(symbol, Interval.H1, hours, RowSource("made"))
        if missing.get(symbol) != [NOTHING]:
            minutes = without(symbol, missing.get(symbol, [Span(0, 0)]))
            store.write(symbol, Interval.M1, minutes, RowSource("made"))
    settings = Settings(interval=Interval.H1, sequential=True, min_age=0, top=2, store=tmp_path)
    options = SweepOptions(sets=("stop_atr=0.5,1",))

    with opened_sweep(store, settings, options, lambda *_: None) as sweep:
        coarse = coarse_words(sweep)
        warnings, notes = list(warnings_of(sweep, coarse)), list(notes_of(sweep, coarse))

    told = [
        "not all trades can be judged by 1m candles; they come by divbot data download "
        f"--market usdm -i 1m --top 2 --store {tmp_path} --timerange {DATES} (about 2 MB)"
    ]
    assert warnings == told * bool(expected)
    assert [x for x in notes if "stop and target" in x] == [expected] * bool(expected)
