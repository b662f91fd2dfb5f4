"""Where streams are found.

One port serves both markets, so their paths must not meet:

    path                     heard there                          instead of
    /ws, /stream             spot; legacy futures where no        wss://stream.binance.com:9443/ws
                             spot is served
    /market/ws, /stream      futures, all but the book            wss://fstream.binance.com/market/ws
    /public/ws, /stream      futures, the book only               wss://fstream.binance.com/public/ws
    /fstream/ws, /stream     futures, the book only (legacy)      wss://fstream.binance.com/ws

A first part that is the name of a host of Binance's stands for that host, so that any address
works when `wss://` is replaced by `ws://127.0.0.1:PORT/`: /stream.binance.com:9443/ws is spot,
/fstream.binance.com/market/ws futures. Clients that tell markets apart by their addresses, as ccxt
does, need that.

Below /ws the streams stand in the path (/ws/btcusdt@kline_1m); below /stream, whose messages come
wrapped with their stream's name, in the query (/stream?streams=a/b). Both may be bare.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote

from divbot.domain.market import Market
from divbot.exchange.streams.channels import StreamRoute

_HOSTS = {"stream": Market.SPOT, "data-stream": Market.SPOT, "fstream": Market.USDM}
_ROUTES = (StreamRoute.MARKET, StreamRoute.PUBLIC)


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """Where a client came in, and what it asked for there."""

    market: Market
    route: StreamRoute
    combined: bool = False
    """Messages come wrapped with their stream's name."""
    streams: tuple[str, ...] = ()
    microseconds: bool = False


def address_of(markets: Collection[Market], target: str) -> StreamAddress | None:
    """Return what `target`, path and query as they came, leads to; None when there is nothing."""
    path, _, query = target.partition("?")
    place = _place(markets, unquote(path).removeprefix("/").split("/"))
    if place is None:
        return None
    market, route, (mode, *streams) = place
    wanted = dict(each.partition("=")[::2] for each in query.split("&"))
    unit = wanted.get("timeUnit", "").upper()
    if mode == "stream":
        # A plus sign is one: no form is sent here.
        streams = unquote(wanted.get("streams", "")).split("/")
    return StreamAddress(
        market,
        route,
        combined=mode == "stream",
        streams=tuple(filter(None, streams)),
        microseconds=market is Market.SPOT and unit.startswith("MICRO"),
    )


def _place(
    markets: Collection[Market], parts: list[str]
) -> tuple[Market, StreamRoute, list[str]] | None:
    """Return market, route and the rest of the path, from /ws or /stream on."""
    market, parts = _without_host(parts)
    route = next((each for each in _ROUTES if parts[:1] == [each.value]), None)
    if route is not None:
        market, parts = market or Market.USDM, parts[1:]
    is_bare_stream = parts == ["stream"]
    if market is None:
        market = Market.SPOT if Market.SPOT in markets else Market.USDM
    if market not in markets or (parts[:1] != ["ws"] and not is_bare_stream):
        return None
    if market is Market.SPOT:
        return None if route else (market, StreamRoute.SPOT, parts)
    return market, route or StreamRoute.LEGACY, parts


def _without_host(parts: list[str]) -> tuple[Market | None, list[str]]:
    name, dot, _ = parts[0].partition(".")
    if name not in _HOSTS or not (dot or name == "fstream"):
        return None, parts
    return _HOSTS[name], parts[1:]
