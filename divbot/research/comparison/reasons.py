"""Why one of two traders did not do at a moment what the other did.

The questions are asked in the order in which a trader meets them, and answered by the trader's own
rules: was it running; did its report show the signal; did anything in its account speak against it;
did the price. Of the run that really happened reports and quotes are not kept: what it was told is
concluded from final candles, and where it was free to enter at every price of that minute, its
report was late.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from divbot.domain.clock import utc_text
from divbot.domain.ledger import Ledger
from divbot.domain.signals import Findings, Opportunity, Side
from divbot.research.comparison.account import AccountHistory, Silence
from divbot.research.comparison.rerun import Leg
from divbot.research.past import Glance
from divbot.research.tape import PastTape
from divbot.research.venue import Quoting, exact
from divbot.trading.engine.decide import Moment, choose, objection
from divbot.trading.engine.sizing import EntryRequest, Refusal, enter

_KEPT = 256
"""Reports: one close is asked about again and again."""


class Cause(StrEnum):
    """Why two trades differ, or only one was made; in the order in which they are told."""

    REPORT = "report"
    QUOTE = "quote"
    SPREAD = "spread"
    GAP = "gap"
    REFUSED = "refused"
    LIST = "list"
    PLACES = "places"
    ACCOUNT = "account"
    PAUSED = "paused"
    SIGNAL = "signal"
    CANDLE = "candle"
    FUNDING = "funding"
    JOURNAL = "journal"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Why:
    """A cause, and what is to be told of it."""

    cause: Cause
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one of the two entered."""

    symbol: str
    side: Side
    confirmed_at: int

    def is_in(self, opportunity: Opportunity) -> bool:
        """Tell whether `opportunity` is this one."""
        return (opportunity.divergence.symbol, opportunity.side, opportunity.confirmed_at) == (
            self.symbol,
            self.side,
            self.confirmed_at,
        )


class Scene:
    """The market of a run, and how the run was set up."""

    def __init__(
        self,
        tape: PastTape,
        quoting: Quoting,
        legs: Sequence[Leg],
        silences: Sequence[Silence],
        end: int,
    ) -> None:
        self.tape = tape
        self.symbols = frozenset(x for leg in legs for x in leg.reports.symbols)
        self.quoting = quoting
        self.legs = legs
        self.silences = silences
        self.end = end
        """What happened later is not compared, ms UTC."""
        self.length = tape.length
        self._report = lru_cache(_KEPT)(lambda leg, close, held: leg.reports.glance(close, held))

    def look_at(self, time: int) -> int:
        """Return the look before which nothing after `time` is known: when its candle opens."""
        return time // self.length * self.length

    def leg_at(self, time: int) -> Leg:
        """Return the session of `time`."""
        begun = [x for x in self.legs if x.period.start <= time]
        return begun[-1] if begun else self.legs[0]

    def price_at(self, symbol: str, time: int) -> Decimal | None:
        """Return the last price as the candle at `time` opens; None where there was none yet."""
        price = self.tape.last_price(symbol, self.look_at(time))
        return exact(price) if price == price else None

    def candle_at(self, symbol: str, time: int) -> tuple[Decimal, ...] | None:
        """Return open, high, low and close of the candle that holds `time`; None: there is none."""
        start = self.look_at(time)
        found = self.tape.between(symbol, start, start + self.length)
        return tuple(map(exact, found[0][1])) if found else None

    def report_at(self, time: int, held: frozenset[str]) -> Glance | None:
        """Return what was to be told at `time` to who held these; None before the first close."""
        leg = self.leg_at(time)
        place = int(leg.reports.closes.searchsorted(time, side="right")) - 1
        return self._report(leg, int(leg.reports.closes[place]), held) if place >= 0 else None

    def why_away(self, look: int) -> Why | None:
        """Return why the run did not see what was to be seen from `look` to the next."""
        until = look + self.length
        if until > self.end:
            return Why(Cause.GAP, f"the run ended at {utc_text(self.end, seconds=True)}")
        silence = next((x for x in self.silences if x.start < until and look < x.end), None)
        return None if silence is None else _why_silent(silence)


def _why_silent(silence: Silence) -> Why:
    """Return what is told of a time in which a run looked at nothing."""
    first, last = (utc_text(x) for x in (silence.start, silence.end))
    if silence.is_ended:
        return Why(Cause.GAP, f"the program was not running from {first} to {last}")
    return Why(Cause.GAP, f"the run saw no prices from {first} to {last}")


def why_not_on_paper(scene: Scene, account: AccountHistory, wanted: Wanted, looks: range) -> Why:
    """Return why a run did not enter at any of `looks`, the first of which could be entered at.

    It is what kept it from the first; but a price that may have been refused there does not explain
    a later look at which none would have been.
    """
    first = _why_not_at(scene, account, wanted, looks[0])
    if first.cause is not Cause.REFUSED:
        return first
    later = (_why_not_at(scene, account, wanted, x) for x in looks[1:])
    return next((x for x in later if x.cause is Cause.REPORT), first)


