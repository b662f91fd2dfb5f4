"""Confidence walked forward: what is stated at a row comes from what had ended before it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from divbot.app.verification import calibration_of, open_recording
from divbot.scanner.calibration import Rows, calibrate
from divbot.scanner.cases import Cases
from divbot.settings import load_settings
from tests.scanner.fakes import TRADE

LAST = 3000


def market(seed: int, share: float = 0.3, *, count: int = 3000) -> tuple[Cases, Rows]:
    """Draw cases of which `share` reach their target, half of them within 30 rows."""
    random = np.random.default_rng(seed)
    confirmed = np.sort(random.integers(200, LAST, count))
    held = random.integers(1, 60, count)
    won = random.random(count) < share
    codes = [random.integers(0, n, count).astype(np.int8) for n in (4, 3, 3)]
    result = np.where(won, 1.9, -1.1).astype(np.float32)
    cases = Cases(
        ("AUSDT", "BUSDT"),
        random.integers(0, 2, count).astype(np.int16),
        *codes,
        np.where(won, 2, 3).astype(np.int8),
        confirmed * 300_000,
        held.astype(np.int32),
        *[result] * 3,
    )
    return cases, Rows(confirmed - 20, confirmed, confirmed + held)


def test_a_fair_market_is_stated_as_it_is() -> None:
    found = calibrate(*market(1), TRADE, 800)

    assert found is not None
    assert found.cases > 2900
    assert found.stated == pytest.approx(0.3, abs=0.02)
    assert found.calibration_error < 0.03
    assert found.brier_constant == pytest.approx(found.share * (1 - found.share))
    assert sum(x.cases for x in found.bins) == found.cases


@pytest.mark.parametrize("place", [200, 900])
def test_what_ends_at_a_row_or_later_changes_nothing_stated_there(place: int) -> None:
    cases, rows = market(2)
    row = int(np.intersect1d(rows.confirmed, rows.ended)[place])
    told = stated_at(cases, rows, row)
    later = rows.ended >= row
    turned = replace(cases, fate=np.where(later, 5 - cases.fate, cases.fate).astype(np.int8))

    assert stated_at(turned, rows, row) == told
    earlier = replace(cases, fate=np.where(later, cases.fate, 5 - cases.fate).astype(np.int8))
    assert stated_at(earlier, rows, row) != told


def stated_at(cases: Cases, rows: Rows, row: int) -> float:
    """Return the mean confidence stated at `row` alone, or at the first row after it."""
    row = int(rows.confirmed[rows.confirmed >= row][0])
    known = rows.confirmed <= row
    until = Rows(*(x[known] for x in (rows.previous, rows.confirmed, rows.ended)))
    names = [x for x in Cases.__slots__ if x != "symbols"]
    part = replace(cases, **{x: getattr(cases, x)[known] for x in names})
    before = Rows(*(x[:-1] for x in (until.previous, until.confirmed, until.ended)))
    whole, most = (
        calibrate(x, y, TRADE, 800)
        for x, y in (
            (part, until),
            (replace(part, **{x: getattr(part, x)[:-1] for x in names}), before),
        )
    )
    assert whole is not None
    assert most is not None
    return round(whole.stated * whole.cases - most.stated * most.cases, 9)


def test_nothing_older_than_the_window_has_a_say() -> None:
    cases, rows = market(3)
    turned = replace(
        cases, fate=np.where(rows.previous < 1000, 5 - cases.fate, cases.fate).astype(np.int8)
    )
    row = 2000

    assert stated_at(turned, rows, row) == stated_at(cases, rows, row)


def test_without_an_end_there_is_nothing_to_state() -> None:
    cases, rows = market(4, count=50)

    assert calibrate(replace(cases, fate=cases.fate * 0), rows, TRADE, 800) is None


def test_a_recorded_market_is_stated_about_as_it_came(data: Path) -> None:
    recording = open_recording(data / "market" / "usdm-1m-2025-05.parquet")

    found = calibration_of(recording, load_settings({"market": "usdm"}))

    assert found.cases >= 5000
    assert found.calibration_error <= 0.05
    assert found.brier <= found.brier_running
    assert found.brier - found.brier_constant < 0.003
    assert found.expected == pytest.approx(found.result, abs=0.05)
