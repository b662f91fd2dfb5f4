"""What each month brought, a line a year: a gain is shaded green, a loss red, each by its size."""

from __future__ import annotations

from collections.abc import Sequence

from divbot.cli.figures import change
from divbot.trading.figures.curve import Valuation
from divbot.trading.figures.returns import monthly_returns

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_YEAR = len("2024")
_FULL = 0.10
"""A month that brings so much is shaded fully."""
_DARKEST = 55
"""Per cent of the colour: text stays legible on it."""


def months_markup(curve: Sequence[Valuation]) -> str:
    """Return the table of all months."""
    found = monthly_returns(curve)
    titles = ("year", *_NAMES, "whole")
    head = "".join(f'<th scope="col"><span>{x}</span></th>' for x in titles)
    years = sorted({month[:_YEAR] for month in found})
    lines = "".join(f"<tr>{_line(year, found)}</tr>\n" for year in years)
    return (
        '<div class="scroll" tabindex="0"><table class="months">'
        f"<thead><tr>{head}</tr></thead><tbody>\n{lines}</tbody></table></div>"
    )


def _line(year: str, found: dict[str, float]) -> str:
    parts = [found.get(f"{year}-{number:02}") for number in range(1, len(_NAMES) + 1)]
    whole = 1.0
    for part in parts:
        whole *= 1 + (part or 0.0)
    return f'<th scope="row">{year}</th>' + "".join(map(_cell, (*parts, whole - 1)))


def _cell(part: float | None) -> str:
    if part is None:
        return "<td></td>"
    shade = round(min(abs(part) / _FULL, 1.0) * _DARKEST)
    side = "gain" if part > 0 else "loss"
    colour = f"color-mix(in srgb, var(--{side}) {shade}%, transparent)"
    return f'<td style="background: {colour}">{change(part).removesuffix("%")}</td>'
