"""What a user can set: once in a TOML file, per machine by DIVBOT_* variables, per run by flags.

One name everywhere: the key `max_age`, the variable `DIVBOT_MAX_AGE`, the flag `--max-age`. A flag
beats a variable beats the file beats the default. An unknown key is an error, never ignored.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from divbot.binance.endpoints import KLINES_LIMIT
from divbot.binance.names import read_pattern, read_symbol
from divbot.domain.bounds import Bounds, shortened
from divbot.domain.errors import SettingsError
from divbot.domain.margin import MAX_LEVERAGE
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Kind, Side
from divbot.domain.suggestions import nearest
from divbot.kernels.indicator import TRADINGVIEW, Indicator
from divbot.scanner.score import DEFAULT_WEIGHTS, PARTS
from divbot.scanner.workforce import AUTO, MOST_WORKERS, Workers

ENVIRONMENT_PREFIX = "DIVBOT_"
CONFIG_VARIABLE = "DIVBOT_CONFIG"
"""Names the settings file; the one variable that is no setting."""
DEFAULT_CONFIG = Path("divbot.toml")
"""Read from the current folder where it exists and no other file is named."""

_OF_THE_INDICATOR = tuple(x.name for x in fields(Indicator))
SHORTEST_LIMIT = TRADINGVIEW.minimum_candles + 1
"""The last candle of an answer is never final."""
_LONGEST_LIMIT = max(x.maximum for x in KLINES_LIMIT.values())


def _whole(least: int, most: int) -> BeforeValidator:
    return BeforeValidator(Bounds(int, least, most).read)


def _real(least: int | str, most: int) -> BeforeValidator:
    return BeforeValidator(Bounds(float, least, most).read)


def _exact(least: int | str, most: int | str, **places: int) -> BeforeValidator:
    return BeforeValidator(Bounds(Decimal, least, most, **places).read)


def _weight(part: str) -> Any:
    return Field(DEFAULT_WEIGHTS[part], description=f"weight in the score: {PARTS[part]}")


_Weight = Annotated[float, _real(0, 1000)]
_WORKERS = Bounds(int, 1, MOST_WORKERS)


class Settings(BaseSettings):
    """Every setting, checked; the descriptions are those of docs/settings.md."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, extra="forbid", frozen=True, env_ignore_empty=True
    )

    market: Market = Field(Market.USDM, description="`usdm` (USD-M futures) or `spot`")
    interval: Interval = Field(
        Interval.M5, description="length of a candle: `1m`, `5m`, `15m`, `1h`, `4h`, `1d` ..."
    )
    top: Annotated[int, _whole(1, 5000)] = Field(
        400, description="how many symbols to scan, the most traded first"
    )
    # NoDecode: lists are written `A,B` in variables and flags, not as JSON.
    symbols: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="scan only these symbols, instead of the most traded ones"
    )
    include: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="always scan these, even if filtered out; symbols or patterns such as `1000*`",
    )
    exclude: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="never scan these; symbols or patterns such as `*PEPE*`"
    )
    min_age: Annotated[float, _real(0, 10_000)] = Field(
        10.0, description="leave out symbols listed for fewer days"
    )
    max_spread: Annotated[float, _real("0.00000001", 1)] = Field(
        0.005,
        description="leave out symbols with a wider spread, as a part of the ask",
    )
    limit: Annotated[int, _whole(SHORTEST_LIMIT, _LONGEST_LIMIT)] | None = Field(
        None,
        description="candles per symbol; by default 499 on futures, 1000 on spot",
    )
    kind: Annotated[tuple[Kind, ...], NoDecode] = Field(
        (), description="show and enter only these kinds of divergence; by default all four"
    )
    side: Annotated[tuple[Side, ...], NoDecode] = Field(
        (), description="show and enter only `BUY` or only `SELL` signals; by default both"
    )
    max_age: Annotated[int, _whole(0, 10_000)] = Field(
        5, description="ignore signals older than this many candles"
    )
    best: Annotated[int, _whole(1, 100_000)] = Field(
        20, description="show at most this many opportunities; `paper` trades on all"
    )
    rsi_length: Annotated[int, _whole(2, 100)] = Field(
        TRADINGVIEW.rsi_length, description="candles that the RSI goes over"
    )
    pivot_left: Annotated[int, _whole(1, 50)] = Field(
        TRADINGVIEW.pivot_left,
        description="candles before a pivot of the RSI, none of which is more extreme",
    )
    pivot_right: Annotated[int, _whole(1, 50)] = Field(
        TRADINGVIEW.pivot_right,
        description="candles after a pivot, all less extreme; the last one confirms it",
    )
    range_min: Annotated[int, _whole(0, TRADINGVIEW.range_max)] = Field(
        TRADINGVIEW.range_min,
        description="candles between two pivots that are compared, at least",
    )
    range_max: Annotated[int, _whole(TRADINGVIEW.range_min, 300)] = Field(
        TRADINGVIEW.range_max,
        description="candles between two pivots that are compared, at most",
    )
    atr_length: Annotated[int, _whole(1, 100)] = Field(
        TRADINGVIEW.atr_length, description="candles that the ATR goes over"
    )
    stop_atr: Annotated[float, _real(0, 100)] = Field(
        0.5,
        description="distance of the stop beyond the later pivot, in ATRs",
    )
    reward_risk: Annotated[float, _real("0.01", 1000)] = Field(
        2.0,
        description="distance of the target, as a multiple of the distance to the stop",
    )
    horizon: Annotated[int, _whole(1, 10_000)] = Field(
        100,
        description="candles that a trade has to reach its target in, as confidence counts; past "
        "signals still open then are closed at the market",
    )
    base_rates: Path | None = Field(
        None,
        description="file of base rates that confidence and expectancy start from, written by "
        "`divbot verify base-rates`; by default those that come with divbot",
    )
    weight_rsi: _Weight = _weight("rsi")
    weight_price: _Weight = _weight("price")
    weight_zone: _Weight = _weight("zone")
    weight_line_of_sight: _Weight = _weight("line_of_sight")
    weight_trend: _Weight = _weight("trend")
    weight_freshness: _Weight = _weight("freshness")
    weight_liquidity: _Weight = _weight("liquidity")
    weight_expectancy: _Weight = _weight("expectancy")
    balance: Annotated[Decimal, _exact(1, 10**10, places=8)] = Field(
        Decimal(10_000), description="starting balance of a new paper run, in USDT"
    )
    risk: Annotated[Decimal, _exact("0.000001", 1)] = Field(
        Decimal("0.01"),
        description="part of the equity that a trade may lose at its stop, after all costs: 1 R",
    )
    leverage: Annotated[int, _whole(1, MAX_LEVERAGE)] = Field(
        10, description="maximum leverage, on futures; spot has none"
    )
    max_positions: Annotated[int, _whole(1, 100)] = Field(3, description="maximum open positions")
    min_score: Annotated[float, _real(0, 10)] = Field(
        5.0, description="lowest score to enter at, 0 to 10"
    )
    min_confidence: Annotated[float, _real(0, 1)] = Field(
        0.0, description="lowest confidence to enter at, 0 to 1; 0: any"
    )
    min_reward_risk: Annotated[Decimal, _exact(0, 1000)] = Field(
        Decimal(1),
        description="lowest ratio of reward to risk, after all costs, to enter at",
    )
    take_earlier: bool = Field(
        default=False, description="also enter on signals that were confirmed before the start"
    )
    cooldown: Annotated[float, _real(0, 525_600)] = Field(
        60.0,
        description="minutes without an entry in a symbol after a loss in it",
    )
    max_daily_loss: Annotated[Decimal, _exact("0.000001", 1)] = Field(
        Decimal("0.05"),
        description="stop entries for the (UTC) day after losing this part of the equity",
    )
    max_drawdown: Annotated[Decimal, _exact("0.000001", 1)] = Field(
        Decimal("0.2"),
        description="stop entries while the equity is this far below its peak",
    )
    max_holding: Annotated[float, _real(0, 87_600)] = Field(
        24.0,
        description="close a position after this many hours; 0: never",
    )
    exit_on_opposite: bool = Field(
        default=True, description="close a position on the opposite signal of its symbol"
    )
    trail_atr: Annotated[float, _real("0.01", 100)] | None = Field(
        None,
        description="trail the stop by this many ATRs; by default it stays where it is",
    )
    fee: Annotated[Decimal, _exact(0, "0.1")] | None = Field(
        None,
        description="taker fee, a part of the value; by default 0.001 on spot, 0.0005 on futures",
    )
    slippage: Annotated[Decimal, _exact(0, "0.1")] = Field(
        Decimal("0.0002"),
        description="what a market order loses beyond the spread, as a part of the price",
    )
    check_interval: Annotated[float, _real("0.1", 86_400)] = Field(
        60.0, description="seconds between two scans; below 20 there is a warning"
    )
    position_update_interval: Annotated[float, _real("0.1", 3600)] = Field(
        5.0, description="seconds between two price checks"
    )
    max_report_age: Annotated[float, _real(1, 604_800)] = Field(
        300.0,
        description="enter on no scan that is older than this many seconds",
    )
    workers: Workers = Field(
        AUTO,
        description="worker processes; `auto`: one per core, and none for a small scan",
    )
    connections: Annotated[int, _whole(1, 1024)] = Field(
        64,
        description="connections to the venue, shared among the workers; at least one for each",
    )
    sequential: bool = Field(
        default=False, description="use no worker processes; for debugging, with the same results"
    )
    request_timeout: Annotated[float, _real("0.1", 300)] = Field(
        10.0, description="seconds to wait for an answer, all tries together"
    )
    weight_share: Annotated[float, _real("0.05", 1)] = Field(
        0.8, description="part of the venue's request weight per minute to use at most"
    )
    use_proxies: bool = Field(
        default=False,
        description="reach the venue through the proxies that HTTPS_PROXY and the like name",
    )
    keep_candles: bool = Field(
        default=True, description="keep final candles on disk, and download only new ones"
    )
    base_url: str | None = Field(None, description="address of the venue; by default Binance's own")

    @field_validator("symbols", mode="before")
    @classmethod
    def _symbols(cls, value: object) -> object:
        return _each(value, "symbols such as BTCUSDT,ETHUSDT", read_symbol)

    @field_validator("include", "exclude", mode="before")
    @classmethod
    def _patterns(cls, value: object) -> object:
        return _each(value, "symbols or patterns such as DOGEUSDT,*PEPE*", read_pattern)

    @field_validator("side", mode="before")
    @classmethod
    def _sides(cls, value: object) -> object:
        return _each(value, "BUY or SELL", str.upper)

    @field_validator("kind", mode="before")
    @classmethod
    def _kinds(cls, value: object) -> object:
        kinds = "names such as regular_bullish,hidden_bearish"
        return _each(value, kinds, lambda name: name.lower().replace("-", "_"))

    @field_validator("workers", mode="before")
    @classmethod
    def _count_or_auto(cls, value: object) -> object:
        if isinstance(value, str) and value.strip().lower() == AUTO:
            return AUTO
        try:
            return _WORKERS.read(value)
        except ValueError as error:
            raise ValueError(str(error).replace("expected", f"expected {AUTO} or", 1)) from None

    @field_validator("base_url")
    @classmethod
    def _is_safe(cls, url: str | None) -> str | None:
        if url is None:
            return None
        expected = "expected https://HOST, or http:// for an exchange on this machine"
        try:
            parts = urlsplit(url)
            has_host = bool(parts.hostname) and parts.port != 0
        except ValueError:
            raise ValueError(expected) from None
        is_local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_local)
        if not (has_host and is_safe) or parts.query or parts.fragment:
            raise ValueError(expected)
        return url

    @model_validator(mode="after")
    def _fits_the_market(self) -> Self:
        if not self.interval.offered_by(self.market):
            raise ValueError(f"interval {self.interval.value} exists on spot only")
        longest = KLINES_LIMIT[self.market].maximum
        if self.shortest_limit > longest:
            names = ", ".join(_OF_THE_INDICATOR)
            raise ValueError(
                f"{names}: these need {self.shortest_limit} candles, and {self.market.value} gives "
                f"{longest}; expected smaller ones"
            )
        if self.limit is not None and not self.shortest_limit <= self.limit <= longest:
            bounds = Bounds(int, self.shortest_limit, longest)
            raise ValueError(f"limit: expected {bounds} on {self.market.value}, found {self.limit}")
        return self

    @model_validator(mode="after")
    def _has_a_range(self) -> Self:
        if self.range_min > self.range_max:
            raise ValueError(
                f"range_min: expected at most range_max, {self.range_max}, found {self.range_min}"
            )
        return self

    @model_validator(mode="after")
    def _weighs_something(self) -> Self:
        if not sum(self.weights.values()) > 0:
            raise ValueError("the weights of the score are all 0, at least one must be more")
        return self

    @property
    def indicator(self) -> Indicator:
        """Return how RSI, ATR, pivots and divergences are counted."""
        return Indicator(**{name: getattr(self, name) for name in _OF_THE_INDICATOR})

    @property
    def shortest_limit(self) -> int:
        """Return how many candles to ask for at least; the last of an answer is never final."""
        return self.indicator.minimum_candles + 1

    @property
    def weights(self) -> dict[str, float]:
        """Return how much each part of the score counts."""
        return {part: getattr(self, f"weight_{part}") for part in PARTS}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not read
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not read
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the flags before the environment, and the file, handed in as a flag, behind it.

        Behind all of them come the defaults that only one command has.
        """
        given = dict(init_settings())
        file, defaults = given.pop(_FILE, {}), given.pop(_DEFAULTS, {})
        return (
            InitSettingsSource(settings_cls, init_kwargs=given),
            env_settings,
            InitSettingsSource(settings_cls, init_kwargs=file),
            InitSettingsSource(settings_cls, init_kwargs=defaults),
        )


_FILE, _DEFAULTS = "settings file", "defaults of a command"


def _each(value: object, expected: str, read: Callable[[str], str]) -> object:
    """Return the names in a text such as `A,B`, or in a list of texts, each as `read` has it."""
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"expected {expected}, found {shortened(value)}")
    found = tuple(read(name.strip()) for name in names if name.strip())
    if names and not found:
        raise ValueError(f"expected {expected}, found none")
    return found


def load_settings(
    flags: Mapping[str, object],
    config: Path | None = None,
    defaults: Mapping[str, object] = MappingProxyType({}),
) -> Settings:
    """Return the settings of this run; `flags` that are None were not given.

    `defaults` hold for one command alone, where a setting is given nowhere.

    Raise SettingsError, in one line, for a file that is missing or malformed, for a key or a
    DIVBOT_* variable that is unknown, and for a value that cannot be.
    """
    path = _config_path(config)
    file = _read(path) if path else {}
    _refuse_tables(file, f"in {path}")
    _refuse_unknown(file, f"in {path}")
    _refuse_unknown(flags, "given")
    _refuse_unknown_variables()
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**{_FILE: file, _DEFAULTS: defaults}, **given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(_first_line(error)) from None


def _config_path(config: Path | None) -> Path | None:
    if config is not None:
        return config
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    return DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"cannot read the settings file {path}: {error.strerror}") from error
    except RecursionError:
        raise SettingsError(f"the settings file {path} is nested too deeply") from None
    except (UnicodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the settings file {path} is not TOML: {error}") from error
    except ValueError as error:  # Python's advice is for who writes programs
        raise SettingsError(
            f"the settings file {path} has a number of more than "
            f"{sys.get_int_max_str_digits()} digits; write a shorter one"
        ) from error


def _refuse_tables(file: Mapping[str, object], where: str) -> None:
    for name, value in file.items():
        if isinstance(value, Mapping):
            raise SettingsError(
                f"unknown setting {shortened(name)} {where}: it is a table, and settings stand in "
                "none; leave out its line in brackets"
            )


def _refuse_unknown(given: Iterable[str], where: str, prefix: str = "") -> None:
    for name in given:
        if name not in Settings.model_fields:
            near = nearest(name, Settings.model_fields)
            hint = f"; the nearest known is {_written(near, prefix)}" if near else ""
            raise SettingsError(f"unknown setting {_written(name, prefix)} {where}{hint}")


def _written(name: str, prefix: str) -> str:
    return shortened(prefix + (name.upper() if prefix else name))


def _refuse_unknown_variables() -> None:
    given = [
        name.upper().removeprefix(ENVIRONMENT_PREFIX).lower()
        for name in os.environ
        if name.upper().startswith(ENVIRONMENT_PREFIX) and name != CONFIG_VARIABLE
    ]
    _refuse_unknown(given, "in the environment", ENVIRONMENT_PREFIX)


def _first_line(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"][:1])
    message = first["msg"].removeprefix("Value error, ")
    if not name:
        return message
    if first["type"] == "value_error":
        return f"{name}: {message}"
    expected = _EXPECTED.get(first["type"].partition("_")[0])
    message = f"expected {expected}" if expected else message[0].lower() + message[1:]
    return f"{name}: {message}, found {shortened(first['input'])}"


_EXPECTED = {"bool": "true or false", "string": "a text"}
"""In place of pydantic's own words, by the first word of the kind of error."""
