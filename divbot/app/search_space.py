"""The space of a search as a user writes it, and what each of its points means.

--set stop_atr=0.25,0.5,1 --set reward_risk=1:4:0.5     or the same in a TOML file
--> values, each read by the table of settings          --> points --> settings --> variants
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from divbot.app.journals import text_of
from divbot.app.scan_rules import limit_of, plan_rules, universe_rules
from divbot.domain.bounds import decimal_in, shortened
from divbot.domain.durations import milliseconds
from divbot.domain.errors import InputError, SettingsError
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Kind, Side
from divbot.domain.suggestions import nearest
from divbot.domain.values import Several
from divbot.setting_table import (
    GROUPS,
    SETTINGS,
    AlertSettings,
    IndicatorInputs,
    ScoreSettings,
    WebSettings,
    WorkSettings,
)
from divbot.settings import Settings, changed

if TYPE_CHECKING:
    from divbot.research.sweep.space import Space
    from divbot.research.sweep.variants import Variant

OF_SIGNALS = ("interval", "kind", "side", *GROUPS[IndicatorInputs])
OF_TRADES = (
    *("stop_atr", "reward_risk", "min_reward_risk", "trail_atr", "max_holding"),
    *("exit_on_opposite", "fee", "slippage", "leverage"),
)
OF_UNIVERSE = ("top", "symbols", "include", "exclude", "min_age")
SEARCHED = (*OF_SIGNALS, *OF_UNIVERSE, *OF_TRADES)
"""The settings that change the signals or the trades of a search."""
_REASONS = {
    "market": "is one for a search: the other one has candles and costs of its own; sweep it alone",
    "intervals": "is for scans of several at once; a search takes them as interval=5m,1h",
    "aligned": "asks what longer intervals say, and a search follows each interval by itself",
    "max_spread": "asks for quotes, and of the past nobody knows them",
    "limit": "says how many candles a scan asks for, not which signals they hold",
    "max_age": "lets signals in late, and a search enters each at the close that confirms it",
    "take_earlier": "is about signals from before a run, and a search has no such beginning",
    **dict.fromkeys(
        ("min_score", "min_confidence", "horizon", "base_rates", *GROUPS[ScoreSettings]),
        "chooses among signals, and a search trades all of them: what a score expects, each report "
        "counts anew; compare backtests instead",
    ),
    **dict.fromkeys(
        ("balance", "risk"), "changes how much is traded, not which: results are in R of each trade"
    ),
    **dict.fromkeys(
        ("max_positions", "cooldown", "max_daily_loss", "max_drawdown"),
        "leaves a trade out for what others came to, and a search trades each signal by itself; "
        "the portfolios beside the winner heed it",
    ),
    **dict.fromkeys(
        ("check_interval", "position_update_interval", "max_report_age"),
        "says when a run looks, and a search looks at every candle",
    ),
    **dict.fromkeys(
        ("best", *GROUPS[AlertSettings], *GROUPS[WebSettings], *GROUPS[WorkSettings]),
        "changes neither signals nor trades",
    ),
}
"""Why each of the others is not: words after `it`."""
LEFT_OUT = "none"
"""Written for the value of a setting that may be left out."""
_LONGEST_RANGE = 10_000
_NUMBER = re.compile(r"(-?[0-9.]+)([a-z%]*)")


@dataclass(frozen=True, slots=True)
class SearchPoint:
    """One point of the space."""

    texts: Mapping[str, str]
    """What it sets, as it is written."""
    variant: Variant
    settings: Settings
    """All of them, as `divbot backtest` takes them."""


def read_space(given: Sequence[str], file: Path | None = None) -> Space:
    """Return the space of texts such as `stop_atr=0.25,0.5,1`, and of a TOML file.

    A value that is several names joins them by `+`. Raise SettingsError, in one line, for a setting
    that is unknown, changes nothing in a search or is given twice, and for a value that is missing
    or cannot be.
    """
    from divbot.research.sweep.space import Axis, Space

    found: dict[str, tuple[str, ...]] = {}
    for name, texts, where in (*_written(given), *_in_file(file)):
        _check_name(name, where)
        if name in found:
            raise SettingsError(f"{name} is given twice; write all its values in one place")
        found[name] = _values(name, texts, where)
    if not found:
        raise SettingsError(
            "expected a setting to try, such as --set stop_atr=0.25,0.5,1, found none"
        )
    return Space(tuple(Axis(x, found[x], is_ordered=_is_ordered(x)) for x in sorted(found)))


def _is_ordered(name: str) -> bool:
    return not isinstance(SETTINGS[name].reader, Several)


def points_of(
    space: Space, settings: Settings, *, sample: int | None = None, seed: int = 0
) -> tuple[SearchPoint, ...]:
    """Return all points, or a `sample` of so many, with the other settings as given.

    Raise InputError where there are too many, SettingsError where values do not go together.
    """
    from divbot.research.sweep.space import MOST

    count = space.size if sample is None else min(sample, space.size)
    if count > MOST:
        raise InputError(
            f"{count:,} settings are more than the {MOST:,} that one search takes: their results "
            f"of a year alone would need {count * _BYTES_A_YEAR / 1e9:,.0f} GB of memory; give "
            "fewer values, or draw some of them with --sample N"
        )
    places = space.grid() if sample is None else space.sample(sample, seed)
    return tuple(
        _point(settings, texts, tuple(place))
        for texts, place in zip(space.texts(places), space.steps(places).tolist(), strict=True)
    )


_BYTES_A_YEAR = 2 * 8 * 365


def _point(settings: Settings, texts: Mapping[str, str], place: tuple[int, ...]) -> SearchPoint:
    from divbot.research.sweep.variants import SignalInputs, TradeInputs, Variant, name_of

    own = changed(settings, {name: _meant(name, text) for name, text in texts.items()})
    if not own.max_holding:
        raise SettingsError(
            "max_holding: expected a time above 0 in a search, whose trades all end, found 0"
        )
    rules = plan_rules(own)
    sides = set(own.side or Side) - ({Side.SELL} if own.market is Market.SPOT else set())
    trade = TradeInputs(
        kinds=frozenset(x for x in own.kind or Kind if x.side in sides),
        stop_atr=own.stop_atr,
        reward_risk=own.reward_risk,
        least_reward_risk=float(own.min_reward_risk),
        trail_atr=own.trail_atr,
        max_holding=milliseconds(own.max_holding),
        on_opposite=own.exit_on_opposite,
        fee=rules.fee,
        slippage=rules.slippage,
        leverage=own.leverage,
    )
    universe = universe_rules(own) if {*texts} & {*OF_UNIVERSE} else None
    signal = SignalInputs(own.interval, own.indicator, limit_of(own), universe)
    return SearchPoint(texts, Variant(name_of(texts), signal, trade, place), own)


def _written(given: Iterable[str]) -> Iterator[tuple[str, list[str], str]]:
    for text in given:
        name, equals, values = text.partition("=")
        if not equals:
            raise SettingsError(
                f"--set: expected NAME=VALUE,VALUE or NAME=FROM:TO:STEP, found {shortened(text)}"
            )
        yield name.strip().replace("-", "_"), values.split(","), "of --set"


def _in_file(file: Path | None) -> Iterator[tuple[str, list[str], str]]:
    if file is None:
        return
    try:
        given = tomllib.loads(file.read_text("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"--space: cannot read {file}: {error.strerror}") from error
    except (UnicodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"--space: {file} is not TOML: {error}") from error
    for name, values in given.items():
        listed = values if isinstance(values, list) else [values]
        yield name, [_text_in_file(x, name, file) for x in listed], f"in {file}"


def _text_in_file(value: object, name: str, file: Path) -> str:
    if isinstance(value, list) and all(isinstance(x, str) for x in value):
        return "+".join(value)
    if isinstance(value, str | int | float):
        return str(value)
    raise SettingsError(f"{name} in {file}: expected values, found {shortened(value)}")


def _check_name(name: str, where: str) -> None:
    if name in SEARCHED:
        return
    if name in SETTINGS:
        raise SettingsError(
            f"{name} {where}: it {_REASONS[name]}; expected one of {', '.join(SEARCHED)}"
        )
    near = nearest(name, SEARCHED)
    hint = f"; the nearest known is {near}" if near else ""
    raise SettingsError(f"unknown setting {shortened(name)} {where}{hint}")


def _values(name: str, texts: Iterable[str], where: str) -> tuple[str, ...]:
    """Return the values of a setting, each as all write it, in their order, each once."""
    found: dict[str, object] = {}
    for text in texts:
        stripped = text.strip()
        if not stripped:
            raise SettingsError(f"{name} {where}: expected a value, found an empty one")
        for one in _range(name, stripped, where) if ":" in stripped else [stripped]:
            try:
                value = _meant(name, one)
            except ValueError as error:
                raise SettingsError(f"{name} {where}: {error}") from None
            found[_text(value)] = value
    if not found:
        raise SettingsError(f"{name} {where}: expected a value, found none")
    return tuple(sorted(found, key=lambda text: _rank(found[text], text)))


def _meant(name: str, text: str) -> object:
    row = SETTINGS[name]
    if text == LEFT_OUT and row.default is None:
        return row.value
    return row.reader.read(text.replace("+", ",") if isinstance(row.reader, Several) else text)


def _text(value: object) -> str:
    """Return the text of a value; of names, that of their set."""
    if value is None or value == ():
        return LEFT_OUT
    return "+".join(sorted(set(value))) if isinstance(value, tuple) else text_of(value)


def _rank(value: object, text: str) -> tuple[bool, object]:
    """Return what values of one setting are sorted by; that which is left out comes first."""
    length = value.milliseconds if isinstance(value, Interval) else value
    is_given = text != LEFT_OUT
    return is_given, (text if isinstance(length, tuple) else length) if is_given else 0


def _range(name: str, text: str, where: str) -> list[str]:
    """Return the values of FROM:TO:STEP, both ends included."""
    parts = [_NUMBER.fullmatch(x.strip()) for x in text.split(":")]
    numbers = [decimal_in(x[1]) for x in parts if x]
    units = {x[2] for x in parts if x}
    if len(numbers) != 3 or len(parts) != 3 or None in numbers or len(units) != 1:
        raise SettingsError(
            f"{name} {where}: expected FROM:TO:STEP such as 1:4:0.5 or 12h:48h:12h, "
            f"found {shortened(text)}"
        )
    start, end, step = (x or Decimal(0) for x in numbers)
    if step <= 0 or end < start:
        raise SettingsError(
            f"{name} {where}: expected FROM up to TO by a STEP above 0, found {shortened(text)}"
        )
    count = int((end - start) / step) + 1
    if count > _LONGEST_RANGE:
        raise SettingsError(
            f"{name} {where}: {text} is {count:,} values; expected at most {_LONGEST_RANGE:,}"
        )
    unit = units.pop()
    return [f"{(start + number * step).normalize():f}{unit}" for number in range(count)]
