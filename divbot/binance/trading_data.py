"""Binance as the paper trader sees it: quotes of all symbols, minutes and funding of a few."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from divbot.binance.budget import WeightBudget
from divbot.binance.client import BinanceClient
from divbot.binance.protocol.endpoints import FEW_CANDLES
from divbot.binance.server_clock import ServerClock
from divbot.domain.clock import Clock
from divbot.domain.fills import Candle, Quote
from divbot.domain.market import DroppedRow, Interval, Market
from divbot.domain.minutes import FundingRate, Minutes
from divbot.domain.notices import Tell

_MANY = 499
"""How many candles cost the next to least."""
_SPARE = 2


class BinanceTrading:
    """Answer what a trader asks; safe to use from several threads."""

    def __init__(
        self,
        client: BinanceClient,
        clock: Clock,
        server_clock: ServerClock,
        budget: WeightBudget,
        tell: Tell,
    ) -> None:
        self._client = client
        self._clock = clock
        self._server_clock = server_clock
        self._budget = budget
        self._tell = tell
        self._mentioned: set[tuple[str, str]] = set()

    @property
    def simulated(self) -> bool:
        """Tell whether the prices are those of a local exchange."""
        return self._client.simulated

    @property
    def speed(self) -> float | None:
        """Return how many seconds of a local exchange pass in one; None: it does not say."""
        return self._client.session.speed

    @property
    def market(self) -> Market:
        """Return the market that is traded."""
        return self._client.market

    @property
    def interval(self) -> Interval:
        """Return which are the shortest candles, of a minute or more; known once it has begun."""
        return self._client.session.shortest

    @property
    def candle_length(self) -> int:
        """Return how long those are, in ms."""
        return self.interval.milliseconds

    def now(self) -> int:
        """Return the venue's time, ms UTC."""
        return self._server_clock.now()

    def begin(self) -> Collection[str]:
        """Ask the venue what it allows a minute, and for its time; return all that it lists."""
        # Before anything else: the answer to the first request tells what was used in the last
        # minute, which may be more than is known to be allowed.
        listing = self._client.exchange_info()
        if listing.weight_limit is not None:
            self._budget.allow(listing.weight_limit)
        started = self._clock.monotonic()
        venue_time = self._client.server_time()
        self._server_clock.saw(venue_time, self._clock.monotonic() - started)
        return listing.instruments

    def quotes(self) -> dict[str, Quote]:
        """Return the best bid and ask of every symbol, as seen when the answer had come."""
        quotes = self._client.quotes()
        at = self._server_clock.now()
        self._mention(quotes.dropped)
        return {symbol: Quote(x.bid, x.ask, at) for symbol, x in quotes.found.items()}

    def minutes(self, symbol: str, start: int, end: int) -> Minutes:
        """Return the candles of the last price that open from `start` to `end` (ms UTC)."""
        return self._all_minutes(symbol, start, end, mark=False)

    def mark_minutes(self, symbol: str, start: int, end: int) -> Minutes:
        """Return the candles of the mark price that open from `start` to `end` (ms UTC)."""
        return self._all_minutes(symbol, start, end, mark=True)

    def funding(self, symbol: str, start: int, end: int) -> tuple[FundingRate, ...]:
        """Return the settlements of funding from `start` to `end`, in the order of time."""
        funding = self._client.funding(symbol, start, end)
        self._mention(funding.dropped)
        return funding.rates

    def close(self) -> None:
        """Close every connection."""
        self._client.session.close()

    def _mention(self, dropped: Sequence[DroppedRow]) -> None:
        """Tell of dropped rows; of each symbol once, as the next poll may meet it again."""
        for row in dropped:
            if (row.source, row.symbol) not in self._mentioned:
                self._mentioned.add((row.source, row.symbol))
                self._tell(f"a row that makes no sense was dropped: {row}", is_warning=True)

    def _all_minutes(self, symbol: str, start: int, end: int, *, mark: bool) -> Minutes:
        """Ask page by page; an answer that ends before `end` has all there is."""
        final: list[Candle] = []
        while True:
            wanted = (end - start) // self.candle_length + _SPARE
            limit = FEW_CANDLES if wanted <= FEW_CANDLES else _MANY
            page = self._client.minutes(symbol, start, limit, mark=mark)
            final += page.final
            newest = page.forming
            # A full page ends with a candle that may be final: it comes again with the next one.
            if newest is None or len(page.final) + 1 < limit or newest.open_time >= end:
                return Minutes(tuple(final), newest)
            start = newest.open_time
