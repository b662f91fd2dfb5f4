"""Every divergence is told once, over restarts, kills and scans that overlap."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from divbot.alerts.filters import Filters
from divbot.alerts.signal_words import SignalSource, alert_of
from divbot.domain.market import Interval, Market
from divbot.scanner.report_documents import opportunity_document
from tests.cli.commands import eventually
from tests.history.made import DAY, HOUR, START, MadeHistory, walked
from tests.research.pasts import opened

DAYS = 34
SOURCE = SignalSource(Market.USDM, Interval.H1, "local exchange", "SIMULATED PRICES")
WORTH_IT = Filters(score=3.0)


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> list[list[dict[str, object]]]:
    """Return what passes the filters, at each close of some days: each is found several times."""
    names = [f"COIN{number}USDT" for number in range(12)]
    history = MadeHistory({x: walked(x, seed, 24 * DAYS) for seed, x in enumerate(names, 1)})
    closes = range(START + 22 * DAY, START + (DAYS - 1) * DAY, HOUR)
    with opened(history, tmp_path_factory.mktemp("past")) as past:
        reports = [past.report(close) for close in closes]
    return [
        [
            alert_of(SOURCE, x, opportunity_document(x)).document()
            for x in report.open_to_trade
            if WORTH_IT.pass_(x)
        ]
        for report in reports
    ]


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.soak)])
def test_kills_lose_no_alert_and_double_one_each_at_most(
    scans: list[list[dict[str, object]]], kills: int, tmp_path: Path
) -> None:
    expected = {x["id"] for scan in scans for x in scan}
    (tmp_path / "scans.json").write_text(json.dumps(scans))
    lines = tmp_path / "lines"
    lines.touch()
    files = [str(tmp_path / x) for x in ("scans.json", "outbox", "lines")]
    draw = random.Random(kills)
    told_at = sorted(draw.sample(range(len(expected)), kills))

    for count in told_at:
        program = subprocess.Popen([sys.executable, "-m", "tests.alerts.posting", *files])
        assert eventually(lambda least=count: lines.read_bytes().count(b"\n") > least)
        program.kill()
        program.wait()
    subprocess.run([sys.executable, "-m", "tests.alerts.posting", *files], check=True)

    told = Counter(json.loads(x)["id"] for x in lines.read_text().splitlines())
    assert sum(map(len, scans)) > 2 * len(expected)  # or nothing overlaps here
    assert set(told) == expected
    assert sum(told.values()) - len(told) <= kills
