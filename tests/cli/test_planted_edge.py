"""From a market with an edge to the verdict that says so: exchange, archive, store and sweep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from divbot import cli
from divbot.app.trials import open_trials
from divbot.domain.clock import parse_time
from tests.exchange.servers import running

EDGE = "drift=1.5,candles=12,interval=1h,from=2024-01-01"
STORE = ("--store", "store")
NOW = parse_time("2024-10-03")


def verdict_on(edge: str | None, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a sweep finds in nine months of a market."""
    with running(symbols=6, at=NOW, weight_limit=1_000_000, edge=edge) as connection:
        where = ["--base-url", f"http://{connection.host}:{connection.port}"]
        span = ["-i", "1h", "--timerange", "20240101-20241001"]
        assert cli.exit_code(["data", "download", *where, "--all", *span, *STORE, "-q"]) == 0
    capsys.readouterr()
    space = ["--set", "stop_atr=0.5,1,2", "--set", "reward_risk=1.5,2"]
    rest = ["--limit", "330", "--no-portfolio", "--sequential", "-q", "--json"]
    assert cli.exit_code(["sweep", "-i", "1h", *STORE, *space, *rest]) == 0
    return str(json.loads(capsys.readouterr().out)["finding"])


@pytest.mark.parametrize(
    ("edge", "expected"),
    [
        pytest.param(EDGE, {"EDGE CONFIRMED"}, id="with an edge"),
        pytest.param(None, {"EVERY SETTING LOSES", "NO EDGE FOUND"}, id="without"),
    ],
)
def test_an_edge_planted_in_the_exchange_is_found_and_none_where_there_is_none(
    edge: str | None,
    expected: set[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    monkeypatch.chdir(tmp_path)

    assert verdict_on(edge, capsys) in expected
    # What is tried on prices that are made up is no look at days of the market.
    assert open_trials(is_simulated=True).path.exists()
    assert not open_trials(is_simulated=False).path.exists()
