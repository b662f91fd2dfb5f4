"""The page of a sweep: luck, the winner's days, heat maps, tables; of sealed days nothing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import accumulate, combinations
from typing import Any

from divbot.cli.report import meanings
from divbot.cli.report.page import Page, filled, packaged, tile
from divbot.cli.report.table import table_markup
from divbot.cli.sweep_text import (
    PORTFOLIO_COLUMNS,
    STANDING_COLUMNS,
    holdout_is,
    of_settings,
    split_lines,
    value_text,
)
from divbot.evaluation import LIMITS, DailyResults, Effect, Standing
from divbot.evaluation.daily import DAY
from divbot.research.sweep_report import SweepReport
from divbot.setting_table import SETTINGS

_MOST_ROWS = 200


def sweep_page(found: SweepReport, plotly: str) -> str:
    """Return the whole page; `plotly` is the script that draws it."""
    search = found.verdict.search
    shown = search.standings[:_MOST_ROWS]
    finding = found.verdict.finding.value
    data = _data(found)
    about = {**meanings.SWEEP, **{name: SETTINGS[name].help for name in found.axes}}
    body = filled(
        packaged("sweep.html"),
        {
            "tiles": "".join(tile(*x) for x in _headline(found)),
            "luck": _chart("luck") if search.luck else _none("No setting could be compared."),
            "luck_note": escape(_luck_note(found)),
            "winner": _chart("winner") if found.winner else _none("No setting could be judged."),
            "heat": _HEAT if data["pairs"] else _none("There is no pair of settings to compare."),
            "portfolios": table_markup(
                found.portfolios,
                of_settings(found, PORTFOLIO_COLUMNS),
                "None was run.",
                meanings=about,
            ),
            "settings": table_markup(
                shown,
                of_settings(found, STANDING_COLUMNS),
                "No setting could be judged.",
                meanings=about,
                is_long=True,
            ),
            "shown": _shown(len(shown), search.settings),
            "limits": "".join(f"<li>{escape(x)}</li>" for x in LIMITS),
        },
    )
    page = Page(
        name=f"{finding} - divbot sweep",
        title=f"{found.title}: {finding}",
        is_simulated=False,
        lines=(*found.sentences, *split_lines(found), *found.notes),
        body=body,
        data=data,
        script="sweep.js",
    )
    return page.text(plotly)


_HEAT = """\
<p><label for="pair">Settings</label> <select id="pair"></select></p>
<div class="chart tall" id="heat"></div>
<p class="note">R a trade on development, the mean of all settings of a cell. Where all cells around
one are green, it does not stand alone. That describes, and proves nothing.</p>
"""


def _chart(name: str) -> str:
    return f'<div class="chart" id="{name}"></div>'


def _none(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _shown(shown: int, of: int) -> str:
    return f"The best {shown:,} of {of:,} settings." if shown < of else f"All {of:,} settings."


def _luck_note(found: SweepReport) -> str:
    search = found.verdict.search
    if search.luck is None or search.winner is None:
        return ""
    return (
        f"The best t of all settings in each world without an edge: {search.luck.usual:.2f} in "
        f"half of them, {search.luck.rare:.2f} in one of 20. The dots are the settings; the line "
        f"is the winner, t = {search.winner.t:.2f}, adjusted p = {search.winner.p:.4f}."
    )


def _headline(found: SweepReport) -> Sequence[tuple[str, str, str]]:
    winner, holdout = found.winner, found.verdict.holdout
    edge = found.verdict.smallest_edge
    return (
        ("settings", f"{found.verdict.search.settings:,}", _before(found.conclusion.tried)),
        *([_effect_tile("winner, development", winner.effect)] if winner else []),
        (
            "adjusted p",
            "none" if winner is None else f"{winner.p:.4f}",
            "of the winner, among all that was tried",
        ),
        _effect_tile("winner, holdout", holdout.effect)
        if holdout
        else ("holdout", holdout_is(found), "its figures are told of a pass alone"),
        (
            "smallest edge",
            "none" if edge is None else f"{edge:.2f} R",
            "a trade, that this history usually confirms",
        ),
    )


def _before(tried: int) -> str:
    return f"and {tried:,} tried before" if tried else "none were tried before"


def _effect_tile(name: str, effect: Effect) -> tuple[str, str, str]:
    low, high = effect.interval
    return name, f"{effect.r:.2f} R", f"a trade, {low:.2f} to {high:.2f}, about 9 in 10"


def _data(found: SweepReport) -> dict[str, Any]:
    search = found.verdict.search
    luck = search.luck
    return {
        "luck": luck and {"edges": list(luck.edges), "counts": list(luck.counts)},
        "settings": [{"name": escape(x.setting), "t": x.t} for x in search.standings],
        "winner": _winner(found),
        "pairs": _pairs(found),
    }


def _winner(found: SweepReport) -> dict[str, Any] | None:
    if found.winner is None:
        return None
    split, own = found.verdict.search.split, found.conclusion.development
    row = own.settings.index(found.winner.setting)
    told = found.conclusion.winner
    development = own.of([row])
    before = float(development.net_r.sum())
    return {
        "name": escape(found.winner.setting),
        "development": _curve(development, 0.0),
        "holdout": None if told is None else _curve(told, before),
        "gap": [split.development.stop * DAY, split.holdout.start * DAY],
        "sealed": [split.holdout.start * DAY, split.holdout.stop * DAY],
        "holdout_is": holdout_is(found),
    }


def _curve(results: DailyResults, start: float) -> dict[str, list[float]]:
    sums = accumulate(results.net_r[0].tolist(), initial=start)
    at = [day * DAY for day in (*results.days, results.days.stop)]
    return {"at": at, "r": [round(x, 3) for x in sums]}


def _pairs(found: SweepReport) -> list[dict[str, Any]]:
    """Return a matrix of R a trade for each pair of settings that have values to compare."""
    standings = found.verdict.search.standings
    names = [name for name, values in found.axes.items() if len(values) > 1]
    if not standings:
        return []
    return [_pair(found, standings, *pair) for pair in combinations(names, 2)]


def _pair(
    found: SweepReport, standings: Sequence[Standing], across: str, down: str
) -> dict[str, Any]:
    cells: dict[tuple[str, str], list[Standing]] = {}
    for standing in standings:
        values = found.values[standing.setting]
        cells.setdefault((values[across], values[down]), []).append(standing)
    rows = [[cells.get((x, y), []) for x in found.axes[across]] for y in found.axes[down]]
    return {
        "x": across,
        "y": down,
        "columns": [value_text(across, x) for x in found.axes[across]],
        "rows": [value_text(down, x) for x in found.axes[down]],
        "r": [[_mean(cell) for cell in row] for row in rows],
        "text": [[_told(cell) for cell in row] for row in rows],
    }


def _mean(cell: Sequence[Standing]) -> float | None:
    return sum(x.effect.r for x in cell) / len(cell) if cell else None


def _told(cell: Sequence[Standing]) -> str:
    mean = _mean(cell)
    if mean is None:
        return "none could be judged"
    best = max(x.t for x in cell)
    return f"{mean:.3f} R a trade, the mean of {len(cell)}; the best t {best:.2f}"