def _why_not_at(scene: Scene, account: AccountHistory, wanted: Wanted, look: int) -> Why:
    if away := scene.why_away(look):
        return away
    leg = scene.leg_at(look)
    if look < leg.begun_at:
        return Why(Cause.GAP, f"the program started at {utc_text(leg.begun_at, seconds=True)}")
    why = _ForEntry(scene, leg, account, wanted)
    for moment in (look, look + scene.length - 1):
        if found := why.not_chosen(moment, account.at(moment), leg.begun_at):
            return found
    for price in scene.candle_at(wanted.symbol, look) or ():
        if found := why.not_at(look, price, f"in the minute of {utc_text(look)}"):
            return found
    return why.not_reported(look)


def why_not_again(scene: Scene, account: AccountHistory, wanted: Wanted, look: int) -> Why:
    """Return why what a run entered was not entered at `look` on final candles."""
    leg = scene.leg_at(look)
    why = _ForEntry(scene, leg, account, wanted)
    for ledger in (account.before_acting(look), account.at(look)):
        if found := why.not_chosen(look, ledger, leg.period.start):
            return found
    price = scene.price_at(wanted.symbol, look)
    if price is None:
        return Why(Cause.CANDLE, "there was no candle of it yet")
    if found := why.not_at(look, price, "as its candle opened"):
        return found
    return Why(Cause.UNEXPLAINED, "nothing speaks against it on final candles")


class _ForEntry:
    """The questions about one entry of one trader."""

    def __init__(self, scene: Scene, leg: Leg, account: AccountHistory, wanted: Wanted) -> None:
        self._scene = scene
        self._leg = leg
        self._account = account
        self._wanted = wanted

    def not_chosen(self, at: int, ledger: Ledger, begun_at: int) -> Why | None:
        """Return why a trader that started at `begun_at`, and has that account, does not choose it.

        None where it would at `at`.
        """
        return next(self._against(at, ledger, begun_at), None)

    def _against(self, at: int, ledger: Ledger, begun_at: int) -> Iterator[Why]:
        rules = self._leg.rules.entries
        if ledger.paused:
            yield Why(Cause.PAUSED, f"entries were paused: {ledger.paused}")
        held = ledger.holding(self._wanted.symbol)
        if held is not None:
            yield Why(Cause.ACCOUNT, f"{held.symbol} was held already, by trade {held.trade}")
        if len(ledger.positions) >= rules.max_positions:
            yield self._full(ledger)
        report = self._report(at, ledger)
        opportunity = self._shown(report)
        if report is None or opportunity is None:
            yield self._not_shown(report, at)
            return
        moment = Moment(at, begun_at, self._leg.rules.interval, ledger)
        if reason := objection(opportunity, moment, rules):
            cause = Cause.GAP if opportunity.confirmed_at < begun_at else Cause.ACCOUNT
            yield Why(cause, reason)
        if opportunity not in choose(_findings(report, at), moment, rules):
            yield Why(Cause.PLACES, "better ones took the places that were free")

    def not_at(self, at: int, price: Decimal, when: str) -> Why | None:
        """Return why it would be refused where the last price is `price`."""
        ledger, rules = self._account.at(at), self._leg.rules
        opportunity = self._shown(self._report(at, ledger))
        if opportunity is None:
            return None
        quote = self._scene.quoting.quote(self._wanted.symbol, price, at)
        order = EntryRequest(opportunity, rules.interval.value, ledger.equity + ledger.change)
        found = enter(order, quote, None, ledger, rules.costs, rules.sizing)
        if isinstance(found, Refusal):
            return Why(Cause.REFUSED, f"refused {when}: {found.reason}")
        return None

    def not_reported(self, look: int) -> Why:
        """Return what is left: a report that was late, unless it was there for another entry."""
        entered = (
            x.symbol
            for x in self._account.at(look + self._scene.length).opened_by.values()
            if look <= x.at < look + self._scene.length
        )
        if other := next(entered, None):
            text = f"{other} was entered by the same report, and this was free to be"
            return Why(Cause.UNEXPLAINED, text)
        return Why(Cause.REPORT, f"no report of {utc_text(look)} was acted on by then")

    def _full(self, ledger: Ledger) -> Why:
        held = ", ".join(f"#{x.trade} {x.symbol}" for x in ledger.positions.values())
        return Why(Cause.PLACES, f"no place was free: {held}")

    def _report(self, at: int, ledger: Ledger) -> Glance | None:
        return self._scene.report_at(at, ledger.symbols)

    def _shown(self, report: Glance | None) -> Opportunity | None:
        shown = report.open_to_trade if report is not None else ()
        return next((x for x in shown if self._wanted.is_in(x)), None)

    def _not_shown(self, report: Glance | None, at: int) -> Why:
        wanted = self._wanted
        if report is None:
            return Why(Cause.REPORT, f"there was no candle by {utc_text(at)}")
        if not self._leg.is_listed(wanted.symbol, report.as_of):
            return Why(Cause.LIST, f"not in the list of {utc_text(report.as_of)}")
        if any(
            x.symbol == wanted.symbol
            and report.interval.close_of(x.confirmed) == wanted.confirmed_at
            for x in report.fresh
        ):
            left = "the price had left its plan when the candle closed"
            return Why(Cause.REFUSED, f"{left} at {utc_text(report.as_of)}")
        return Why(Cause.SIGNAL, "final candles show no such divergence")


def _findings(report: Glance, at: int) -> Findings:
    return Findings(1, at, report.interval, report.open_to_trade, report.fresh, report.held)
