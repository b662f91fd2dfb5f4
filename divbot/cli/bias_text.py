"""What hindsight is worth: one range, traded on the list of each moment and on that of the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from divbot.cli.columns import Column, table_text
from divbot.cli.destination import Fit
from divbot.cli.figures import change, money, multiple, percent, ratio, signed
from divbot.trading.figures.breakdown import By
from divbot.trading.figures.documents import stats_document
from divbot.trading.figures.stats import Stats

TITLE = "Survivorship bias"


@dataclass(frozen=True, slots=True)
class ComparedLists:
    """One figure of both runs, in words."""

    name: str
    then: str
    now: str
    difference: str


COLUMNS: tuple[Column[ComparedLists], ...] = (
    Column("figure", lambda x: x.name, is_number=False),
    Column("then", lambda x: x.then),
    Column("now", lambda x: x.now),
    Column("difference", lambda x: x.difference),
)


@dataclass(frozen=True, slots=True)
class Bias:
    """Two runs of one range with the same settings."""

    then: Stats
    """On the list of each moment: what a trader of that time could have had."""
    now: Stats
    """On the list of the end, which nobody knew."""

    @property
    def part(self) -> float:
        """Return what the list of the end adds to the return, as a part of the balance."""
        return self.now.total_return - self.then.total_return

    @property
    def verdict(self) -> str:
        """Return what it comes to, in a sentence."""
        if not round(self.part, 4):
            return "The list of the end changes nothing in the return of this range."
        better = "better" if self.part > 0 else "worse"
        points = percent(abs(self.part)).removesuffix("%")
        return f"The list of the end makes the return {points} points {better} than it was."

    def rows(self) -> Sequence[ComparedLists]:
        """Return all figures that are compared."""
        return tuple(_rows(self.then, self.now))


def bias_text(bias: Bias) -> str:
    """Return the block: both results side by side, and their difference."""
    table = table_text(COLUMNS, bias.rows(), order=(), fit=Fit())
    return f"{TITLE}\n{table}{bias.verdict}\n"


def bias_document(bias: Bias) -> dict[str, Any]:
    """Return both results whole, and the difference of their returns."""
    return {
        "then": stats_document(bias.then),
        "now": stats_document(bias.now),
        "survivorship_bias": bias.part,
    }


def _rows(then: Stats, now: Stats) -> Iterator[ComparedLists]:
    yield _compared("return", then, now, lambda x: x.total_return, change, change)
    yield _compared("net profit", then, now, lambda x: x.closed.profit, signed, signed)
    yield _compared("trades", then, now, lambda x: x.closed.trades, str, "{:+}".format)
    yield _compared("symbols traded", then, now, lambda x: len(x.by[By.SYMBOL]), str, "{:+}".format)
    yield _compared("win rate", then, now, lambda x: x.closed.win_rate, percent, change)
    yield _compared("expectancy, R", then, now, lambda x: x.closed.average_r, multiple, multiple)
    yield _compared("profit factor", then, now, lambda x: x.closed.profit_factor, ratio, multiple)
    yield _compared("maximum drawdown", then, now, _depth, percent, change)
    yield _compared("final equity", then, now, lambda x: x.last.equity, money, signed)


def _compared(
    name: str,
    then: Stats,
    now: Stats,
    of: Callable[[Stats], Any],
    write: Callable[[Any], str],
    write_difference: Callable[[Any], str],
) -> ComparedLists:
    one, other = of(then), of(now)
    is_known = one is not None and other is not None
    return ComparedLists(
        name,
        then="n/a" if one is None else write(one),
        now="n/a" if other is None else write(other),
        difference=write_difference(other - one) if is_known else "",
    )


def _depth(stats: Stats) -> float:
    return stats.drawdown.depth if stats.drawdown else 0.0
