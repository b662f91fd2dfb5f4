"""Binance as the scanner's source of market data."""

from __future__ import annotations

import math
import threading
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from divbot.binance.bans import Bans
from divbot.binance.budget import Lease, WeightBudget
from divbot.binance.candles.candle_store import CandleStore
from divbot.binance.candles.history import CandleHistory
from divbot.binance.client import BinanceClient
from divbot.binance.glance import MOST_WEIGHT, TIMEOUT, BinanceGlance
from divbot.binance.limits import Limits, measure_limits
from divbot.binance.listing import listing
from divbot.binance.listing.flat import Verdicts
from divbot.binance.listing.listing import Listings
from divbot.binance.listing.rules import UniverseRules
from divbot.binance.listing.stocks import Stocks
from divbot.binance.notebook import Notebook
from divbot.binance.past_data import BinancePast
from divbot.binance.protocol.endpoints import (
    FEW_CANDLES,
    WEIGHT_PER_MINUTE,
    Endpoint,
    request_weight,
)
from divbot.binance.server_clock import ServerClock
from divbot.binance.session import ATTEMPTS, VenueSession
from divbot.binance.trading_data import BinanceTrading
from divbot.binance.transport.transport import Transport
from divbot.binance.transport.transports import open_transport
from divbot.candle_arrays import Candles
from divbot.domain.clock import SystemClock
from divbot.domain.market import Interval, Market
from divbot.domain.notices import Tell
from divbot.domain.universe import Universe

_STOCKS_TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class BinanceSource:
    """Where to find Binance, what may be spent there, and which symbols are wanted.

    Made by the parent, and handed to workers when they start; each opens it for itself.
    """

    market: Market
    base_urls: tuple[str, ...]
    budget: WeightBudget
    rules: UniverseRules
    futures_url: str
    """Where USD-M futures are found: spot asks there which of its tokens are stocks."""
    state: Path | None = None
    """The folder of what is remembered from run to run; None: nothing is."""
    candles: Path | None = None
    """The folder in which final candles of this market are kept; None: none are."""
    request_timeout: float = 10.0
    use_proxies: bool = False

    def open(self, connections: int) -> BinanceConnection:
        """Open the market over at most `connections` connections."""
        session = self._session(self._transport(connections))
        store = CandleStore(self.candles) if self.candles else None
        return BinanceConnection(session, self.budget, store)

    def open_listing(self, server_clock: ServerClock | None = None) -> BinanceListing:
        """Return the listings of the market, over as many connections as they can use.

        Each listing sets `server_clock` right.
        """
        transport = self._transport(listing.REQUESTS)
        client = BinanceClient(
            self._session(transport),
            self._lease(),
            # Set aside before any answer tells what was used: others may know no better limit.
            listing_lease=self._lease(request_weight(self.market, Endpoint.EXCHANGE_INFO)),
        )
        venue = self.base_urls[0]
        listings = Listings(
            client,
            self.rules,
            SystemClock(),
            server_clock=server_clock or ServerClock(SystemClock()),
            verdicts=Verdicts(self._notebook("flat-prices"), f"{venue} {self.market.value}"),
            stocks=self._stocks(transport) if self.market is Market.SPOT else None,
            allow=self.budget.allow,
        )
        return BinanceListing(client, listings, self.budget)

    def open_trading(
        self,
        server_clock: ServerClock,
        connections: int,
        *,
        price_checks: float,
        symbols: int,
        tell: Tell,
    ) -> BinanceTrading:
        """Return what a trader asks who checks prices so often a minute, `symbols` more closely.

        What that costs is kept for it, whatever scans want to spend. `tell` hears of answers of
        which a part makes no sense.
        """
        each = request_weight(self.market, Endpoint.BOOK_TICKER)
        closely = 2 * request_weight(self.market, Endpoint.KLINES, limit=FEW_CANDLES)
        # For two minutes, as a lease needs it.
        ahead = math.ceil(2 * (price_checks * each + symbols * closely))
        client = self._client(self._transport(connections), ahead=ahead)
        return BinanceTrading(client, SystemClock(), server_clock, self.budget, tell)

    def open_glance(self) -> BinanceGlance:
        """Return what looks at the newest candle of a symbol, in time or not at all."""
        hasty = replace(self, request_timeout=min(TIMEOUT, self.request_timeout))
        # For two minutes, as a lease needs it.
        ahead = 2 * MOST_WEIGHT
        client = hasty._client(self._transport(1), ahead=ahead, attempts=1)  # noqa: SLF001 - its own kind
        return BinanceGlance(client, len(self.base_urls))

    def open_past(self, connections: int, stop: threading.Event) -> BinancePast:
        """Return what a download asks over at most `connections`; `stop` ends its waits."""
        client = self._client(self._transport(connections))
        return BinancePast(client, self.budget, SystemClock(), stop)

    def open_lease(self, symbols: int, limit: int) -> int:
        """Set aside what the candles of `symbols` cost; return the lease's number."""
        each = request_weight(self.market, Endpoint.KLINES, limit=limit)
        return self.budget.open_lease(symbols * each)

    def close_lease(self, lease: int) -> None:
        """Take back what is left of a lease."""
        self.budget.close_lease(lease)

    def grant_weight(self) -> str:
        """Grant what is free; return what work still waits for, in words."""
        self.budget.grant()
        return self.budget.waiting_for()

    def weight_spent(self) -> int:
        """Return all request weight spent so far, by all processes."""
        return self.budget.spent()

    def _transport(self, connections: int) -> Transport:
        return open_transport(SystemClock(), connections=connections, use_proxies=self.use_proxies)

    def _client(
        self, transport: Transport, *, ahead: int = 0, attempts: int = ATTEMPTS
    ) -> BinanceClient:
        """Return a client on a lease of its own, which keeps `ahead` free for it."""
        lease = self._lease(ahead=ahead)
        return BinanceClient(self._session(transport, attempts=attempts), lease)

    def _lease(self, weight: int = 0, *, ahead: int = 0) -> Lease:
        return self.budget.lease(self.budget.open_lease(weight, ahead=ahead))

    def _session(self, transport: Transport, *, attempts: int = ATTEMPTS) -> VenueSession:
        return VenueSession(
            self.market,
            self.base_urls,
            transport,
            SystemClock(),
            Bans(self.state / "bans.json" if self.state else None),
            request_timeout=self.request_timeout,
            attempts=attempts,
        )

    def _stocks(self, transport: Transport) -> Stocks:
        futures = replace(
            self,
            market=Market.USDM,
            base_urls=(self.futures_url,),
            # Futures keep an account of their own.
            budget=WeightBudget(SystemClock(), WEIGHT_PER_MINUTE[Market.USDM]),
            request_timeout=min(_STOCKS_TIMEOUT, self.request_timeout),
        )
        client = futures._client(transport)  # noqa: SLF001 - its own kind
        return Stocks(client, self._notebook("stocks"), self.futures_url)

    def _notebook(self, name: str) -> Notebook:
        return Notebook(self.state / f"{name}.json" if self.state else None)


