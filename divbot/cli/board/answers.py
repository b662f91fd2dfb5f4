"""What takes long, as documents: a look at a symbol, runs and sweeps as the commands tell them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from divbot.domain.errors import InputError

if TYPE_CHECKING:
    from divbot.app.looking import Looker
    from divbot.web.port import AskedSymbol

_MOST_TRADES = 500
_MOST_EVENTS = 100
_WIDTH = 80
"""Of what a sweep came to, in characters."""


@dataclass(frozen=True, slots=True)
class BoardAnswers:
    """Answer from the venue, from journals and from the ledger of trials."""

    looker: Looker | None
    journal: Path | None = None
    """Of the run that is shown; it may lie anywhere."""
    outboxes: tuple[Path, ...] | None = None
    """Where alerts are kept that are shown; None: all of this user."""

    def open(self) -> None:
        """Make ready, where the answers are given."""
        if self.looker is not None:
            self.looker.open()

    def symbol(self, asked: AskedSymbol) -> dict[str, Any]:
        """Return what there is to see of one symbol."""
        from divbot.cli.report.candles import plan_document, series_document
        from divbot.domain.chart_urls import chart_urls

        if self.looker is None:
            raise InputError("no venue is asked here")
        found = self.looker.look(
            asked.symbol, asked.interval, asked.lease, asked.report, asked.standing
        )
        known = {x.divergence for x in found.examination.divergences}
        plans = [x for x in found.opportunities if x.divergence in known]
        links = chart_urls(asked.symbol, self.looker.market, asked.interval)
        return {
            "symbol": asked.symbol,
            "interval": asked.interval.value,
            "as_of": (asked.report.as_of or None) if asked.report else None,
            "series": series_document(found.examination),
            "plans": [plan_document(x, found.examination) for x in plans],
            "why": [
                {"rule": x.rule, "passed": bool(x.passed), "detail": x.detail} for x in found.steps
            ],
            "links": [{"title": title, "address": url} for title, url in links.items()],
        }

    def alerts(self, most: int) -> dict[str, Any]:
        """Return what was told last."""
        from divbot.app.alerting import kept_outboxes, outbox_of_run
        from divbot.cli.board.past_alerts import alerts_document

        paths = self.outboxes
        if paths is None:
            of_run = [outbox_of_run(self.journal)] if self.journal else []
            paths = tuple(dict.fromkeys([*kept_outboxes(), *(x.resolve() for x in of_run)]))
        return alerts_document([x for x in paths if x.exists()], most)

    def runs(self) -> dict[str, Any]:
        """Return every run."""
        from divbot.app.journals import open_runs
        from divbot.cli.runs_text import runs_document

        found, damaged = open_runs().read_all()
        document = runs_document(found[::-1], damaged)
        return document | {"runs": [_without_path(x) for x in document["runs"]]}

    def run(self, name: str) -> dict[str, Any]:
        """Return one run with its trades and its curve."""
        from divbot.app.journals import open_runs
        from divbot.cli.lines import event_words
        from divbot.cli.report.charts import MOST_POINTS, thinned
        from divbot.cli.stats_text import sections_of
        from divbot.cli.status_text import status_document
        from divbot.database import is_locked
        from divbot.domain.clock import SystemClock
        from divbot.trading.figures.curve import equity_curve
        from divbot.trading.figures.documents import stats_document, trade_document
        from divbot.trading.figures.stats import measure
        from divbot.trading.journal.journal import read

        is_shown = self.journal is not None and name == self.journal.stem
        path = self.journal if is_shown and self.journal else open_runs().named(name).path
        recorded = read(path)
        document = status_document(
            recorded, SystemClock().now(), is_running=is_locked(recorded.path)
        )
        curve = equity_curve(recorded.events, recorded.ledger)
        equity = [float(x.equity) for x in curve]
        shown = thinned(equity, MOST_POINTS)
        told = [(x, "".join(event_words(x, recorded.ledger))) for x in recorded.events]
        lines = [(x, text) for x, text in told if text][-_MOST_EVENTS:]
        stats = measure(recorded.events, recorded.ledger)
        return _without_path(document) | {
            "statistics": stats_document(stats),
            "sections": [
                {"title": x.title, "lines": [{"name": y, "text": z} for y, z in x.lines]}
                for x in sections_of(stats)
            ],
            "curve": {"at": [curve[i].at for i in shown], "equity": [equity[i] for i in shown]},
            "trades": [trade_document(x) for x in recorded.ledger.closed[-_MOST_TRADES:][::-1]],
            "events": [{"at": x.at, "kind": x.kind, "text": text} for x, text in lines[::-1]],
        }

    def sweeps(self) -> dict[str, Any]:
        """Return every trial of the ledger."""
        from divbot.app.trials import open_trials
        from divbot.cli.trials_text import trials_document

        ledger = open_trials(is_simulated=False)
        document = trials_document(ledger.path, ledger.read())
        return {"schema": document["schema"], "trials": document["trials"][::-1]}

    def sweep(self, number: int) -> dict[str, Any]:
        """Return one of them."""
        from divbot.app.trials import open_trials
        from divbot.cli.destination import Fit
        from divbot.cli.trials_text import trial_document, trial_text

        contents = open_trials(is_simulated=False).read()
        text = trial_text(contents, number, Fit(_WIDTH))
        return trial_document(contents, number) | {"text": text}


def _without_path(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document that tells no folder of this machine to who is not at it."""
    return {name: value for name, value in document.items() if name != "journal"}
