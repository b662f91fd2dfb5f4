"""An exchange that stands still, and a guard that lets its clients reach nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from divbot.domain.clock import parse_time
from divbot.exchange.embedded import EmbeddedExchange
from divbot.exchange.options import ExchangeOptions
from divbot.processes import PRELOAD

from .loopback import loopback_only

if TYPE_CHECKING:
    from .ccxt_sides import Side

NOON = parse_time("2024-07-30T12:00:20")


@pytest.fixture(scope="package", autouse=True)
def strays() -> Iterator[list[str]]:
    """Return the hosts that clients asked for in vain: it has to stay empty."""
    with loopback_only() as strays, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")  # python-binance would ask one
        yield strays


@pytest.fixture(autouse=True)
def _nobody_strays(strays: list[str]) -> Iterator[None]:
    """Fail where a client strayed, even if it kept the refusal to itself."""
    strays.clear()
    yield
    assert strays == []


@pytest.fixture(scope="package")
def standing() -> Iterator[str]:
    """Return the address of an exchange of both markets whose time stands still."""
    options = ExchangeOptions(symbols=40, seed=7, at=NOON, speed=0.0, awkward=True)
    with EmbeddedExchange(options, PRELOAD) as exchange:
        yield exchange.base_url


@pytest.fixture(scope="package")
def moving() -> Iterator[str]:
    """Return the address of an exchange of both markets where a minute passes in a second."""
    options = ExchangeOptions(symbols=10, seed=7, at=NOON, speed=60.0, awkward=True)
    with EmbeddedExchange(options, PRELOAD) as exchange:
        yield exchange.base_url


@pytest.fixture
def grudging() -> Iterator[str]:
    """Return the address of an exchange that refuses a call for all tickers, then bans."""
    options = ExchangeOptions(symbols=2, at=NOON, speed=0.0, weight_limit=30, patience=1)
    with EmbeddedExchange(options, PRELOAD) as exchange:
        yield exchange.base_url


@pytest.fixture(scope="package")
def spot(standing: str) -> Iterator[Side]:
    from .ccxt_sides import spot_side

    with spot_side(standing) as side:
        side.client.load_markets()
        yield side


@pytest.fixture(scope="package")
def usdm(standing: str) -> Iterator[Side]:
    from .ccxt_sides import usdm_side

    with usdm_side(standing) as side:
        side.client.load_markets()
        yield side


@pytest.fixture(params=["spot", "usdm"])
def side(request: pytest.FixtureRequest) -> Side:
    """Return each market as ccxt sees it; skip where ccxt is not there."""
    return request.getfixturevalue(request.param)
