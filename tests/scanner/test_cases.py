from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from divbot.domain.market import Interval
from divbot.domain.signals import Divergence, Evidence, Kind, Signal
from divbot.scanner.cases import Cases, Past
from tests.scanner.fakes import START, STEP, TRADE, names

SYMBOLS, EACH = names(60), 40


def cases_of(symbols: Sequence[str]) -> Cases:
    """Return the cases of some symbols, by time: each symbol has the same ones in any company."""
    columns = []
    for number, symbol in enumerate(symbols):
        random = np.random.default_rng(SYMBOLS.index(symbol))
        # Trades of an hour do better or worse than those of another, and some symbols than others.
        opened = np.sort(random.integers(0, 900, EACH))
        luck = np.sin(opened / 80) + random.normal()
        won = random.normal(size=EACH) + luck > 0.7
        kind = random.integers(0, 4, EACH)
        result = np.where(won, 2, -1) - random.random(EACH) / 10
        columns.append((np.full(EACH, number), kind, won, opened, result, random.random(EACH)))
    number, kind, won, opened, result, drawn = map(np.concatenate, zip(*columns, strict=True))
    order = np.argsort(opened, kind="stable")
    number, kind, won, opened, result, drawn = (
        column[order] for column in (number, kind, won, opened, result, drawn)
    )
    return Cases(
        symbols=tuple(symbols),
        symbol=number.astype(np.int16),
        kind=kind.astype(np.int8),
        zone=(3 * drawn).astype(np.int8),
        trend=(9 * drawn % 3).astype(np.int8),
        fate=np.where(won, 2, 3).astype(np.int8),
        entered=START + STEP * opened,
        held=np.ones(len(kind), np.int32),
        result=result.astype(np.float32),
        best=result.astype(np.float32),
        worst=result.astype(np.float32),
    )


def evidence(blocks: Sequence[Sequence[str]], without: Sequence[str] = ()) -> list[Evidence | None]:
    past = Past([cases_of(block) for block in blocks], without, TRADE, Interval.M5)
    return [
        past.evidence(signal(symbol, kind))
        for symbol in SYMBOLS
        if symbol not in without
        for kind in (Kind.REGULAR_BULLISH, Kind.HIDDEN_BEARISH)
    ]


def signal(symbol: str, kind: Kind) -> Signal:
    prices = dict.fromkeys(("price_previous", "price", "confirmed_close", "confirmed_atr"), 1.0)
    prices |= dict.fromkeys(("highest_since", "lowest_since", "last_close", "last_atr"), 1.0)
    return Signal(
        divergence=Divergence(symbol, kind, START, START + STEP, START + 6 * STEP),
        rsi_previous=40.0,
        rsi=45.0,
        extreme=40.0,
        trend=0.5,
        line_of_sight=1.0,
        **prices,
    )


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param([SYMBOLS[::2], SYMBOLS[1::2]], id="in two"),
        pytest.param([SYMBOLS[1::2], SYMBOLS[::2]], id="in two, the other way round"),
        pytest.param([SYMBOLS[x::7] for x in range(7)], id="in seven"),
        pytest.param([[x] for x in reversed(SYMBOLS)], id="each alone"),
    ],
)
def test_evidence_is_the_same_to_the_last_bit_however_symbols_are_dealt_out(
    blocks: Sequence[Sequence[str]],
) -> None:
    assert evidence(blocks) == evidence([SYMBOLS])


def test_symbols_that_may_not_be_spoken_of_leave_no_evidence() -> None:
    left_out = SYMBOLS[10:20]
    kept = [x for x in SYMBOLS if x not in left_out]

    (first, *_), (every, *_) = evidence([SYMBOLS], left_out), evidence([SYMBOLS])

    assert first is not None
    assert every is not None
    assert (first.market_cases, every.market_cases) == (len(kept) * EACH, len(SYMBOLS) * EACH)
    assert evidence([SYMBOLS], left_out) == evidence([kept], left_out)
