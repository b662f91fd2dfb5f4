"""The procedure of evaluation, with the ledger: what is tried is written before it is told.

A trial is written before any of its figures is told, and a look before the holdout is run. The
same sweep again is no further trial: it gets the verdict that it got.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import orjson

from divbot.arrays import Integers
from divbot.evaluation import (
    DailyResults,
    Search,
    Split,
    Verdict,
    divide,
    judge,
    level_of,
    look_at,
    search,
)
from divbot.research.trials.entries import Judged, Opening, Trial, TrialSource
from divbot.research.trials.knowledge import Knowledge, knowledge_of, openings_of
from divbot.research.trials.ledger import OpenLedger, TrialLedger
from divbot.research.trials.note import Head
from divbot.research.trials.rows import Written


@dataclass(frozen=True, slots=True)
class TrialOrigin:
    """What results were made of, as far as one can say it: equal origins have equal results."""

    basis: Mapping[str, str]
    """What all settings share."""
    costs: Mapping[str, str]
    code: str
    data: str
    version: str
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Swept:
    """What a search has run, before anybody has looked."""

    results: DailyResults
    """Of sealed days, which begin where `plan` says, trades are counted and results are 0."""
    longest: int
    """The longest that a trade may be open, ms."""
    origin: TrialOrigin
    steps: Integers | None = None
    """Places in the grid; None: settings were drawn."""


Open = Callable[[str], DailyResults]
"""Runs one setting on all days, the sealed ones too."""


@dataclass(frozen=True, slots=True, eq=False)
class Conclusion:
    """A verdict, and what it rests on."""

    number: int
    """Of the trial in the ledger."""
    verdict: Verdict
    head: Head
    problems: tuple[str, ...]
    """Why looks are unknown; empty: all of them are known."""
    tried: int
    """Settings that earlier trials ran on these days."""
    is_repeated: bool
    development: DailyResults
    """What may be shown of all settings; of no days, where nothing could be judged."""
    winner: DailyResults | None
    """The winner's results of the holdout; None: they are not told."""


def plan(ledger: TrialLedger, days: range, longest: int) -> Split:
    """Return how `days` are divided now: nothing after development may be run before `conclude`."""
    known = knowledge_of(ledger.read().written, days)
    return divide(days, longest, known_until=known.known_until)


def conclude(
    ledger: TrialLedger, swept: Swept, sealed_from: int, open_: Open, *, reveal: bool = False
) -> Conclusion | None:
    """Judge a sweep against all that was ever tried on its days, and keep it; see `judge`.

    `sealed_from` is the first day of which `swept` has no results. None: another program has kept a
    trial meanwhile, and days that it has seen must be run as well; plan and search once more.
    """
    begun = _begun(ledger, swept, sealed_from, reveal=reveal)
    if begun is None:
        return None
    # The look is written. Whoever ends divbot from here on has seen nothing, and has looked.
    winner = begun.found.winner
    results = open_(winner.setting) if begun.opens and winner else swept.results
    verdict = judge(begun.found, results, look=begun.look, reveal=reveal)
    told = results.within(begun.found.split.holdout) if verdict.spent else None
    with ledger.open() as book:
        _keep(book, begun.number, verdict, told)
        return Conclusion(
            number=begun.number,
            verdict=verdict,
            head=book.contents.head,
            problems=book.contents.problems,
            tried=begun.tried,
            is_repeated=begun.is_repeated,
            development=begun.development,
            winner=told,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """A sweep that stands in the ledger, with its look, and is not judged yet."""

    number: int
    is_repeated: bool
    tried: int
    found: Search
    development: DailyResults
    opens: bool
    look: int


def _begun(ledger: TrialLedger, swept: Swept, sealed_from: int, *, reveal: bool) -> _Begun | None:
    results = swept.results
    fingerprint = fingerprint_of(TrialSource.SWEEP, results.settings, results.days, swept.origin)
    with ledger.open() as book:
        again = number_of(book.contents.written, fingerprint)
        before = [x for x in book.contents.written if again is None or x.number < again]
        known = knowledge_of(before, swept.results.days)
        split = divide(swept.results.days, swept.longest, known_until=known.known_until)
        if split.development.stop > sealed_from:
            return None
        found = _searched(swept, split, known)
        development = _development(swept.results, found)
        number = again or book.append(_trial(fingerprint, swept, found, development), development)
        opens = found.winner is not None and (found.finding is None or reveal)
        look = _look_of(
            book, book.contents.written if opens else before, found, number, opens=opens
        )
        tried = len(known.tried.settings) if known.tried else 0
        return _Begun(number, again is not None, tried, found, development, opens, look)


def fingerprint_of(
    source: TrialSource, settings: Iterable[str], days: range, origin: TrialOrigin
) -> str:
    """Return what names a trial: another one as soon as anything is another."""
    text = orjson.dumps(
        [source, sorted(settings), [days.start, days.stop], origin], option=orjson.OPT_SORT_KEYS
    )
    return hashlib.sha256(text).hexdigest()


def number_of(written: Iterable[Written], fingerprint: str) -> int | None:
    """Return the number of the trial that is named so; None where it was never made."""
    for x in written:
        if isinstance(x.entry, Trial) and x.entry.fingerprint == fingerprint:
            return x.number
    return None


def _searched(swept: Swept, split: Split, known: Knowledge) -> Search:
    return search(
        swept.results,
        split,
        seed=swept.origin.seed,
        steps=swept.steps,
        tried=known.tried,
        lost_sweeps=known.lost_sweeps,
    )


def _development(results: DailyResults, found: Search) -> DailyResults:
    """Return what may be shown: nothing where nothing could be judged."""
    days = found.split.development
    return results.within(days if found.standings else range(days.start, days.start))


def _trial(fingerprint: str, swept: Swept, found: Search, development: DailyResults) -> Trial:
    origin, split = swept.origin, found.split
    return Trial(
        source=TrialSource.SWEEP,
        fingerprint=fingerprint,
        days=split.days,
        known=development.days,
        settings=len(swept.results.settings),
        basis=origin.basis,
        costs=origin.costs,
        seed=origin.seed,
        code=origin.code,
        data=origin.data,
        version=origin.version,
        holdout=split.holdout,
        development=split.development,
        gap=split.gap,
        run=split.run,
    )


def _look_of(
    book: OpenLedger, among: Iterable[Written], found: Search, number: int, *, opens: bool
) -> int:
    """Return which look this is, written if it opens; a trial that has looked looks no more."""
    for x in book.contents.written:
        if isinstance(x.entry, Opening) and x.entry.trial == number:
            return x.entry.look
    opened, lost = openings_of(among, but=number)
    holdout = found.split.holdout
    look = look_at(holdout, opened) + lost
    if opens and found.winner is not None:
        book.append(Opening(number, found.winner.setting, holdout, look, level_of(look)))
    return look


def _keep(book: OpenLedger, number: int, verdict: Verdict, told: DailyResults | None) -> None:
    judged = Judged(
        trial=number,
        finding=verdict.finding,
        text=str(verdict),
        holdout=verdict.search.split.holdout,
        is_spent=verdict.spent,
    )
    if all(x.entry != judged for x in book.contents.written):
        book.append(judged, told)
