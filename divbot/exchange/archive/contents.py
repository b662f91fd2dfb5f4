"""What is in a file: the lines of candles or funding, as the archive of each market writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum

import numpy as np

from divbot.domain.market import Market
from divbot.exchange.archive.holdings import ArchivedLife, Holding
from divbot.exchange.market.candles import aggregate
from divbot.exchange.market.number_format import Decimals, NumberFormat
from divbot.exchange.market.quotes import RATE, index_price, mark_price, premium
from divbot.exchange.market.settlements import funding_rate, hours_at, settled, settled_at
from divbot.exchange.market.tape import (
    COLUMNS,
    OPEN,
    OPEN_TIME,
    QUOTE_VOLUME,
    TAKER_QUOTE_VOLUME,
    TRADES,
    VOLUME,
    Rows,
    SymbolListing,
    no_rows,
)
from divbot.exchange.rest.derived_klines import PriceOf, derived_prices
from divbot.exchange.rest.kline_json import in_microseconds, klines_csv
from divbot.recordings.grid import Grid

CANDLES_HEADER = (
    b"open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    b"taker_buy_volume,taker_buy_quote_volume,ignore\n"
)
FUNDING_HEADER = b"calc_time,funding_interval_hours,last_funding_rate\n"

_MICROSECONDS_FROM = 1_735_689_600_000  # 2025-01-01, on spot
_BARE_FROM = 1_695_107_100_000  # 2023-09-19 07:05, on futures
_NOTHING = Decimals(0, 0)
_DERIVED = NumberFormat(RATE, _NOTHING, _NOTHING)
_FLAT_RATE = 10_000  # what a contract goes on telling that nobody trades any more


class FileKind(StrEnum):
    """What the files of one folder tell."""

    KLINES = "klines"
    MARK = "markPriceKlines"
    INDEX = "indexPriceKlines"
    PREMIUM = "premiumIndexKlines"
    FUNDING = "fundingRate"

    @property
    def is_candles(self) -> bool:
        """Tell whether there is a folder for each interval."""
        return self is not FileKind.FUNDING


_PRICES: dict[FileKind, PriceOf] = {
    FileKind.MARK: mark_price,
    FileKind.INDEX: index_price,
    FileKind.PREMIUM: premium,
}


def warm() -> None:
    """Compile or load what writes lines."""
    row = np.zeros((1, COLUMNS), dtype=np.int64)
    klines_csv(row, row[:, OPEN_TIME], _DERIVED, bare_from=0)


def candle_lines(
    market: Market, kind: FileKind, holding: Holding, grid: Grid, start: int, end: int
) -> bytes:
    """Return the candles that open from `start` to before `end` (ms UTC), a line each."""
    first = grid.open_from(start)
    holding = holding.within(first, grid.next_open(end - 1))
    rows = _candles(holding, grid, first, end)
    closes = grid.close_times(rows[:, OPEN_TIME])
    if kind is not FileKind.KLINES:
        derived = _derived(kind, holding.listing, rows, closes + 1)
        return klines_csv(derived, closes, _DERIVED, bare_from=len(rows))
    if market is Market.SPOT:
        form = NumberFormat.of(market, holding.listing)
        if start >= _MICROSECONDS_FROM:
            rows, closes = in_microseconds(rows, closes)
        return klines_csv(rows, closes, form, bare_from=len(rows))
    bare_from = int(np.searchsorted(rows[:, OPEN_TIME], _BARE_FROM))
    rows, form = _precise(rows, NumberFormat.of(market, holding.listing))
    return klines_csv(rows, closes, form, bare_from=bare_from)


def _candles(holding: Holding, grid: Grid, first: int, end: int) -> Rows:
    if first >= end:
        return no_rows()
    opens = grid.opens(first, end)
    rows = holding.rows(first, grid.next_open(int(opens[-1])))
    return aggregate(rows, opens)


def _derived(kind: FileKind, listing: SymbolListing, rows: Rows, ends: Rows) -> Rows:
    """Return candles of what `kind` is, in units of 10**-8: no volumes, seconds as their count."""
    prices = derived_prices(listing, rows, ends, _PRICES[kind])
    if kind is not FileKind.PREMIUM:
        prices //= 10**listing.price_decimals  # from 10**-8 of a tick
    made = np.zeros_like(rows)
    made[:, OPEN_TIME] = rows[:, OPEN_TIME]
    made[:, OPEN:VOLUME] = prices
    made[:, TRADES] = (ends - rows[:, OPEN_TIME]) // 1000
    return made


def _precise(rows: Rows, form: NumberFormat) -> tuple[Rows, NumberFormat]:
    """Write no more decimals of quote volumes than price and volume have, where that is exact."""
    least = form.price.shown + form.volume.shown
    power = 10 ** max(form.quote.held - least, 0)
    columns = [QUOTE_VOLUME, TAKER_QUOTE_VOLUME]
    if power == 1 or (rows[:, columns] % power).any():
        return rows, form
    rows = rows.copy()
    rows[:, columns] //= power
    return rows, replace(form, quote=Decimals(least, least))


def funding_lines(holding: Holding, start: int, end: int) -> bytes:
    """Return what was settled from `start` to before `end` (ms UTC), a line each."""
    lines = [line for life in holding.lives for line in _settlements(life, start, end - 1)]
    return "".join(lines).encode()


def _settlements(life: ArchivedLife, start: int, last: int) -> Iterator[str]:
    listing = replace(life.listing, listed_at=life.begin)
    for due in settled(listing, max(start, life.begin + 1), min(last, life.end)):
        yield _line(listing, due, funding_rate(listing, due))
    endless = replace(listing, terms=replace(listing.terms, ended_at=None))
    for due in settled(endless, max(start, life.end + 1), min(last, life.flat_until)):
        yield _line(endless, due, _FLAT_RATE)


def _line(listing: SymbolListing, due: int, rate: int) -> str:
    # In force until then, not from then on.
    hours = hours_at(listing, due - 1)
    return f"{settled_at(listing, due)},{hours},{RATE.text(rate)}\n"
