"""Whole backtests, recomputed from the candles by a bookkeeper that shares no code with divbot."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from divbot.cli import exit_code
from divbot.domain.durations import MINUTE
from divbot.trading.journal.journal import read
from tests.oracles.paper_checker import Candle, PastMarket, Rules, check
from tests.research.fakes import START, walk
from tests.trading.runs import Fact, rewritten

HOUR = 60 * MINUTE
YEAR = "20240101-20250101"
DEFAULT = Rules(
    fee=Decimal("0.0005"),
    slippage=Decimal("0.0002"),
    risk=Decimal("0.01"),
    leverage=10,
    max_positions=3,
    max_holding=24 * HOUR,
    interval=HOUR,
)


def market_of(recording: Path, journal: Path) -> PastMarket:
    """Return the candles of what was traded."""
    traded = {x.symbol for x in read(journal).ledger.trades}
    frame = pd.read_parquet(recording)
    columns = ["open_time", "open", "high", "low", "close"]
    candles = {
        str(symbol): [
            Candle(int(at), *(Decimal(repr(x)) for x in prices))
            for at, *prices in rows[columns].itertuples(index=False)
        ]
        for symbol, rows in frame.groupby("symbol")
        if symbol in traded
    }
    return PastMarket(candles, {}, {}, {}, length=HOUR)


def backtest(recording: Path, journal: Path, *more: str) -> Path:
    given = ["backtest", "--recorded", str(recording), "-i", "1h", "--journal", str(journal), "-q"]
    assert exit_code([*given, "--sequential", *more]) == 0
    return journal


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return some weeks of hours of some symbols."""
    frames = []
    for number in range(8):
        bars = walk(number, 24 * 38, step=0.004, price=20.0)
        times = START + HOUR * np.arange(len(bars.open_time))
        prices = dict(zip(("open", "high", "low", "close"), bars[1:], strict=True))
        name = f"{'ABCDEFGH'[number]}AAUSDT"
        frames.append(
            pd.DataFrame({"symbol": name, "open_time": times, **prices, "volume": 1000.0})
        )
    path = tmp_path_factory.mktemp("recording") / "market.parquet"
    pd.concat(frames).to_parquet(path)
    return path


@pytest.fixture(scope="module")
def journal(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("journal")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("divbot.app.homes.cache_home", lambda: folder)
        wide = ("--max-drawdown", "1", "--max-daily-loss", "1", "--min-score", "0")
        return backtest(recording, folder / "run.db", *wide)


@pytest.fixture(scope="module")
def market(recording: Path, journal: Path) -> PastMarket:
    return market_of(recording, journal)


def test_a_backtest_is_what_a_second_bookkeeper_makes_of_the_candles(
    journal: Path, market: PastMarket
) -> None:
    verdict = check(journal, market, DEFAULT)

    assert verdict.discrepancies == ()
    assert len(verdict.reasons) > 20
    assert {"stop", "target"} <= set(verdict.reasons)


def in_(*path: str, plus: str) -> Callable[[Fact], None]:
    """Return how to add to a number of a fact."""

    def change(fact: Fact) -> None:
        body: Any = fact["body"]
        for name in path[:-1]:
            body = body[name]
        body[path[-1]] = str(Decimal(body[path[-1]]) + Decimal(plus))

    return change


def at_another_quote(fact: Fact) -> None:
    fill = fact["body"]["fill"]
    fill["basis_prices"] = [str(Decimal(x) * Decimal("1.0001")) for x in fill["basis_prices"]]


@pytest.mark.parametrize(
    ("kind", "change", "told"),
    [
        pytest.param("entered", at_another_quote, "bid and ask", id="a quote"),
        pytest.param("entered", in_("fill", "fee", plus="1e-8"), "fee", id="a fee"),
        pytest.param("entered", in_("risk", plus="1e-8"), "risk", id="the risk"),
        pytest.param("exited", in_("returned", plus="1e-8"), "returned", id="what came back"),
        pytest.param("marked", in_("equity", plus="1e-8"), "equity", id="the equity"),
    ],
)
def test_the_least_change_of_a_backtest_is_found(
    kind: str,
    change: Callable[[Fact], None],
    told: str,
    journal: Path,
    market: PastMarket,
    tmp_path: Path,
) -> None:
    def change_one(facts: list[Fact]) -> None:
        change([x for x in facts if x["kind"] == kind][-1])

    copy = rewritten(journal, tmp_path / "changed.db", change_one)

    assert any(told in x for x in check(copy, market, DEFAULT).discrepancies)


@pytest.mark.soak
def test_a_year_of_futures_is_what_a_second_bookkeeper_makes_of_the_candles(
    data: Path, tmp_path: Path
) -> None:
    recording = data / "history" / "usdm-1h-2024.parquet"
    run = backtest(recording, tmp_path / "run.db", "--timerange", YEAR)

    verdict = check(run, market_of(recording, run), DEFAULT)

    print(f"{len(verdict.reasons)} trades closed, equity {verdict.equity}")
    assert verdict.discrepancies == ()
    assert len(verdict.reasons) > 50
