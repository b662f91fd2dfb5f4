"""Everything the exchange says about one moment comes from the same candles.

The window of the 24-hour statistics: all base candles that open at or after now - 24 h, the
forming one included.
"""

from decimal import Decimal

import numpy as np
import pytest

from divbot.domain.market import Market

from .markets import NOON, RowsTape, get, open_times, random_rows, synthetic_desk, tape_desk

DAY, HOUR, MINUTE = 86_400_000, 3_600_000, 60_000
ON_THE_MINUTE = NOON // MINUTE * MINUTE


@pytest.mark.parametrize("market", list(Market))
@pytest.mark.parametrize("now", [NOON, ON_THE_MINUTE, ON_THE_MINUTE - 1])
@pytest.mark.parametrize("symbol", ["BTCUSDT", "SOLUSDT"])
def test_24h_statistics_are_what_1m_klines_say(market, now, symbol):
    desk = synthetic_desk(market, now=now)
    ticker = get(desk, "ticker/24hr", symbol=symbol)

    rows = _all_klines(desk, symbol, start=now - DAY)

    column = _decimals(rows)
    assert len(rows) in (1440, 1441)
    assert Decimal(ticker["openPrice"]) == column[1][0]
    assert Decimal(ticker["highPrice"]) == max(column[2])
    assert Decimal(ticker["lowPrice"]) == min(column[3])
    assert Decimal(ticker["lastPrice"]) == column[4][-1]
    assert Decimal(ticker["volume"]) == sum(column[5])
    assert Decimal(ticker["quoteVolume"]) == sum(column[7])
    assert ticker["count"] == sum(column[8])
    assert ticker["lastId"] - ticker["firstId"] + 1 == ticker["count"]
    assert (ticker["openTime"], ticker["closeTime"]) == (now - DAY, now)


@pytest.mark.parametrize("market", list(Market))
def test_price_and_quotes_stand_at_the_forming_close(market):
    desk = synthetic_desk(market)
    for price, book in zip(get(desk, "ticker/price"), get(desk, "ticker/bookTicker"), strict=True):
        (row,) = get(desk, "klines", symbol=price["symbol"], interval="1d", limit=1)

        bid, last, ask = (Decimal(each) for each in (book["bidPrice"], row[4], book["askPrice"]))

        assert Decimal(price["price"]) == last
        assert bid < ask
        assert last in (bid, ask)
        assert min(Decimal(book["bidQty"]), Decimal(book["askQty"])) > 0


def test_changes_and_averages_follow_from_the_other_fields():
    ticker = get(synthetic_desk(), "ticker/24hr", symbol="ETHUSDT")
    number = {
        name: Decimal(value) for name, value in ticker.items() if name not in ("symbol", "count")
    }

    change = number["lastPrice"] - number["openPrice"]

    assert number["priceChange"] == change
    assert abs(number["priceChangePercent"] - 100 * change / number["openPrice"]) <= Decimal(
        "0.0005"
    )
    average = number["quoteVolume"] / number["volume"]
    assert abs(number["weightedAvgPrice"] - average) < Decimal("0.00000002")


def test_the_previous_close_is_that_of_the_candle_before_the_window():
    rows = random_rows(3000, start=ON_THE_MINUTE - 2 * DAY)
    rows[:, 1] += 3  # so that no candle opens where the one before has closed
    desk = tape_desk(RowsTape({"AAAUSDT": rows}), now=NOON)

    ticker = get(desk, "ticker/24hr", symbol="AAAUSDT")

    (before,) = get(desk, "klines", symbol="AAAUSDT", interval="1m", endTime=NOON - DAY, limit=1)
    assert ticker["prevClosePrice"] == before[4] != ticker["openPrice"]


