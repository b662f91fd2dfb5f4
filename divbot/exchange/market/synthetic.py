"""A market made up from a seed: the same on every machine, any day of it at once.

Each symbol has a price at every midnight from 2020 on, walked day by day with one market factor;
the minutes of a day are drawn when asked for, and bent to end at the next midnight's price.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from divbot.arrays import Floats
from divbot.domain.durations import DAY, MINUTE
from divbot.domain.market import Interval, Market
from divbot.exchange.market.awkward import Special
from divbot.exchange.market.coin_names import coin_names
from divbot.exchange.market.coins import (
    ORIGIN,
    coin_of,
    hashed_key,
    listing_of,
    special_coin,
    special_listing,
)
from divbot.exchange.market.price_paths import (
    MINUTES,
    draw,
    draw_day,
    draw_market_minutes,
    walk_days,
    walk_market,
)
from divbot.exchange.market.tape import CLOSE, COLUMNS, OPEN_TIME, Rows, flat_rows, no_rows

_END = 2_524_608_000_000  # 2050-01-01
_DAYS_AHEAD = 400
_DAYS_KEPT = 2000  # of the market factor's minutes: 23 MB
_MARKET_SIGMA = 0.022


class SyntheticTape:
    """Give the candles of a made-up market, 1m each, from 2020 on for ever.

    Both markets of one seed have the same closes; wicks, volumes and precisions are their own.
    """

    interval = Interval.M1
    first = ORIGIN
    last = _END - Interval.M1.milliseconds
    is_recorded = False

    def __init__(
        self,
        *,
        market: Market,
        seed: int,
        symbols: int,
        until: int = ORIGIN,
        others: Sequence[Special] = (),
    ) -> None:
        names = coin_names(symbols)
        self._market_key = hashed_key(seed, "market")
        self._wick_key = hashed_key(seed, market.value)
        self._coins = [coin_of(seed, rank, name) for rank, name in enumerate(names)]
        self.listings = tuple(
            listing_of(market, rank, name, coin)
            for rank, (name, coin) in enumerate(zip(names, self._coins, strict=True))
        )
        ordinary = {listing.symbol for listing in self.listings}
        others = [special for special in others if special.name not in ordinary]
        coins = [special_coin(seed, special) for special in others]
        self._coins += coins
        self.listings += tuple(map(partial(special_listing, market), others, coins))
        self._minutes: dict[int, Floats] = {}
        self._walk(max(until - ORIGIN, 0) // DAY + _DAYS_AHEAD)

    def candles(self, number: int, start: int, end: int) -> Rows:
        """Return the candles of listing `number` with start <= open time < end (ms UTC)."""
        listing = self.listings[number]
        start = max(start, listing.listed_at)
        end = min(end, _END)
        ended = listing.terms.ended_at
        if ended is None or end <= ended:
            return self._traded(number, start, end)
        ended = max(_minute_from(ended), listing.listed_at + MINUTE)
        traded = self._traded(number, start, min(end, ended))
        if not listing.terms.lingers:
            return traded
        last = self._traded(number, ended - MINUTE, ended)
        after = np.arange(max(start, ended), min(end, ended + DAY), MINUTE, dtype=np.int64)
        return np.concatenate([traded, flat_rows(after, int(last[0, CLOSE]))])

    def _traded(self, number: int, start: int, end: int) -> Rows:
        if start >= end:
            return no_rows()
        days = range((start - ORIGIN) // DAY, (end - 1 - ORIGIN) // DAY + 1)
        rows = np.empty((len(days) * MINUTES, COLUMNS), dtype=np.int64)
        for place, day in enumerate(days):
            self._draw(number, day, rows[place * MINUTES : (place + 1) * MINUTES])
        first, last = np.searchsorted(rows[:, OPEN_TIME], [start, end])
        return rows[first:last]

    def _walk(self, days: int) -> None:
        market, coins = np.empty((days, 2)), np.empty((len(self._coins), days, 2))
        with np.errstate(over="ignore"):  # hashes wrap; NumPy minds where numba does not
            walk_market(self._market_key, _MARKET_SIGMA, market)
            for coin, out in zip(self._coins, coins, strict=True):
                walk_days(coin.key, market, coin.price, coin.beta, coin.sigma, out)
        # Not before all is drawn: other threads read them meanwhile.
        self._market_days, self._days = market, coins

    def _draw(self, number: int, day: int, out: Rows) -> None:
        if day + 1 >= self._days.shape[1]:
            self._walk(day + _DAYS_AHEAD)
        coin, listing = self._coins[number], self.listings[number]
        opened, deviation = self._days[number, day]
        back = coin.beta * self._market_days[day, 1]
        own = math.sqrt(max(deviation * deviation - back * back, 0.0))
        price_units, volume_units = 10.0**listing.price_decimals, 10.0**listing.volume_decimals
        quote_units = 10.0**listing.quote_decimals
        with np.errstate(over="ignore"):
            path_key = _draw_key(coin.key, day)
            draw_day(
                (path_key, np.uint64(draw(path_key, self._wick_key))),
                ORIGIN + day * DAY,
                self._market_minutes(day),
                (opened, self._days[number, day + 1, 0], own, coin.beta),
                (price_units, volume_units, quote_units, coin.turnover, coin.quiet),
                out,
            )

    def _market_minutes(self, day: int) -> Floats:
        minutes = self._minutes.get(day)
        if minutes is None:
            if len(self._minutes) >= _DAYS_KEPT:
                self._minutes.clear()
            minutes = np.empty(MINUTES)
            key = _draw_key(self._market_key, day)
            draw_market_minutes(key, self._market_days[day, 1], minutes)
            self._minutes[day] = minutes
        return minutes


def _minute_from(time: int) -> int:
    return -(-time // MINUTE) * MINUTE


def _draw_key(key: np.uint64, day: int) -> np.uint64:
    # Compiled functions hand a plain int back, which is too large for numba to take again. The
    # counters of a day's key begin where those of the daily walk cannot reach.
    return np.uint64(draw(key, np.uint64(2**40 + day)))
