from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from divbot.exchange.embedded import EmbeddedExchange
from divbot.exchange.options import ExchangeOptions
from divbot.processes import PRELOAD
from tests.cli.commands import divbot
from tests.cli.spoiled import spoiled
from tests.conftest import STANDSTILL


@pytest.fixture(scope="module")
def awkward_market() -> Iterator[str]:
    """Return the address of an exchange with six ordinary coins and all the others."""
    options = ExchangeOptions(symbols=6, seed=7, at=STANDSTILL + 30_000, speed=0.0)
    with EmbeddedExchange(options, PRELOAD) as exchange:
        yield exchange.base_url


SPOT = """\
left out     rule    because
BTCDOWNUSDT  status  its status is BREAK
BTCUPUSDT    status  its status is BREAK
ETHBTC       quote   quoted in BTC, not in USDT
EURUSDT      fiat    EUR is on the list of fiat assets
FDUSDUSDT    stable  FDUSD is on the list of stable assets
FRESHUSDT    rank    in its place a suspected peg was judged, this once
FTTUSDT      status  its status is HALT
MATICUSDT    status  its status is BREAK
OMGUSDT      status  its status is CANCEL_ONLY
PARITYUSDT   flat    its daily closes stay within 1 % of each other: a peg
PAXGUSDT     gold    PAXG is on the list of gold assets
TSLABUSDT    stock   TSLAB is on the list of stock assets
USDCUSDT     stable  USDC is on the list of stable assets
WBTCUSDT     pegged  WBTC is on the list of pegged assets
XMRUSDT      status  spot trading is not allowed

11 symbols; 15 left out (6 status, 2 stable, 1 quote, 1 fiat, 1 rank, 1 flat, 1 gold, 1 stock, \
1 pegged)
"""

USDM = """\
left out        rule       because
BTCDOMUSDT      contract   its underlying is INDEX, not COIN
BTCUSDC         quote      quoted in USDC, not in USDT
BTCUSDT_240927  contract   a CURRENT_QUARTER contract, not PERPETUAL
FRESHUSDT       age        listed 0.0 days ago, expected 10 at least
OCEANUSDT       status     its status is SETTLING
SOONXUSDT       status     its status is PENDING_TRADING
TSLAUSDT        contract   a TRADIFI_PERPETUAL contract, not PERPETUAL
USDCUSDT        stable     USDC is on the list of stable assets
XAUUSDT         contract   a TRADIFI_PERPETUAL contract, not PERPETUAL
XEMUSDT         delisting  to be delisted at 2024-08-03 09:00 UTC

13 symbols; 10 left out (4 contract, 2 status, 1 quote, 1 age, 1 stable, 1 delisting)
"""


@pytest.mark.parametrize(("market", "left_out"), [("spot", SPOT), ("usdm", USDM)])
def test_every_symbol_is_listed_or_left_out_by_a_rule(
    awkward_market: str, market: str, left_out: str
) -> None:
    run = divbot("universe", "--market", market, "--base-url", awkward_market)

    heading, titles, first, *_ = run.stdout.splitlines()
    assert (run.returncode, run.stderr) == (0, "")
    assert heading.endswith(", as of 2024-07-30 09:02 UTC - SIMULATED PRICES")
    assert titles.split() == ["#", "symbol", "24", "h", "volume", "spread"]
    assert first.split()[:2] == ["1", "BTCUSDT"]
    assert run.stdout.endswith("\n\n" + left_out)


def test_columns_keep_their_places_under_chinese_names(awkward_market: str) -> None:
    lines = divbot("universe", "--base-url", awkward_market).stdout.splitlines()

    (chinese,) = [line for line in lines if "币安人生USDT" in line]
    # Four characters that are two columns wide each.
    assert len(chinese) == len(lines[2]) - 4


def test_the_same_as_a_document(awkward_market: str) -> None:
    run = divbot(
        *("universe", "--base-url", awkward_market, "--json", "--top", "2"),
        *("--include", "freshusdt,XAU*", "--exclude", "SOL*", "--max-spread", "0.0001"),
    )

    document = json.loads(run.stdout)
    rules = {x["symbol"]: x["rule"] for x in document["left_out"]}
    assert (document["venue"], document["market"]) == ("local exchange", "usdm")
    assert document["simulated"] is True
    assert document["as_of"] == pytest.approx(STANDSTILL + 30_000, abs=10_000)
    assert [(x["rank"], x["symbol"]) for x in document["symbols"]] == [
        (1, "BTCUSDT"),
        (2, "ETHUSDT"),
        (3, "FRESHUSDT"),
    ]
    assert (rules["SOLUSDT"], rules["XAUUSDT"], rules["JUPUSDT"]) == (
        "excluded",
        "contract",
        "spread",
    )


def test_a_venue_that_does_not_answer_is_one_line() -> None:
    run = divbot("universe", "--base-url", "http://127.0.0.1:9")

    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (3, "", 1)


def spoil(path: str, document: Any) -> None:
    """Let three rows make no sense, and every candle have a field more."""
    if path.endswith("exchangeInfo"):
        document["symbols"].append(None)
        next(x for x in document["symbols"] if x["symbol"] == "XRPUSDT")["status"] = None
    elif path.endswith("24hr"):
        next(x for x in document if x["symbol"] == "SOLUSDT")["lastPrice"] = "1e1000000"
    elif path.endswith("klines"):
        for row in document:
            row.append("new")


def test_rows_that_make_no_sense_cost_their_symbols_and_are_named(awkward_market: str) -> None:
    with spoiled(awkward_market, spoil) as venue:
        universe = divbot("universe", "--base-url", venue)
        scan = divbot("scan", "--base-url", venue, "--json")
        chosen = divbot("scan", "--base-url", venue, "--symbols", "BTCUSDT,SOLUSDT,XRPUSDT")

    lines = [" ".join(line.split()) for line in universe.stdout.splitlines()]
    told = "expected a number for lastPrice, found '1e1000000'"
    assert (universe.returncode, universe.stderr) == (0, "")
    assert f"SOLUSDT unreadable its row in ticker/24hr makes no sense: {told}" in lines
    assert f"ticker/24hr 3 SOLUSDT {told}" in lines
    assert "exchangeInfo 24 expected an object, found null" in lines
    assert lines[-1].startswith("11 symbols; 12 left out (4 contract, 2 status, 2 unreadable,")
    assert lines[-1].endswith("; 3 rows of the venue's lists dropped")
    assert scan.returncode == 0
    summary = json.loads(scan.stdout)["summary"]
    assert summary["skipped"]["failed"] == 0
    assert [x["symbol"] for x in summary["dropped_rows"]] == ["XRPUSDT", None, "SOLUSDT"]
    assert (chosen.returncode, "2 of 2 symbols scanned" in chosen.stdout) == (4, True)
    assert "3 rows of the venue's lists made no sense: " in chosen.stderr
