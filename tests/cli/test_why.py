"""`divbot why`: ten recorded symbols and more, each stopped by a rule of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from divbot import Settings
from divbot.app.explanation import Explanation
from divbot.cli.why import explained
from divbot.scanner.why import Story
from tests.cli.commands import divbot

GOLDEN = Path(__file__).parents[1] / "golden" / "why.txt"
OPTIONS = ("--market", "spot", "--best", "5", "--top", "350")
SYMBOLS = {
    "EOSUSDT": None,
    "APTUSDT": "best",
    "BTCUSDT": "fresh",
    "BCHUSDT": "filter",
    "PYTHUSDT": "open to trade",
    "MBLUSDT": "open to trade",
    "USDCUSDT": "universe",
    "EURUSDT": "universe",
    "PAXGUSDT": "universe",
    "WBTCUSDT": "universe",
    "BTTCUSDT": "universe",
    "ALPHAUSDT": "universe",
}


def test_each_symbol_is_told_its_rule(recorded_market: str, tmp_path: Path) -> None:
    config = tmp_path / "divbot.toml"
    config.write_text('side = "BUY"\n')

    run = divbot("why", *SYMBOLS, *OPTIONS, "--base-url", recorded_market, "--config", str(config))

    assert run.stdout == GOLDEN.read_text("utf-8")
    assert (run.returncode, run.stderr) == (0, "")


def test_machines_are_told_the_same(recorded_market: str, tmp_path: Path) -> None:
    config = tmp_path / "divbot.toml"
    config.write_text('side = "BUY"\n')

    run = divbot(
        *("why", *SYMBOLS, *OPTIONS, "--base-url", recorded_market),
        *("--config", str(config), "--json"),
    )

    document = json.loads(run.stdout)
    assert {x["symbol"]: x["stopped_by"] for x in document["symbols"]} == SYMBOLS
    assert all(x["shown"] is (x["stopped_by"] is None) for x in document["symbols"])


def test_it_agrees_with_the_scan(recorded_market: str) -> None:
    options = (*OPTIONS, "--base-url", recorded_market, "--json")
    shown = [x["symbol"] for x in json.loads(divbot("scan", *options).stdout)["opportunities"]]

    document = json.loads(divbot("why", *shown, "BTCUSDT", *options).stdout)

    assert [x["symbol"] for x in document["symbols"] if x["shown"]] == list(dict.fromkeys(shown))


def test_where_no_candle_counts_it_says_so_and_no_words_run_together() -> None:
    skipped = Story("NEWUSDT")
    skipped.passes("universe", "rank 1 of 1 by volume")
    skipped.stops("insufficient history", "82 final candles, at least 300 are needed")
    found = Explanation("local exchange", True, 0, (skipped,))

    lines = list(explained(found, Settings(interval="1M")))

    assert lines[0] == "local exchange USD-M futures, 1M, no candles - SIMULATED PRICES"
    assert lines[-1] == ("  NO  insufficient history 82 final candles, at least 300 are needed")
    assert lines[-2] == "  ok  universe             rank 1 of 1 by volume"


@pytest.mark.parametrize(
    ("symbol", "said"),
    [
        ("BTCUSDX", "unknown symbol 'BTCUSDX': the venue does not list it; did you mean BTCUSDT?"),
        ("<b>", "expected a symbol such as BTCUSDT, found '<b>'"),
    ],
)
def test_an_unknown_symbol_is_said(quiet_market: str, symbol: str, said: str) -> None:
    run = divbot("why", symbol, "--base-url", quiet_market)

    assert (run.returncode, run.stdout, run.stderr) == (2, "", f"divbot: {said}\n")
