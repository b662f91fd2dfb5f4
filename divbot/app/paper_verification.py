r"""The composition of `divbot verify paper`: a run that happened, and once more on final candles.

journal --> sessions, settings --> Leg ...  ----+
recording, store, or the venue of the run
          --> PastScanner, PastTrading  --> rerun --> a second journal
                                              compare <--'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from divbot.app.journals import settings_of
from divbot.app.options import USUAL_SPREAD, TellStage
from divbot.app.paper_past import PaperPast, PaperRecord, PaperSession, open_paper_past
from divbot.app.scan_rules import scan_rules, universe_rules
from divbot.app.trading_rules import trading_rules
from divbot.domain.clock import utc_text
from divbot.domain.durations import milliseconds
from divbot.domain.errors import InputError
from divbot.domain.events import Entered, Exited, Nature, SessionBegan, Started
from divbot.domain.market import Interval

if TYPE_CHECKING:
    from divbot.domain.trades import ClosedTrade
    from divbot.research.comparison.account import Silence
    from divbot.research.comparison.differences import Compared
    from divbot.research.comparison.rerun import Leg
    from divbot.research.past import PastScanner
    from divbot.settings import Settings
    from divbot.trading.journal.journal import JournalCopy


@dataclass(frozen=True, slots=True)
class VerifiedRun:
    """A paper run beside the same time on final candles."""

    compared: tuple[Compared, ...]
    silences: tuple[Silence, ...]
    start: int
    end: int
    """What is compared: from when to when, ms UTC."""
    notes: tuple[str, ...]
    """What stood in for what could not be known."""

    @property
    def same(self) -> int:
        """Return how many trades do not differ."""
        return sum(not x.parts for x in self.compared)

    @property
    def unexplained(self) -> int:
        """Return how many trades differ for a reason that was not found."""
        return sum(not x.is_explained for x in self.compared)


def verify_paper(
    recorded: JournalCopy,
    machine: Settings,
    recording: Path | None,
    progress: TellStage,
    *,
    from_store: bool = False,
) -> VerifiedRun:
    """Trade the time of a run again on final candles, and compare the two.

    They are those of `recording`, or of the store where it holds the market, interval and time of
    the run, or has to (`from_store`); else they are asked of the venue of the run. Raise InputError
    where there are none for it, and for a run that was a backtest.
    """
    start = _paper_start(recorded)
    sessions = [
        PaperSession(x, settings_of(start, x, machine))
        for x in recorded.events
        if isinstance(x, SessionBegan)
    ]
    if not sessions:
        raise InputError(f"{recorded.path}: expected a session of a run, found none")
    run = PaperRecord(recorded, start, sessions)
    with open_paper_past(run, recording, progress, from_store=from_store) as past:
        return _compared(run, past, progress)


def _paper_start(recorded: JournalCopy) -> Started:
    start = recorded.ledger.start
    if start is None:
        raise InputError(f"{recorded.path}: expected a paper run, found none")
    if start.nature is Nature.HISTORY:
        raise InputError(
            f"{recorded.path.stem} is a backtest, traded on final candles already: expected a "
            "paper run"
        )
    return start


def _compared(run: PaperRecord, past: PaperPast, progress: TellStage) -> VerifiedRun:
    from divbot.research.comparison.account import AccountHistory, silences
    from divbot.research.comparison.differences import compare
    from divbot.research.comparison.reasons import Scene
    from divbot.research.comparison.rerun import PricesOfRun, QuotesOfRun, fills_of, rerun
    from divbot.research.venue import PastTrading
    from divbot.trading.journal.journal import Journal

    recorded, detail = run.recorded, past.shortest
    end = min(recorded.ledger.at, past.end)
    with ExitStack() as stack:
        legs = list(_legs(run.sessions, past, end, stack, progress))
        quotes = QuotesOfRun(fills_of(recorded.events), USUAL_SPREAD)
        prices = PricesOfRun(past.history, recorded.events)
        stands_in = past.detail.stands_in if past.detail else lambda *_: None
        venue = PastTrading(prices, legs[0].reports.symbols, detail, quotes, stands_in)
        folder = Path(stack.enter_context(TemporaryDirectory()))
        begun = replace(run.start, at=legs[0].period.start)
        length = end - begun.at
        with Journal.create(folder / "again.db", begun) as journal, journal.together():
            rerun(legs, venue, journal, lambda at: progress("trading", at - begun.at, length))
            again = [event for _, event in journal.events() if event.at <= end]
            closed = tuple(journal.ledger.closed)
        paper = [x for x in recorded.events if x.at <= end]
        quiet = silences(paper, legs[-1].rules.mark_every)
        scene = Scene(venue.tape, quotes, legs, quiet, end)
        ours, theirs = (AccountHistory(x, detail.milliseconds) for x in (paper, again))
        progress("comparing", 0, 1)
        return VerifiedRun(
            compare(ours, theirs, scene),
            quiet,
            run.start.at,
            end,
            tuple(_notes(run, past, closed, end)),
        )


def _legs(
    sessions: Sequence[PaperSession],
    past: PaperPast,
    end: int,
    stack: ExitStack,
    progress: TellStage,
) -> Iterator[Leg]:
    """Yield the sessions with their reports; those of the same settings share them."""
    from divbot.research.backtest import Period
    from divbot.research.comparison.rerun import Leg
    from divbot.research.past import PastScanner

    length, scanners = past.shortest.milliseconds, dict[str, PastScanner]()
    begins = [_first_look(x, length) for x in sessions]
    # One look more than the run had: it tells how the last candle ended.
    ends = [*begins[1:], end // length * length + 2 * length]
    for session, first, last in zip(sessions, begins, ends, strict=True):
        settings = session.settings
        if past.is_too_short:
            settings = settings.model_copy(update={"min_age": timedelta(0)})
        name = str(sorted(session.begun.settings.items()))
        if name not in scanners:
            scanners[name] = stack.enter_context(
                PastScanner.open(
                    past.history,
                    (begins[0] - settings.interval.milliseconds, ends[-1]),
                    scan_rules(settings, with_divergences=False),
                    universe_rules(settings),
                    cache=past.cache,
                    workers=past.workers,
                    instruments=past.instruments,
                    tell=progress,
                )
            )
        if first < last:
            yield Leg(
                session.begun.session,
                session.begun.at,
                Period(first, last),
                scanners[name],
                trading_rules(settings),
                milliseconds(settings.check_interval),
                _listed_by(scanners[name]),
            )


def _first_look(session: PaperSession, length: int) -> int:
    """Return when a session looks for the first time: not before it has started.

    But where it takes what was confirmed earlier, it could act within that candle.
    """
    at = session.begun.at
    return at // length * length if session.settings.take_earlier else -(-at // length) * length


def _listed_by(scanner: PastScanner) -> Callable[[str, int], bool]:
    places = {symbol: place for place, symbol in enumerate(scanner.symbols)}
    return lambda symbol, close: bool(scanner.is_listed(close)[places[symbol]])


def _notes(
    run: PaperRecord, past: PaperPast, closed: Sequence[ClosedTrade], end: int
) -> Iterator[str]:
    """Yield, in words, what stood in for what is not known, and what is left out."""
    if past.source:
        yield past.source
    if past.is_too_short:
        yield "how old a symbol was then is not known: none is left out for it"
    if past.detail is not None:
        yield from (x for x in (past.detail.fetched,) if x)
        yield from past.detail.notes(run.interval, closed)
    elif past.shortest is not Interval.M1:
        yield f"there are no candles shorter than {past.shortest}: looks are as far apart"
    if any(x.at > end for x in run.recorded.events if isinstance(x, Entered | Exited)):
        yield f"there are final candles to {utc_text(end)} UTC: what came later is not compared"
