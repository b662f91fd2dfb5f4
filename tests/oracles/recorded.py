"""What PyneCore said of recorded candles: of six symbols in every clone, of twelve beside it."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conftest import DATA, SHIPPED

SYMBOLS = (
    "ACMUSDT",
    "BTCUSDT",
    "DOGEUSDT",
    "ETHUSDT",
    "HIFIUSDT",  # a thin market
    "LUNCUSDT",
    "PEPEUSDT",  # prices near 1e-5
    "RENDERUSDT",  # listed inside the window
    "SHIBUSDT",  # a coarse tick
    "SOLUSDT",
    "USDPUSDT",  # unchanged closes for hours, so the RSI ties
    "XRPUSDT",
)
KINDS = {
    "bull": "regular_bullish",
    "hbull": "hidden_bullish",
    "bear": "regular_bearish",
    "hbear": "hidden_bearish",
}


def candles_of(symbol: str) -> pd.DataFrame:
    """Return all recorded candles of a symbol, the oldest first; skip where there are none."""
    market = _market(SHIPPED if _shipped_answer(symbol).exists() else DATA)
    return market[market.symbol == symbol].sort_values("open_time")


def answer_on(symbol: str) -> dict[str, Any]:
    """Return PyneCore's recorded answer on those candles; skip where this machine has none."""
    shipped = _shipped_answer(symbol)
    if shipped.exists():
        text = gzip.decompress(shipped.read_bytes()).decode()
    else:
        text = _there(DATA / "oracle" / f"{symbol}.json").read_text("utf-8")
    answer: dict[str, Any] = json.loads(text)
    return answer


def _shipped_answer(symbol: str) -> Path:
    return SHIPPED / "oracle" / f"{symbol}.json.gz"


@cache
def _market(folder: Path) -> pd.DataFrame:
    path = _there(folder / "market" / "spot-5m-2024-07.parquet")
    return pd.read_parquet(path, filters=[("symbol", "in", SYMBOLS)])


def _there(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"not on this machine: {path}")
    return path
