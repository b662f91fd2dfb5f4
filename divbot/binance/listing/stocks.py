"""Tokenised stocks: spot does not say which they are, but futures list the stocks themselves."""

from __future__ import annotations

from collections.abc import Iterable

from divbot.binance.client import BinanceClient
from divbot.binance.notebook import Notebook
from divbot.domain.durations import HOUR
from divbot.domain.errors import DivbotError
from divbot.domain.market import Instrument

_REFRESH_AFTER = 24 * HOUR
_ASK_AGAIN_AFTER = HOUR


class Stocks:
    """Know the stocks that futures list; remembered, and asked for once a day.

    Whoever cannot reach futures does without: the last known ones are better than none, and the
    dated list of assets holds some.
    """

    def __init__(self, futures: BinanceClient, notebook: Notebook, venue: str) -> None:
        self._futures = futures
        self._notebook = notebook
        self._venue = venue
        self._bases, self._good_until = _kept(notebook.read().get(venue))

    def bases(self, now: int) -> frozenset[str]:
        """Return the base assets of all listed stocks, at `now` (ms UTC)."""
        # None is good for longer than a day: the clock was set back since.
        if not now < self._good_until <= now + _REFRESH_AFTER:
            self._ask(now)
        return self._bases

    def _ask(self, now: int) -> None:
        self._good_until = now + _ASK_AGAIN_AFTER
        try:
            instruments = self._futures.exchange_info().instruments.values()
        except DivbotError:
            pass
        else:
            self._good_until = now + _REFRESH_AFTER
            self._bases = tokenisable(instruments)
        if not self._futures.simulated:
            kept = {"bases": sorted(self._bases), "good_until": self._good_until}
            self._notebook.write({**self._notebook.read(), self._venue: kept})


def tokenisable(instruments: Iterable[Instrument]) -> frozenset[str]:
    """Return what futures list besides coins, where its name with a B behind is no coin either.

    Funds and stocks before their first day are of other kinds than EQUITY. Were a stock named BN
    listed one day, BNB would still be a coin.
    """
    coins: set[str] = set()
    others: set[str] = set()
    for instrument in instruments:
        (coins if instrument.underlying == "COIN" else others).add(instrument.base)
    return frozenset(base for base in others if base + "B" not in coins)


def _kept(kept: object) -> tuple[frozenset[str], int]:
    if not isinstance(kept, dict):
        return frozenset(), 0
    bases, good_until = kept.get("bases"), kept.get("good_until")
    if not isinstance(bases, list) or type(good_until) is not int:
        return frozenset(), 0
    return frozenset(base for base in bases if isinstance(base, str)), good_until
