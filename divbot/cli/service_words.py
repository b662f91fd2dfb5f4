"""How a run or a watch gets on, in the one line that a service manager shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from divbot.cli.figures import money
from divbot.cli.lines import ASSET
from divbot.domain.clock import utc_text

if TYPE_CHECKING:
    from divbot.app.watching import Watch
    from divbot.trading.engine.snapshot import RunSnapshot


def run_words(snapshot: RunSnapshot) -> str:
    """Return the account of a run, and how its scans get on."""
    ledger, scanner = snapshot.ledger, snapshot.scanner
    scans = f"last scan {utc_text(scanner.as_of)} UTC" if scanner.as_of else "no scan yet"
    trouble = snapshot.problem or scanner.error
    return (
        f"equity {money(snapshot.equity)} {ASSET}, open {len(ledger.positions)}, closed "
        f"{len(ledger.closed)}; {scans}" + (f"; {trouble}" if trouble else "")
    )


def watch_words(watch: Watch, told: int) -> str:
    """Return how many alerts were told, and how the scans get on."""
    condition, published = watch.scanner.condition, watch.cache.latest()
    last = f"last scan {utc_text(published.report.as_of)} UTC" if published else "no scan yet"
    trouble = f"; {condition.error}" if condition.error else ""
    return f"alerts {told}, scans {condition.scans}; {last}{trouble}"
