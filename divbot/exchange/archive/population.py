"""Which symbols the archive has: those of the exchange, and those that it alone still knows.

The latter are of every kind that was seen there: dead coins, renamed ones, tickers given to another
coin, contracts started anew (SETTLED), dated contracts, quotes that are no more, leveraged tokens.
Dates and names come from the seed alone, so that a later archive holds all that an earlier one did;
what had not ended a week before the market's start is left out, as the exchange does not list it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from divbot.domain.clock import parse_time
from divbot.domain.durations import DAY, HOUR
from divbot.domain.market import Interval, Market
from divbot.exchange.archive.holdings import FOREVER, ArchivedLife, Holding
from divbot.exchange.market.awkward import DOLLAR_SIGMA, Special, next_delivery, quarterly
from divbot.exchange.market.coin_names import WELL_KNOWN, coin_names
from divbot.exchange.market.coins import ORIGIN, fractions
from divbot.exchange.market.synthetic import SyntheticTape
from divbot.exchange.market.tape import SymbolListing, Tape, Terms
from divbot.recordings.grid import Grid

_SURELY_OVER = 7 * DAY
_MOST_ORDINARY = 5000  # names beyond it are never those of coins that are traded
_DEAD_EACH = 50  # so many ordinary coins make one dead coin a year
_LONG_BEFORE = 300 * DAY
_EACH_RELISTED = 24
_EACH_RENAMED = 8
_RELIST_GAP = 20 * DAY
_RENAME_GAP = 3 * DAY
_OLD_NAMES = ("RNDR", "TOMO", "NANO", "FXS", "LEND", "ERD")
_BUSD_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class PastLife:
    """One life that is over, and the folder that holds it."""

    folder: str
    special: Special
    """What drove its price."""
    goes_on: bool = False
    """Its rows go on for ever, without trades."""
    last_month_only: bool = False
    """The folder has no more of it than the month in which it ended."""

    @property
    def ended_at(self) -> int:
        """Return when it was traded last."""
        return self.special.terms.ended_at or FOREVER


def listed(tape: Tape) -> list[Holding]:
    """Return what the exchange itself lists."""
    return [
        Holding(listing.symbol, (ArchivedLife(tape, number),))
        for number, listing in enumerate(tape.listings)
    ]


def with_past(
    market: Market,
    seed: int,
    start: int,
    symbols: int,
    tape: Tape,
    interrupted: Callable[[Tape], Tape],
) -> list[Holding]:
    """Return what the exchange lists, and besides what was over well before `start` (ms UTC).

    The first `symbols` listings of `tape` are no special ones. `interrupted` leaves out what
    nobody traded while the venue was down.
    """
    ordinary = tape.listings[:symbols]
    own = _in_spot() if market is Market.SPOT else _in_futures(start)
    planned = [
        *own,
        *_dead(market, seed, start, len(ordinary)),
        *_before(market, ordinary),
    ]
    planned = [each for each in planned if each.ended_at <= start - _SURELY_OVER]
    specials = [each.special for each in planned]
    old = interrupted(
        SyntheticTape(market=market, seed=seed, symbols=0, until=start, others=specials)
    )
    by_folder: defaultdict[str, list[ArchivedLife]] = defaultdict(list)
    for number, past in enumerate(planned):
        by_folder[past.folder].append(_life(old, number, past))
    for holding in listed(tape):
        by_folder[holding.symbol] += holding.lives
    return [Holding(symbol, tuple(lives)) for symbol, lives in by_folder.items()]


def _life(tape: Tape, number: int, past: PastLife) -> ArchivedLife:
    end = past.ended_at
    start = _month_of(end - 1) if past.last_month_only else past.special.listed_at
    return ArchivedLife(tape, number, start, end, FOREVER if past.goes_on else 0)


def _month_of(time: int) -> int:
    return Grid(Interval.MONTH).open_at(time)


def _past(
    folder: str,
    listed_at: int,
    ended_at: int,
    price: float = 1.0,
    *,
    path: str = "",
    like: str = "",
    sigma: float = 0.045,
    beta: float = 0.9,
    goes_on: bool = False,
    last_month_only: bool = False,
) -> PastLife:
    special = Special(
        base=folder,
        quote="",
        daily=3e7,
        price=price,
        path=path or f"{folder}/{ended_at}",
        like=like,
        beta=beta,
        sigma=sigma,
        listed_at=listed_at,
        terms=Terms(ended_at=ended_at),
    )
    return PastLife(folder, special, goes_on=goes_on, last_month_only=last_month_only)


def _in_spot() -> Iterator[PastLife]:
    # One ticker, two coins.
    yield _past("LUNAUSDT", _day("2020-08-21"), _day("2022-05-13"), 60.0)
    yield _past("LUNAUSDT", _day("2022-05-31"), _day("2023-11-30"), 2.0)
    yield _past("USTUSDT", _day("2021-12-24"), _day("2022-05-13"), sigma=DOLLAR_SIGMA, beta=0.0)
    yield _past("BUSDUSDT", _day("2020-03-01"), _day("2023-12-15"), sigma=DOLLAR_SIGMA, beta=0.0)
    yield _past("BTCBUSD", ORIGIN, _day("2023-12-14"), like="BTC")
    yield _past("XRPUPUSDT", _day("2020-08-05"), _day("2022-12-20"), 4.0)
    yield _past("1INCHDOWNUSDT", _day("2021-03-25"), _day("2022-11-10"), 0.01)
    yield _past("幸运币USDT", _day("2021-10-08"), _day("2023-03-03"), 0.3)


def _in_futures(start: int) -> Iterator[PastLife]:
    yield from _dated(start)
    yield _past("BTCBUSD", _day("2021-01-12"), _day("2023-12-07"), like="BTC")
    yield _past("ETHBUSD", _day("2021-04-15"), _day("2023-12-07"), like="ETH")
    yield _past("BTCSTUSDT", _day("2021-03-04"), _day("2022-03-16"), 20.0, goes_on=True)
    yield _past("FTTUSDT", _day("2021-11-04"), _day("2022-11-14"), 30.0, goes_on=True)
    yield _past("SRMUSDT", _day("2020-09-08"), _day("2022-11-28"), 3.0)
    # Started anew: the old rows moved away ...
    yield _past("CTKUSDTSETTLED", _day("2020-12-03"), _day("2022-06-17"), 1.1)
    yield _past("CTKUSDT", _day("2022-07-05"), _day("2024-02-26"), 0.8)
    # ... or stayed, and only those of the last month stand in a folder of their own besides.
    old = _day("2021-11-12"), _day("2023-02-11"), 80.0
    yield _past("BNXUSDT", *old, path="BNX")
    yield _past("BNXUSDTSETTLED", *old, path="BNX", last_month_only=True)
    yield _past("BNXUSDT", _day("2023-02-22"), _day("2024-03-21"), 0.4)
    yield _past("ICPUSDT_SETTLED", _day("2021-05-11"), _day("2022-06-10"), 90.0)
    yield _past("AERGOUSDTSETTLEDSETTLED", _day("2021-08-19"), _day("2022-04-28"), 0.2)
    yield _past("我踏马来了USDT", _day("2022-01-20"), _day("2023-05-05"), 0.05)


def _dated(start: int) -> Iterator[PastLife]:
    """Yield the quarterly contracts that were delivered by `start`."""
    delivery = next_delivery(_day("2021-01-01"))
    while delivery < start:
        yield from (PastLife(each.name, each) for each in _quarterlies(delivery))
        delivery = next_delivery(delivery)


def _quarterlies(delivery: int) -> Iterator[Special]:
    return (quarterly(base, delivery) for base in ("BTC", "ETH"))


def _dead(market: Market, seed: int, start: int, ordinary: int) -> Iterator[PastLife]:
    """Yield coins that died: so many a year, the more the more are traded."""
    each_year = 1 + ordinary // _DEAD_EACH
    years = range(_year(ORIGIN), _year(start) + 1)
    bases = iter(coin_names(_MOST_ORDINARY + each_year * len(years))[_MOST_ORDINARY:])
    for year in years:
        for place in range(each_year):
            end, length, price, quote = fractions(f"{seed}/dead/{year}/{place}")
            ended_at = _day(f"{year}-01-01") + int((0.2 + 0.79 * end) * 365) * DAY + 2 * HOUR
            listed_at = max(ended_at - int(60 + 800 * length) * DAY, ORIGIN) // DAY * DAY + 9 * HOUR
            yield _past(
                f"{next(bases)}{'BUSD' if quote < _BUSD_SHARE else 'USDT'}",
                listed_at,
                ended_at,
                0.01 + 4.0 * price * price,
                goes_on=market is Market.USDM and place % 3 == 0,
            )


def _before(market: Market, ordinary: Sequence[SymbolListing]) -> Iterator[PastLife]:
    """Yield what preceded coins that are traded now: of other coins, or under other names."""
    late = [each for each in ordinary if each.listed_at >= ORIGIN + _LONG_BEFORE]
    for listing in late[::_EACH_RELISTED]:
        yield from _relisted(market, listing, moves=False)
    for listing in late[_EACH_RELISTED // 2 :: _EACH_RELISTED]:
        yield from _relisted(market, listing, moves=True)
    known = [each for each in late if each.base in WELL_KNOWN]
    for name, listing in zip(_OLD_NAMES, known[1::_EACH_RENAMED], strict=False):
        ended_at = listing.listed_at - _RENAME_GAP
        yield _past(f"{name}USDT", ORIGIN + 30 * DAY, ended_at, like=listing.base)


def _relisted(market: Market, listing: SymbolListing, *, moves: bool) -> Iterator[PastLife]:
    """Yield what was traded under the ticker of `listing` before it."""
    folder, path = listing.symbol, f"{listing.base}/before"
    life = ORIGIN + 30 * DAY, listing.listed_at - _RELIST_GAP, 7.0
    if market is Market.SPOT or not moves:
        yield _past(folder, *life, path=path)
    if market is Market.USDM:
        yield _past(f"{folder}SETTLED", *life, path=path, last_month_only=not moves)


def _day(text: str) -> int:
    return parse_time(text)


def _year(time: int) -> int:
    return datetime.fromtimestamp(time / 1000, UTC).year
