"""divbot's client and the local exchange read the venue's documents each for itself.

Where they differ, one of them is wrong: see `divbot.binance.protocol.endpoints` and
`divbot.exchange.rest.limits`.
"""

import json
from itertools import product

import pytest

from divbot.binance.protocol import endpoints as client
from divbot.binance.protocol.endpoints import Endpoint
from divbot.domain.market import Market
from divbot.exchange.rest import limits, response
from divbot.exchange.rest.parameters import Parameters
from divbot.exchange.rest.weights import WEIGHTS

from .markets import ask, synthetic_desk

SPOT, USDM = Market.SPOT, Market.USDM
OFFERED = [pair for pair in product(Market, Endpoint) if pair[1].offered_by(pair[0])]
BY_LIMIT = (Endpoint.KLINES, Endpoint.MARK_PRICE_KLINES)
BY_SYMBOLS = (
    Endpoint.TICKER_24HR,
    Endpoint.TICKER_PRICE,
    Endpoint.BOOK_TICKER,
    Endpoint.PREMIUM_INDEX,
)


def charged(market, endpoint, query=""):
    return WEIGHTS[market][endpoint.value](Parameters(market, query))


def listed(count):
    return "symbols=" + json.dumps([f"A{number}" for number in range(count)]).replace(" ", "")


def test_every_endpoint_that_the_client_knows_is_compared():
    others = {Endpoint.PING, Endpoint.TIME, Endpoint.EXCHANGE_INFO, Endpoint.FUNDING_RATE}

    assert {*BY_LIMIT, *BY_SYMBOLS, *others} == set(Endpoint)


@pytest.mark.parametrize("market", list(Market))
def test_the_paths_of_the_client_lead_somewhere(market):
    asked = {endpoint.path(market) for each, endpoint in OFFERED if each is market}

    assert asked <= set(synthetic_desk(market).paths)
    assert client.PREFIX[market] == limits.ROOT[market]


@pytest.mark.parametrize("market", list(Market))
def test_what_the_exchange_lacks_is_not_offered_to_the_client_either(market):
    paths = synthetic_desk(market).paths
    lacking = {each for each in Endpoint if each.path(market) not in paths}

    assert lacking == {each for each in Endpoint if not each.offered_by(market)}


@pytest.mark.parametrize(("market", "endpoint"), OFFERED)
def test_a_request_without_parameters_costs_what_the_client_sets_aside(market, endpoint):
    assert charged(market, endpoint) == client.request_weight(market, endpoint)


@pytest.mark.parametrize(("market", "endpoint"), [each for each in OFFERED if each[1] in BY_LIMIT])
def test_candles_of_every_limit_cost_what_the_client_sets_aside(market, endpoint):
    numbers = range(1, client.KLINES_LIMIT[market].maximum + 1)

    assert [charged(market, endpoint, f"limit={number}") for number in numbers] == [
        client.request_weight(market, endpoint, limit=number) for number in numbers
    ]


@pytest.mark.parametrize(
    ("market", "endpoint"), [each for each in OFFERED if each[1] in BY_SYMBOLS]
)
def test_one_symbol_costs_what_the_client_sets_aside(market, endpoint):
    assert charged(market, endpoint, "symbol=A") == client.request_weight(
        market, endpoint, symbols=1
    )


@pytest.mark.parametrize("endpoint", BY_SYMBOLS[:3])
def test_lists_of_symbols_cost_what_the_client_sets_aside(endpoint):
    numbers = (1, 2, 19, 20, 21, 99, 100, 101, 400)

    assert [charged(SPOT, endpoint, listed(number)) for number in numbers] == [
        client.request_weight(SPOT, endpoint, symbols=number, listed=True) for number in numbers
    ]


@pytest.mark.parametrize("market", list(Market))
def test_both_know_the_same_limits(market):
    ours, theirs = limits.KLINES[market], client.KLINES_LIMIT[market]

    assert (ours.default, ours.maximum) == (theirs.default, theirs.maximum)
    assert limits.MINUTE_WEIGHT[market] == client.WEIGHT_PER_MINUTE[market]


@pytest.mark.parametrize("market", list(Market))
def test_the_client_finds_the_headers_that_the_exchange_sends(market):
    sent = ask(synthetic_desk(market), "ping").headers
    read = (
        client.USED_WEIGHT_HEADER,
        client.LOCAL_ARCHIVE_HEADER,
        client.LOCAL_EXCHANGE_HEADER,
        client.LOCAL_CANDLES_HEADER,
        client.LOCAL_SPEED_HEADER,
    )

    assert read == (
        response.USED_WEIGHT_HEADER,
        response.ARCHIVE_HEADER,
        response.ORIGIN_HEADER,
        response.CANDLES_HEADER,
        response.SPEED_HEADER,
    )
    assert set(read) <= set(sent)
