"""The listing side of a venue: what is listed, asked for side by side, and the universe of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from divbot.binance.client import BinanceClient
from divbot.binance.listing.flat import DAYS, Verdicts, is_flat, is_suspect
from divbot.binance.listing.rules import MarketSnapshot, UniverseRules
from divbot.binance.listing.stocks import Stocks
from divbot.binance.listing.universe import select, without_judged
from divbot.binance.server_clock import ServerClock
from divbot.domain.clock import Clock
from divbot.domain.errors import DivbotError, TryAgain
from divbot.domain.market import Interval, Market
from divbot.domain.universe import Universe

T = TypeVar("T")

REQUESTS = 4
"""The most requests that a listing has under way at once."""
_MOST_JUDGED = 10
_GONE_AFTER = 300_000
"""ms: one list that lacks a symbol may be a bad one; those of five minutes are not."""


class Listings:
    """Ask for listings again and again, and choose from each; belongs to one thread.

    A listing that cannot be had leaves the last good universe in force, with the reason beside it.
    `allow` hears what request weight a minute the venue allows, as soon as a listing says so.
    """

    def __init__(
        self,
        client: BinanceClient,
        rules: UniverseRules,
        clock: Clock,
        *,
        server_clock: ServerClock,
        verdicts: Verdicts,
        stocks: Stocks | None,
        allow: Callable[[int], None],
    ) -> None:
        self._client = client
        self._rules = rules
        self._clock = clock
        self._server_clock = server_clock
        self._verdicts = verdicts
        self._stocks = stocks
        self._last: Universe | None = None
        # By symbol that is held: when a list lacked it first, and all since.
        self._missing_since: dict[str, int] = {}
        self._allow = allow

    def universe(self, held: Collection[str] = ()) -> Universe:
        """Return the symbols to scan now; `held` are among them whatever the rules say.

        Raise VenueError where there is no listing and never was, or where the venue wants no more
        requests; raise InputError for a chosen symbol that is not listed.
        """
        threads = ThreadPoolExecutor(REQUESTS, "listing")
        try:
            self._last = self._fresh(threads, held)
        except TryAgain as error:
            if self._last is None:
                raise
            self._last = self._last.kept(str(error), held)
        finally:
            # After Ctrl-C, or the first failure, the other answers are not waited for.
            threads.shutdown(wait=False, cancel_futures=True)
        return self._last

    def _fresh(self, threads: ThreadPoolExecutor, held: Collection[str]) -> Universe:
        snapshot = self._snapshot(threads)
        previous = {listed.symbol for listed in self._last.listed} if self._last else set()
        universe = select(snapshot, self._rules, held=held, previous=previous)
        universe = replace(universe, gone=self._gone(snapshot, held))
        return without_judged(universe, self._judge(threads, snapshot, universe))

    def _gone(self, snapshot: MarketSnapshot, held: Collection[str]) -> frozenset[str]:
        """Return what is held, but was neither listed nor had a ticker for some time."""
        at, unread = snapshot.at, {x.symbol for x in snapshot.dropped}
        heard_of = snapshot.instruments.keys() | snapshot.tickers.keys() | unread
        self._missing_since = {
            symbol: self._missing_since.get(symbol, at) for symbol in held if symbol not in heard_of
        }
        return frozenset(x for x, since in self._missing_since.items() if at - since >= _GONE_AFTER)

    def _snapshot(self, threads: ThreadPoolExecutor) -> MarketSnapshot:
        """Ask for all parts at once: only the slowest is waited for."""
        client, is_spot = self._client, self._client.market is Market.SPOT
        tickers = threads.submit(client.tickers)
        # Futures name no bid and ask among the last 24 hours, and no reliable time in a listing.
        book = None if is_spot else threads.submit(client.quotes)
        time = None if is_spot else threads.submit(self._timed, client.server_time)
        stocks = threads.submit(self._stocks.bases, self._clock.now()) if self._stocks else None
        listing, round_trip = self._timed(client.exchange_info)
        if listing.weight_limit is not None:
            # Before the other answers: with the least limits they wait for it.
            self._allow(listing.weight_limit)
        if is_spot and listing.server_time is not None:
            self._server_clock.saw(listing.server_time, round_trip)
        else:
            self._server_clock.saw(*(time.result() if time else self._timed(client.server_time)))
        day, quotes = tickers.result()
        quotes = book.result() if book else quotes
        at = self._server_clock.now()
        return MarketSnapshot(
            market=client.market,
            at=at,
            instruments=listing.instruments,
            tickers=day.found,
            quotes=quotes.found,
            dropped=listing.dropped + day.dropped + quotes.dropped,
            stocks=frozenset() if stocks is None else stocks.result(),
            flat=self._verdicts.flat(at),
        )

    def _timed(self, ask: Callable[[], T]) -> tuple[T, float]:
        """Return the answer, and the seconds that it took."""
        started = self._clock.monotonic()
        answer = ask()
        return answer, self._clock.monotonic() - started

    def _judge(
        self, threads: ThreadPoolExecutor, snapshot: MarketSnapshot, universe: Universe
    ) -> dict[str, bool]:
        """Judge suspects that nothing is known of; return whose price stands still."""
        suspects = [
            listed.symbol
            for listed in universe.listed
            if not listed.is_wanted and is_suspect(snapshot.tickers[listed.symbol])
        ]
        unjudged = self._verdicts.unjudged(suspects, snapshot.at)[:_MOST_JUDGED]
        asked = {symbol: threads.submit(self._is_flat, symbol) for symbol in unjudged}
        verdicts = {symbol: flat for symbol, x in asked.items() if (flat := x.result()) is not None}
        if verdicts:
            is_lasting = not self._client.simulated
            self._verdicts.note(verdicts, snapshot.at, is_lasting=is_lasting)
        return verdicts

    def _is_flat(self, symbol: str) -> bool | None:
        """Return the verdict on `symbol`; None where its candles cannot be had now."""
        try:
            return is_flat(self._client.final_candles(symbol, Interval.D1, DAYS + 1).close)
        except DivbotError:
            return None
