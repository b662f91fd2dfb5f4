"""The composition root: the only place that names the concrete clock, venue, pool and exchange."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from divbot.domain.clock import SystemClock
from divbot.domain.errors import InputError
from divbot.domain.market import Market
from divbot.domain.signals import Kind, Side

if TYPE_CHECKING:
    from divbot.scanner.cycle import Scanner, ScanRules
    from divbot.scanner.pool import Pool
    from divbot.scanner.port import Source
    from divbot.scanner.report import Report
    from divbot.settings import Settings

DEMO_SYMBOLS = 400


def scan(*, demo: bool = False, config: str | Path | None = None, **settings: object) -> Report:
    """Scan the market once and return the report.

    Every setting of the README's table is a keyword, as in `divbot.scan(top=50, market="spot")`;
    `demo=True` scans a local exchange with a synthetic market. Raise a DivbotError for whatever
    cannot be done. Scripts that call this need the usual `if __name__ == "__main__":`.
    """
    from divbot.settings import load_settings

    checked = load_settings(settings, Path(config) if config is not None else None)
    with open_scanner(checked, demo=demo) as scanner:
        return scanner.cycle()


@contextmanager
def open_scanner(settings: Settings, *, demo: bool = False) -> Iterator[Scanner]:
    """Provide a scanner with its workers and, for a demo, with an exchange of its own."""
    from divbot.processes import refuse_while_importing, start_context
    from divbot.scanner.pool import PRELOAD

    refuse_while_importing("divbot.scan()")
    if not settings.sequential:
        # First of all: workers load their kernels while this process still loads its own modules.
        start_context(PRELOAD)
    # Loaded here: whoever only asks for --help waits for none of it.
    from divbot.binance.market_data import BinanceSource
    from divbot.scanner.cycle import Scanner

    rules = scan_rules(settings)
    with ExitStack() as stack:
        base_url = _demo_url(settings, stack) if demo else settings.base_url
        source = BinanceSource(
            settings.market, base_url or _home(settings.market), settings.request_timeout
        )
        pool = _pool(settings, source)
        stack.callback(pool.close)
        scanner = Scanner(source, pool, SystemClock(), rules)
        stack.callback(scanner.close)
        yield scanner


def scan_rules(settings: Settings) -> ScanRules:
    """Return what the settings say about a scan; raise InputError where it costs too much."""
    from divbot.binance.endpoints import CHEAPEST_AMPLE_LIMIT
    from divbot.scanner.cycle import ScanRules
    from divbot.scanner.ranking import RankingRules

    limit = settings.limit or CHEAPEST_AMPLE_LIMIT[settings.market]
    _check_budget(settings.market, len(settings.symbols) or settings.top, limit)
    return ScanRules(
        interval=settings.interval,
        limit=limit,
        top=settings.top,
        symbols=settings.symbols,
        best=settings.best,
        ranking=RankingRules(
            kinds=frozenset(settings.kind or Kind),
            sides=frozenset(settings.side or Side),
            max_age=settings.max_age,
            stop_atr=settings.stop_atr,
            reward_risk=settings.reward_risk,
        ),
    )


def _check_budget(market: Market, symbols: int, limit: int) -> None:
    """Refuse a scan that would break the venue's limit all by itself, before it begins."""
    from divbot.binance.endpoints import WEIGHT_PER_MINUTE, scan_weight

    weight = scan_weight(market, symbols, limit)
    allowed = WEIGHT_PER_MINUTE[market]
    if weight > allowed:
        raise InputError(
            f"{symbols} symbols at limit {limit} cost a request weight of {weight}, and "
            f"{market.title} allows {allowed} a minute: lower --top or --limit"
        )


def _home(market: Market) -> str:
    from divbot.binance.endpoints import BASE_URL

    return BASE_URL[market]


def _pool(settings: Settings, source: Source) -> Pool:
    from divbot.scanner.pool import InlinePool, ProcessPool

    if settings.sequential:
        return InlinePool(source, settings.connections)
    symbols = len(settings.symbols) or settings.top
    workers = min(settings.workers or os.cpu_count() or 1, symbols)
    return ProcessPool(source, workers, max(1, settings.connections // workers))


def _demo_url(settings: Settings, stack: ExitStack) -> str:
    from divbot.exchange.embedded import EmbeddedExchange
    from divbot.exchange.options import ExchangeOptions
    from divbot.scanner.pool import PRELOAD

    options = ExchangeOptions(markets=(settings.market,), symbols=max(DEMO_SYMBOLS, settings.top))
    return stack.enter_context(EmbeddedExchange(options, PRELOAD)).base_url
