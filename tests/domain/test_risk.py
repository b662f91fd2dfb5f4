"""One R: what a plain stop loses, by numbers worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from divbot.domain.fills import Costs
from divbot.domain.risk import loss_at_stop
from divbot.domain.signals import Side

FREE = Costs(Decimal(0), Decimal(0))
COSTS = Costs(fee=Decimal("0.0005"), slippage=Decimal("0.001"))


@pytest.mark.parametrize(
    ("side", "stop", "costs", "paid", "lost"),
    [
        pytest.param(Side.BUY, "98", FREE, "0", "20", id="without costs: the way to the stop"),
        pytest.param(Side.SELL, "102", FREE, "0", "20", id="short"),
        # Sold at 97.9: 98 less 0.1 %, on a tick of 0.1; a fee of 0.05 % of 979.
        pytest.param(Side.BUY, "98", COSTS, "0.5", "21.9895", id="slippage and both fees"),
        # Bought back at 102.2: 102.102 on the tick; a fee of 0.05 % of 1022.
        pytest.param(Side.SELL, "102", COSTS, "0.5", "23.011", id="short, with all costs"),
    ],
)
def test_a_plain_stop_loses(side: Side, stop: str, costs: Costs, paid: str, lost: str) -> None:
    found = loss_at_stop(
        side,
        Decimal(10),
        Decimal(100),
        Decimal(stop),
        costs,
        Decimal("0.1"),
        paid=Decimal(paid),
    )

    assert found == Decimal(lost)
