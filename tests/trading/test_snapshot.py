from __future__ import annotations

from divbot.domain.events import Marked
from divbot.domain.ledger import fold
from divbot.domain.market import Interval, Market
from divbot.trading.engine.snapshot import RunSnapshot, ScannerView
from tests.trading.fakes import NOON, d, entered, started


def test_without_quotes_all_figures_are_of_the_last_known_prices() -> None:
    marked = Marked(NOON + 1, d(9985), d(9900), NOON, {"AAAUSDT": d("98.5")}, None)
    ledger = fold([started(), entered(), marked])

    snapshot = RunSnapshot(
        at=NOON + 2,
        venue="fake venue",
        market=Market.USDM,
        interval=Interval.M5,
        is_simulated=True,
        ledger=ledger,
        quotes={},
        scanner=ScannerView("waiting"),
    )

    assert snapshot.equity == 9985
    assert snapshot.equity == 10_000 + ledger.realised + snapshot.open_profit
