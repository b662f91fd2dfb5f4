"""The past from Python: what a script sees of a backtest, and of the candles that are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

import divbot
from divbot.app.journals import open_runs
from divbot.domain.errors import InputError
from tests.cli.test_backtest import HOUR, home, recording
from tests.cli.test_backtest import divbot as command
from tests.research.fakes import START

__all__ = ["home", "recording"]

WIDE = {"min_age": "0", "limit": 330, "max_drawdown": 1, "max_daily_loss": 1, "sequential": True}


def test_a_backtest_has_trades_equity_and_figures(recording: Path) -> None:
    found = divbot.backtest(recorded=recording, start="2024-08-20", interval="1h", **WIDE)

    trades, equity, stats = found.trades, found.equity, found.stats
    closed = trades[trades.status == "closed"]
    assert len(closed) == stats["closed"]["trades"] > 0
    assert str(trades.opened_at.dt.tz) == str(equity.index.tz) == "UTC"
    assert closed.profit.sum() == pytest.approx(float(stats["closed"]["profit"]))
    assert equity.iloc[0] == 10_000
    assert equity.iloc[-1] == pytest.approx(float(stats["equity"]))
    assert equity.index[0] == pd.Timestamp("2024-08-20", tz="UTC")
    assert repr(found).startswith("<Backtest: 2024-08-20 00:00 to 2024-09-07 23:00 UTC; ")
    assert open_runs().all() == ()  # a script keeps a run where it names a file


def test_a_range_without_trades_has_the_same_columns(recording: Path) -> None:
    def trades(start: str, end: str) -> pd.DataFrame:
        given = {"start": start, "end": end, "interval": "1h", **WIDE}
        return divbot.backtest(recorded=recording, **given).trades

    none, some = trades("20240730", "20240731"), trades("20240820", "20240830")

    assert len(none) == 0 < len(some)
    assert none.dtypes.to_dict() == some.dtypes.to_dict()


def test_a_run_of_a_script_is_kept_where_it_says(recording: Path, home: Path) -> None:
    moment = datetime(2024, 9, 1, tzinfo=UTC)
    found = divbot.backtest(
        recorded=recording, start=moment, journal="run.db", universe="now", interval="1h", **WIDE
    )

    assert found.then is not None
    assert found.recorded.path == home / "run.db"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"start": "yesterday"}, "start: expected a time"),
        ({"universe": "later"}, "universe: expected one of then, now, found 'later'"),
        ({"spread": 0.5}, "spread: expected"),
        ({"detail": "7m"}, "detail: expected one of"),
        ({"tpo": 3}, "unknown setting 'tpo'"),
    ],
)
def test_what_a_script_gives_wrongly_is_told_by_its_name(
    given: dict[str, object], expected: str, recording: Path
) -> None:
    with pytest.raises(InputError) as raised:
        divbot.backtest(recorded=recording, **given)  # type: ignore[arg-type]

    assert expected in str(raised.value)


def test_candles_of_the_store_are_a_frame_by_their_open_time(recording: Path, home: Path) -> None:
    command("data", "import", recording, "--market", "usdm", "--store", home / "store")

    found = divbot.candles("BAAUSDT", "1h", "2024-08-01", "2024-08-01T05:00", store=home / "store")

    source = pd.read_csv(recording).query("symbol == 'BAAUSDT'").set_index("open_time")
    hours = [START + (48 + n) * HOUR for n in range(5)]
    assert [*found.index] == [pd.Timestamp(x, unit="ms", tz="UTC") for x in hours]
    assert found.close.tolist() == source.close[hours].tolist()
    assert found.quote_volume.isna().all()
    assert len(divbot.candles("BAAUSDT", "1h", store=home / "store")) == len(source)


def test_candles_that_are_not_kept_are_told_with_what_fetches_them(home: Path) -> None:
    with pytest.raises(InputError, match="divbot data download --market usdm -i 5m --symbols BTC"):
        divbot.candles("BTCUSDT", "5m", store=home / "store")
