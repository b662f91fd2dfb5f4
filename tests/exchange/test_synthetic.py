import hashlib

import numpy as np
import pytest

from divbot.domain.clock import parse_time
from divbot.domain.market import Market
from divbot.exchange.market.synthetic import SyntheticTape
from divbot.exchange.market.tape import (
    CLOSE,
    COLUMNS,
    HIGH,
    LOW,
    OPEN,
    OPEN_TIME,
    QUOTE_VOLUME,
    VOLUME,
)

DAY = 86_400_000
START = parse_time("2024-07-29")
GOLDEN = "c4be1efec3fcf3ae5070923fe1dbe9a3fb52f831419de6c5fd513c528e170614"


def tape(market=Market.SPOT, *, seed=1, symbols=8, until=START):
    return SyntheticTape(market=market, seed=seed, symbols=symbols, until=until)


@pytest.fixture(scope="module")
def large():
    return tape(symbols=400)


def test_the_same_seed_gives_the_same_market_on_every_machine():
    digest = hashlib.sha256()
    for market in Market:
        market_tape = tape(market)
        for number in range(8):
            digest.update(market_tape.candles(number, START, START + 2 * DAY).astype("<i8"))
            # What the class is called is no part of the market.
            terms = repr(market_tape.listings[number]).partition("(")[2]
            digest.update(f"Listing({terms}".encode())

    assert digest.hexdigest() == GOLDEN


def test_another_seed_gives_another_market():
    one, other = (tape(seed=seed).candles(0, START, START + DAY) for seed in (1, 2))

    assert not np.array_equal(one[:, CLOSE], other[:, CLOSE])


def test_a_stretch_is_the_same_however_it_is_asked_for():
    whole = tape().candles(3, START, START + 3 * DAY)

    part = tape(until=START - 900 * DAY).candles(3, START + DAY + 7, START + 2 * DAY)

    times = whole[:, OPEN_TIME]
    assert part.tolist() == whole[(times >= START + DAY + 7) & (times < START + 2 * DAY)].tolist()


def test_a_symbol_is_the_same_in_a_larger_market():
    few, many = (tape(symbols=count).candles(2, START, START + DAY) for count in (3, 70))

    assert few.tolist() == many.tolist()


@pytest.mark.parametrize("number", [0, 6, 100, 250, 399])
def test_candles_hold_together(large, number):
    rows = large.candles(number, START, START + 20 * DAY)

    assert rows.shape == (20 * 1440, COLUMNS)
    assert (np.diff(rows[:, OPEN_TIME]) == 60_000).all()
    assert (rows[:, LOW] >= 1).all()
    assert (rows[:, LOW] <= rows[:, [OPEN, CLOSE]].min(axis=1)).all()
    assert (rows[:, HIGH] >= rows[:, [OPEN, CLOSE]].max(axis=1)).all()
    assert (abs(rows[1:, OPEN] - rows[:-1, CLOSE]) <= 1).all()
    assert (rows[:, VOLUME:] >= 0).all()
    assert (rows[:, 8] <= rows[:, VOLUME]).all()
    assert (rows[:, 9] <= rows[:, QUOTE_VOLUME]).all()


def test_a_minute_without_trades_is_flat_at_the_last_close(large):
    rows = large.candles(399, START, START + DAY)
    quiet = np.flatnonzero(rows[1:, VOLUME] == 0) + 1

    assert 100 < len(quiet) < 1340
    assert (rows[quiet, OPEN : CLOSE + 1] == rows[quiet - 1, CLOSE : CLOSE + 1]).all()
    assert (rows[quiet, VOLUME:] == 0).all()


def test_prices_move_about_as_much_as_coins_do(large):
    deviations = [
        np.diff(np.log(large.candles(number, START, START + 5 * DAY)[:, CLOSE])).std()
        for number in range(0, 400, 40)
    ]

    assert 0.0003 < min(deviations) < max(deviations) < 0.004


def test_moves_have_fatter_tails_than_normal_ones(large):
    moves = np.diff(np.log(large.candles(1, START, START + 20 * DAY)[:, CLOSE]))

    assert ((moves - moves.mean()) ** 4).mean() / moves.var() ** 2 > 4


def test_symbols_move_with_the_market(large):
    moves = [
        np.diff(np.log(large.candles(n, START, START + 10 * DAY)[::60, CLOSE])) for n in (0, 1)
    ]

    assert 0.3 < np.corrcoef(moves)[0, 1] < 0.95


def test_well_known_coins_come_first_and_trade_most(large):
    symbols = [listing.symbol for listing in large.listings]
    turnover = [
        large.candles(number, START, START + DAY)[:, QUOTE_VOLUME].sum() for number in range(400)
    ]

    assert symbols[:3] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert len(set(symbols)) == 400
    assert np.argmax(turnover) == 0
    assert sum(sorted(turnover)[-20:]) > 0.5 * sum(turnover)


def test_ticks_are_fine_for_most_symbols_and_coarse_for_some(large):
    ticks = np.array([large.candles(n, START, START + 60_000)[0, CLOSE] for n in range(400)])

    assert ((ticks > 1000) & (ticks < 10**7)).mean() > 0.85
    assert 5 < (ticks < 2000).sum() < 100


def test_nothing_is_traded_before_the_listing(large):
    number = next(n for n, each in enumerate(large.listings) if each.listed_at > large.first)
    listed = large.listings[number].listed_at

    assert len(large.candles(number, listed - DAY, listed)) == 0
    assert large.candles(number, listed - DAY, listed + DAY)[0, OPEN_TIME] == listed


def test_spot_and_futures_agree_on_closes_but_not_on_trades():
    spot, futures = (tape(market).candles(1, START, START + DAY) for market in Market)

    assert spot[-1, CLOSE] == futures[-1, CLOSE]
    assert not np.array_equal(spot[:, VOLUME], futures[:, VOLUME])


def test_a_coarser_tick_of_futures_rounds_the_same_closes():
    spot, futures = (tape(market).candles(0, START, START + DAY)[-1, CLOSE] for market in Market)

    assert abs(spot - 10 * futures) <= 5
