"""A sweep as it is read: verdict, the best settings, what hangs on what, and the limits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from divbot.app.journals import text_of
from divbot.app.search_space import LEFT_OUT
from divbot.app.trials import span_text
from divbot.cli.columns import Column, table_text, words_on_lines
from divbot.cli.destination import Fit
from divbot.domain.names import counted
from divbot.domain.signals import Kind
from divbot.domain.values import Several, Switch
from divbot.evaluation import LIMITS, Standing
from divbot.research.sweep_report import SweepReport
from divbot.research.trials.portfolio import PortfolioBeside
from divbot.setting_table import SETTINGS
from divbot.settings import Settings

_BEST = 10
_PLAIN = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?|true|false")
_BARS = " ▁▂▃▄▅▆▇█"
_WIDTH = 40
_NUMBER = re.compile(r"-?[0-9.]+")
_KINDS: Mapping[frozenset[str], str] = {
    frozenset({LEFT_OUT}): "all",
    frozenset(Kind): "all",
    **{
        frozenset(x for x in Kind if word in x.split("_")): word
        for word in ("regular", "hidden", "bullish", "bearish")
    },
    **{frozenset({x}): x.replace("_", " ") for x in Kind},
}
"""By the kinds that are traded: the words for them."""


def _interval(effect_interval: tuple[float, float]) -> str:
    low, high = effect_interval
    return f"{low:.2f} to {high:.2f}"


STANDING_COLUMNS: tuple[Column[Standing], ...] = (
    Column("R a trade", lambda x: f"{x.effect.r:.2f}"),
    Column("about 9 in 10", lambda x: _interval(x.effect.interval)),
    Column("trades", lambda x: f"{x.effect.trades:,}"),
    Column("runs", lambda x: str(x.active_runs)),
    Column("t", lambda x: f"{x.t:.2f}"),
    Column("adjusted p", lambda x: f"{x.p:.4f}"),
)
_LEFT_OUT_FIRST = ("runs", "trades", "about 9 in 10", "t")
PORTFOLIO_COLUMNS: tuple[Column[PortfolioBeside], ...] = (
    Column("all signals", lambda x: f"{x.signals.r:.2f} R"),
    Column("trades", lambda x: f"{x.signals.trades:,}"),
    Column("portfolio", lambda x: f"{x.portfolio.r:.2f} R" if x.portfolio else ""),
    Column("about 9 in 10", lambda x: _interval(x.portfolio.interval) if x.portfolio else ""),
    Column("entered", lambda x: f"{x.portfolio.trades:,}" if x.portfolio else "0"),
    Column("return", lambda x: f"{100 * x.total_return:+.1f}%"),
    Column("drawdown", lambda x: f"{100 * x.max_drawdown:.1f}%"),
)


class OfSetting(Protocol):
    """A row of a table: what one setting came to."""

    @property
    def setting(self) -> str:
        """Return its name."""


Row = TypeVar("Row", bound=OfSetting)


def of_settings(found: SweepReport, figures: Sequence[Column[Row]]) -> tuple[Column[Row], ...]:
    """Return the columns of what was searched, a value in each, and then those of `figures`."""
    varied = [name for name, values in found.axes.items() if len(values) > 1]
    return (*(_value_column(found, x) for x in varied or found.axes), *figures)


def _value_column(found: SweepReport, name: str) -> Column[Row]:
    values = found.values
    return Column(
        name,
        lambda x: value_text(name, values[x.setting][name]),
        is_number=all(_NUMBER.fullmatch(x) for x in found.axes[name]),
    )


def value_text(name: str, value: str) -> str:
    """Return a value as it is read: of kinds of divergences, what they have in common."""
    return _KINDS.get(frozenset(value.split("+")), value) if name == "kind" else value


def sweep_text(found: SweepReport, fit: Fit) -> str:
    """Return all that a sweep prints; what is sealed is not in it."""
    standings = found.verdict.search.standings
    parts = [found.title, *found.sentences, "", *split_lines(found)]
    text = "".join(_fitted(x, fit) for x in parts)
    if standings:
        columns = of_settings(found, STANDING_COLUMNS)
        table = table_text(columns, standings[:_BEST], order=_LEFT_OUT_FIRST, fit=fit)
        text += f"\n{table}\n" + "".join(_fitted(x, fit) for x in _below(found))
    if found.portfolios:
        beside = of_settings(found, PORTFOLIO_COLUMNS)
        order = ("drawdown", "trades", "about 9 in 10", "entered")
        table = table_text(beside, found.portfolios, order=order, fit=fit)
        text += (
            "\non development, all signals of the winner and of its neighbours beside an account\n"
            f"{table}"
        )
    return text + "\n" + "".join(_fitted(x, fit) for x in (limits_line(), ledger_line(found)))


def _fitted(line: str, fit: Fit) -> str:
    return "\n".join(words_on_lines(line, fit.width)) + "\n"


def split_lines(found: SweepReport) -> Iterator[str]:
    """Yield how the days are divided, and what became of those that were sealed."""
    search = found.verdict.search
    split = search.split
    yield (
        f"development {span_text(split.development)}, {split.development_runs} runs of {split.run} "
        f"days; holdout {span_text(split.holdout)}, {split.holdout_runs} runs, {holdout_is(found)}"
    )
    tried = found.conclusion.tried
    if tried:
        yield f"compared with {counted(tried, 'setting')} tried on these days before"
    if found.conclusion.is_repeated:
        yield (
            f"the same sweep was made before, as trial {found.conclusion.number}: its verdict "
            "stands, and no look is added"
        )


def holdout_is(found: SweepReport) -> str:
    """Return in a word what became of the sealed days."""
    if found.verdict.spent:
        return "spent"
    return "opened" if found.verdict.opened else "sealed"


def _below(found: SweepReport) -> Iterator[str]:
    search = found.verdict.search
    yield (
        f"the best {min(_BEST, len(search.standings))} of {search.settings:,} settings on "
        "development, which flatters whatever stands on top"
    )
    rare = search.settings - len(search.standings)
    if rare:
        yield f"{counted(rare, 'setting')} traded in too few runs of days to be judged"
    if search.on_plateau is not None:
        yield (
            f"{100 * search.on_plateau:.0f}% of the grid lies on a plateau: it earns, and so do "
            "all of its neighbours"
        )
    if search.luck is not None and search.winner is not None:
        luck = search.luck
        yield f"luck {luck_bars(found)}"
        yield (
            f"the best t without any edge: {luck.usual:.2f} in half of all worlds, {luck.rare:.2f} "
            f"in one of 20; here it is {search.winner.t:.2f}"
        )


def luck_bars(found: SweepReport) -> str:
    """Return the luck curve in one line, from its least to its largest t, the winner's marked."""
    search = found.verdict.search
    if search.luck is None or search.winner is None:
        return ""
    edges, counts = search.luck.edges, search.luck.counts
    step = -(-len(counts) // _WIDTH)
    sums = [sum(counts[x : x + step]) for x in range(0, len(counts), step)]
    top = max(sums) or 1
    bars = "".join(_BARS[-(-x * (len(_BARS) - 1) // top)] for x in sums)
    t = search.winner.t
    if t >= edges[-1]:
        return f"t {edges[0]:.1f} {bars} {edges[-1]:.1f}   | winner"
    place = max(0, int((t - edges[0]) / (edges[-1] - edges[0]) * len(bars)))
    return f"t {edges[0]:.1f} {bars[:place]}|{bars[place + 1 :]} {edges[-1]:.1f} (|: the winner)"


def limits_line() -> str:
    """Return in one line what no verdict can tell."""
    return "limits: " + " ".join(LIMITS)


def ledger_line(found: SweepReport) -> str:
    """Return which entry it is, and what to compare the ledger with later on."""
    return (
        f"trial {found.conclusion.number}, ledger {found.conclusion.head} (divbot sweeps verify "
        f"--head {found.conclusion.head})"
    )


def config_text(found: SweepReport, settings: Settings) -> str | None:
    """Return the winner's settings as a settings file; None where there is no winner."""
    if found.winner is None:
        return None
    own = dict(found.values[found.winner.setting])
    given = {
        name: text_of(getattr(settings, name))
        for name in SETTINGS
        if name in settings.model_fields_set and getattr(settings, name) is not None
    }
    lines = [f"# {x}" for x in found.sentences]
    for name, text in sorted((given | own).items()):
        if text != LEFT_OUT:  # as by default
            lines.append(f"{name} = {_toml(name, text)}")
    return "\n".join(lines) + "\n"


def _toml(name: str, text: str) -> str:
    reader = SETTINGS[name].reader
    if isinstance(reader, Several):
        text = text.replace("+", ",")
    elif isinstance(reader, Switch):
        text = text.lower()
    return text if _PLAIN.fullmatch(text) else f'"{text}"'
