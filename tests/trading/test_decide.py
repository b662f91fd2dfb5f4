from __future__ import annotations

from dataclasses import replace

import pytest

from divbot.domain.ledger import Ledger
from divbot.domain.market import Interval
from divbot.domain.signals import Evidence
from divbot.trading.decide import Moment, objection
from tests.trading.fakes import ENTRIES, NOON, opportunity


@pytest.mark.parametrize(
    ("least", "evidence", "objects"),
    [
        pytest.param(0.0, None, False, id="off, nothing known"),
        pytest.param(0.3, Evidence(0.3, 0.02, 0.0, 99), False, id="just enough"),
        pytest.param(0.31, Evidence(0.3, 0.02, 0.0, 99), True, id="too little"),
        pytest.param(0.01, None, True, id="nothing known"),
    ],
)
def test_a_least_confidence_is_asked_for(
    least: float, evidence: Evidence | None, objects: bool
) -> None:
    moment = Moment(NOON, NOON, Interval.M5, Ledger())
    found = replace(opportunity(), evidence=evidence)

    reason = objection(found, moment, replace(ENTRIES, min_confidence=least))

    assert ("confidence" in reason or "no past case" in reason) is objects
