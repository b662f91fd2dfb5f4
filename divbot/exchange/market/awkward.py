"""Listings that no scanner should trade, or must not stumble over: one of every awkward kind.

They come on top of a synthetic market's ordinary coins, and are made from the time it starts at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from divbot.domain.durations import DAY, HOUR, MINUTE
from divbot.domain.market import Interval, Market
from divbot.exchange.market.tape import Terms, dated_terms
from divbot.recordings.grid import Grid

_FIVE_CANDLES = Grid(Interval.M5)
_FRIDAY = 4
DOLLAR_SIGMA = 0.0001
"""How far what is worth a dollar strays in a day."""


@dataclass(frozen=True, slots=True)
class Special:
    """One awkward listing, and what drives its price."""

    base: str
    daily: float
    """Quote volume of a day."""
    price: float = 1.0
    quote: str = "USDT"
    symbol: str = ""
    """Its name, where that is not base and quote."""
    path: str = ""
    """Whose path its price follows; empty: its own."""
    like: str = ""
    """The ordinary coin whose price it has, times `price`; empty: none."""
    beta: float = 0.9
    sigma: float = 0.03
    listed_at: int = 0
    """Open time of its first candle; 0: the market's own first."""
    terms: Terms = field(default_factory=Terms)

    @property
    def name(self) -> str:
        """Return its symbol."""
        return self.symbol or self.base + self.quote


def specials(market: Market, start: int, delist_at: int | None) -> list[Special]:
    """Return the awkward listings of `market` as they stand at `start` (ms UTC).

    From `delist_at` on, one that was like any other is traded no more; None: never.
    """
    both = _in_both(market, start, delist_at)
    own = _in_spot(start) if market is Market.SPOT else _in_futures(start)
    return [*both, *own]


def _in_both(market: Market, start: int, delist_at: int | None) -> Iterator[Special]:
    yield Special("JUP", 4e7, 0.8)  # names that end like leveraged tokens, and are none
    yield Special("SYRUP", 3e7, 0.35)
    yield Special("币安人生", 6e7, 0.2)
    # Five candles of 5m, the forming one included.
    yield Special("FRESH", 9e7, 0.05, listed_at=_FIVE_CANDLES.open_at(start) - 4 * 5 * MINUTE)
    yield Special("WAVES", 5e7, 2.2, terms=_ended(market, delist_at))


def _in_spot(start: int) -> Iterator[Special]:
    yield Special("FDUSD", 9e9, beta=0.0, sigma=DOLLAR_SIGMA)
    yield Special("USDC", 7e9, beta=0.0, sigma=DOLLAR_SIGMA)
    # A stablecoin that stands on nobody's list.
    yield Special("PARITY", 8e8, beta=0.0, sigma=DOLLAR_SIGMA, listed_at=start - 45 * DAY)
    yield Special("EUR", 6e7, 1.08, beta=0.0, sigma=0.004)
    yield Special("WBTC", 5e7, like="BTC")
    yield Special("PAXG", 7e7, 2400.0, path="GOLD", beta=0.05, sigma=0.009)
    yield Special("TSLAB", 8e7, 250.0, path="TSLA", beta=0.3, sigma=0.03)
    yield Special("ETH", 300.0 * 1440, 0.05, quote="BTC", path="ETH/BTC", beta=0.1, sigma=0.015)
    yield Special("MATIC", 4e7, 0.5, terms=_ended(Market.SPOT, start - 200 * DAY))
    yield Special("BTCUP", 3e7, 15.0, terms=_ended(Market.SPOT, start - 300 * DAY))
    yield Special("BTCDOWN", 3e7, 0.02, terms=_ended(Market.SPOT, start - 300 * DAY))
    yield Special("FTT", 2e7, 1.4, terms=Terms(ended_at=start - 3 * HOUR, end_status="HALT"))
    yield Special("OMG", 2e7, 0.3, terms=Terms(ended_at=start - HOUR, end_status="CANCEL_ONLY"))
    yield Special("XMR", 6e7, 160.0, terms=Terms(spot_allowed=False))
    yield Special("DASH", 2e7, 25.0, terms=Terms(old_filters=True))


def _in_futures(start: int) -> Iterator[Special]:
    yield Special("USDC", 4e8, beta=0.0, sigma=DOLLAR_SIGMA)
    yield Special("1000PEPE", 6e8, 1000.0, like="PEPE")
    yield Special("BTC", 3e8, like="BTC", quote="USDC")
    yield Special("TSLA", 9e8, 250.0, path="TSLA", beta=0.3, terms=_traditional("EQUITY"))
    yield Special(
        "XAU", 8e8, 2400.0, path="GOLD", beta=0.05, sigma=0.009, terms=_traditional("COMMODITY")
    )
    yield Special(
        "BTCDOM", 5e7, 2500.0, beta=0.1, terms=Terms(underlying="INDEX", subtypes=("INDEX",))
    )
    yield Special("OCEAN", 3e7, 0.6, terms=_ended(Market.USDM, start - 40 * DAY))
    # Not traded yet: on the list a week before its first candle.
    hour = start - start % HOUR
    yield Special("SOONX", 3e7, listed_at=hour + 7 * DAY, terms=Terms(is_announced=True))
    delisting = hour + 4 * DAY
    yield Special(
        "XEM",
        2e7,
        0.02,
        terms=Terms(delivery_at=delisting, ended_at=delisting, end_status="SETTLING"),
    )
    # Funding that is about to be settled hourly, and funding that is about to calm down.
    yield Special("MYX", 4e7, 1.1, terms=_peaking(8, start - start % (8 * HOUR) + 8 * HOUR))
    yield Special("TRB", 4e7, 60.0, terms=_peaking(4, start - start % (4 * HOUR) - 20 * HOUR))
    yield quarterly("BTC", next_delivery(start))


def quarterly(base: str, delivery: int) -> Special:
    """Return the contract on `base` that is delivered at `delivery` (ms UTC)."""
    return Special(
        base,
        2e8,
        like=base,
        symbol=f"{base}USDT_{datetime.fromtimestamp(delivery / 1000, UTC):%y%m%d}",
        listed_at=delivery - 180 * DAY,
        terms=dated_terms(f"{base}USDT", delivery),
    )


def next_delivery(time: int) -> int:
    """Return the first quarterly delivery after `time`: last Friday of the quarter, 08:00 UTC."""
    day = datetime.fromtimestamp(time / 1000, UTC)
    year, month = day.year, (day.month - 1) // 3 * 3 + 3
    while True:
        first_after = datetime(year + month // 12, month % 12 + 1, 1, 8, tzinfo=UTC)
        back = (first_after.weekday() - _FRIDAY - 1) % 7 + 1
        delivery = round((first_after - timedelta(days=back)).timestamp() * 1000)
        if delivery > time:
            return delivery
        year, month = year + month // 12, month % 12 + 3


def _ended(market: Market, ended_at: int | None) -> Terms:
    if market is Market.SPOT:
        return Terms(ended_at=ended_at, end_status="BREAK", fades=True)
    return Terms(ended_at=ended_at, end_status="SETTLING", lingers=True)


def _traditional(underlying: str) -> Terms:
    return Terms(contract="TRADIFI_PERPETUAL", underlying=underlying, subtypes=("TradFi",))


def _peaking(hours: int, peak_at: int) -> Terms:
    return Terms(funding_hours=hours, funding_peak_at=peak_at)
