"""The procedure of evaluation, with the ledger: what is tried is written before it is told.

All of it is one transaction. Whoever ends divbot before its end has seen nothing, and nothing
counts; whoever sees a verdict finds it in the ledger. The same sweep again is no further trial: it
gets the verdict that it got.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from divbot.arrays import Integers
from divbot.evaluation import DailyResults, Search, Split, Verdict, divide, judge, look_at, search
from divbot.research.trials.entries import Judged, Source, Trial
from divbot.research.trials.knowledge import Knowledge, knowledge_of, openings_of
from divbot.research.trials.ledger import Ledger, OpenLedger
from divbot.research.trials.note import Head
from divbot.research.trials.rows import Written


@dataclass(frozen=True, slots=True)
class Origin:
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
    """Of all days, the sealed ones too; they stay in this process."""
    longest: int
    """The longest that a trade may be open, ms."""
    origin: Origin
    steps: Integers | None = None
    """Places in the grid; None: settings were drawn."""


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


def conclude(ledger: Ledger, swept: Swept, *, reveal: bool = False) -> Conclusion:
    """Judge a sweep against all that was ever tried on its days, and keep it; see `judge`."""
    fingerprint = fingerprint_of(Source.SWEEP, swept.results, swept.origin)
    with ledger.open() as book:
        again = _number_of(book.contents.written, fingerprint)
        before = [x for x in book.contents.written if again is None or x.number < again]
        known = knowledge_of(before, swept.results.days)
        split = divide(swept.results.days, swept.longest, known_until=known.known_until)
        found = _searched(swept, split, known)
        development = _development(swept.results, found)
        number = again or book.append(_trial(fingerprint, swept, found, development), development)
        look = _look_of(book, split.holdout, number, reveal=reveal)
        verdict = judge(found, swept.results, look=look, reveal=reveal)
        told = _told(swept.results, verdict)
        _keep(book, number, verdict, told)
        return Conclusion(
            number=number,
            verdict=verdict,
            head=book.contents.head,
            problems=book.contents.problems,
            tried=len(known.tried.settings) if known.tried else 0,
            is_repeated=again is not None,
            development=development,
            winner=told,
        )


def fingerprint_of(source: Source, results: DailyResults, origin: Origin) -> str:
    """Return what names a trial: another one as soon as anything is another."""
    text = orjson.dumps(
        [
            source,
            sorted(results.settings),
            [results.days.start, results.days.stop],
            origin,
        ],
        option=orjson.OPT_SORT_KEYS,
    )
    return hashlib.sha256(text).hexdigest()


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
        source=Source.SWEEP,
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


def _look_of(book: OpenLedger, holdout: range, number: int, *, reveal: bool) -> int:
    """Return which look this is; a trial that has looked looks no second time."""
    earlier = [
        x.entry
        for x in book.contents.written
        if isinstance(x.entry, Judged) and x.entry.trial == number
    ]
    for judged in earlier:
        if judged.is_opened or not reveal:
            return judged.look
    opened, lost = openings_of(book.contents.written, but=number)
    return look_at(holdout, opened) + lost


def _told(results: DailyResults, verdict: Verdict) -> DailyResults | None:
    winner = verdict.search.winner
    if not verdict.spent or winner is None:
        return None
    row = results.settings.index(winner.setting)
    return results.of([row]).within(verdict.search.split.holdout)


def _keep(book: OpenLedger, number: int, verdict: Verdict, told: DailyResults | None) -> None:
    judged = Judged(
        trial=number,
        finding=verdict.finding,
        text=str(verdict),
        holdout=verdict.search.split.holdout,
        is_opened=verdict.opened,
        is_spent=verdict.spent,
        look=verdict.look,
        level=verdict.level,
    )
    if all(x.entry != judged for x in book.contents.written):
        book.append(judged, told)


def _number_of(written: tuple[Written, ...], fingerprint: str) -> int | None:
    for x in written:
        if isinstance(x.entry, Trial) and x.entry.fingerprint == fingerprint:
            return x.number
    return None
