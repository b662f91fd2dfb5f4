"""ccxt's clients, unchanged but for their addresses: they take the exchange for Binance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from .plain import SPOT, USDM, need, said

ccxt = pytest.importorskip("ccxt", reason="needs the client library ccxt")


MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Side:
    """One market of the exchange: ccxt's client of it, and the same over plain HTTP."""

    client: Any
    base_url: str
    prefix: str
    btc: str
    """ccxt's name of BTCUSDT."""

    def said(self, endpoint: str, **parameters: object) -> Any:
        """Return what the exchange itself says."""
        return said(self.base_url, f"{self.prefix}/{endpoint}", **parameters)

    def need(self, endpoint: str, **parameters: object) -> None:
        """Skip where the exchange lacks an endpoint."""
        need(self.base_url, f"{self.prefix}/{endpoint}", **parameters)

    def get(self, endpoint: str, parameters: dict[str, object]) -> Any:
        """Ask through ccxt, but for parameters of our own: publicGetTicker24hr and its like."""
        api = "publicGet" if self.prefix == SPOT else "fapiPublicGet"
        name = "".join(part[0].upper() + part[1:] for part in endpoint.split("/"))
        return getattr(self.client, f"{api}{name}")(parameters)


@contextmanager
def spot_side(base_url: str) -> Iterator[Side]:
    with _opened(ccxt.binance, "spot", base_url) as client:
        yield Side(client, base_url, SPOT, "BTC/USDT")


@contextmanager
def usdm_side(base_url: str) -> Iterator[Side]:
    with _opened(ccxt.binanceusdm, "linear", base_url) as client:
        yield Side(client, base_url, USDM, "BTC/USDT:USDT")


@contextmanager
def _opened(kind: type, market_type: str, base_url: str) -> Iterator[Any]:
    """Open a client without a key that asks one market only, each of its hosts replaced."""
    options = {"fetchMarkets": {"types": [market_type]}, "fetchCurrencies": False}
    # The exchange does its own counting; ccxt's throttle would sleep.
    client = kind({"enableRateLimit": False, "options": options})
    client.urls["api"] = {
        name: base_url + urlsplit(url).path for name, url in client.urls["api"].items()
    }
    # It knows by their hosts which market's errors it sees; on loopback it has to be told.
    client.get_exceptions_by_url = lambda url, kind: client.exceptions[market_type].get(kind, {})
    try:
        yield client
    finally:
        client.session.close()


def numbers_of(rows: list[list[Any]]) -> list[list[Any]]:
    return [[row[0], *map(float, row[1:6])] for row in rows]


def quote_of(ticker: dict[str, Any]) -> tuple[float, float, float, float]:
    return (
        ticker["bid"] or 0.0,
        ticker["bidVolume"],
        ticker["ask"] or 0.0,
        ticker["askVolume"],
    )
