"""A market made up from a seed: the same on every machine, any day of it at once.

Each symbol has a price at every midnight from 2020 on, walked day by day with one market factor;
the minutes of a day are drawn when asked for, and bent to end at the next midnight's price.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from divbot.domain.market import Interval, Market
from divbot.exchange.awkward import Special
from divbot.exchange.grid import DAY
from divbot.exchange.names import WELL_KNOWN, coin_names
from divbot.exchange.paths import (
    MINUTES,
    draw,
    draw_day,
    draw_market_minutes,
    walk_days,
    walk_market,
)
from divbot.exchange.tape import CLOSE, COLUMNS, OPEN, OPEN_TIME, VOLUME, Listing, Rows, no_rows

_ORIGIN = 1_577_836_800_000  # 2020-01-01
_END = 2_524_608_000_000  # 2050-01-01
_DAYS_AHEAD = 400
_DAYS_KEPT = 2000  # of the market factor's minutes: 23 MB
_QUOTE_DECIMALS = 5
_QUOTE_UNITS = 10.0**_QUOTE_DECIMALS
_MARKET_SIGMA = 0.022
_MINUTE_MS = 60_000
_SPECIAL_TICKS = 10_000  # that make up a price
_SPECIAL_SPREAD = 200


@dataclass(frozen=True, slots=True)
class Coin:
    """What drives one symbol."""

    key: np.uint64
    price: float
    """The price that it keeps returning to."""
    beta: float
    sigma: float
    """Its own daily deviation, besides the market's."""
    turnover: float
    """Quote volume per minute."""

    @property
    def quiet(self) -> float:
        """Return how likely a minute passes without a trade."""
        return 1.0 / (1.0 + self.turnover / 300.0)


