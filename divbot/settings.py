"""What a user can set: once in a TOML file, per machine by DIVBOT_* variables, per run by flags.

One name everywhere: the key `max_age`, the variable `DIVBOT_MAX_AGE`, the flag `--max-age`. A flag
beats a variable beats the file beats the default. An unknown key is an error, never ignored.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ValidationError, create_model, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from divbot.binance.protocol.endpoints import KLINES_LIMIT
from divbot.domain.bounds import Bounds, shortened
from divbot.domain.errors import SettingsError
from divbot.domain.suggestions import nearest
from divbot.kernels.indicator import Indicator
from divbot.scanner.signals.score import PARTS
from divbot.setting_table import ENVIRONMENT_PREFIX, GROUPS, SETTINGS, IndicatorInputs, Table

CONFIG_VARIABLE = "DIVBOT_CONFIG"
"""Names the settings file; the one variable that is no setting."""
DEFAULT_CONFIG = Path("divbot.toml")
"""Read from the current folder where it exists and no other file is named."""

_FILE, _DEFAULTS = "settings file", "defaults of a command"


if TYPE_CHECKING:

    class _Fields(Table, BaseSettings):
        """What each setting is: mypy reads it off the table."""

else:
    _Fields = create_model(
        "_Fields",
        __base__=BaseSettings,
        # NoDecode: lists are written `A,B` in variables, not as JSON.
        **{
            name: (Annotated[Any, NoDecode, BeforeValidator(x.reader.read)], x.value)
            for name, x in SETTINGS.items()
        },
    )


class Settings(_Fields):
    """Every setting, checked."""

    if TYPE_CHECKING:

        def __init__(self, **given: Any) -> None: ...

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        extra="forbid",
        frozen=True,
        env_ignore_empty=True,
        validate_default=False,
    )

    @model_validator(mode="after")
    def _fits_the_market(self) -> Self:
        for interval in (self.interval, *self.intervals):
            if not interval.offered_by(self.market):
                raise ValueError(f"interval {interval.value} exists on spot only")
        longest = KLINES_LIMIT[self.market].maximum
        if self.shortest_limit > longest:
            names = ", ".join(GROUPS[IndicatorInputs])
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
        return Indicator(**{name: getattr(self, name) for name in GROUPS[IndicatorInputs]})

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
    path = config_path(config)
    file = _read(path) if path else {}
    _refuse_tables(file, f"in {path}")
    _refuse_unknown(file, f"in {path}")
    _refuse_unknown(flags, "given")
    _refuse_unknown_variables()
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**{_FILE: file, _DEFAULTS: defaults}, **given)
    except ValidationError as error:
        raise SettingsError(_first_line(error)) from None


def changed(settings: Settings, values: Mapping[str, object]) -> Settings:
    """Return the settings with some of them changed; raise SettingsError for what cannot be."""
    return _only({name: getattr(settings, name) for name in SETTINGS} | dict(values))


def without_files(flags: Mapping[str, object]) -> Settings:
    """Return the defaults and what `flags` say, whatever file and variables say.

    Raise SettingsError for what cannot be.
    """
    return _only(flags)


def _only(values: Mapping[str, object]) -> Settings:
    found = Settings.__new__(Settings)
    try:
        # As any model begins: Settings would look once more into the environment, which fills in
        # what is left out. That has no value that could be given.
        BaseModel.__init__(found, **{name: x for name, x in values.items() if x is not None})
    except ValidationError as error:
        raise SettingsError(_first_line(error)) from None
    return found


def config_path(config: Path | None) -> Path | None:
    """Return the settings file: `config`, or that of the variable, or that of this folder."""
    if config is not None:
        return config
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    return DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None


def secrets_in(path: Path) -> tuple[str, ...]:
    """Return which settings of the file at `path` are secret; raise what loading it does."""
    return tuple(name for name in _read(path) if name in SETTINGS and SETTINGS[name].is_secret)


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
        if name not in SETTINGS:
            near = nearest(name, SETTINGS)
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
    return f"{name}: {message}" if name else message
