"""The whole way, on a recorded market: exchange, HTTP, pool, kernels, report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from divbot.app.scanning import scan
from tests.conftest import DATA, SHIPPED, spot_exchange
from tests.oracles.pyne import ask

INTERVAL = 300_000
WARM_UP = 114
SYMBOLS = {SHIPPED: 6, DATA: 379}
EVERYTHING = {"market": "spot", "interval": "5m", "top": 379, "include": "*"}


@pytest.fixture(scope="module", params=[SHIPPED, DATA], ids=["shipped", "all symbols"])
def folder(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue("data") if request.param == DATA else request.param
    return folder


@pytest.fixture(scope="module")
def market(folder: Path) -> Iterator[str]:
    with spot_exchange(folder) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def document(market: str) -> dict[str, Any]:
    report = scan(workers=2, base_url=market, **EVERYTHING)
    return report.to_document(with_divergences=True)


@pytest.mark.parametrize("most", [90, pytest.param(379, marks=pytest.mark.soak)])
def test_every_divergence_is_as_the_live_oracle_says_of_the_same_candles(
    document: dict[str, Any], folder: Path, most: int
) -> None:
    candles = pd.read_parquet(folder / "market" / "spot-5m-2024-07.parquet")
    final = candles[candles.open_time + INTERVAL <= document["as_of"]]
    windows = {symbol: rows.tail(999) for symbol, rows in final.groupby("symbol", observed=True)}
    asked = list(windows)[:: -(-len(windows) // most)]
    expected = {symbol: oracle_says(windows[symbol]) for symbol in asked}

    found = found_by_symbol(document)

    assert document["summary"]["scanned"] == len(windows) == SYMBOLS[folder]
    assert {symbol: found.get(symbol, set()) for symbol in asked} == expected


def found_by_symbol(document: dict[str, Any]) -> dict[str, set[tuple[str, int, int, int]]]:
    found: dict[str, set[tuple[str, int, int, int]]] = {}
    for x in document["divergences"]:
        event = (x["kind"], x["previous_pivot"], x["pivot"], x["confirmed"])
        found.setdefault(x["symbol"], set()).add(event)
    return found


def oracle_says(rows: pd.DataFrame) -> set[tuple[str, int, int, int]]:
    columns = [rows[name].to_numpy() for name in ("open", "high", "low", "close")]
    times = rows.open_time.tolist()
    return {
        (kind, times[q], times[p], times[confirmed])
        for kind, q, p, confirmed in ask(*columns).divergences
        if q >= WARM_UP
    }


@pytest.mark.parametrize("how", [{"sequential": True}, {"workers": 1}, {"workers": 4}])
def test_any_way_of_working_gives_the_same_document(
    how: dict[str, object], document: dict[str, Any], market: str
) -> None:
    report = scan(base_url=market, **EVERYTHING, **how)

    other = report.to_document(with_divergences=True)
    assert {k: v for k, v in other.items() if k != "timings"} == {
        k: v for k, v in document.items() if k != "timings"
    }


def test_nothing_newer_than_the_exchange_s_clock_is_final(document: dict[str, Any]) -> None:
    # The exchange stands at 09:02: the candle of 09:00 is forming.
    assert document["as_of"] == 1_722_330_000_000
    assert document["simulated"] is True
