"""A program that posts what scans found, scan by scan: `python -m tests.alerts.posting ...`.

It is given a file of scans (JSON: lists of alerts), an outbox, and a file for its lines.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from divbot.alerts.address import Addresses
from divbot.alerts.alert import Alert
from divbot.alerts.dispatch import Dispatch
from divbot.alerts.outbox import Outbox
from divbot.alerts.pace import PaceRules
from divbot.alerts.sinks.opening import Means, open_sinks
from divbot.domain.clock import SystemClock
from tests.alerts.alerts import Told


def main(scans: Path, outbox: Path, lines: Path) -> None:
    clock = SystemClock()
    sinks = open_sinks(Addresses().read([f"jsonl:{lines}"]), Means(clock, list, None))
    dispatch = Dispatch(Outbox.open(outbox), sinks, PaceRules(10), clock, Told())
    dispatch.start()
    for scan in json.loads(scans.read_text("utf-8")):
        dispatch.post([Alert.of(x) for x in scan])
    dispatch.end(60)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
