"""A scanner, put together from settings: on a venue, or on a demo."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from divbot.app.homes import at_home
from divbot.app.scan_rules import by_interval, most_symbols, scan_rules, universe_rules
from divbot.domain.clock import Clock, SystemClock
from divbot.domain.errors import InputError
from divbot.domain.hosts import address_of
from divbot.domain.market import Interval, Market
from divbot.folders import cache_home, state_home

if TYPE_CHECKING:
    from divbot.binance.budget import WeightBudget
    from divbot.binance.market_data import BinanceListing, BinanceSource
    from divbot.scanner.cycle import Scanner
    from divbot.scanner.port import Source
    from divbot.scanner.publication import Publication
    from divbot.scanner.report import Report
    from divbot.scanner.workforce.pool import Pool
    from divbot.settings import Settings

DEMO_SYMBOLS = 400
_STALL_SECONDS = 35.0


def scan(
    settings: Settings | None = None,
    *,
    demo: bool = False,
    config: str | Path | None = None,
    **keywords: object,
) -> Report:
    """Scan the market once and return the report.

    Every setting is a keyword, as in `divbot.scan(top=50, market="spot")`, and `config` names a
    file of them; or all come at once, as in `divbot.scan(divbot.Settings(top=50))`. `demo=True`
    scans a local exchange with a synthetic market. Raise a DivbotError for whatever cannot be done.
    """
    if demo and (settings.base_url if settings is not None else keywords.get("base_url")):
        raise InputError("demo and base_url exclude each other: give one of them")
    checked = settings_of(settings, keywords, config)
    # What a file says of several intervals is for who asks for several.
    is_told = settings is not None or "intervals" in keywords
    each = by_interval(checked) if is_told else (checked,)
    if len(each) > 1:
        raise InputError("divbot.scan returns one report: divbot.scans takes several intervals")
    with open_scanner(checked, each, demo=demo, with_divergences=True) as scanner:
        return scanner.cycle()


def scans(
    settings: Settings | None = None,
    *,
    demo: bool = False,
    config: str | Path | None = None,
    **keywords: object,
) -> dict[Interval, Report]:
    """Scan the market once at each of `intervals` and return the reports, the shortest first.

    See `scan`: `divbot.scans(intervals=["5m", "1h"])["1h"]` is one report of two.
    """
    checked = settings_of(settings, keywords, config)
    each = by_interval(checked)
    with open_scanner(checked, each, demo=demo, with_divergences=True) as scanner:
        return scanner.reports()


def settings_of(
    settings: Settings | None, keywords: Mapping[str, object], config: str | Path | None
) -> Settings:
    """Return the settings that a script gives: all at once, or by keywords and a file."""
    from divbot.settings import load_settings

    if settings is not None and (keywords or config is not None):
        raise InputError("settings and keywords exclude each other: give one of them")
    return settings or load_settings(keywords, Path(config) if config is not None else None)


@contextmanager
def open_scanner(
    settings: Settings,
    each: Sequence[Settings] = (),
    *,
    demo: bool = False,
    with_divergences: bool = False,
    with_candles: bool = False,
) -> Iterator[Scanner]:
    """Provide a scanner with its workers and, for a demo, with an exchange of its own.

    It scans by the settings of `each` interval, or else at the one of `settings` alone.
    Its reports bring past divergences and candles only where they are asked for.
    """
    workers = workers_of_scan(settings)
    start_workers(workers, demo=demo)
    # Loaded here: whoever only asks for --help waits for none of it.
    from divbot.scanner.cycle import Scanner

    rules = [
        scan_rules(x, with_divergences=with_divergences, with_candles=with_candles)
        for x in each or (settings,)
    ]
    with ExitStack() as stack:
        source = open_source(settings, stack, demo=demo)
        pool = open_pool(settings, source, workers)
        stack.callback(pool.close)
        scanner = Scanner(source.open_listing(), source, pool, SystemClock(), *rules)
        stack.callback(scanner.close)
        yield scanner


def open_publication(
    source: BinanceSource,
    scanner: Scanner,
    clock: Clock,
    stack: ExitStack,
    held: Callable[[], Collection[str]] = tuple,
) -> Publication:
    """Return what tells a scanner thread when the venue shows new candles; `stack` ends it.

    Meanwhile the scanner looks up what to scan, with what is `held`.
    """
    from divbot.scanner.publication import Publication

    glance = source.open_glance()
    stack.callback(glance.close)

    def newest_close(interval: Interval) -> int:
        universe = scanner.universe
        # The most traded symbol has a candle each time; without a list there is none to look at.
        first = universe.listed[0].symbol if universe and universe.listed else None
        return glance.newest_close(first, interval) if first else 0

    return Publication(
        scanner.intervals,
        newest_close,
        clock,
        looks=glance.looks,
        meanwhile=lambda: scanner.look_up(held()),
    )


def workers_of_scan(settings: Settings, *, may_stay_in_process: bool = True) -> int:
    """Return how many worker processes a scan gets; IN_PROCESS for none."""
    from divbot.scanner.workforce.size import IN_PROCESS, workers_for

    if settings.sequential:
        return IN_PROCESS
    return workers_for(
        settings.workers,
        most_symbols(settings),
        os.cpu_count() or 1,
        may_stay_in_process=may_stay_in_process,
    )


def start_workers(workers: int, *, demo: bool) -> None:
    """Let workers load their kernels while this process still loads its own modules.

    Where there are none, what the command has started early ends; but a demo's exchange uses it.
    """
    from divbot.processes import PRELOAD, end_early, start_context

    if workers:
        start_context(PRELOAD)
    elif not demo:
        end_early()


@contextmanager
def open_venue(settings: Settings, *, demo: bool = False) -> Iterator[BinanceListing]:
    """Provide a venue to ask from this process alone, for a demo an exchange of its own."""
    with ExitStack() as stack:
        source = open_source(settings, stack, demo=demo)
        yield stack.enter_context(source.open_listing())


def open_source(
    settings: Settings,
    stack: ExitStack,
    *,
    demo: bool = False,
    speed: float = 1.0,
    begins: int | None = None,
    check: Callable[[], None] = lambda: None,
) -> BinanceSource:
    """Return where to find the venue; for a demo one of its own, which `stack` ends.

    Its time `begins` then (ms UTC; None: now). While it starts, `check` is called again and again,
    and may raise.
    """
    from divbot.binance.market_data import BinanceSource
    from divbot.binance.protocol.endpoints import BASE_URLS
    from divbot.processes import allow_files

    allow_files()
    base_url = _demo_url(settings, stack, speed, begins, check) if demo else settings.base_url
    base_urls = (base_url,) if base_url else BASE_URLS[settings.market]
    return BinanceSource(
        market=settings.market,
        base_urls=base_urls,
        budget=_budget(settings),
        rules=universe_rules(settings),
        futures_url=base_url or BASE_URLS[Market.USDM][0],
        state=at_home(state_home),
        # A demo's market is never seen again.
        candles=_candles(settings, base_urls[0]) if settings.keep_candles and not demo else None,
        request_timeout=settings.request_timeout.total_seconds(),
        use_proxies=settings.use_proxies,
    )


def _candles(settings: Settings, venue: str) -> Path:
    """Return the folder in which a venue's candles are kept; let old ones go meanwhile."""
    from divbot.binance.candles.candle_store import sweep

    home = at_home(cache_home) / "candles"
    threading.Thread(target=sweep, args=(home, SystemClock()), name="sweep", daemon=True).start()
    return home / quote(address_of(venue), safe="") / settings.market.value


