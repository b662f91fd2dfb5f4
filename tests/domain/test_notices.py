"""What trouble that goes on for long makes of a log."""

from __future__ import annotations

from divbot.domain.notices import Outage
from tests.trading.fakes import NOON, Told

BACK = "quotes are back"


def outage() -> tuple[Outage, Told]:
    told = Told()
    return Outage(told), told


def test_trouble_that_is_met_again_and_again_is_told_once_and_so_is_its_end() -> None:
    troubled, told = outage()

    for second in range(100):
        troubled.note("no quotes: no route", back=BACK, now=NOON + second * 1000)
    troubled.end(NOON + 100_000)
    troubled.end(NOON + 105_000)

    assert told == [
        "! no quotes: no route",
        "! quotes are back after 100 s, since 2024-07-30 12:00:00 UTC",
    ]


def test_other_numbers_are_no_news_but_other_words_are() -> None:
    troubled, told = outage()

    for trouble in ("no answer in 10.0 s", "no answer in -9,7 s", "banned", "no answer in 3 s"):
        troubled.note(trouble, back=BACK, now=NOON)

    assert told == ["! no answer in 10.0 s", "! banned"]


def test_another_kind_of_trouble_begins_where_the_one_before_ended() -> None:
    troubled, told = outage()

    troubled.note("no quotes", back=BACK, now=NOON)
    troubled.note("no candles", back="candles are back", now=NOON + 5000)
    troubled.end(NOON + 7000)

    assert told == [
        "! no quotes",
        "! quotes are back after 5 s, since 2024-07-30 12:00:00 UTC",
        "! no candles",
        "! candles are back after 2 s, since 2024-07-30 12:00:05 UTC",
    ]


def test_trouble_that_comes_back_is_told_again() -> None:
    troubled, told = outage()

    for _ in range(2):
        troubled.note("no route", back=BACK, now=NOON)
        troubled.end(NOON)

    assert told.count("! no route") == 2
