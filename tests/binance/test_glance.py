"""A look at whether the venue shows a candle yet: one try, and little weight."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests

from divbot.app import scanning
from divbot.binance.glance import MOST_WEIGHT, BinanceGlance
from divbot.binance.market_data import BinanceSource
from divbot.domain.clock import parse_time
from divbot.domain.errors import TryAgain
from divbot.domain.market import Interval, Market
from divbot.exchange.embedded import EmbeddedExchange
from divbot.exchange.options import ExchangeOptions
from divbot.processes import PRELOAD
from divbot.settings import load_settings

CLOSE = parse_time("2024-07-30T09:00")


@pytest.fixture(scope="module")
def venue() -> Iterator[str]:
    """Return the address of a venue half a second after a close, which shows candles after one."""
    options = ExchangeOptions(
        symbols=5, seed=7, at=CLOSE + 500, speed=0.0, publish_lag=1000, awkward=False
    )
    with EmbeddedExchange(options, PRELOAD) as exchange:
        yield exchange.base_url


@pytest.fixture(params=[Market.USDM, Market.SPOT])
def source(request: pytest.FixtureRequest, venue: str) -> Iterator[BinanceSource]:
    with ExitStack() as stack:
        settings = load_settings({"base_url": venue, "market": request.param})
        yield scanning.open_source(settings, stack)


@pytest.fixture
def glance(source: BinanceSource) -> Iterator[BinanceGlance]:
    found = source.open_glance()
    yield found
    found.close()


def test_a_candle_that_is_not_shown_yet_is_not_seen(glance: BinanceGlance) -> None:
    assert glance.newest_close("BTCUSDT", Interval.M5) == CLOSE - Interval.M5.milliseconds
    assert glance.newest_close("BTCUSDT", Interval.M1) == CLOSE - Interval.M1.milliseconds


def test_all_looks_at_a_close_cost_ten_at_most(
    source: BinanceSource, glance: BinanceGlance
) -> None:
    before = source.weight_spent()

    for _ in range(glance.looks):
        glance.newest_close("BTCUSDT", Interval.M5)

    assert glance.looks >= 4
    assert 0 < source.weight_spent() - before <= MOST_WEIGHT


def test_what_fails_is_not_tried_again(
    source: BinanceSource, glance: BinanceGlance, venue: str
) -> None:
    fault = {"kind": "unavailable503", "count": 1}
    requests.post(f"{venue}/divbot/faults", json=fault, timeout=5).raise_for_status()
    before = source.weight_spent()

    with pytest.raises(TryAgain):
        glance.newest_close("BTCUSDT", Interval.M5)

    assert source.weight_spent() - before <= 2
    assert glance.newest_close("BTCUSDT", Interval.M5) > 0
