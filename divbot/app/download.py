"""The composition of `divbot data download` and `verify`: archive, venue, store."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from divbot.app.scanning import open_source
from divbot.domain.clock import SystemClock, utc_text
from divbot.domain.durations import DAY
from divbot.domain.errors import InputError, VenueError
from divbot.domain.hosts import address_of
from divbot.domain.market import TRADING, Instrument, Interval, Market
from divbot.domain.symbols import unknown_symbol

if TYPE_CHECKING:
    from divbot.binance.archive.archive import ArchiveClient
    from divbot.binance.past_data import BinancePast
    from divbot.domain.timerange import TimeRange
    from divbot.history.download import Downloader, DownloadOutcome, DownloadStages
    from divbot.history.holes import Hole
    from divbot.history.jobs import Job, Planner
    from divbot.history.shelf import Shelf
    from divbot.history.spans import Span
    from divbot.history.store import Store
    from divbot.settings import Settings

_BEGIN = 1_483_228_800_000
"""2017: the archive has nothing before."""
_UNREACHABLE = "{}; what the archive does not have yet is missing"


@dataclass(frozen=True, slots=True)
class Supply:
    """Where a store is filled from."""

    store: Store
    archive: ArchiveClient
    venue: BinancePast
    instruments: dict[str, Instrument]
    """What the venue lists; nothing where it cannot be asked."""
    now: int
    """The venue's time, ms UTC."""
    stop: threading.Event
    problem: str
    """Why the venue cannot be asked; empty where it can."""

    @property
    def planner(self) -> Planner:
        """Return what finds out what there is to do."""
        from divbot.history.jobs import Planner

        return Planner(self.store, self.archive, self.instruments, self.now)

    def downloader(self, progress: DownloadStages) -> Downloader:
        """Return what does jobs, and tells `progress` of it."""
        from divbot.history.download import Downloader

        return Downloader(self.planner, self.venue, self.stop, progress)

    def holes(self, shelves: Sequence[Shelf], span: Span) -> list[Hole]:
        """Return what is missing still."""
        from divbot.history.holes import holes_of

        return list(holes_of(self.store, shelves, span, self.instruments, self.now))


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user wants to have in the store."""

    symbols: tuple[str, ...]
    """By name; empty: all, or the most traded."""
    top: int | None
    """How many of the most traded; None: all."""
    intervals: tuple[Interval, ...]
    span: Span
    with_dead: bool = True
    with_marks: bool = False


@dataclass(frozen=True, slots=True)
class DownloadPlan:
    """What is to be done for it."""

    wish: Wish
    shelves: tuple[Shelf, ...]
    jobs: tuple[Job, ...]
    failed: tuple[Hole, ...]
    """Shelves of which the archive gave no list."""
    is_at_most: bool = False
    """Nobody knows yet which symbols are among the most traded: it is for all of them."""
    ranked: DownloadOutcome | None = None
    """What was fetched already, to know."""

    @property
    def symbols(self) -> int:
        """Return how many there are."""
        return len({x.symbol for x in self.shelves})

    @property
    def files(self) -> int:
        """Return how many are to be fetched."""
        return sum(len(x.files) for x in self.jobs)

    @property
    def size(self) -> int:
        """Return their bytes."""
        return sum(x.size for x in self.jobs)


@contextmanager
def open_supply(settings: Settings, store: Store) -> Iterator[Supply]:
    """Provide archive and venue as the settings name them; InputError where one is not named."""
    from divbot.binance.archive.archive import ArchiveClient
    from divbot.binance.transport.transports import open_transport
    from divbot.history.download import CONNECTIONS

    stop, clock = threading.Event(), SystemClock()
    with ExitStack() as stack:
        source = open_source(settings, stack)
        venue = source.open_past(CONNECTIONS, stop)
        stack.callback(venue.close)
        instruments, now, problem = _listed(venue, settings, clock)
        _check_prices(settings, store, is_simulated=venue.simulated)
        url, listing_url = _archive_addresses(settings, venue, source.base_urls[0])
        transport = open_transport(clock, connections=CONNECTIONS, use_proxies=settings.use_proxies)
        archive = ArchiveClient(url, listing_url, transport, clock, stop)
        stack.callback(archive.close)
        yield Supply(store, archive, venue, instruments, now, stop, problem)


def _listed(
    venue: BinancePast, settings: Settings, clock: SystemClock
) -> tuple[dict[str, Instrument], int, str]:
    """Return what the venue lists, its time, and why it cannot be asked.

    The archive can do without it, where it is Binance's: it serves some who are refused there.
    """
    try:
        instruments = dict(venue.instruments())
        return instruments, venue.now(), ""
    except VenueError as error:
        if settings.base_url and not settings.archive_url:
            raise
        return {}, clock.now(), _UNREACHABLE.format(error)


def _check_prices(settings: Settings, store: Store, *, is_simulated: bool) -> None:
    """Raise InputError where simulated prices and real ones would be in one store."""
    if is_simulated and settings.store is None:
        raise InputError(
            "the prices of a local exchange are not those of Binance: give them a store of their "
            "own with --store"
        )
    store.expect(is_simulated=is_simulated)


def _archive_addresses(settings: Settings, venue: BinancePast, base_url: str) -> tuple[str, str]:
    from divbot.binance.protocol.endpoints import ARCHIVE_LISTING_URL, ARCHIVE_URL

    url, listing_url = settings.archive_url, settings.archive_listing_url
    if url and listing_url:
        return url, listing_url
    if url or listing_url:
        raise InputError(
            "archive_url and archive_listing_url belong together: name both, or none of them"
        )
    if venue.archive is not None:
        parts = urlsplit(base_url)
        local = f"{parts.scheme}://{parts.netloc}"
        return local, local + venue.archive
    if venue.simulated:
        raise InputError(
            f"the local exchange at {address_of(base_url)} serves no archive: name one with "
            "archive_url and archive_listing_url"
        )
    return ARCHIVE_URL, ARCHIVE_LISTING_URL


def span_of(timerange: TimeRange | None, days: int | None, now: int) -> Span:
    """Return what a user asks for; by default the last year. InputError for what lies ahead."""
    from divbot.history.spans import Span

    if timerange is None:
        start = now - (days or 365) * DAY
        return Span(start - start % DAY, now)
    start = max(_BEGIN, timerange.start or 0)
    if start >= now:
        raise InputError(
            f"--timerange: expected a range that has begun, found {utc_text(start)} UTC, and now "
            f"it is {utc_text(now)}; choose an earlier one"
        )
    end = now if timerange.end is None else min(timerange.end, now)
    if end <= start:
        raise InputError(
            f"--timerange: expected a range that ends after {utc_text(start)} UTC, when the "
            f"archive begins, found {utc_text(end)}; choose a later one"
        )
    return Span(start, end)


def check_intervals(market: Market, intervals: Sequence[Interval]) -> None:
    """Raise InputError for an interval of which the market has no candles."""
    for interval in intervals:
        if not interval.offered_by(market):
            raise InputError(
                f"--interval: {market.title} have no candles of {interval}; choose 1m or longer"
            )


def plan_of(
    supply: Supply, wish: Wish, downloader: Downloader, *, is_dry: bool = False
) -> DownloadPlan:
    """Return what is to be done; to know the most traded, fetch daily candles unless `is_dry`."""
    if wish.symbols:
        return _plan(supply, wish, downloader, named_symbols(supply, wish.symbols))
    symbols = known_symbols(supply, with_dead=wish.with_dead)
    if wish.top is None:
        return _plan(supply, wish, downloader, symbols)
    from divbot.history.selection import most_traded, ranked_span

    store = supply.store
    days = [store.shelf(x, Interval.D1) for x in symbols]
    jobs, failed = downloader.plan(days, ranked_span(wish.span))
    if is_dry and any(x.files for x in jobs):
        plan = _plan(supply, wish, downloader, symbols)
        return replace(plan, jobs=(*jobs, *plan.jobs), is_at_most=True)
    ranked = None if is_dry else downloader.run(jobs)
    chosen = most_traded(store, symbols, wish.span, wish.top)
    plan = _plan(supply, wish, downloader, chosen)
    return replace(plan, failed=(*failed, *plan.failed), ranked=ranked)


def _plan(
    supply: Supply, wish: Wish, downloader: Downloader, symbols: Sequence[str]
) -> DownloadPlan:
    shelves = shelves_of(supply.store, symbols, wish.intervals, with_marks=wish.with_marks)
    jobs, failed = downloader.plan(shelves, wish.span)
    return DownloadPlan(wish, tuple(shelves), tuple(jobs), tuple(failed))


def known_symbols(supply: Supply, *, with_dead: bool) -> tuple[str, ...]:
    """Return all symbols quoted in USDT, of the archive and of the venue."""
    from divbot.binance.archive.keys import Product
    from divbot.history.selection import usdt_symbols

    trading = [x for x, each in supply.instruments.items() if each.status == TRADING]
    if with_dead:
        trading += supply.archive.symbols(supply.store.market, Product.KLINES)
    perpetual = [x for x in trading if not _is_dated(supply.instruments.get(x))]
    return usdt_symbols(set(perpetual))


def _is_dated(instrument: Instrument | None) -> bool:
    return instrument is not None and "QUARTER" in instrument.contract


def named_symbols(supply: Supply, symbols: Sequence[str]) -> tuple[str, ...]:
    """Return `symbols`; InputError for one that neither venue nor archive has ever had."""
    unlisted = [x for x in symbols if x not in supply.instruments]
    if unlisted:
        from divbot.binance.archive.keys import Product

        archived = supply.archive.symbols(supply.store.market, Product.KLINES)
        for symbol in unlisted:
            if symbol not in archived:
                raise InputError(unknown_symbol(symbol, {*archived, *supply.instruments}))
    return tuple(symbols)


def shelves_of(
    store: Store, symbols: Sequence[str], intervals: Sequence[Interval], *, with_marks: bool
) -> list[Shelf]:
    """Return what is to be filled: candles, and on futures funding and, if asked for, marks."""
    from divbot.history.kind import StoredKind

    found = [store.shelf(symbol, interval) for interval in intervals for symbol in symbols]
    if store.market is Market.USDM:
        found += [store.shelf(symbol, None, StoredKind.FUNDING) for symbol in symbols]
        if with_marks:
            found += [store.shelf(symbol, Interval.M1, StoredKind.MARK) for symbol in symbols]
    return found
