from __future__ import annotations

import pytest

from divbot.binance.protocol.endpoints import (
    CHEAPEST_AMPLE_LIMIT,
    KLINES_LIMIT,
    Endpoint,
    request_weight,
    scan_weight,
)
from divbot.domain.market import Market

SPOT, USDM = Market.SPOT, Market.USDM


@pytest.mark.parametrize(
    ("market", "limit", "weight"),
    [
        pytest.param(SPOT, None, 2, id="spot, default"),
        pytest.param(SPOT, 1, 2, id="spot, one"),
        pytest.param(SPOT, 1000, 2, id="spot, most"),
        pytest.param(USDM, 1, 1, id="futures, one"),
        pytest.param(USDM, 99, 1, id="futures, below 100"),
        pytest.param(USDM, 100, 2, id="futures, from 100"),
        pytest.param(USDM, 499, 2, id="futures, below 500"),
        pytest.param(USDM, None, 5, id="futures, default is 500"),
        pytest.param(USDM, 1000, 5, id="futures, to 1000"),
        pytest.param(USDM, 1001, 10, id="futures, above 1000"),
    ],
)
def test_candles_cost_what_the_venue_says(market: Market, limit: int | None, weight: int) -> None:
    assert request_weight(market, Endpoint.KLINES, limit=limit) == weight


@pytest.mark.parametrize(
    ("market", "endpoint", "symbols", "listed", "weight"),
    [
        pytest.param(SPOT, Endpoint.TICKER_24HR, None, False, 80, id="spot 24hr, all"),
        pytest.param(SPOT, Endpoint.TICKER_24HR, 1, False, 2, id="spot 24hr, one"),
        pytest.param(SPOT, Endpoint.TICKER_24HR, 20, True, 2, id="spot 24hr, list of 20"),
        pytest.param(SPOT, Endpoint.TICKER_24HR, 21, True, 40, id="spot 24hr, list of 21"),
        pytest.param(SPOT, Endpoint.TICKER_24HR, 100, True, 40, id="spot 24hr, list of 100"),
        pytest.param(SPOT, Endpoint.TICKER_24HR, 101, True, 80, id="spot 24hr, list of 101"),
        pytest.param(SPOT, Endpoint.BOOK_TICKER, 1, False, 2, id="spot quote, one"),
        pytest.param(SPOT, Endpoint.BOOK_TICKER, 1, True, 4, id="spot quote, list of one"),
        pytest.param(SPOT, Endpoint.TICKER_PRICE, None, False, 4, id="spot price, all"),
        pytest.param(SPOT, Endpoint.EXCHANGE_INFO, None, False, 20, id="spot listing"),
        pytest.param(USDM, Endpoint.TICKER_24HR, None, False, 40, id="futures 24hr, all"),
        pytest.param(USDM, Endpoint.TICKER_24HR, 1, False, 1, id="futures 24hr, one"),
        pytest.param(USDM, Endpoint.BOOK_TICKER, None, False, 5, id="futures quote, all"),
        pytest.param(USDM, Endpoint.PREMIUM_INDEX, None, False, 10, id="premium index, all"),
        pytest.param(USDM, Endpoint.PREMIUM_INDEX, 1, False, 1, id="premium index, one"),
        pytest.param(USDM, Endpoint.EXCHANGE_INFO, None, False, 1, id="futures listing"),
        pytest.param(USDM, Endpoint.TIME, None, False, 1, id="time"),
    ],
)
def test_requests_cost_what_the_venue_says(
    market: Market, endpoint: Endpoint, symbols: int | None, listed: bool, weight: int
) -> None:
    assert request_weight(market, endpoint, symbols=symbols, listed=listed) == weight


@pytest.mark.parametrize("market", list(Market))
def test_no_longer_history_costs_as_little_as_the_one_we_ask_for(market: Market) -> None:
    limit = CHEAPEST_AMPLE_LIMIT[market]
    weight = request_weight(market, Endpoint.KLINES, limit=limit)

    assert all(
        request_weight(market, Endpoint.KLINES, limit=longer) > weight
        for longer in range(limit + 1, KLINES_LIMIT[market].maximum + 1)
    )
    assert limit > 300


def test_a_scan_of_400_symbols_keeps_within_its_allowance() -> None:
    assert scan_weight(SPOT, 400, 1000) <= 800 + 100
    assert scan_weight(USDM, 400, 499) <= 800 + 60
