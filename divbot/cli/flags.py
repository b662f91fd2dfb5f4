"""Flags that several commands share: one wording, one completion for each.

Every flag is None unless it is given, so that it beats a variable and the file only then.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

import typer

from divbot.domain.bounds import Bounds, Number
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Kind, Side

if TYPE_CHECKING:
    from divbot.settings import Settings

Result = TypeVar("Result")
Given: TypeAlias = Mapping[str, object]
"""What was given, by the name of its setting; None: it was not."""


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
Symbols: TypeAlias = Annotated[
    str | None, typer.Option(help="Scan only these symbols: BTCUSDT,ETHUSDT")
]
Include: TypeAlias = Annotated[
    str | None, typer.Option(help="Always scan these, even if filtered out: PAXGUSDT,1000*")
]
Exclude: TypeAlias = Annotated[str | None, typer.Option(help="Never scan these: DOGEUSDT,*PEPE*")]
MinAge: TypeAlias = Annotated[
    str | None, typer.Option(metavar="N", help="Leave out symbols listed for fewer days. [10]")
]
MaxSpread: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="N", help="Leave out wider spreads, as a part of the ask. [0.005]"),
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
    typer.Option(metavar="N", help="Candles per symbol. [futures 499, spot 1000]"),
]
MaxAge: TypeAlias = Annotated[
    str | None, typer.Option(metavar="N", help="Ignore signals older than this many candles. [5]")
]
StopAtr: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="N", help="Distance of the stop beyond the later pivot, in ATRs. [0.5]"),
]
RewardRisk: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="N", help="Target, as a multiple of the way to the stop. [2.0]"),
]
Horizon: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        help="Past signals still open after this many candles are closed at the market. [100]",
    ),
]
Best: TypeAlias = Annotated[
    str | None, typer.Option(metavar="N", help="Show at most this many opportunities. [20]")
]
Workers: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--workers",
        "-j",
        help="Worker processes; auto: one per core, none for a small scan. [auto]",
        autocompletion=choices(["auto"]),
    ),
]
Connections: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="N", help="Connections to the venue, shared among the workers. [64]"),
]
Sequential: TypeAlias = Annotated[
    bool | None,
    typer.Option("--sequential/--no-sequential", help="Use no worker processes; for debugging."),
]
UseProxies: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--use-proxies/--no-use-proxies",
        help="Use the proxies named by HTTPS_PROXY and the like.",
    ),
]
WeightShare: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="N", help="Part of the venue's request weight to use at most. [0.8]"),
]
Demo: TypeAlias = Annotated[
    bool, typer.Option("--demo", help="Use a simulated market; needs no network.")
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
BaseUrl: TypeAlias = Annotated[
    str | None, typer.Option(help="Address of the venue. [Binance's own]")
]
Config: TypeAlias = Annotated[
    Path | None, typer.Option(help="Settings file (TOML). [divbot.toml, if there is one]")
]
KindNames: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Only these kinds: regular_bullish,hidden_bullish,regular_bearish,hidden_bearish",
        autocompletion=choices([x.value for x in Kind]),
    ),
]
SideName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Only BUY or only SELL signals.", autocompletion=choices([x.value for x in Side])
    ),
]
RequestTimeout: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="N", help="Seconds to wait for an answer, all tries together. [10]"),
]


def _number(text: str) -> Any:
    return Annotated[str | None, typer.Option(metavar="N", help=text)]


def _switch(name: str, text: str) -> Any:
    return Annotated[bool | None, typer.Option(f"--{name}/--no-{name}", help=text)]


def _weight(part: str, default: str) -> Any:
    return _number(f"Weight of {part} in the score. [{default}]")


_WEIGHTS: Mapping[str, Any] = {
    "weight_rsi": _weight("the difference in RSI", "0.2"),
    "weight_price": _weight("the difference in price", "0.15"),
    "weight_zone": _weight("how extreme the RSI is", "0.15"),
    "weight_line_of_sight": _weight("clear lines between the pivots", "0.1"),
    "weight_trend": _weight("the trend", "0.1"),
    "weight_freshness": _weight("freshness", "0.1"),
    "weight_liquidity": _weight("traded volume", "0.05"),
    "weight_expectancy": _weight("expectancy", "0.15"),
}
FURTHER: Mapping[str, Any] = {
    "min_age": MinAge,
    "max_spread": MaxSpread,
    "kind": KindNames,
    "side": SideName,
    "best": Best,
    "rsi_length": _number("Candles that the RSI goes over. [14]"),
    "pivot_left": _number("Candles before a pivot of the RSI, none more extreme. [5]"),
    "pivot_right": _number("Candles after a pivot, all less extreme. [5]"),
    "range_min": _number("Candles between two pivots that are compared, at least. [5]"),
    "range_max": _number("Candles between two pivots that are compared, at most. [60]"),
    "atr_length": _number("Candles that the ATR goes over. [14]"),
    "stop_atr": StopAtr,
    "reward_risk": RewardRisk,
    "horizon": Horizon,
    "base_rates": Annotated[
        Path | None,
        typer.Option(
            help="Base rates that confidence and expectancy start from, a file of "
            "`divbot verify base-rates`. [those that come with divbot]"
        ),
    ],
    "min_reward_risk": _number("Lowest reward-to-risk ratio, after costs, to enter at. [1]"),
    "cooldown": _number("Minutes without an entry in a symbol after a loss in it. [60]"),
    "max_daily_loss": _number("Stop entries for the day after losing this part of equity. [0.05]"),
    "max_drawdown": _number("Stop entries while equity is this far below its peak. [0.2]"),
    "max_holding": _number("Close a position after this many hours; 0: never. [24]"),
    "exit_on_opposite": _switch(
        "exit-on-opposite", "Close a position on the opposite signal of its symbol. [yes]"
    ),
    "trail_atr": _number("Trail the stop by this many ATRs. [off]"),
    "fee": _number("Taker fee, as a part of the value. [spot 0.001, futures 0.0005]"),
    "slippage": _number("Slippage of a market order, as a part of the price. [0.0002]"),
    "max_report_age": _number("Ignore scans older than this many seconds. [300]"),
    "connections": Connections,
    "request_timeout": RequestTimeout,
    "weight_share": WeightShare,
    "use_proxies": UseProxies,
    "keep_candles": _switch(
        "keep-candles", "Keep final candles on disk, and download only new ones. [yes]"
    ),
    **_WEIGHTS,
}
"""Flags of settings that are rarely given: see `further`."""
OF_THE_INDICATOR = (
    *("rsi_length", "pivot_left", "pivot_right", "range_min", "range_max", "atr_length"),
)
OF_A_SCAN = (*OF_THE_INDICATOR, "fee", "slippage", "base_rates", "keep_candles", *_WEIGHTS)
"""Those of FURTHER that `divbot scan` has no place of its own for."""


def further(*names: str) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Give a command a flag for each of these settings; it gets what was given as `further`."""

    def decorate(command: Callable[..., Result]) -> Callable[..., Result]:
        @functools.wraps(command)
        def with_flags(**given: object) -> Result:
            return command(further={name: given.pop(name) for name in names}, **given)

        own = inspect.signature(command, eval_str=True)
        kind = inspect.Parameter.KEYWORD_ONLY
        added = [
            inspect.Parameter(name, kind, default=None, annotation=FURTHER[name]) for name in names
        ]
        kept = [x for x in own.parameters.values() if x.name != "further"]
        with_flags.__signature__ = own.replace(parameters=[*kept, *added])  # type: ignore[attr-defined]
        return with_flags

    return decorate


def check_venue(
    settings: Settings, *, demo: bool, base_url: str | None, quiet: bool = False
) -> None:
    """Raise InputError where flags name two venues; say where a demo beats that of the settings."""
    if demo and base_url:
        raise InputError("--demo and --base-url exclude each other: give one of them")
    if demo and settings.base_url and not quiet:
        print(
            f"divbot: --demo: base_url {settings.base_url} of the settings is not used",
            file=sys.stderr,
        )
