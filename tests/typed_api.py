"""What divbot promises a type checker of whoever calls it: checked by mypy, never run."""

from __future__ import annotations

from typing import Any, assert_type

import pandas as pd

import divbot
from divbot.domain.market import Interval

report = divbot.scan(top=50, market="spot", interval="1h")
assert_type(report, divbot.Report)
assert_type(divbot.scan(demo=True), divbot.Report)
assert_type(divbot.scan(config="divbot.toml"), divbot.Report)
assert_type(divbot.scan(divbot.Settings(top=50, side=("BUY",))), divbot.Report)

assert_type(divbot.scans(intervals=["5m", "1h"])[Interval.H1], divbot.Report)

assert_type(report.to_frame(), pd.DataFrame)
assert_type(report.to_document(with_divergences=True), dict[str, Any])
assert_type(report.title, str)
assert_type(report.as_of, int)
assert_type(report.simulated, bool)
assert_type(report.notices, tuple[str, ...])
assert_type(report.summary.scanned, int)
assert_type([x.reason for x in report.summary.skipped], list[str])

for opportunity in report.opportunities:
    assert_type(opportunity.divergence.symbol, str)
    assert_type(opportunity.score, float)
    assert_type(opportunity.confirmed_at, int)
    if opportunity.evidence is not None:
        assert_type(opportunity.evidence.confidence, float)
        assert_type(opportunity.evidence.expectancy, float)

past = divbot.backtest(recorded="market.parquet", start="20240101", universe="now", interval="1h")
assert_type(past, divbot.Backtest)
assert_type(divbot.backtest(divbot.Settings(top=50), spread=0.001), divbot.Backtest)
assert_type(past.trades, pd.DataFrame)
assert_type(past.equity, "pd.Series[float]")
assert_type(past.stats, dict[str, Any])
assert_type(past.notes, tuple[str, ...])
assert_type(divbot.candles("BTCUSDT", "5m", "2024-01-01", store="candles"), pd.DataFrame)
divbot.backtest(universe="later")  # type: ignore[arg-type]

found = divbot.sweep({"stop_atr": [0.5, 1]}, recorded="market.parquet", market="spot", seed=1)
assert_type(found, divbot.SweepReport)
assert_type(divbot.sweep(["stop_atr=0.5,1"], settings=divbot.Settings()), divbot.SweepReport)
divbot.sweep(["stop_atr=0.5,1"], detail="1m", universe="now", spread="0.1%")
assert_type(found.settings, pd.DataFrame)
assert_type(found.daily, pd.DataFrame)
assert_type(found.verdict.finding.value, str)
assert_type(found.verdict.smallest_edge, float | None)
assert_type(found.sentences, tuple[str, ...])
assert_type(found.to_document(), dict[str, Any])

settings = divbot.Settings(top=50)
assert_type(settings.top, int)
assert_type(settings.symbols, tuple[str, ...])

divbot.scan(settings, demo="yes")  # type: ignore[arg-type]

try:
    divbot.scan()
except divbot.StopUntil as pause:
    assert_type(pause.ends, float)
except divbot.RequestRejected as refusal:
    assert_type(refusal.code, int)
except (divbot.SettingsError, divbot.InputError, divbot.VenueError) as error:
    assert_type(error.exit_code, int)
except divbot.DivbotError:
    raise
