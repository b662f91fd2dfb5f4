"""What a trader asks of a venue, over a real connection to a local exchange."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from divbot.app.paper import long_candles_notice, refuse_too_short, speed_notice
from divbot.binance.budget import WeightBudget
from divbot.binance.listing.rules import UniverseRules
from divbot.binance.market_data import BinanceSource
from divbot.binance.server_clock import ServerClock
from divbot.binance.trading_data import BinanceTrading
from divbot.domain.clock import SystemClock
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from tests.exchange.servers import running
from tests.recordings.files import START, table, write_csv
from tests.trading.fakes import Told


def recording(folder: Path, interval: Interval) -> Path:
    """Write 200 candles of one symbol, the last of which still forms."""
    frame = table(200)
    frame["open_time"] = START + interval.milliseconds * frame.index
    frame.loc[150, "low"] = 0.5
    return write_csv(folder / "market.csv", frame)


@contextmanager
def trading(path: Path, market: Market) -> Iterator[BinanceTrading]:
    with running(markets=(market,), recorded=path, at=None) as connection:
        source = BinanceSource(
            market=market,
            base_urls=(f"http://{connection.host}:{connection.port}",),
            budget=WeightBudget(SystemClock(), 6000),
            rules=UniverseRules(top=1),
            futures_url="http://127.0.0.1:9",
        )
        clock = ServerClock(SystemClock())
        with closing(
            source.open_trading(clock, 2, price_checks=1, symbols=1, tell=Told())
        ) as found:
            found.begin()
            yield found


@pytest.mark.parametrize(
    ("recorded", "shortest"),
    [
        (Interval.S1, Interval.M1),
        (Interval.M1, Interval.M1),
        (Interval.M15, Interval.M15),
        (Interval.D1, Interval.D1),
    ],
)
def test_the_shortest_candles_are_asked_for_that_there_are(
    tmp_path: Path, recorded: Interval, shortest: Interval
) -> None:
    with trading(recording(tmp_path, recorded), Market.SPOT) as market:
        found = market.minutes("AAAUSDT", START, market.now())

        assert market.interval is shortest
        assert market.candle_length == shortest.milliseconds
        is_told = f"no candles shorter than {shortest.value}" in long_candles_notice(market)
        assert is_told is (shortest is not Interval.M1)
        assert found.forming is not None
        opens = [x.open_time for x in (*found.final, found.forming)]
        count = -(-200 * recorded.milliseconds // shortest.milliseconds)
        assert opens == [START + n * shortest.milliseconds for n in range(count)]


def test_shorter_candles_than_a_market_has_are_refused_before_a_run_begins(tmp_path: Path) -> None:
    with trading(recording(tmp_path, Interval.M15), Market.SPOT) as market:
        refuse_too_short(Interval.M15, market)

        with pytest.raises(InputError, match="no 5m candles, its shortest are 15m"):
            refuse_too_short(Interval.M5, market)


def test_a_wick_in_a_recording_of_15m_candles_is_seen(tmp_path: Path) -> None:
    with trading(recording(tmp_path, Interval.M15), Market.USDM) as market:
        start = START + 149 * market.candle_length
        last, mark = (
            ask("AAAUSDT", start, market.now()).final
            for ask in (market.minutes, market.mark_minutes)
        )

    assert [float(x.low) for x in last[:3]] == [1.25, 0.5, 1.25]
    assert [x.open_time for x in mark] == [x.open_time for x in last]


@pytest.mark.parametrize(
    ("found", "expected", "told"),
    [
        pytest.param(60.0, 1.0, "at --speed 60, and here --speed 1 is given", id="not given"),
        pytest.param(1.0, 60.0, "at --speed 1, and here --speed 60 is given", id="too fast"),
        pytest.param(60.0, 60.0, "", id="the same"),
        pytest.param(0.0, 1.0, "", id="time stands still"),
        pytest.param(None, 1.0, "", id="Binance does not say"),
    ],
)
def test_an_exchange_of_another_speed_is_told(
    found: float | None, expected: float, told: str
) -> None:
    notice = speed_notice(found, expected)

    assert told in notice
    assert bool(told) is bool(notice)


def test_a_local_exchange_says_how_fast_its_time_runs(tmp_path: Path) -> None:
    with trading(recording(tmp_path, Interval.M1), Market.USDM) as market:
        market.begin()

        assert market.speed == 0.0  # a recording that is over stands still