def _budget(settings: Settings) -> WeightBudget:
    from divbot.binance.budget import WeightBudget
    from divbot.binance.protocol.endpoints import WEIGHT_PER_MINUTE
    from divbot.processes import SHARE_MEMORY, allowed_to

    limit = WEIGHT_PER_MINUTE[settings.market]
    with allowed_to(SHARE_MEMORY):
        return WeightBudget(SystemClock(), limit, share=settings.weight_share)


def open_pool(settings: Settings, source: Source, workers: int, *, niceness: int = 0) -> Pool:
    """Return what runs blocks: so many worker processes of that `niceness`, or this one alone."""
    from divbot.processes import allow_files
    from divbot.scanner.workforce.inline import InlinePool
    from divbot.scanner.workforce.pool import ProcessPool
    from divbot.scanner.workforce.size import IN_PROCESS

    allow_files(settings.connections)
    if workers == IN_PROCESS:
        return InlinePool(source, settings.connections)
    return ProcessPool(
        source,
        workers,
        max(1, settings.connections // workers),
        # No request that is still within its time may look like a hung worker.
        stall_seconds=settings.request_timeout.total_seconds() + _STALL_SECONDS,
        niceness=niceness,
    )


def _demo_url(
    settings: Settings,
    stack: ExitStack,
    speed: float,
    begins: int | None,
    check: Callable[[], None],
) -> str:
    from divbot.exchange.embedded import EmbeddedExchange
    from divbot.exchange.options import ExchangeOptions
    from divbot.processes import PRELOAD

    options = ExchangeOptions(
        markets=(settings.market,),
        symbols=max(DEMO_SYMBOLS, settings.top),
        speed=speed,
        at=begins,
    )
    return stack.enter_context(EmbeddedExchange(options, PRELOAD, check)).base_url
