"""What outboxes tell of the past: which alerts there were, and how far each has come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from divbot.alerts.alert import Topic
from divbot.alerts.outbox import KeptAlert, Outbox
from divbot.alerts.signal_words import signal_of
from divbot.app.alerting import name_of_outbox
from divbot.cli.run_alerts import topic_of
from divbot.domain.errors import JournalError

SCHEMA = 1


def alerts_document(paths: Sequence[Path], most: int) -> dict[str, Any]:
    """Return the last `most` alerts of all that these outboxes keep, the newest first.

    One that cannot be read is named, and costs nothing of the others.
    """
    alerts: list[dict[str, Any]] = []
    damaged = []
    for path in paths:
        name = name_of_outbox(path)
        try:
            alerts += [_alert(x, name) for x in Outbox.last(path, most)]
        except JournalError:
            damaged.append(name)
    newest = sorted(alerts, key=lambda x: -x["at"])[:most]
    return {"schema": SCHEMA, "alerts": newest, "damaged": damaged}


def _alert(kept: KeptAlert, program: str) -> dict[str, Any]:
    signal, other = signal_of(kept.key), topic_of(kept.key)
    return {
        "at": kept.kept_at,
        "topic": Topic.SIGNAL.value if signal else other.topic,
        "interval": signal.interval.value if signal else other.interval,
        "symbol": signal.symbol if signal else other.symbol,
        "signal": signal and signal.kind.side.value,
        "kind": signal and signal.kind.value,
        "delivery": kept.delivery.value,
        "reason": kept.reason or None,
        "program": program,
    }
