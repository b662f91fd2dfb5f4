"""`divbot exchange`: the local exchange, for any Binance client on this machine."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from divbot.cli import flags
from divbot.domain.durations import Duration, milliseconds
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.domain.values import Choice
from divbot.exchange.bounds import BOUNDS, LATEST

if TYPE_CHECKING:
    from divbot.exchange.rest.rate_window import WindowShape


def exchange(
    *,
    market: Annotated[str, typer.Option(help="spot, usdm or both.")] = "both",
    symbols: Annotated[
        int | None,
        flags.option(
            "--symbols",
            BOUNDS["symbols"],
            "Number of ordinary symbols on the synthetic market.",
            show_default="400",
        ),
    ] = None,
    awkward: Annotated[
        bool,
        typer.Option(
            "--awkward/--no-awkward",
            help="Also list stablecoins, stocks, halted, delisted and new symbols.",
        ),
    ] = True,
    delist_after: Annotated[
        timedelta | None,
        flags.option(
            "--delist-after",
            Duration("0", "7000d", "m"),
            "Delist the awkward WAVESUSDT after this much market time.",
        ),
    ] = None,
    outages: Annotated[
        bool,
        typer.Option("--outages", help="Leave gaps in all candles, as if the venue had been down."),
    ] = False,
    publish_lag: Annotated[
        timedelta,
        flags.option(
            "--publish-lag",
            Duration("0", "60s", "ms"),
            "Show each new candle this much market time late.",
            show_default="0",
        ),
    ] = timedelta(),
    seed: Annotated[
        int | None,
        flags.option(
            "--seed",
            BOUNDS["seed"],
            "Seed of the synthetic market: the same seed, the same prices.",
            show_default="1",
        ),
    ] = None,
    edge: Annotated[
        str | None,
        typer.Option(
            help="Let each divergence be followed by a drift, of so many ATRs within so many "
            "candles: drift=1.5,candles=12,interval=1h,from=2024-01-01."
        ),
    ] = None,
    recorded: Annotated[
        Path | None,
        typer.Option(help="Replay a recording: a parquet or CSV file, or a folder of zips."),
    ] = None,
    interval: Annotated[
        Interval | None,
        flags.option("--interval", Choice(Interval), "Length of the recording's candles.", "-i"),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="Market time to start at: 2024-07-30T09:00 (UTC) or ms since 1970."),
    ] = None,
    speed: Annotated[
        float,
        flags.option("--speed", BOUNDS["speed"], "Market seconds per second; 0 stands still."),
    ] = 1.0,
    latency: Annotated[
        timedelta,
        flags.option(
            "--latency",
            Duration("0", "60s", "ms"),
            "Delay each reply by this: 50ms.",
            show_default="0",
        ),
    ] = timedelta(),
    compress: Annotated[
        bool, typer.Option("--compress", help="Send gzip to clients that accept it.")
    ] = False,
    weight_limit: Annotated[
        int | None,
        flags.option(
            "--weight-limit",
            BOUNDS["weight_limit"],
            "Request weight allowed per minute of market time. [as on Binance]",
        ),
    ] = None,
    window: Annotated[
        str, typer.Option(help="Count weight by fixed minutes of the clock or by rolling ones.")
    ] = "fixed",
    patience: Annotated[
        int,
        flags.option(
            "--patience",
            BOUNDS["patience"],
            "Ban an address after this many calls over the limit.",
        ),
    ] = 10,
    aging: Annotated[
        float,
        flags.option(
            "--aging",
            BOUNDS["aging"],
            "Age WebSocket connections this many times as fast: pings, missing pongs, and the "
            "end after 24 hours.",
        ),
    ] = 1.0,
    faults: Annotated[
        str | None,
        typer.Option(
            help="Make requests fail at random: seed=7,rate=0.02; kinds=html502+timeout limits "
            "the ways in which they fail."
        ),
    ] = None,
    archive_defects: Annotated[
        str | None,
        typer.Option(
            help="Let files of the archive be damaged, late or missing, and its listings fail: "
            "seed=7,rate=0.03; kinds=missing_day+cut_zip limits the ways."
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, flags.option("--port", BOUNDS["port"], "Port to listen on; 0 picks one.")
    ] = 0,
) -> None:
    """Serve Binance spot and USD-M futures market data from this machine: no network, no key.

    REST below /api/v3 and /fapi/v1. WebSocket streams below /ws and /stream (spot), /market and
    /public (futures) and, as Binance's old futures path, /fstream; or below a host of Binance's:
    put ws://HOST:PORT/ where an address has wss://. Below /data, the files of Binance's archive of
    all this; they are listed, as S3 lists them, at /data.binance.vision?prefix=data/.

    The first line on stdout is `listening on http://HOST:PORT`; Ctrl-C ends it.
    """
    from divbot.domain.clock import parse_time
    from divbot.exchange.options import ExchangeOptions
    from divbot.exchange.server import serve
    from divbot.processes import allow_files

    allow_files()
    try:
        moment = parse_time(at) if at is not None else None
    except ValueError as error:
        raise InputError(f"--at: {error}") from None
    if moment is not None and moment >= LATEST:
        raise InputError(f"--at: expected a time before the year 2100, found {at}")
    if recorded is None:
        _refuse(
            "--interval",
            interval,
            "tells the candles of a recording: give --recorded too",
        )
    else:
        _refuse("--edge", edge, "is planted in a synthetic market: leave it out with --recorded")
        _refuse("--symbols", symbols, "makes a synthetic market: leave it out with --recorded")
        # With gaps, the seed says where they are.
        _refuse(
            "--seed",
            None if outages else seed,
            "makes a synthetic market: leave it out with --recorded",
        )
    options = ExchangeOptions(
        markets=_markets(market),
        symbols=400 if symbols is None else symbols,
        seed=1 if seed is None else seed,
        edge=edge,
        recorded=recorded,
        interval=interval,
        at=moment,
        speed=speed,
        latency=latency.total_seconds(),
        compress=compress,
        awkward=awkward,
        delist_after=None if delist_after is None else delist_after / timedelta(minutes=1),
        outages=outages,
        publish_lag=milliseconds(publish_lag),
        weight_limit=weight_limit,
        patience=patience,
        window=_window(window),
        aging=aging,
        faults=faults,
        archive_defects=archive_defects,
        host=host,
        port=port,
    )
    serve(options, announce=_announce)


def _refuse(flag: str, value: object, reason: str) -> None:
    if value is not None:
        raise InputError(f"{flag} {reason}")


def _announce(url: str) -> None:
    from divbot.exchange.archive.listing import LISTING_PATH

    print(f"listening on {url}")
    print(f"archive at {url}")
    print(f"archive listing at {url}{LISTING_PATH}", flush=True)


def _markets(name: str) -> tuple[Market, ...]:
    if name == "both":
        return tuple(Market)
    try:
        return (Market(name),)
    except ValueError:
        raise InputError(f"--market: expected spot, usdm or both, found {name!r}") from None


def _window(name: str) -> WindowShape:
    from divbot.exchange.rest.rate_window import WindowShape

    try:
        return WindowShape(name)
    except ValueError:
        raise InputError(f"--window: expected fixed or rolling, found {name!r}") from None
