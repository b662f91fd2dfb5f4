from __future__ import annotations

import json
import re

import pytest

from tests.cli.commands import divbot


@pytest.mark.parametrize("market", ["spot", "usdm"])
def test_limits_are_one_line_each(quiet_market: str, market: str) -> None:
    run = divbot("limits", "--market", market, "--base-url", quiet_market)

    weight, clock, latency = run.stdout.splitlines()
    assert run.returncode == 0
    assert re.fullmatch(r"weight   \d+ of \d+ used this minute .*; \d+ left to divbot", weight)
    # The exchange of the tests stands still in 2024.
    assert re.fullmatch(
        r"clock    the venue is \d+\.\d{3} s behind this machine; set this machine's clock", clock
    )
    assert re.fullmatch(r"latency  \d+ ms", latency)


def test_limits_are_a_document_for_machines(quiet_market: str) -> None:
    run = divbot("limits", "--base-url", quiet_market, "--json")

    document = json.loads(run.stdout)
    assert (document["market"], document["simulated"]) == ("usdm", True)
    assert document["weight_left"] == document["weight_limit"] - document["weight_used"]
    assert document["weight_used"] >= 6  # the listing, and the time, five times


def test_limits_need_no_network_for_a_demo() -> None:
    run = divbot("limits", "--demo")

    assert (run.returncode, len(run.stdout.splitlines())) == (0, 3)
    assert run.stderr == "divbot: demo: the limits of a local exchange, not of Binance\n"


def test_no_venue_is_told_in_one_line() -> None:
    run = divbot("limits", "--base-url", "http://127.0.0.1:9")

    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (3, "", 1)
