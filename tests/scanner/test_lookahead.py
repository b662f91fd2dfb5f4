from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from divbot.domain.market import Interval
from divbot.kernels.analysis import Analysis, analyse
from divbot.kernels.indicator import TRADINGVIEW
from divbot.scanner.block import Block, build_block
from divbot.scanner.checks import lookahead
from divbot.scanner.checks.lookahead import replay
from divbot.scanner.checks.warmup import windows
from divbot.scanner.evidence.samples import Samples
from divbot.scanner.evidence.trial import try_divergences
from tests.scanner.fakes import TRADE, candles_of


def block(*seeds: int, missing: tuple[int, ...] = ()) -> Block:
    series = {f"S{n}USDT": candles_of(n, 400, missing=missing) for n in seeds}
    return build_block(series, Interval.M5, rows=1000)


@pytest.mark.parametrize("missing", [(), (200, 201, 320)], ids=["whole", "with holes"])
def test_no_prefix_shows_anything_else(missing: tuple[int, ...]) -> None:
    found = replay(block(3, missing=missing), TRADE)

    assert found.changes == ()
    assert found.prefixes == 400
    assert found.divergences > found.ended > 3


def test_a_pivot_that_is_known_too_early_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_early(*columns: np.ndarray) -> Analysis:
        found = analyse(*columns)
        return found._replace(rsi=found.rsi + columns[2][-1])

    monkeypatch.setattr(lookahead, "analyse", too_early)

    assert replay(block(3), TRADE).changes[0] == "RSI of the first 15 candles"


def test_an_outcome_that_is_known_too_early_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = block(3)

    def all_knowing(part: Block, analysis: Analysis, *rest: Any) -> Samples:
        return try_divergences(whole, analyse(whole.high, whole.low, whole.close), *rest)

    monkeypatch.setattr(lookahead, "try_divergences", all_knowing)

    assert "what became of trades" in replay(whole, TRADE).changes[0]


def test_longer_windows_are_nearer_to_the_whole() -> None:
    found = windows(block(1, 2, 3, 4), TRADINGVIEW, lengths=(50, 100, 250, 399, 1000))

    assert [x.candles for x in found] == [50, 100, 250, 399]
    assert [x.rsi for x in found] == sorted((x.rsi for x in found), reverse=True)
    assert found[0].rsi > 1e-3
    assert found[2].rsi < 1e-4
    assert (found[0].divergences, found[-1].missing, found[-1].surplus) == (0, 0, 0)
    assert found[-1].divergences > 20
