"""Candles behind the trades of a run, asked from its venue afterwards; and what is said without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from plotly.offline import get_plotlyjs

from divbot.app import run_candles
from divbot.app.run_candles import candles_of_run
from divbot.candle_arrays import Candles
from divbot.cli.report.charts import chart_data
from divbot.cli.report.stats import page_text
from divbot.domain.errors import UnknownSymbol, VenueError, VenueUnreachable
from divbot.domain.events import Started
from divbot.domain.ledger import Ledger
from divbot.domain.market import Interval
from divbot.settings import Settings
from divbot.trading.figures.stats import measure
from divbot.trading.journal.journal import JournalCopy
from tests.cli.pages import Browse
from tests.cli.recordings import Terminal, terminal
from tests.trading.stories import (
    DAY,
    HOUR,
    START,
    STARTED,
    dealt,
    five_trades,
    recorded,
    simulated,
)

__all__ = ["terminal"]

PRICE = 100.0


class Venue:
    """Has candles at one price from some time on, and trouble where a test says so."""

    venue = "Binance"

    def __init__(self, price: float = PRICE, since: int = 0, *, is_simulated: bool = False) -> None:
        self.price = price
        self.since = since
        self.simulated = is_simulated
        self.is_empty = False
        self.troubles: dict[str, VenueError] = {}
        self.asked: list[tuple[str, Interval, int, int]] = []

    def past_candles(self, symbol: str, interval: Interval, start: int, count: int) -> Candles:
        self.asked.append((symbol, interval, start, count))
        if symbol in self.troubles:
            raise self.troubles[symbol]
        step = interval.milliseconds
        times = -(-max(start, self.since) // step) * step + step * np.arange(count)
        times = times[:0] if self.is_empty else times
        prices = np.full(len(times), self.price)
        return Candles(times, prices, prices * 1.001, prices * 0.999, prices, prices)


@pytest.fixture
def venue(monkeypatch: pytest.MonkeyPatch) -> Venue:
    found = Venue()

    @contextmanager
    def opened(settings: Settings) -> Iterator[Venue]:
        yield found

    monkeypatch.setattr(run_candles, "open_venue", opened)
    return found


def charted(run: JournalCopy, **settings: str) -> dict[str, run_candles.Charted]:
    assert run.ledger.start
    return candles_of_run(run.ledger.start, run.ledger, Settings(**settings))


def notes(found: dict[str, run_candles.Charted]) -> dict[str, str]:
    return {symbol: x.note for symbol, x in found.items() if x.candles is None}


def test_candles_of_the_run_s_own_interval_reach_from_before_the_entry_to_after_the_exit(
    venue: Venue,
) -> None:
    found = charted(five_trades())

    candles = found["币安人生USDT"].candles
    assert candles is not None
    assert notes(found) == {}
    assert found["币安人生USDT"].note == "Binance, candles of 5m."
    assert candles.open_time[0] < START + 20 * HOUR
    assert candles.open_time[-1] > START + 21 * HOUR
    assert {interval for _, interval, _, _ in venue.asked} == {Interval.M5}


def test_trades_of_weeks_are_shown_on_longer_candles_and_it_is_said(venue: Venue) -> None:
    trades = dealt(1, START, START + HOUR, "5"), dealt(2, START + 20 * DAY, START + 21 * DAY, "5")

    found = charted(recorded(STARTED, *trades[0], *trades[1]))

    assert found["BTCUSDT"].note == (
        "Binance, candles of 30m; longer than the run's 5m, as they cover all trades of the symbol."
    )


def test_candles_that_begin_after_the_first_trade_say_so(venue: Venue) -> None:
    venue.since = START + 3 * HOUR

    assert charted(five_trades())["BTCUSDT"].note == (
        "Binance, candles of 5m; there are none before 2024-07-01 15:00 UTC."
    )


def test_a_venue_that_has_no_candles_of_that_time_says_so(venue: Venue) -> None:
    venue.is_empty = True

    assert set(notes(charted(five_trades())).values()) == {
        "no candles: Binance has none of that time"
    }


def test_candles_of_another_market_are_not_drawn_behind_the_fills(venue: Venue) -> None:
    venue.price = 50.0

    assert set(notes(charted(five_trades())).values()) == {
        "no candles: those of Binance do not hold the fills of this run"
    }


def test_a_venue_that_cannot_be_reached_is_asked_once(venue: Venue) -> None:
    venue.troubles["BTCUSDT"] = VenueUnreachable("no route")

    found = notes(charted(five_trades()))

    assert found == dict.fromkeys(found, "no candles: no route")
    assert len(found) == 3
    assert len(venue.asked) == 1


def test_a_symbol_that_is_gone_costs_no_other_its_candles(venue: Venue) -> None:
    venue.troubles["BTCUSDT"] = UnknownSymbol("BTCUSDT: gone")

    assert notes(charted(five_trades())) == {"BTCUSDT": "no candles: BTCUSDT: gone"}


def test_a_local_exchange_is_asked_where_it_is_named(venue: Venue) -> None:
    run = simulated(five_trades())
    venue.simulated = True

    unnamed, named = charted(run), charted(run, base_url="http://127.0.0.1:1")

    assert set(notes(unnamed).values()) == {
        "no candles: the run was on a simulated market; those of a demo end with it, those of "
        "`divbot exchange` are to be had with --base-url while it runs"
    }
    assert notes(named) == {}


def test_more_symbols_than_a_minute_allows_are_told(venue: Venue) -> None:
    count = run_candles.MOST_SYMBOLS + 1
    run = recorded(
        STARTED,
        *(
            event
            for n in range(1, count + 1)
            for event in dealt(
                n, START + n * HOUR, START + (n + 1) * HOUR, "5", symbol=f"COIN{n:03}USDT"
            )
        ),
    )

    found = notes(charted(run))

    assert found == {
        f"COIN{count:03}USDT": "no candles: only those of the 60 most traded symbols are asked for"
    }


def test_entries_and_exits_stand_on_candles(browse: Browse, venue: Venue, tmp_path: Path) -> None:
    venue.troubles["ETHUSDT"] = UnknownSymbol("ETHUSDT: gone")
    run = five_trades()
    stats = measure(run.events, run.ledger)
    probe = """
        const select = document.getElementById("symbol");
        const seen = (place) => {
          select.value = place;
          select.dispatchEvent(new Event("change"));
          const candles = document.getElementById("fills").data.find((x) => x.type === "candlestick");
          return [candles ? candles.x.length : 0, document.getElementById("candles").textContent];
        };
        return [problems, seen(0), seen(1)];
    """  # noqa: E501 - of another language

    data = chart_data(stats, run.ledger, charted(run))
    text = page_text(run, stats, get_plotlyjs(), charted(run))
    problems, known, unknown = browse(tmp_path, text, probe)

    assert problems == []
    assert known == [len(data["symbols"][0]["candles"]["open_time"]), "Binance, candles of 5m."]
    assert unknown == [0, "no candles: ETHUSDT: gone"]


@pytest.mark.parametrize(
    ("address", "flags", "asked"),
    [
        ("https://fapi.binance.com", (), "https://fapi.binance.com"),
        ("http://127.0.0.1:1", ("--base-url", "http://127.0.0.1:2"), "http://127.0.0.1:2"),
        ("demo", (), None),
        (None, (), None),
    ],
)
def test_candles_are_asked_where_the_run_was(
    address: str | None,
    flags: tuple[str, ...],
    asked: str | None,
    terminal: Terminal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str | None] = []

    def candles_of(start: Started, ledger: Ledger, settings: Settings) -> dict[str, object]:
        seen.append(settings.base_url)
        return {}

    monkeypatch.setattr(run_candles, "candles_of_run", candles_of)
    run = recorded(replace(STARTED, address=address), *dealt(1, START, START + HOUR, "5"))

    terminal.run(run, "stats", "--report", str(tmp_path / "page.html"), *flags)

    assert seen == [asked]
