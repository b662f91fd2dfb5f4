"""What the benchmark of other clients makes of given figures, and what it asks for."""

from __future__ import annotations

import json
from urllib.parse import unquote
from urllib.request import urlopen

import pytest
from floor import Floor, candle_paths, fetch, most_traded
from peer_clients import chosen_by_ccxt
from peers import FLOOR, OURS, Took, document, doubts, medians, table

FIGURES = {OURS: Took(2.0, 4.0), "slow": Took(3.0, 5.0), FLOOR: Took(0.5, None)}


def test_the_table_tells_ratios_to_ours_the_fastest_first():
    lines = [line.split()[-4:] for line in table(FIGURES)]

    assert lines[1][-2:] == ["0.50", "0.25x"]
    assert lines[2:] == [["2.00", "1.00x", "4.00", "1.00x"], ["3.00", "1.50x", "5.00", "1.25x"]]


def test_medians_are_taken_of_each():
    turns = [{OURS: Took(x, 2 * x), FLOOR: Took(x, None)} for x in (1.0, 9.0, 2.0)]

    assert medians(turns) == {OURS: Took(2.0, 4.0), FLOOR: Took(2.0, None)}
    assert document(medians(turns))[FLOOR] == {"work": 2.0, "process": None}


@pytest.mark.parametrize(
    ("noise", "exchange", "said"),
    [
        pytest.param(0.0, 0.1, [], id="none"),
        pytest.param(0.5, 0.1, ["noisy, other programs used 50%"], id="noise"),
        pytest.param(0.0, 0.19, ["the exchange made them no faster"], id="exchange"),
    ],
)
def test_doubtful_figures_are_doubted(noise: float, exchange: float, said: list[str]):
    found = list(doubts(noise, Floor(0.2, 60.0, exchange)))

    assert len(found) == len(said)
    assert all(part in line for part, line in zip(said, found, strict=True))


def test_the_most_traded_symbols_in_usdt_are_chosen():
    days = [
        {"symbol": name, "quoteVolume": volume}
        for name, volume in [("AUSDT", "9.5"), ("BUSDT", "10"), ("CBTC", "99"), ("DUSDT", "1")]
    ]
    tickers = {
        name: {"symbol": name, "quoteVolume": volume}
        for name, volume in [("A/USDT", 9.5), ("B/USDT", 10.0), ("C/BTC", 99.0), ("D/USDT", None)]
    }

    assert [x["symbol"] for x in most_traded(days, 2)] == ["BUSDT", "AUSDT"]
    assert chosen_by_ccxt(tickers, 2) == ["B/USDT", "A/USDT"]


@pytest.mark.parametrize("symbols", [1, 60])
def test_the_plain_client_reads_every_byte(quiet_market: str, symbols: int):
    paths = candle_paths(quiet_market, "usdm", symbols)

    read = fetch(quiet_market, paths)

    bodies = []
    for path in paths:
        with urlopen(quiet_market + path) as answer:
            bodies.append(answer.read())
    # Besides, there are the heads.
    assert 0 < read - sum(map(len, bodies)) < 1000 * symbols
    assert {len(json.loads(body)) for body in bodies} == {499}
    assert len({unquote(path) for path in paths}) == symbols
