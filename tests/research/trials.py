"""Sweeps and ledgers that are made up, for one test each."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from divbot.domain.clock import ManualClock
from divbot.evaluation import DailyResults
from divbot.research.trials.conclusion import Conclusion, Swept, TrialOrigin, conclude, plan
from divbot.research.trials.entries import Opening, Trial, TrialSource
from divbot.research.trials.ledger import TrialLedger
from tests.evaluation.stories import runs_of

NOON = 1_760_000_000_000
DAY = 86_400_000


def ledger_in(folder: Path) -> TrialLedger:
    return TrialLedger(folder / "trials.db", ManualClock(NOON))


def swept(means: Mapping[str, tuple[float, float]], *, seed: int = 1, code: str = "c") -> Swept:
    """Return a year of settings with these means in development and holdout."""
    return swept_of(runs_of(means, seed=seed), code=code, data=f"luck {seed}")


def swept_of(results: DailyResults, *, code: str = "c", data: str = "d") -> Swept:
    origin = TrialOrigin(
        basis={"interval": "1h"}, costs={"fee": "0.0005"}, code=code, data=data, version="1"
    )
    return Swept(results, DAY, origin)


def concluded(folder: Path, means: Mapping[str, tuple[float, float]], **more: int) -> Conclusion:
    return conclusion_of(folder, swept(means, **more))


def conclusion_of(folder: Path, world: Swept, *, reveal: bool = False) -> Conclusion:
    """Sweep as divbot does: what is sealed is run for one setting, once its look is written."""
    ledger, results = ledger_in(folder), world.results
    sealed_from = plan(ledger, results.days, world.longest).development.stop
    net_r = results.net_r.copy()
    net_r[:, sealed_from - results.days.start :] = 0

    def open_(setting: str) -> DailyResults:
        assert any(isinstance(x.entry, Opening) for x in ledger.read().written)
        return results.of([results.settings.index(setting)])

    sealed = replace(world, results=replace(results, net_r=net_r))
    conclusion = conclude(ledger, sealed, sealed_from, open_, reveal=reveal)
    assert conclusion is not None
    return conclusion


WINNER = {"good": (0.6, 0.6), **{f"bad {k}": (-0.5, -0.5) for k in range(4)}}
FADING = {"good": (0.6, -0.6), **{f"bad {k}": (-0.5, -0.5) for k in range(4)}}
WORTHLESS = {f"setting {k}": (0.0, 0.0) for k in range(6)}


def seal(ledger: TrialLedger, days: range) -> None:
    """Write down a sweep that has sealed these days."""
    trial = Trial(
        source=TrialSource.SWEEP,
        fingerprint="sealing",
        days=range(days.start - 300, days.stop),
        known=range(days.start - 300, days.start),
        settings=1,
        basis={},
        costs={},
        seed=0,
        code="c",
        data="d",
        version="1",
        holdout=days,
    )
    with ledger.open() as book:
        book.append(trial)


def execute(path: Path, statement: str) -> None:
    """Do to a ledger what divbot never does."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()
