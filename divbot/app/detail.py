"""The candles between two closes of a backtest: which, where from, and what stands in for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from divbot.app.download import Supply, open_supply
from divbot.domain.errors import InputError
from divbot.domain.market import Interval
from divbot.history.detail import DetailedHistory, MonthsOnDemand
from divbot.history.download import Downloader, DownloadStages
from divbot.history.jobs import Planner
from divbot.history.shared import SharedStore
from divbot.history.store import Store

if TYPE_CHECKING:
    from divbot.app.options import TellStage
    from divbot.domain.trades import ClosedTrade
    from divbot.history.jobs import Job
    from divbot.research.port import PastMarket
    from divbot.settings import Settings

_LONGEST = Interval.D1


class _FetchStage(DownloadStages):
    """Tell what is fetched while a backtest waits for it."""

    def __init__(self, tell: TellStage) -> None:
        self._tell = tell
        self._what, self._size, self._done = "", 0, 0

    def planned(self, jobs: Sequence[Job]) -> None:
        """Begin to count bytes."""
        self._what = f"fetching {jobs[0].shelf}" if jobs else ""
        self._size, self._done = sum(x.size for x in jobs), 0

    def fetched(self, size: int) -> None:
        """Tell of `size` bytes more."""
        self._done += size
        self._tell(self._what, self._done, self._size)


@dataclass(frozen=True, slots=True)
class _Source:
    """Archive and venue, as months are fetched from them."""

    is_simulated: bool
    planner: Planner
    downloader: Downloader


@dataclass(frozen=True, slots=True)
class Detail:
    """What a backtest sees between two closes."""

    interval: Interval
    history: PastMarket
    """What they are candles of; with longer ones where some are missing."""
    stands_in: Callable[[str, int], int | None]
    """When the longer candle opened that stands in at a time; None: none does."""
    demand: MonthsOnDemand | None
    """What was fetched for it; None: nothing is."""

    @property
    def fetched(self) -> str:
        """Return, in words, how much was fetched; empty where nothing was."""
        if self.demand is None or not self.demand.outcome.months:
            return ""
        found = self.demand.outcome
        return (
            f"fetched {found.months} months of {self.interval} candles as they were needed, "
            f"{found.size / 1e6:,.1f} MB; they are in the store now"
        )

    def notes(self, longer: Interval, closed: Sequence[ClosedTrade]) -> Iterator[str]:
        """Yield, in words, what longer candles decided, and why there were no short ones."""
        judged = sum(x.exit.is_of_candle_longer_than(self.interval.milliseconds) for x in closed)
        if self.interval is longer:
            if longer.milliseconds > Interval.M1.milliseconds:
                yield (
                    f"there are no candles shorter than {longer}: what happens within one is "
                    "judged by it alone, and one that touches both stop and target counts as a stop"
                )
        elif judged:
            yield (
                f"{judged} of {len(closed)} trades were ended by candles of {longer}, and one that "
                f"touches both stop and target counts as a stop: {self.interval} candles are "
                f"missing there{self._why()}"
            )
        elif self.demand is not None and self.demand.problem:
            yield (
                f"candles of {longer} stand in for {self.interval} ones, none of which could be "
                f"fetched: {self.demand.problem}"
            )

    def _why(self) -> str:
        if self.demand is None:
            return ""
        reasons = (self.demand.problem, *self.demand.outcome.problems)
        return next((f" ({x})" for x in reasons if x), "")


@contextmanager
def open_detail(
    settings: Settings, history: PastMarket, detail: Interval, progress: TellStage
) -> Iterator[Detail]:
    """Provide the candles between two closes; of a store, months are fetched when first needed."""
    if not isinstance(history, Store) or detail is settings.interval:
        known = history.stands_in if isinstance(history, DetailedHistory) else lambda *_: None
        yield Detail(detail, history, known, None)
        return
    with ExitStack() as stack:

        def source() -> _Source:
            supply = stack.enter_context(open_supply(settings, history))
            _check_kind(supply)
            downloader = supply.downloader(_FetchStage(progress))
            return _Source(supply.venue.simulated, supply.planner, downloader)

        demand = MonthsOnDemand(history, source)
        prices = DetailedHistory(history, settings.interval, detail, demand)
        yield Detail(detail, prices, prices.stands_in, demand)


def with_stand_ins(history: PastMarket, interval: Interval, detail: Interval | None) -> PastMarket:
    """Return `history`, of a store with longer candles where those of the detail are not whole."""
    if not isinstance(history, Store | SharedStore) or detail in (None, interval):
        return history
    return DetailedHistory(history, interval, detail)


def _check_kind(supply: Supply) -> None:
    """Raise InputError where nobody asked for simulated prices in a store of others."""
    if supply.venue.simulated and not supply.store.is_simulated:
        raise InputError(
            "the venue of the settings is a local exchange, and the prices of this store are not "
            "known to be its own"
        )


def detail_of(settings: Settings, wanted: Interval | None, history: PastMarket) -> Interval:
    """Return the candles between two closes; InputError where they are none of the interval's.

    Those of a store are fetched where it lacks them, so that they need not be there.
    """
    interval = settings.interval
    if not isinstance(history, Store):
        return whole_detail(settings, wanted, history)
    _check_interval(interval)
    if wanted is None:
        return Interval.M1 if _is_part(Interval.M1, interval) else interval
    if not _is_part(wanted, interval):
        parts = ", ".join(x for x in Interval if _is_part(x, interval))
        raise InputError(
            f"--detail: expected candles that {settings.interval} ones are made of: {parts}; "
            f"found {wanted}"
        )
    return wanted


def whole_detail(settings: Settings, wanted: Interval | None, history: PastMarket) -> Interval:
    """Return the same of candles that are there already, of all symbols; the shortest of them."""
    interval = settings.interval
    _check_interval(interval)
    symbols = set(history.symbols(interval))
    parts = [x for x in history.intervals() if _is_part(x, interval)]
    whole = [x for x in parts if symbols <= set(history.symbols(x))]
    if wanted not in (None, *whole):
        raise InputError(
            f"--detail: expected candles that there are of all symbols, and that {interval.value} "
            f"ones are made of: {', '.join(whole)}; found {wanted}"
        )
    return wanted or (whole or [interval])[0]


def _check_interval(interval: Interval) -> None:
    if interval.milliseconds > _LONGEST.milliseconds:
        raise InputError(
            f"expected an interval of a day at most for a backtest, found {interval.value}"
        )


def _is_part(short: Interval, interval: Interval) -> bool:
    from divbot.recordings.grid import serves

    return short.is_regular and serves(short, interval)
