"""The composition of `divbot why`: one scan, and the candles of the symbols in question."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from divbot.app import scanning
from divbot.app.scan_rules import limit_of, scan_rules
from divbot.domain.clock import SystemClock
from divbot.domain.errors import InputError, UnknownSymbol
from divbot.domain.symbols import unknown_symbol

if TYPE_CHECKING:
    from divbot.binance.market_data import BinanceListing
    from divbot.candle_arrays import Candles
    from divbot.domain.universe import Universe
    from divbot.scanner.report import Report
    from divbot.scanner.why import Story
    from divbot.settings import Settings


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a scan decided on some symbols, and why."""

    venue: str
    simulated: bool
    as_of: int
    """The close of the newest candle that was scanned, ms UTC; 0 where none was found.

    Of a scan that was not needed, as the rules of the universe had said it all, the venue's time.
    """
    stories: tuple[Story, ...]
    notices: tuple[str, ...] = ()
    """What a reader should know of how the symbols were chosen."""


def explain(settings: Settings, symbols: Sequence[str], *, demo: bool = False) -> Explanation:
    """Return what becomes of `symbols` in a scan; raise InputError for one that is not listed."""
    workers = scanning.workers_of_scan(settings)
    scanning.start_workers(workers, demo=demo)
    from divbot.scanner.cycle import Scanner
    from divbot.scanner.why import listing_story, scan_story

    rules = scan_rules(settings, with_divergences=False)
    with ExitStack() as stack:
        source = scanning.open_source(settings, stack, demo=demo)
        listing = stack.enter_context(source.open_listing())
        universe = listing.universe()
        _check_listed(symbols, universe)
        stories = [listing_story(symbol, universe.standing_of(symbol)) for symbol in symbols]
        report = None
        if any(story.stopped_by is None for story in stories):
            pool = scanning.open_pool(settings, source, workers)
            stack.callback(pool.close)
            report = Scanner(listing, source, pool, SystemClock(), rules).cycle()
            for story in stories:
                if story.stopped_by is None:
                    candles = _candles(listing, story.symbol, settings, report)
                    scan_story(story, candles, report, rules)
        return Explanation(
            listing.venue,
            listing.simulated,
            universe.at if report is None else report.as_of,
            tuple(stories),
            universe.notices,
        )


def _check_listed(symbols: Sequence[str], universe: Universe) -> None:
    known = [x.symbol for x in universe.listed] + [x.symbol for x in universe.left_out]
    for symbol in symbols:
        if symbol not in known:
            raise InputError(unknown_symbol(symbol, known))


def as_scanned(candles: Candles, report: Report) -> Candles:
    """Return those of `candles` that the scan of `report` saw, which has ended."""
    return candles.between(0, int((candles.open_time < report.as_of).sum()))


def _candles(
    listing: BinanceListing, symbol: str, settings: Settings, report: Report
) -> Candles | None:
    """Return the candles that the scan saw, those that closed since left out."""
    try:
        found = listing.final_candles(symbol, settings.interval, limit_of(settings))
    except UnknownSymbol:
        return None
    return as_scanned(found, report)
