"""Flags that several commands share: one wording, one completion for each.

Every flag is None unless it is given, so that it beats a variable and the file only then.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from divbot.domain.bounds import Bounds, Number
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market


def choices(values: list[str]) -> Callable[[str], list[str]]:
    """Return what completes the beginning of one of `values`."""

    def complete(incomplete: str) -> list[str]:
        return [value for value in values if value.startswith(incomplete)]

    return complete


def within(flag: str, bounds: Bounds[Number]) -> Callable[[str], Number]:
    """Return what reads the number given to `flag`, and raises InputError for one out of bounds."""

    def read(text: str) -> Number:
        try:
            return bounds.read(text)
        except ValueError as error:
            raise InputError(f"{flag}: {error}") from None

    return read


Top: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="N", help="Scan this many symbols, the most traded first. [400]"),
]
Symbols: TypeAlias = Annotated[str | None, typer.Option(help="Scan these instead: BTCUSDT,ETHUSDT")]
Include: TypeAlias = Annotated[
    str | None, typer.Option(help="Scan these besides, whatever they are: PAXGUSDT,1000*")
]
Exclude: TypeAlias = Annotated[str | None, typer.Option(help="Never scan these: DOGEUSDT,*PEPE*")]
MinAge: TypeAlias = Annotated[
    str | None, typer.Option(metavar="N", help="Days that a symbol must have been listed. [10]")
]
MaxSpread: TypeAlias = Annotated[
    str | None, typer.Option(metavar="N", help="Widest spread, as a part of the ask. [0.005]")
]
MarketName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--market",
        help="usdm (USD-M futures) or spot. [usdm]",
        autocompletion=choices([x.value for x in Market]),
    ),
]
IntervalName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--interval",
        "-i",
        help="Length of a candle: 1m, 5m, 15m, 1h, 4h, 1d ... [5m]",
        autocompletion=choices([x.value for x in Interval]),
    ),
]
Limit: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        help="Candles to ask for. [the most at the least weight: futures 499, spot 1000]",
    ),
]
MaxAge: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="N", help="Take nothing confirmed more candles ago than this. [5]"),
]
StopAtr: TypeAlias = Annotated[
    str | None, typer.Option(metavar="N", help="Stop beyond the later pivot, in ATRs. [0.5]")
]
RewardRisk: TypeAlias = Annotated[
    str | None, typer.Option(metavar="N", help="Target, as a multiple of the risk. [2.0]")
]
Horizon: TypeAlias = Annotated[
    str | None, typer.Option(metavar="N", help="Candles after which a past case is closed. [100]")
]
Best: TypeAlias = Annotated[
    str | None, typer.Option(metavar="N", help="Keep this many opportunities. [20]")
]
Workers: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--workers",
        "-j",
        help="Worker processes; auto: one for each core, none for a small scan. [auto]",
        autocompletion=choices(["auto"]),
    ),
]
Connections: TypeAlias = Annotated[
    str | None, typer.Option(metavar="N", help="Connections, shared among the workers. [64]")
]
Sequential: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--sequential/--no-sequential", help="Do everything in this process, for debugging."
    ),
]
UseProxies: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--use-proxies/--no-use-proxies",
        help="Reach the venue through the proxies that the environment names.",
    ),
]
WeightShare: TypeAlias = Annotated[
    str | None, typer.Option(metavar="N", help="Part of the venue's request weight to use. [0.8]")
]
Demo: TypeAlias = Annotated[
    bool, typer.Option("--demo", help="On a simulated market; needs no network.")
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
BaseUrl: TypeAlias = Annotated[
    str | None, typer.Option(help="Where to find the venue. [Binance's own address]")
]
Config: TypeAlias = Annotated[
    Path | None, typer.Option(help="Settings file (TOML). [divbot.toml, where there is one]")
]


def refuse_both(*, demo: bool, base_url: str | None) -> None:
    """Raise InputError where two venues are asked for."""
    if demo and base_url:
        raise InputError("--demo and --base-url exclude each other: give one of them")
