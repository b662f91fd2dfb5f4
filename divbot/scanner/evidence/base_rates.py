"""What years of candles say beyond chance, by market and interval: counted once, and shipped.

A base rate tells two things of all divergences of a market and interval: how often their targets
were reached, as a multiple of what evidence.chance states for the very same stops, and what they
brought before costs. `divbot verify base-rates` counts them from recordings.

They are believed as far as such figures have come again. What one part of a recording had beyond
chance, the next had not: of five recordings, cut in two, hardly any of it was left in the second
half. So a figure of standard error `e` counts for t^2 / (t^2 + e^2), with `t` the spread that such
figures truly have: TRUE_RATIOS around 1, TRUE_GROSS around 0. Source: Efron and Morris, "Stein's
estimation rule and its competitors" (1973). With fewer than five days `e` is unknown, and the rate
is worth nothing.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market

TRUE_RATIOS = 0.02
TRUE_GROSS = 0.03
_SHIPPED = "base_rates.toml"
_KEY = "rate"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EXPECTED = "expected base rates, as `divbot verify base-rates` writes them"

_StandardError = Annotated[float | None, Field(ge=0, le=100, allow_inf_nan=False, strict=True)]


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class BaseRate:
    """What was counted of one market and interval."""

    market: Market
    interval: Interval
    source: str
    """Of which symbols and days, in words."""
    cases: Annotated[int, Field(ge=0, le=10**9, strict=True)] = 0
    weeks: Annotated[int, Field(ge=0, le=10**4, strict=True)] = 0
    ratio: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False, strict=True)] = 1.0
    """The hit rate, over what chance gives."""
    ratio_error: _StandardError = None
    """The standard error of it, a week as one observation (of few weeks a day); None: unknown."""
    gross: Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False, strict=True)] = 0.0
    """The mean result before costs, as a multiple of the way to the stop."""
    gross_error: _StandardError = None

    @property
    def last_day(self) -> str | None:
        """Return the last of its days, as 2025-05-31; None where its source names none."""
        days = _DAY.findall(self.source)
        return days[-1] if days else None

    @property
    def believed_ratio(self) -> float:
        """Return what a hit rate of chance is to be multiplied with."""
        return 1 + _credit(TRUE_RATIOS, self.ratio_error) * (self.ratio - 1)

    @property
    def ratio_doubt(self) -> float:
        """Return the standard error of the believed ratio."""
        return TRUE_RATIOS * math.sqrt(1 - _credit(TRUE_RATIOS, self.ratio_error))

    @property
    def believed_gross(self) -> float:
        """Return the result before costs that is to be expected."""
        return _credit(TRUE_GROSS, self.gross_error) * self.gross


def _credit(spread: float, error: float | None) -> float:
    return 0.0 if error is None else spread**2 / (spread**2 + error**2)


def shipped_rates() -> tuple[BaseRate, ...]:
    """Return those that come with divbot."""
    text = resources.files("divbot.scanner.evidence").joinpath(_SHIPPED).read_text("utf-8")
    return tuple(replace(x, source=f"{x.source}, shipped") for x in _rates(text, _SHIPPED))


def read_rates(path: Path) -> tuple[BaseRate, ...]:
    """Return those of a file that `divbot verify base-rates` wrote; InputError for another."""
    try:
        return _rates(path.read_text("utf-8-sig"), str(path))
    except OSError as error:
        raise InputError(f"cannot read the base rates {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: {_EXPECTED}, found no text in UTF-8") from error


def rate_of(market: Market, interval: Interval, rates: Iterable[BaseRate]) -> BaseRate:
    """Return the one of `rates` that is worth something and nearest to this market and interval.

    The nearest interval comes first, then the market, then the order of `rates`. Without any it is
    what chance gives.
    """

    def distance(rate: BaseRate) -> tuple[float, bool]:
        steps = math.log(rate.interval.milliseconds / interval.milliseconds)
        return abs(steps), rate.market is not market

    known = [rate for rate in rates if rate.ratio_error is not None]
    return min(known, key=distance, default=BaseRate(market, interval, "what chance gives"))


def rates_text(rates: Sequence[BaseRate]) -> str:
    """Return a file that `read_rates` reads."""
    return "# Base rates, as `divbot verify base-rates` counted them.\n" + "".join(
        map(_entry, rates)
    )


def _entry(rate: BaseRate) -> str:
    # JSON's strings are strings of TOML, too.
    texts = {"market": rate.market.value, "interval": rate.interval.value, "source": rate.source}
    figures = (rate.ratio, rate.ratio_error, rate.gross, rate.gross_error)
    names = ("ratio", "ratio_error", "gross", "gross_error")
    lines = [
        *(f"{name} = {json.dumps(text, ensure_ascii=False)}" for name, text in texts.items()),
        f"cases = {rate.cases}",
        f"weeks = {rate.weeks}",
        *(f"{name} = {x:.4f}" for name, x in zip(names, figures, strict=True) if x is not None),
    ]
    return "\n".join(["", f"[[{_KEY}]]", *lines, ""])


def _rates(text: str, where: str) -> tuple[BaseRate, ...]:
    try:
        entries = tomllib.loads(text).get(_KEY, [])
        return TypeAdapter(tuple[BaseRate, ...]).validate_python(entries)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: {_EXPECTED}, found no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = " ".join(str(x + 1 if isinstance(x, int) else x) for x in first["loc"])
        raise InputError(
            f"{where}: {_EXPECTED}; in rate {place}: {first['msg'].lower()}, "
            f"found {str(first['input'])[:40]!r}"
        ) from error