class SyntheticTape:
    """Give the candles of a made-up market, 1m each, from 2020 on for ever.

    Both markets of one seed have the same closes; wicks, volumes and precisions are their own.
    """

    interval = Interval.M1
    first = _ORIGIN
    last = _END - Interval.M1.milliseconds
    is_recorded = False

    def __init__(
        self,
        *,
        market: Market,
        seed: int,
        symbols: int,
        until: int = _ORIGIN,
        others: Sequence[Special] = (),
    ) -> None:
        names = coin_names(symbols)
        self._market_key = _key(seed, "market")
        self._wick_key = _key(seed, market.value)
        self._coins = [_coin(seed, rank, name) for rank, name in enumerate(names)]
        self.listings = tuple(
            _listing(market, rank, name, coin)
            for rank, (name, coin) in enumerate(zip(names, self._coins, strict=True))
        )
        ordinary = {listing.symbol for listing in self.listings}
        others = [special for special in others if special.name not in ordinary]
        coins = [_special_coin(seed, special) for special in others]
        self._coins += coins
        self.listings += tuple(map(partial(_special_listing, market), others, coins))
        self._minutes: dict[int, NDArray[np.float64]] = {}
        self._walk(max(until - _ORIGIN, 0) // DAY + _DAYS_AHEAD)

    def candles(self, number: int, start: int, end: int) -> Rows:
        """Return the candles of listing `number` with start <= open time < end (ms UTC)."""
        listing = self.listings[number]
        start = max(start, listing.listed_at)
        end = min(end, _END)
        ended = listing.terms.ended_at
        if ended is None or end <= ended:
            return self._traded(number, start, end)
        ended = max(_minute_from(ended), listing.listed_at + _MINUTE_MS)
        traded = self._traded(number, start, min(end, ended))
        if not listing.terms.lingers:
            return traded
        last = self._traded(number, ended - _MINUTE_MS, ended)
        return np.concatenate([traded, _flat(last[0], max(start, ended), min(end, ended + DAY))])

    def _traded(self, number: int, start: int, end: int) -> Rows:
        if start >= end:
            return no_rows()
        days = range((start - _ORIGIN) // DAY, (end - 1 - _ORIGIN) // DAY + 1)
        rows = np.empty((len(days) * MINUTES, COLUMNS), dtype=np.int64)
        for place, day in enumerate(days):
            self._draw(number, day, rows[place * MINUTES : (place + 1) * MINUTES])
        first, last = np.searchsorted(rows[:, OPEN_TIME], [start, end])
        return rows[first:last]

    def _walk(self, days: int) -> None:
        self._market_days = np.empty((days, 2))
        self._days = np.empty((len(self._coins), days, 2))
        with np.errstate(over="ignore"):  # hashes wrap; NumPy minds where numba does not
            walk_market(self._market_key, _MARKET_SIGMA, self._market_days)
            for coin, out in zip(self._coins, self._days, strict=True):
                walk_days(coin.key, self._market_days, coin.price, coin.beta, coin.sigma, out)

    def _draw(self, number: int, day: int, out: Rows) -> None:
        if day + 1 >= self._days.shape[1]:
            self._walk(day + _DAYS_AHEAD)
        coin, listing = self._coins[number], self.listings[number]
        opened, deviation = self._days[number, day]
        back = coin.beta * self._market_days[day, 1]
        own = math.sqrt(max(deviation * deviation - back * back, 0.0))
        price_units, volume_units = 10.0**listing.price_decimals, 10.0**listing.volume_decimals
        with np.errstate(over="ignore"):
            path_key = _draw_key(coin.key, day)
            draw_day(
                (path_key, np.uint64(draw(path_key, self._wick_key))),
                _ORIGIN + day * DAY,
                self._market_minutes(day),
                (opened, self._days[number, day + 1, 0], own, coin.beta),
                (price_units, volume_units, _QUOTE_UNITS, coin.turnover, coin.quiet),
                out,
            )

    def _market_minutes(self, day: int) -> NDArray[np.float64]:
        minutes = self._minutes.get(day)
        if minutes is None:
            if len(self._minutes) >= _DAYS_KEPT:
                self._minutes.clear()
            minutes = self._minutes[day] = np.empty(MINUTES)
            key = _draw_key(self._market_key, day)
            draw_market_minutes(key, self._market_days[day, 1], minutes)
        return minutes


def _coin(seed: int, rank: int, name: str) -> Coin:
    one, two, three, four = _fractions(seed, name)
    daily = 2e9 / ((1 + rank) * math.sqrt(math.sqrt(1 + rank))) * (0.5 + one)
    small = 1.0 if rank < 20 else 1.5
    return Coin(
        key=_key(seed, name),
        price=WELL_KNOWN.get(name) or _price(two, three),
        beta=0.7 + 0.7 * four,
        sigma=(0.008 if rank == 0 else 0.014 + 0.026 * three) * small,
        turnover=daily / MINUTES,
    )


def _special_coin(seed: int, special: Special) -> Coin:
    turnover = special.daily / MINUTES
    if special.like:
        model = _coin(seed, list(WELL_KNOWN).index(special.like), special.like)
        return replace(model, price=model.price * special.price, turnover=turnover)
    key = _key(seed, special.path or special.base)
    return Coin(key, special.price, special.beta, special.sigma, turnover)


def _special_listing(market: Market, special: Special, coin: Coin) -> Listing:
    volume_decimals = _decimals_for(coin.price)
    return Listing(
        symbol=special.name,
        base=special.base,
        quote=special.quote,
        price_decimals=min(_decimals_for(_SPECIAL_TICKS / coin.price), 8),
        volume_decimals=max(volume_decimals - 2, 0) if market is Market.USDM else volume_decimals,
        quote_decimals=_QUOTE_DECIMALS,
        listed_at=max(special.listed_at, _ORIGIN),
        spread_ppm=_SPECIAL_SPREAD,
        terms=special.terms,
    )


def _flat(last: NDArray[np.int64], start: int, end: int) -> Rows:
    """Return candles without trades at the close of `last`."""
    times = np.arange(start, end, _MINUTE_MS, dtype=np.int64)
    rows = np.zeros((len(times), COLUMNS), dtype=np.int64)
    rows[:, OPEN_TIME] = times
    rows[:, OPEN:VOLUME] = last[CLOSE]
    return rows


def _minute_from(time: int) -> int:
    return -(-time // _MINUTE_MS) * _MINUTE_MS


def _price(size: float, digits: float) -> float:
    return (1.0 + 8.0 * digits) * (0.0001, 0.001, 0.01, 0.1, 0.1, 1.0, 1.0, 10.0)[int(size * 8)]


def _listing(market: Market, rank: int, name: str, coin: Coin) -> Listing:
    price_decimals = _decimals_for(_least_ticks(rank, name, coin) / coin.price)
    volume_decimals = _decimals_for(coin.price)
    if market is Market.USDM:
        volume_decimals = max(volume_decimals - 2, 0)
    listed = 0 if rank < 20 else int(coin.key >> np.uint64(32)) % 1200
    return Listing(
        symbol=f"{name}USDT",
        base=name,
        quote="USDT",
        price_decimals=min(price_decimals, 8),
        volume_decimals=volume_decimals,
        quote_decimals=_QUOTE_DECIMALS,
        listed_at=_ORIGIN + listed * DAY + (DAY // 3 if listed else 0),
        spread_ppm=10 + 3 * rank,
    )


def _least_ticks(rank: int, name: str, coin: Coin) -> int:
    if rank < 20:
        return 1_000_000 if rank == 0 else 50_000
    lot = int(coin.key) % 10
    # One symbol in ten has so coarse a tick that equal prices are common.
    return 200 if lot == 9 and name not in WELL_KNOWN else (2_000, 5_000, 20_000)[lot % 3]


def _decimals_for(units: float) -> int:
    """Return the least decimals at which 1 holds at least `units` units."""
    decimals = 0
    while 10.0**decimals < units:
        decimals += 1
    return decimals


def _key(seed: int, name: str) -> np.uint64:
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return np.uint64(int.from_bytes(digest[:8], "little"))


def _fractions(seed: int, name: str) -> tuple[float, float, float, float]:
    digest = hashlib.sha256(f"{seed}/{name}/character".encode()).digest()
    one, two, three, four = (
        int.from_bytes(digest[place : place + 2], "little") / 65536 for place in (0, 2, 4, 6)
    )
    return one, two, three, four


def _draw_key(key: np.uint64, day: int) -> np.uint64:
    # Compiled functions hand a plain int back, which is too large for numba to take again. The
    # counters of a day's key begin where those of the daily walk cannot reach.
    return np.uint64(draw(key, np.uint64(2**40 + day)))
