"""The ledger of trials, for people and as documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from divbot.app.trials import span_text
from divbot.cli.columns import Column, table_text
from divbot.cli.destination import Fit
from divbot.domain.clock import utc_text
from divbot.domain.errors import InputError
from divbot.domain.market import Market
from divbot.domain.timerange import dates_of
from divbot.research.trials.entries import Judged, Opening, Trial
from divbot.research.trials.ledger import Contents
from divbot.research.trials.rows import Written
from divbot.setting_table import TAKER_FEE

SCHEMA = 1
_HASH = 16
_BEST = 10


@dataclass(frozen=True, slots=True)
class ShownTrial:
    """A trial with all that the ledger says of it."""

    number: int
    at: int
    trial: Trial
    looks: tuple[Opening, ...]
    verdict: Judged | None
    """The last one."""
    written: Written

    @property
    def market(self) -> str:
        """Return the market."""
        return self.trial.basis.get("market", "")

    @property
    def interval(self) -> str:
        """Return the interval of all its settings."""
        return self.trial.basis.get("interval", "several")

    @property
    def holdout(self) -> str:
        """Return what became of the sealed days."""
        if not self.trial.holdout:
            return ""
        if self.verdict and self.verdict.is_spent:
            return "spent"
        return "opened" if self.looks else "sealed"


def shown_trials(contents: Contents) -> list[ShownTrial]:
    """Return every trial, the newest last."""
    looks = [x.entry for x in contents.written if isinstance(x.entry, Opening)]
    verdicts = {x.entry.trial: x.entry for x in contents.written if isinstance(x.entry, Judged)}
    return [
        ShownTrial(
            x.number,
            x.at,
            x.entry,
            tuple(y for y in looks if y.trial == x.number),
            verdicts.get(x.number),
            x,
        )
        for x in contents.written
        if isinstance(x.entry, Trial)
    ]


_COLUMNS: tuple[Column[ShownTrial], ...] = (
    Column("#", lambda x: str(x.number)),
    Column("when", lambda x: utc_text(x.at), is_number=False),
    Column("by", lambda x: x.trial.source.value, is_number=False),
    Column("market", lambda x: x.market, is_number=False),
    Column("interval", lambda x: x.interval, is_number=False),
    Column("days", lambda x: span_text(x.trial.days), is_number=False),
    Column("seen", lambda x: span_text(x.trial.known), is_number=False),
    Column("holdout", lambda x: x.holdout, is_number=False),
    Column("settings", lambda x: f"{x.trial.settings:,}"),
    Column("look", lambda x: ",".join(str(y.look) for y in x.looks)),
    Column("verdict", lambda x: x.verdict.finding.value if x.verdict else "", is_number=False),
)
_LEFT_OUT_FIRST = ("when", "look", "seen", "settings", "holdout", "interval", "market")


def trials_text(path: Path, contents: Contents, fit: Fit) -> str:
    """Return a table of all trials, the newest last."""
    trials = shown_trials(contents)
    if not trials:
        return f"no trials in {path}; `divbot sweep` and `divbot backtest` write them down\n"
    table = table_text(_COLUMNS, trials, order=_LEFT_OUT_FIRST, fit=fit)
    return f"trials in {path}, the newest last; times are UTC\n\n{table}\n{head_line(contents)}\n"


def head_line(contents: Contents) -> str:
    """Return what to compare a ledger with later on."""
    return f"ledger {contents.head}"


def trials_document(path: Path, contents: Contents) -> dict[str, Any]:
    """Return the same with every field; times in ms UTC, days as dates."""
    return {
        "schema": SCHEMA,
        "ledger": ledger_document(path, contents),
        "trials": [_heading(x) for x in shown_trials(contents)],
    }


def ledger_document(path: Path, contents: Contents) -> dict[str, Any]:
    """Return what tells a ledger from another, and whether looks are known."""
    return {
        "path": str(path),
        "head": str(contents.head),
        "entries": contents.head.entries,
        "looks_are_known": not contents.problems,
        "problems": list(contents.problems),
    }


def _named(contents: Contents, number: int) -> ShownTrial:
    trials = shown_trials(contents)
    for trial in trials:
        if trial.number == number:
            return trial
    known = ", ".join(str(x.number) for x in trials[-_BEST:]) or "none"
    raise InputError(f"no trial is called {number}; there are {known} (divbot sweeps list)")


def _heading(shown: ShownTrial) -> dict[str, Any]:
    trial = shown.trial
    return {
        "number": shown.number,
        "at": shown.at,
        "by": trial.source,
        "market": shown.market,
        "interval": shown.interval,
        "days": dates_of(trial.days),
        "seen": dates_of(trial.known),
        "holdout": dates_of(trial.holdout),
        "holdout_is": shown.holdout or None,
        "settings": trial.settings,
        "looks": [x.look for x in shown.looks],
        "finding": shown.verdict.finding if shown.verdict else None,
        "verdict": shown.verdict.text if shown.verdict else None,
    }


def trial_document(contents: Contents, number: int) -> dict[str, Any]:
    """Return all of one trial, with the daily results that may be told."""
    shown = _named(contents, number)
    trial, results = shown.trial, shown.written.results
    return {
        "schema": SCHEMA,
        **_heading(shown),
        "basis": dict(trial.basis),
        "costs": dict(trial.costs),
        "seed": trial.seed,
        "code": trial.code,
        "data": trial.data,
        "version": trial.version,
        "development": dates_of(trial.development),
        "gap": trial.gap,
        "run": trial.run,
        "results": None
        if results is None
        else {
            "days": dates_of(results.days),
            "settings": list(results.settings),
            "net_r": results.net_r.tolist(),
            "trades": results.trades.tolist(),
        },
    }


@dataclass(frozen=True, slots=True)
class _Sum:
    """What a setting came to on the days that were seen."""

    setting: str
    trades: int
    net_r: float


_SUMS: tuple[Column[_Sum], ...] = (
    Column("setting", lambda x: x.setting, is_number=False),
    Column("trades", lambda x: f"{x.trades:,}"),
    Column("net R", lambda x: f"{x.net_r:,.1f}"),
    Column("R a trade", lambda x: f"{x.net_r / x.trades:.2f}" if x.trades else ""),
)


def trial_text(contents: Contents, number: int, fit: Fit) -> str:
    """Return all that is to be read of one trial."""
    shown = _named(contents, number)
    trial = shown.trial
    lines = [
        f"{trial.source} {number}, {utc_text(shown.at)} UTC, divbot {trial.version}",
        *([shown.verdict.text] if shown.verdict else []),
        "",
        f"days         {span_text(trial.days)}",
        f"seen         {span_text(trial.known)}",
        *_split_lines(shown),
        f"settings     {trial.settings:,}, seed {trial.seed}",
        f"costs        {_pairs(_costs(trial).items())}",
        f"all share    {_pairs(trial.basis.items())}",
        f"program      {trial.code[:_HASH]}",
        f"candles      {trial.data[:_HASH]}",
    ]
    text = "\n".join(lines) + "\n"
    sums = _sums(shown.written)
    if not sums:
        return text
    table = table_text(_SUMS, sums[:_BEST], order=(), fit=fit)
    count = f"the best {_BEST} of {len(sums):,}" if len(sums) > _BEST else "each"
    return f"{text}\non the days that were seen, {count} by their sum of R:\n\n{table}"


def _split_lines(shown: ShownTrial) -> list[str]:
    trial = shown.trial
    if not trial.run:
        return []
    return [
        f"holdout      {span_text(trial.holdout)}, {shown.holdout or 'none'}",
        f"runs         of {trial.run} days, gap {trial.gap} days",
        *(f"look {x.look:<8}{x.setting}, level {x.level:.4f}" for x in shown.looks),
    ]


def _costs(trial: Trial) -> dict[str, str]:
    """Return what trades paid; a fee that nobody set is that of the market, unless it varied."""
    fee = TAKER_FEE[Market(trial.basis["market"])] if "market" in trial.basis else ""
    return {x: str(fee) if y == "None" else y for x, y in trial.costs.items()}


def _pairs(items: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {text}" for name, text in sorted(items) if text not in ("", "None"))


def _sums(written: Written) -> list[_Sum]:
    results = written.results
    if results is None or not len(results.days):
        return []
    rows = zip(
        results.settings,
        results.trades.sum(axis=1).tolist(),
        results.net_r.sum(axis=1).tolist(),
        strict=True,
    )
    return sorted((_Sum(*row) for row in rows), key=lambda x: (-x.net_r, x.setting))


def verification_text(path: Path, contents: Contents, problems: Sequence[str]) -> str:
    """Return whether looks are known, and why they are not."""
    if not problems:
        return (
            f"{path}: {contents.head.entries} entries, each as it was written; "
            f"{head_line(contents)}\n"
        )
    return "".join(f"{path}: looks are unknown: {x}\n" for x in problems)


def verification_document(
    path: Path, contents: Contents, problems: Sequence[str]
) -> dict[str, Any]:
    """Return the same as a document."""
    return {
        "schema": SCHEMA,
        **ledger_document(path, contents),
        "looks_are_known": not problems,
        "problems": list(problems),
    }
