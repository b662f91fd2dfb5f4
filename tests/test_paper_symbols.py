"""What a paper run makes of symbols that the venue does not list, by what it holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from divbot.app.journals import open_journal
from divbot.app.options import PaperOptions
from divbot.domain.errors import InputError
from divbot.settings import load_settings
from divbot.trading.journal.journal import Journal
from tests.trading.fakes import Told
from tests.trading.stories import DAY, START, STARTED, five_trades

if TYPE_CHECKING:
    from divbot.binance.trading_data import BinanceTrading

LISTED = ("BTCUSDT", "ETHUSDT")


class Trading:
    simulated = STARTED.is_simulated

    def now(self) -> int:
        return START + 9 * DAY


def resume(path: Path, symbols: str) -> None:
    settings = load_settings({"symbols": symbols, "balance": STARTED.balance})
    trading = cast("BinanceTrading", Trading())
    options = PaperOptions(journal=path)
    open_journal(settings, options, trading, lambda *_: None, Told(), LISTED).close()


def test_a_run_that_holds_something_goes_on_whatever_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with Journal.create(path, STARTED) as journal:
        journal.write(*five_trades().events[1:])

    resume(path, "GONEUSDT")

    with Journal.open(path) as journal:
        assert journal.ledger.sessions == five_trades().ledger.sessions + 1


@pytest.mark.parametrize("is_there", [True, False], ids=["a run that goes on", "a new run"])
def test_a_run_that_has_nothing_to_look_at_does_not_begin(tmp_path: Path, is_there: bool) -> None:
    path = tmp_path / "run.db"
    if is_there:
        Journal.create(path, STARTED).close()

    with pytest.raises(InputError, match="unknown symbol 'GONEUSDT'"):
        resume(path, "GONEUSDT")

    assert path.exists() is is_there
    if is_there:
        resume(path, "ETHUSDT")  # nobody else holds it
