"""What a user can set: once in a TOML file, per machine by DIVBOT_* variables, per run by flags.

One name everywhere: the key `max_age`, the variable `DIVBOT_MAX_AGE`, the flag `--max-age`. A flag
beats a variable beats the file beats the default. An unknown key is an error, never ignored.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Annotated, Any, Self, get_args
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from divbot.binance.endpoints import KLINES_LIMIT
from divbot.domain.errors import SettingsError
from divbot.domain.margin import MAX_LEVERAGE
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Kind, Side
from divbot.scanner.score import DEFAULT_WEIGHTS, PARTS
from divbot.scanner.task import MINIMUM_CANDLES
from divbot.scanner.workforce import AUTO, MOST_WORKERS, Workers

ENVIRONMENT_PREFIX = "DIVBOT_"
CONFIG_VARIABLE = "DIVBOT_CONFIG"
"""Names the settings file; the one variable that is no setting."""
DEFAULT_CONFIG = Path("divbot.toml")
"""Read from the current folder where it exists and no other file is named."""

_NUMBERS = frozenset({int, float, Decimal, NoneType})

SHORTEST_LIMIT = MINIMUM_CANDLES + 1
"""The last candle of an answer is never final."""


def _weight(part: str) -> Any:
    return Field(
        DEFAULT_WEIGHTS[part],
        ge=0,
        le=1000,
        allow_inf_nan=False,
        description=f"weight in the score: {PARTS[part]}",
    )


class Settings(BaseSettings):
    """Every setting, checked; the descriptions are those of the README's table."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, extra="forbid", frozen=True, env_ignore_empty=True
    )

    market: Market = Field(Market.USDM, description="`usdm` (USD-M futures) or `spot`")
    interval: Interval = Field(
        Interval.M5, description="length of a candle: `1m`, `5m`, `15m`, `1h`, `4h`, `1d` ..."
    )
    top: int = Field(400, ge=1, description="how many symbols to scan, the most traded first")
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
    min_age: float = Field(
        10.0, ge=0, allow_inf_nan=False, description="leave out symbols listed for fewer days"
    )
    max_spread: float = Field(
        0.005,
        gt=0,
        allow_inf_nan=False,
        description="leave out symbols with a wider spread, as a part of the ask",
    )
    limit: int | None = Field(
        None,
        ge=SHORTEST_LIMIT,
        description="candles per symbol; by default 499 on futures, 1000 on spot",
    )
    kind: Annotated[tuple[Kind, ...], NoDecode] = Field(
        (), description="show and enter only these kinds of divergence; by default all four"
    )
    side: Annotated[tuple[Side, ...], NoDecode] = Field(
        (), description="show and enter only `BUY` or only `SELL` signals; by default both"
    )
    max_age: int = Field(5, ge=0, description="ignore signals older than this many candles")
    best: int = Field(
        20, ge=1, description="show at most this many opportunities; `paper` trades on all"
    )
    stop_atr: float = Field(
        0.5,
        ge=0,
        allow_inf_nan=False,
        description="distance of the stop beyond the later pivot, in ATRs",
    )
    reward_risk: float = Field(
        2.0,
        gt=0,
        allow_inf_nan=False,
        description="distance of the target, as a multiple of the distance to the stop",
    )
    horizon: int = Field(
        100,
        ge=1,
        le=10_000,
        description="candles that a trade has to reach its target in, as confidence counts; past "
        "signals still open then are closed at the market",
    )
    base_rates: Path | None = Field(
        None,
        description="file of base rates that confidence and expectancy start from, written by "
        "`divbot verify base-rates`; by default those that come with divbot",
    )
    weight_rsi: float = _weight("rsi")
    weight_price: float = _weight("price")
    weight_zone: float = _weight("zone")
    weight_line_of_sight: float = _weight("line_of_sight")
    weight_trend: float = _weight("trend")
    weight_freshness: float = _weight("freshness")
    weight_liquidity: float = _weight("liquidity")
    weight_expectancy: float = _weight("expectancy")
    balance: Decimal = Field(
        Decimal(10_000), gt=0, le=10**10, description="starting balance of a new paper run, in USDT"
    )
    risk: Decimal = Field(
        Decimal("0.01"),
        gt=0,
        le=1,
        description="part of the equity that a trade may lose at its stop, after all costs: 1 R",
    )
    leverage: int = Field(
        10, ge=1, le=MAX_LEVERAGE, description="maximum leverage, on futures; spot has none"
    )
    max_positions: int = Field(3, ge=1, le=100, description="maximum open positions")
    min_score: float = Field(5.0, ge=0, le=10, description="lowest score to enter at, 0 to 10")
    min_confidence: float = Field(
        0.0, ge=0, le=1, description="lowest confidence to enter at, 0 to 1; 0: any"
    )
    min_reward_risk: Decimal = Field(
        Decimal(1),
        ge=0,
        description="lowest ratio of reward to risk, after all costs, to enter at",
    )
    take_earlier: bool = Field(
        default=False, description="also enter on signals that were confirmed before the start"
    )
    cooldown: float = Field(
        60.0,
        ge=0,
        allow_inf_nan=False,
        description="minutes without an entry in a symbol after a loss in it",
    )
    max_daily_loss: Decimal = Field(
        Decimal("0.05"),
        gt=0,
        le=1,
        description="stop entries for the (UTC) day after losing this part of the equity",
    )
    max_drawdown: Decimal = Field(
        Decimal("0.2"),
        gt=0,
        le=1,
        description="stop entries while the equity is this far below its peak",
    )
    max_holding: float = Field(
        24.0,
        ge=0,
        allow_inf_nan=False,
        description="close a position after this many hours; 0: never",
    )
    exit_on_opposite: bool = Field(
        default=True, description="close a position on the opposite signal of its symbol"
    )
    trail_atr: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="trail the stop by this many ATRs; by default it stays where it is",
    )
    fee: Decimal | None = Field(
        None,
        ge=0,
        lt=1,
        description="taker fee, a part of the value; by default 0.001 on spot, 0.0005 on futures",
    )
    slippage: Decimal = Field(
        Decimal("0.0002"),
        ge=0,
        lt=1,
        description="what a market order loses beyond the spread, as a part of the price",
    )
    check_interval: float = Field(
        60.0, gt=0, le=86_400, description="seconds between two scans; below 20 there is a warning"
    )
    position_update_interval: float = Field(
        5.0, gt=0, le=3600, description="seconds between two price checks"
    )
    max_report_age: float = Field(
        300.0,
        gt=0,
        allow_inf_nan=False,
        description="enter on no scan that is older than this many seconds",
    )
    workers: Workers = Field(
        AUTO,
        description="worker processes; `auto`: one per core, and none for a small scan",
    )
    connections: int = Field(
        64,
        ge=1,
        le=1024,
        description="connections to the venue, shared among the workers; at least one for each",
    )
    sequential: bool = Field(
        default=False, description="use no worker processes; for debugging, with the same results"
    )
    request_timeout: float = Field(
        10.0, ge=0.1, le=300, description="seconds to wait for an answer, all tries together"
    )
    weight_share: float = Field(
        0.8, gt=0, le=1, description="part of the venue's request weight per minute to use at most"
    )
    use_proxies: bool = Field(
        default=False,
        description="reach the venue through the proxies that HTTPS_PROXY and the like name",
    )
    keep_candles: bool = Field(
        default=True, description="keep final candles on disk, and download only new ones"
    )
    base_url: str | None = Field(None, description="address of the venue; by default Binance's own")

    @field_validator("*", mode="before")
    @classmethod
    def _boolean_is_no_number(cls, value: object, info: ValidationInfo) -> object:
        annotation = cls.model_fields[info.field_name or ""].annotation
        if isinstance(value, bool) and _NUMBERS.issuperset(get_args(annotation) or (annotation,)):
            raise ValueError(f"expected a number, found {str(value).lower()}")
        return value

    @field_validator("symbols", "include", "exclude", "side", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        names = _each(value, str.upper)
        if isinstance(value, str) and not names:
            raise ValueError("expected names such as A,B, found none")
        return names

    @field_validator("kind", mode="before")
    @classmethod
    def _kinds(cls, value: object) -> object:
        return _each(value, lambda name: name.lower().replace("-", "_"))

    @field_validator("workers", mode="before")
    @classmethod
    def _count_or_auto(cls, value: object) -> object:
        text = str(value).strip().lower()
        if text == AUTO:
            return AUTO
        if not isinstance(value, bool) and re.fullmatch(r"\d{1,9}", text, re.ASCII):
            count = int(text)
            if 1 <= count <= MOST_WORKERS:
                return count
        raise ValueError(
            f"workers: expected {AUTO} or a number from 1 to {MOST_WORKERS}, found {value!r}"
        )

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
        if self.limit is not None and self.limit > longest:
            raise ValueError(
                f"limit is at most {longest} on {self.market.value}, found {self.limit}"
            )
        return self

    @model_validator(mode="after")
    def _weighs_something(self) -> Self:
        if not sum(self.weights.values()) > 0:
            raise ValueError("the weights of the score are all 0, at least one must be more")
        return self

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


def _each(value: object, change: Callable[[str], str]) -> object:
    """Return the names in a text such as `A,B`, or in a list of texts; leave all else to fail."""
    names = value.split(",") if isinstance(value, str) else value
    if isinstance(names, list | tuple) and all(isinstance(name, str) for name in names):
        return tuple(change(name.strip()) for name in names if name.strip())
    return names


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
    _refuse_unknown(file, Settings.model_fields, f"in {path}")
    _refuse_unknown(flags, Settings.model_fields, "given")
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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings file {path} is not TOML: {error}") from error


def _refuse_unknown(given: Iterable[str], known: Iterable[str], where: str) -> None:
    names = list(known)
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
            raise SettingsError(
                f"unknown setting {name!r} {where}; the nearest known is {near[0]!r}"
            )


def _refuse_unknown_variables() -> None:
    known = [ENVIRONMENT_PREFIX + name.upper() for name in Settings.model_fields]
    known.append(CONFIG_VARIABLE)
    given = [
        name
        for name in os.environ
        if name.upper().startswith(ENVIRONMENT_PREFIX) and name != CONFIG_VARIABLE
    ]
    _refuse_unknown([name.upper() for name in given], known, "in the environment")


def _first_line(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"][:1])
    message = first["msg"].removeprefix("Value error, ")
    if not name:
        return message
    more = "" if first["type"] == "value_error" else f", found {first['input']!r}"
    return f"{name}: {message[0].lower()}{message[1:]}{more}"