class BinanceConnection:
    """Answer what scans ask, over one session with several connections."""

    def __init__(
        self, session: VenueSession, budget: WeightBudget, store: CandleStore | None
    ) -> None:
        # Here, in a worker: compiled code is for those who read many candles.
        from divbot.binance.protocol.compiled_klines import parse_final_klines

        self._session = session
        self._budget = budget
        self._store = store
        self._parse_klines = parse_final_klines

    def on_lease(self, lease: int) -> CandleHistory:
        """Return what answers for request weight of lease number `lease`."""
        client = BinanceClient(
            self._session, self._budget.lease(lease), parse_klines=self._parse_klines
        )
        return CandleHistory(client, self._store)

    def close(self) -> None:
        """Close every connection."""
        self._session.close()


class BinanceListing:
    """Answer what is listed, which of it is worth scanning, and candles of a few symbols."""

    def __init__(self, client: BinanceClient, listings: Listings, budget: WeightBudget) -> None:
        self._client = client
        self._listings = listings
        self._budget = budget

    @property
    def simulated(self) -> bool:
        """Tell whether the prices are those of a local exchange."""
        return self._client.simulated

    @property
    def venue(self) -> str:
        """Return the venue's name."""
        return "local exchange" if self.simulated else "Binance"

    def final_candles(self, symbol: str, interval: Interval, limit: int) -> Candles:
        """Return the newest final candles of `symbol`, at most `limit - 1` of them."""
        return self._client.final_candles(symbol, interval, limit)

    def close(self) -> None:
        """Close every connection."""
        self._client.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def universe(self, held: Collection[str] = ()) -> Universe:
        """Return the symbols to scan, the most traded first; see Listings."""
        return self._listings.universe(held)

    def past_candles(self, symbol: str, interval: Interval, start: int, count: int) -> Candles:
        """Return at most `count` final candles of `symbol` from `start` (ms UTC) on."""
        return self._client.final_candles(symbol, interval, count + 1, max(start, 0))

    def limits(self) -> Limits:
        """Ask the venue how it sees this machine."""
        return measure_limits(self._client, SystemClock(), self._budget.allow)
