"""The symbols of a synthetic market: what drives each, and how it is listed."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace

import numpy as np

from divbot.domain.durations import DAY
from divbot.domain.market import Market
from divbot.exchange.market.awkward import Special
from divbot.exchange.market.coin_names import WELL_KNOWN
from divbot.exchange.market.price_paths import MINUTES
from divbot.exchange.market.tape import SymbolListing

ORIGIN = 1_577_836_800_000  # 2020-01-01
_QUOTE_DECIMALS = 5
_MOST_DECIMALS = 8
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


def coin_of(seed: int, rank: int, name: str) -> Coin:
    """Return what drives the ordinary coin `name`."""
    one, two, three, four = fractions(f"{seed}/{name}/character")
    daily = 2e9 / ((1 + rank) * math.sqrt(math.sqrt(1 + rank))) * (0.5 + one)
    small = 1.0 if rank < 20 else 1.5
    return Coin(
        key=hashed_key(seed, name),
        price=WELL_KNOWN.get(name) or _price(two, three),
        beta=0.7 + 0.7 * four,
        sigma=(0.008 if rank == 0 else 0.014 + 0.026 * three) * small,
        turnover=daily / MINUTES,
    )


def special_coin(seed: int, special: Special) -> Coin:
    """Return what drives a special."""
    turnover = special.daily / MINUTES
    if special.like:
        model = coin_of(seed, list(WELL_KNOWN).index(special.like), special.like)
        return replace(model, price=model.price * special.price, turnover=turnover)
    key = hashed_key(seed, special.path or special.base)
    return Coin(key, special.price, special.beta, special.sigma, turnover)


def listing_of(market: Market, rank: int, name: str, coin: Coin) -> SymbolListing:
    """Return how `market` lists the ordinary coin `name`."""
    listed = 0 if rank < 20 else int(coin.key >> np.uint64(32)) % 1200
    noughts = _noughts(rank, coin) if market is Market.USDM else 0
    ticks = _least_ticks(market, rank, name, coin)
    return SymbolListing(
        f"{name}USDT",
        name,
        "USDT",
        *_decimals(market, ticks, coin.price, noughts),
        listed_at=ORIGIN + listed * DAY + (DAY // 3 if listed else 0),
        spread_ppm=10 + 3 * rank,
        noughts=noughts,
    )


def special_listing(market: Market, special: Special, coin: Coin) -> SymbolListing:
    """Return how `market` lists a special."""
    return SymbolListing(
        special.name,
        special.base,
        special.quote,
        *_decimals(market, _SPECIAL_TICKS, coin.price),
        listed_at=max(special.listed_at, ORIGIN),
        spread_ppm=_SPECIAL_SPREAD,
        terms=special.terms,
    )


def _decimals(market: Market, ticks: int, price: float, noughts: int = 0) -> tuple[int, int, int]:
    """Return the decimals of price, volume and quote volume, where a price is `ticks` or more."""
    decimals, volume = min(_decimals_for(ticks / price), _MOST_DECIMALS), _decimals_for(price)
    if market is Market.SPOT:
        return decimals, volume, _QUOTE_DECIMALS
    volume = max(volume - 2, 0)
    return decimals, volume, min(decimals + noughts + volume, _MOST_DECIMALS)


def _noughts(rank: int, coin: Coin) -> int:
    """Return how many: of the real listing's 155, 107 had none, 39 had one, 8 had more."""
    return 1 if rank == 0 else (0, 0, 1, 0, 0, 2, 0, 0, 1, 0)[int(coin.key) // 10 % 10]


def _least_ticks(market: Market, rank: int, name: str, coin: Coin) -> int:
    if rank == 0:
        return 1_000_000 if market is Market.SPOT else 100_000
    if rank < 20:
        return 50_000
    lot = int(coin.key) % 10
    # One symbol in ten has so coarse a tick that equal prices are common.
    return 200 if lot == 9 and name not in WELL_KNOWN else (2_000, 5_000, 20_000)[lot % 3]


def _price(size: float, digits: float) -> float:
    return (1.0 + 8.0 * digits) * (0.0001, 0.001, 0.01, 0.1, 0.1, 1.0, 1.0, 10.0)[int(size * 8)]


def _decimals_for(units: float) -> int:
    """Return the least decimals at which 1 holds at least `units` units."""
    decimals = 0
    while 10.0**decimals < units:
        decimals += 1
    return decimals


def hashed_key(seed: int, name: str) -> np.uint64:
    """Return the key of random numbers that belongs to `name`."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return np.uint64(int.from_bytes(digest[:8], "little"))


def fractions(text: str) -> tuple[float, float, float, float]:
    """Return four numbers in [0, 1) that `text` alone decides."""
    digest = hashlib.sha256(text.encode()).digest()
    one, two, three, four = (
        int.from_bytes(digest[place : place + 2], "little") / 65536 for place in (0, 2, 4, 6)
    )
    return one, two, three, four
