"""`divbot exchange`: the local exchange, for any Binance client on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market


def exchange(
    *,
    market: Annotated[str, typer.Option(help="spot, usdm or both.")] = "both",
    symbols: Annotated[
        int, typer.Option(help="Symbols of the synthetic market.", min=1, max=5000)
    ] = 400,
    seed: Annotated[int, typer.Option(help="The same seed gives the same market.", min=0)] = 1,
    recorded: Annotated[
        Path | None,
        typer.Option(help="Replay this: a parquet or CSV file, or a folder of archive zips."),
    ] = None,
    interval: Annotated[
        str | None, typer.Option("--interval", "-i", help="Length of the recording's candles.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="What to take for now: 2024-07-30T09:00 (UTC) or ms since 1970."),
    ] = None,
    speed: Annotated[
        float, typer.Option(help="Market seconds per second; 0 stands still.", min=0)
    ] = 1.0,
    latency: Annotated[
        float, typer.Option(help="Milliseconds to wait before each reply.", min=0)
    ] = 0.0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 picks one.", min=0, max=65535)
    ] = 0,
) -> None:
    """Serve Binance spot and USD-M futures market data from this machine: no network, no key.

    The first line on stdout is `listening on http://HOST:PORT`; Ctrl-C ends it.
    """
    from divbot.domain.clock import parse_time
    from divbot.exchange.options import ExchangeOptions
    from divbot.exchange.server import serve

    try:
        moment = parse_time(at) if at is not None else None
    except ValueError as error:
        raise InputError(f"--at: {error}") from None
    options = ExchangeOptions(
        markets=_markets(market),
        symbols=symbols,
        seed=seed,
        recorded=recorded,
        interval=_interval(interval),
        at=moment,
        speed=speed,
        latency=latency / 1000,
        host=host,
        port=port,
    )
    serve(options, announce=_announce)


def _announce(url: str) -> None:
    print(f"listening on {url}", flush=True)


def _markets(name: str) -> tuple[Market, ...]:
    if name == "both":
        return tuple(Market)
    try:
        return (Market(name),)
    except ValueError:
        raise InputError(f"--market: expected spot, usdm or both, found {name!r}") from None


def _interval(name: str | None) -> Interval | None:
    try:
        return None if name is None else Interval(name)
    except ValueError:
        known = ", ".join(interval.value for interval in Interval)
        raise InputError(f"--interval: expected one of {known}, found {name!r}") from None
