"""Trades, equity and candles as pandas knows them: times are timestamps in UTC, money float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from divbot.trading.figures.documents import FLAT_FIELDS, flat_document

if TYPE_CHECKING:
    from divbot.arrays import Integers
    from divbot.domain.trades import AnyTrade
    from divbot.recordings.track import Track
    from divbot.trading.figures.curve import Valuation

_TIMES = ("at", "pivot")
_TEXTS = ("status", "symbol", "side", "reason", "by", "basis", "kind", "interval")
_COUNTS = ("number", "leverage")
_OPTIONAL = ("quote_volume", "trades", "taker_volume", "taker_quote_volume")


def trades_frame(trades: Sequence[AnyTrade]) -> pd.DataFrame:
    """Return trades, one row each; every column has the same type whatever there is."""
    rows = [flat_document(x) for x in trades]
    return pd.DataFrame(
        {name: _column(name, [row.get(name) for row in rows]) for name in FLAT_FIELDS}
    )


def equity_series(curve: Sequence[Valuation]) -> pd.Series[float]:
    """Return the equity in USDT by the time of its valuation."""
    times = pd.to_datetime([x.at for x in curve], unit="ms", utc=True)
    return pd.Series([float(x.equity) for x in curve], index=times, dtype="float64", name="equity")


def candles_frame(track: Track) -> pd.DataFrame:
    """Return candles by their open time; NaN is what no source tells."""
    index = _opens(track.open_time)
    names = ("open", "high", "low", "close", "volume", *_OPTIONAL)
    columns = {name: getattr(track, name) for name in names}
    return pd.DataFrame(columns, index=index, dtype="float64")


def _column(name: str, values: list[object]) -> pd.Series[Any]:
    last = name.rpartition("_")[2]
    if last in _TIMES:
        return pd.Series(pd.to_datetime(pd.Series(values, dtype="Int64"), unit="ms", utc=True))
    if last in _TEXTS:
        return pd.Series(values, dtype="str")
    return pd.Series(values, dtype="int64" if name in _COUNTS else "float64")


def _opens(times: Integers) -> pd.DatetimeIndex:
    return pd.to_datetime(times, unit="ms", utc=True).rename("open_time")