@pytest.mark.parametrize(
    ("opened", "closed", "percent"),
    [(300, 302, "0.667"), (300, 298, "-0.667"), (300, 300, "0.000"), (300, 900, "200.000")],
)
def test_the_change_in_percent_is_rounded_to_the_nearest(opened, closed, percent):
    rows = random_rows(10, start=ON_THE_MINUTE - 9 * MINUTE)
    rows[:5, 1:5], rows[5:, 1:5] = opened, closed
    desk = tape_desk(RowsTape({"AAAUSDT": rows}), now=NOON)

    assert get(desk, "ticker/24hr", symbol="AAAUSDT")["priceChangePercent"] == percent


def test_a_symbol_without_trades_keeps_its_last_price():
    start = NOON - 5 * DAY
    rows = {"OLDUSDT": random_rows(60, start=start), "AAAUSDT": random_rows(8000, start=start)}
    desk = tape_desk(RowsTape(rows), now=NOON)

    ticker = get(desk, "ticker/24hr", symbol="OLDUSDT")

    last = f"{rows['OLDUSDT'][-1, 4] / 100:.8f}"
    assert [ticker[f"{name}Price"] for name in ("open", "high", "low", "last")] == [last] * 4
    assert (ticker["firstId"], ticker["lastId"], ticker["count"]) == (-1, -1, 0)
    assert Decimal(ticker["volume"]) == Decimal(ticker["lastQty"]) == 0


def test_a_price_of_one_tick_still_has_a_bid():
    rows = random_rows(10, start=NOON - 5 * MINUTE)
    rows[:, 1:5] = 1
    desk = tape_desk(RowsTape({"AAAUSDT": rows}), now=NOON)

    book = get(desk, "ticker/bookTicker", symbol="AAAUSDT")

    assert (book["bidPrice"], book["askPrice"]) == ("0.01000000", "0.02000000")


def test_the_mark_price_stays_near_the_last_and_moves_smoothly():
    marks, lasts = [], []
    for minute in range(0, 600, 10):
        desk = synthetic_desk(Market.USDM, now=NOON + minute * MINUTE)
        marks.append(float(get(desk, "premiumIndex", symbol="BTCUSDT")["markPrice"]))
        lasts.append(float(get(desk, "ticker/price", symbol="BTCUSDT")["price"]))

    basis = np.array(marks) / np.array(lasts) - 1

    assert 0 < abs(basis).max() <= 0.0005
    assert abs(np.diff(basis)).max() < 0.00005


def test_the_next_funding_is_on_the_8_hour_grid():
    premium = get(synthetic_desk(Market.USDM), "premiumIndex", symbol="BTCUSDT")

    assert premium["nextFundingTime"] % (8 * HOUR) == 0
    assert 0 < premium["nextFundingTime"] - NOON <= 8 * HOUR
    assert abs(Decimal(premium["lastFundingRate"])) < Decimal("0.001")


@pytest.mark.parametrize("market", list(Market))
def test_tick_and_step_divide_all_prices_and_volumes(market):
    desk = synthetic_desk(market)
    for symbol in get(desk, "exchangeInfo")["symbols"]:
        filters = {each["filterType"]: each for each in symbol["filters"]}
        rows = get(desk, "klines", symbol=symbol["symbol"], interval="1m", limit=50)

        tick = Decimal(filters["PRICE_FILTER"]["tickSize"])
        step = Decimal(filters["LOT_SIZE"]["stepSize"])

        column = _decimals(rows)
        assert {price % tick for each in (1, 2, 3, 4) for price in column[each]} == {0}
        assert {volume % step for volume in column[5]} == {0}


def _all_klines(desk, symbol, *, start):
    rows = []
    for _ in range(2):  # a day of minutes, 1000 at a time
        asked = {"symbol": symbol, "interval": "1m", "startTime": start, "limit": 1000}
        rows += get(desk, "klines", **asked)
        start = open_times(rows)[-1] + 1
    return rows


def _decimals(rows):
    return [[Decimal(value) for value in column] for column in zip(*rows, strict=True)]
