"""What only the archive still knows: the dead, the renamed, the relisted, the dated."""

from __future__ import annotations

import re

import numpy as np
import pytest

from divbot.domain.clock import parse_time
from divbot.exchange.market.coin_names import coin_names

from .readers import SPOT, USDM, reading

DAY = 86_400_000
KNOWN = [f"{name}USDT" for name in coin_names(60)[20:]]
"""Those that were not all listed from the beginning on."""


@pytest.fixture(scope="module")
def folders(full):
    """The symbols of each market's monthly and daily candles."""
    return {
        market: set(full.symbols(f"{market}/monthly/klines"))
        | set(full.symbols(f"{market}/daily/klines"))
        for market in (SPOT, USDM)
    }


@pytest.fixture(scope="module")
def listed(full):
    """The symbols that the exchange itself lists, with candles or not."""
    told = {}
    for market, path in ((SPOT, "/api/v3/exchangeInfo"), (USDM, "/fapi/v1/exchangeInfo")):
        reply = full.session.get(full.base + path, timeout=60).json()
        told[market] = {each["symbol"] for each in reply["symbols"]}
    return told


def days_of(full, market, symbol, kind="klines"):
    """Return open times and trades of all days of a symbol, from its months."""
    rows = [
        row
        for key in full.keys(prefix=f"{market}/monthly/{kind}/{symbol}/1d/")[::2]
        for row in full.rows(key)
    ]
    return np.array([(int(row[0]), int(row[8])) for row in rows])


def test_all_that_the_exchange_has_candles_of_is_there(folders, listed):
    assert listed[SPOT] - folders[SPOT] <= {"FRESHUSDT"}  # listed today
    assert listed[USDM] - folders[USDM] <= {"FRESHUSDT", "SOONXUSDT"}  # or in a week


def test_much_that_is_there_the_exchange_has_forgotten(folders, listed):
    for market in (SPOT, USDM):
        gone = folders[market] - listed[market]

        assert len(gone) > len(folders[market]) / 10
        assert len({each for each in gone if each.isascii()}) < len(gone)  # some are Chinese


@pytest.mark.parametrize(
    ("market", "pattern", "least"),
    [
        (USDM, r"(BTC|ETH)USDT_\d{6}", 20),
        (USDM, r".+USDT_?(SETTLED)+", 5),
        (USDM, r".+SETTLEDSETTLED", 1),
        (USDM, r".+BUSD", 2),
        (SPOT, r".+(UP|DOWN)USDT", 3),
        (SPOT, r"(UST|BUSD)USDT", 2),
    ],
)
def test_every_kind_of_name_is_there(folders, market, pattern, least):
    assert len([each for each in folders[market] if re.fullmatch(pattern, each)]) >= least


def test_one_ticker_holds_two_coins_with_a_gap_between(full):
    rows = [
        row
        for key in full.keys(prefix=f"{SPOT}/monthly/klines/LUNAUSDT/1d/")[::2]
        for row in full.rows(key)
    ]

    times = np.array([int(row[0]) for row in rows])
    opened, closed = (np.array([float(row[n]) for row in rows]) for n in (1, 4))
    (cut,) = np.flatnonzero(np.diff(times) > DAY)
    assert times[cut] == parse_time("2022-05-12")
    assert times[cut + 1] == parse_time("2022-05-31")
    assert opened[cut + 1] < closed[cut] / 3


def test_a_contract_started_anew_is_spliced_or_moved(full):
    spliced = days_of(full, USDM, "BNXUSDT")[:, 0]
    settled = days_of(full, USDM, "BNXUSDTSETTLED")[:, 0]
    moved, fresh = (days_of(full, USDM, name)[:, 0] for name in ("CTKUSDTSETTLED", "CTKUSDT"))

    assert (np.diff(spliced) > DAY).sum() == 1
    # The settled folder holds the month in which the old contract ended, which stands in both.
    assert settled[0] == parse_time("2023-02-01")
    assert set(settled.tolist()) <= set(spliced.tolist())
    assert len(moved) > 365
    assert moved[-1] < fresh[0]


def test_both_folders_of_a_splice_tell_the_same_candles(full):
    first, second = (
        full.rows(f"{USDM}/daily/klines/{name}/1h/{name}-1h-2023-02-05.zip")
        for name in ("BNXUSDT", "BNXUSDTSETTLED")
    )

    assert [[float(x) for x in row] for row in first] == [[float(x) for x in row] for row in second]


def test_some_dead_contracts_go_on_without_trades_and_others_stop(full):
    frozen, stopped = days_of(full, USDM, "FTTUSDT"), days_of(full, USDM, "SRMUSDT")
    funding = full.rows(f"{USDM}/monthly/fundingRate/FTTUSDT/FTTUSDT-fundingRate-2024-05.zip")

    traded = frozen[frozen[:, 1] > 0]
    assert traded[-1, 0] == parse_time("2022-11-13")
    assert frozen[-1, 0] == parse_time("2024-06-30")
    assert (np.diff(frozen[:, 0]) == DAY).all()
    assert stopped[-1, 0] == parse_time("2022-11-27")
    assert {row[2] for row in funding} == {"0.00010000"}


