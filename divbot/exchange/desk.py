"""One market's desk: it answers requests. Pure: a path and a query in, an answer out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from uuid import uuid4

from divbot.domain.market import Market
from divbot.exchange.archive.listing import LISTING_PATH
from divbot.exchange.market.market_time import MarketTime
from divbot.exchange.market.venue import Venue
from divbot.exchange.market.view import MarketView
from divbot.exchange.rest import rejections as reject
from divbot.exchange.rest.futures import FuturesReplies
from divbot.exchange.rest.json_text import json_bytes
from divbot.exchange.rest.limits import ROOT
from divbot.exchange.rest.parameters import Parameters
from divbot.exchange.rest.rate_limiter import Admission, RateLimiter
from divbot.exchange.rest.replies import Service
from divbot.exchange.rest.response import (
    ARCHIVE_HEADER,
    CANDLES_HEADER,
    CONTENT_TYPE,
    ORIGIN_HEADER,
    SPEED_HEADER,
    USED_WEIGHT_HEADER,
    Response,
    html_page,
)
from divbot.exchange.rest.spot import SpotReplies
from divbot.exchange.streams.feed import Feed

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_LEAST_WEIGHT = "symbol=A"
_MOST_READ = 4096  # a scan asks the same of each symbol again and again


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request as it was read: its text alone decides all of this."""

    service: Service
    parameters: Parameters
    weight: int


class Desk:
    """Answer the requests of one market.

    `publish_lag`: ms of the market's time for which a candle that has just opened is not shown.
    """

    def __init__(
        self,
        market: Market,
        venue: Venue,
        time: MarketTime,
        limiter: RateLimiter,
        *,
        publish_lag: int = 0,
    ) -> None:
        self._market = market
        self._time = time
        self._limiter = limiter
        replies = SpotReplies if market is Market.SPOT else FuturesReplies
        self._view = MarketView(market, venue)
        self._replies = replies(self._view, time, limiter, publish_lag)
        self._services = self._replies.services()
        self._asked = lru_cache(_MOST_READ)(self._read)

    @property
    def prefix(self) -> str:
        """Return what nearly all paths of this market begin with."""
        return ROOT[self._market] + "/"

    @property
    def root(self) -> str:
        """Return what all paths of this market begin with, whatever their version."""
        return self.prefix[: self.prefix.index("/", 1) + 1]

    @property
    def paths(self) -> Collection[str]:
        """Return every path that there is something at."""
        return self._services.keys()

    def answer(
        self,
        path: str,
        query: str,
        method: str = "GET",
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Response:
        """Answer one request; `path` is decoded, `query` is not."""
        if method != "GET" or path not in self._services:
            return self._nowhere(path, method, headers)
        asked = self._asked(path, query, microseconds=self._microseconds(headers))
        admission = self._limiter.admit(self._market, asked.weight, funding=asked.service.funding)
        if admission.rejection is not None:
            return self._reply(admission.rejection, admission)
        return self._reply(_content(asked), admission)

    def answer_as_of(
        self, moved: int, path: str, query: str, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Response:
        """Answer as if it were `moved` ms later than it is; nothing is charged."""
        asked = self._asked(path, query, microseconds=self._microseconds(headers))
        with self._time.moved(moved):
            return self._reply(_content(asked), Admission(0))

    def feed(self) -> Feed:
        """Return the news of this market: what its streams tell."""
        return Feed(self._view, self._time)

    def warm(self) -> None:
        """Compile and fill what the first requests will need; nothing is charged."""
        self._replies.warm()

    def _read(self, path: str, query: str, *, microseconds: bool) -> _Asked:
        service = self._services[path]
        parameters = Parameters(self._market, query, microseconds=microseconds)
        return _Asked(service, parameters, _weigh(service, parameters, self._market))

    def _microseconds(self, headers: Mapping[str, str]) -> bool:
        return (
            self._market is Market.SPOT
            and headers.get("X-MBX-TIME-UNIT", "").upper() == "MICROSECOND"
        )

    def _nowhere(self, path: str, method: str, headers: Mapping[str, str]) -> Response:
        admission = self._limiter.admit(self._market, 0)
        response = self._reply(
            admission.rejection or reject.UNKNOWN_PATH.of(path, method), admission
        )
        if response.status != 404 or "text/html" not in headers.get("Accept", ""):
            return response
        html = {**response.headers, "Content-Type": "text/html"}
        return Response(404, html, html_page("404 Not Found"))

    def _reply(self, content: bytes | reject.Rejection, admission: Admission) -> Response:
        headers = {
            "Content-Type": CONTENT_TYPE[self._market],
            USED_WEIGHT_HEADER: str(admission.used),
            ORIGIN_HEADER: self._view.origin,
            ARCHIVE_HEADER: LISTING_PATH,
            CANDLES_HEADER: self._view.venue.interval.value,
            SPEED_HEADER: str(self._limiter.speed),
        }
        if self._market is Market.SPOT:
            headers["x-mbx-used-weight"] = str(admission.used)
            headers["x-mbx-uuid"] = str(uuid4())
        if admission.retry_after is not None:
            headers["Retry-After"] = str(admission.retry_after)
        if isinstance(content, bytes):
            return Response(200, headers, content)
        error = {"code": content.code, "msg": content.message}
        return Response(content.status, headers, json_bytes(error))


def _weigh(service: Service, parameters: Parameters, market: Market) -> int:
    """Return what a request costs; a wrong one costs what one symbol does."""
    try:
        return service.weigh(parameters)
    except reject.Rejection:
        return service.weigh(Parameters(market, _LEAST_WEIGHT))


def _content(asked: _Asked) -> bytes | reject.Rejection:
    try:
        return asked.service.reply(asked.parameters)
    except reject.Rejection as rejection:
        return rejection
