"""Check the journal of a paper run against the market that it traded, fact by fact.

A second bookkeeper: it takes from the journal only what was decided (when, which signal, which
side, stop, target and leverage) and what was quoted, and works out again, from the exchange's own
answers, what must have followed. It shares no line with divbot and imports nothing of it. Money is
compared to the last unit; what cannot be known afterwards, a quote between two minutes, is held
within the recorded range of its minute.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from pathlib import Path

from tests.oracles.paper_checker.audit import Audit
from tests.oracles.paper_checker.market import Candle, Funding, Market, Terms
from tests.oracles.paper_checker.past import PastMarket
from tests.oracles.paper_checker.rows import check_projections, read_events
from tests.oracles.paper_checker.rules import Rules

__all__ = ["Candle", "Funding", "Market", "PastMarket", "Rules", "Terms", "Verdict", "check"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check came to."""

    discrepancies: tuple[str, ...]
    cash: Decimal
    equity: Decimal
    """As of the last event; a position that is open counts at its margin, dust not at all."""
    reasons: tuple[str, ...]
    """Why each closed trade was closed, in the order of closing."""
    funded: int


def check(journal: Path, market: Market, rules: Rules) -> Verdict:
    """Return what in `journal` cannot have been in `market` under `rules`, and the account."""
    with (
        localcontext(Context(prec=80)),
        closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as connection,
    ):
        audit = Audit(market, rules)
        for event in read_events(connection, audit.found):
            audit.hear(event)
        audit.end()
        check_projections(connection, audit.account, audit.found)
        account = audit.account
        cash = account.cash + audit.owed
        return Verdict(
            tuple(audit.found),
            cash,
            cash + sum(each.left for each in account.open.values()),
            tuple(each.reason for each in account.closed),
            sum(len(each.funded) for each in (*account.closed, *account.open.values())),
        )