def test_a_dated_contract_ends_at_its_delivery_and_pays_no_funding(full):
    days = days_of(full, USDM, "BTCUSDT_240628")[:, 0]

    assert days[-1] == parse_time("2024-06-28")
    last = full.rows(f"{USDM}/daily/klines/BTCUSDT_240628/1h/BTCUSDT_240628-1h-2024-06-28.zip")
    assert [int(row[0]) for row in last][-1] == parse_time("2024-06-28T07:00")
    assert not any("_2" in name for name in full.symbols(f"{USDM}/monthly/fundingRate"))
    assert not any("_2" in name for name in full.symbols(f"{USDM}/monthly/indexPriceKlines"))


def test_a_renamed_coin_has_two_folders_that_meet(full, folders, listed):
    old = {"RNDRUSDT", "TOMOUSDT", "NANOUSDT", "FXSUSDT", "LENDUSDT", "ERDUSDT"} & folders[SPOT]

    begins = {first_day(full, name) for name in KNOWN}
    assert old
    assert not old & listed[SPOT]
    for name in old:
        end = days_of(full, SPOT, name)[-1, 0]
        assert any(0 < begin - end <= 5 * DAY for begin in begins)


def first_day(reader, name):
    """Return the first day of which there is a file of a symbol's days."""
    (key,) = reader.page(prefix=f"{SPOT}/daily/klines/{name}/1d/", max_keys=1).keys
    return parse_time(key[-14:-4])


def test_what_is_traded_may_have_begun_as_another_coin(full, folders, listed):
    settled = [name for name in folders[USDM] if name.removesuffix("SETTLED") in KNOWN]

    bases = [name.removesuffix("SETTLED") for name in settled if name not in KNOWN]
    assert len(bases) >= 2
    for name in bases:
        assert name in listed[SPOT] & listed[USDM]
        steps = np.diff(days_of(full, SPOT, name)[:, 0])
        assert (steps > 10 * DAY).sum() == 1


def test_prices_of_a_dead_contract_agree_between_cadences(full):
    month = full.rows(f"{USDM}/monthly/klines/SRMUSDT/1h/SRMUSDT-1h-2022-11.zip")
    day = full.rows(f"{USDM}/daily/klines/SRMUSDT/1h/SRMUSDT-1h-2022-11-27.zip")

    assert month[-24:] == day


def test_a_later_archive_holds_what_an_earlier_one_did(full):
    key = f"{USDM}/monthly/klines/BNXUSDT/1h/BNXUSDT-1h-2022-12.zip"
    with reading(symbols=60, awkward=True, at=parse_time("2023-06-01")) as earlier:
        early = set(earlier.symbols(f"{USDM}/monthly/klines"))
        early_file = earlier.file(key)

    gone = early - set(full.symbols(f"{USDM}/monthly/klines"))
    # But for the contract that is next to be delivered, what was made for its day is made anew.
    assert gone <= {"PARITYUSDT"}
    assert full.file(key) == early_file


def test_what_had_not_ended_is_not_there_yet():
    with reading(symbols=2, awkward=True, at=parse_time("2022-05-14")) as early:
        symbols = early.symbols(f"{SPOT}/monthly/klines")

    # Of those that end that day nobody knows yet: the exchange would have to list them.
    assert "LUNAUSDT" not in symbols
    assert "XRPUPUSDT" not in symbols


def test_an_archive_may_be_of_ordinary_coins_alone(plain):
    assert plain.symbols(f"{USDM}/monthly/klines") == ["BTCUSDT", "ETHUSDT"]


def test_outages_are_holes_in_the_archive_as_in_rest():
    with reading(symbols=1, outages=True) as reader:
        rows = reader.rows(f"{SPOT}/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-06.zip")
        start = parse_time("2024-06-01")
        steps = np.diff([int(row[0]) for row in rows])
        hole = int(np.flatnonzero(steps > 60_000)[0])
        told = reader.rest(
            "/api/v3/klines", symbol="BTCUSDT", interval="1m", limit=2, startTime=int(rows[hole][0])
        )

    assert 0 < 30 * 1440 - len(rows) < 30 * 1440 / 10
    assert int(rows[0][0]) >= start
    assert [each[0] for each in told] == [int(row[0]) for row in rows[hole : hole + 2]]


def test_a_mark_price_and_funding_are_there_before_the_first_trade(full):
    name = "BNXUSDT"
    (first,) = full.page(prefix=f"{USDM}/daily/markPriceKlines/{name}/1m/", max_keys=1).keys
    marks = full.rows(first)
    funding = full.rows(f"{USDM}/monthly/fundingRate/{name}/{name}-fundingRate-2021-11.zip")
    traded = full.rows(f"{USDM}/monthly/klines/{name}/1m/{name}-1m-2021-11.zip")

    listed_at = parse_time("2021-11-12")
    assert int(traded[0][0]) == listed_at
    assert int(traded[0][8]) > 0
    assert 2 * 3_600_000 <= listed_at - int(marks[0][0]) < 3 * DAY
    assert int(funding[0][0]) < listed_at + 60_000


def test_what_was_there_from_the_beginning_has_no_earlier_mark_price(plain):
    (first,) = plain.page(prefix=f"{USDM}/daily/markPriceKlines/BTCUSDT/1m/", max_keys=1).keys

    assert first.endswith("-2020-01-01.zip")
    assert len(plain.rows(first)) == 1440
