"""`divbot status`: how the newest paper run stands."""

from __future__ import annotations

from divbot.cli import flags


def status(
    *,
    as_json: flags.Json = False,
    run: flags.RunName = None,
    journal: flags.JournalFile = None,
) -> None:
    """Show the account and the open positions of a paper run, also while it is running."""
    from divbot.cli.destination import Destination, json_bytes
    from divbot.cli.recorded import find_run
    from divbot.cli.status_text import status_document, status_text
    from divbot.database import is_locked
    from divbot.domain.clock import SystemClock

    recorded = find_run(run, journal)
    now, is_running = SystemClock().now(), is_locked(recorded.path)
    destination = Destination(None)
    if as_json:
        destination.write(json_bytes(status_document(recorded, now, is_running=is_running)))
    else:
        fit = destination.fit
        destination.write(status_text(recorded, now, fit, is_running=is_running))
