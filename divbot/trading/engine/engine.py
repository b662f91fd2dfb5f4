"""The paper trader: positions first, then entries, each step from what is known at that moment.

Theory of operation. A step asks for all quotes at once. Whenever a minute has ended, the final
candles since the last price check are replayed for each open position: they see every wick between
two of them. Then the quotes are held against stops and targets. What is decided (an entry, a
closing for another reason than stop and target) is decided first and filled at the next quote,
which is asked for after the decision. Events are written before the next thing is done; the ledger
is what the journal says, and nothing else remembers a trade. What a scan found is acted on once, by
its version.

The engine belongs to one thread. Others read its `state`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from divbot.domain.errors import DivbotError
from divbot.domain.events import Event, Marked, Paused
from divbot.domain.fills import Candle, Costs, Quote, Reason
from divbot.domain.ledger import Ledger
from divbot.domain.market import BENCHMARK, Interval, Market
from divbot.domain.minutes import Minutes
from divbot.domain.notices import Outage, Tell
from divbot.domain.positions import Position, Seen
from divbot.domain.signals import Findings, Opportunity
from divbot.trading.engine.account import Account
from divbot.trading.engine.decide import (
    EntryRules,
    ExitRules,
    Moment,
    choose,
    goes_on,
    is_too_old,
    pause_reason,
    reason_to_close,
)
from divbot.trading.engine.questions import Asks
from divbot.trading.engine.sizing import EntryRequest, Refusal, SizingRules, enter
from divbot.trading.engine.snapshot import LATE
from divbot.trading.engine.troubles import Refusals, Troubles
from divbot.trading.engine.watch import PositionWatch
from divbot.trading.port import SignalFeed, TradingVenue


@dataclass(frozen=True, slots=True)
class TradingRules:
    """How to trade."""

    market: Market
    interval: Interval
    costs: Costs
    entries: EntryRules
    exits: ExitRules
    sizing: SizingRules
    mark_every: int
    """ms between two valuations of the account in the journal."""


@dataclass(frozen=True, slots=True)
class EngineState:
    """The engine at one moment, for other threads to read."""

    at: int
    ledger: Ledger
    quotes: Mapping[str, Quote]
    recent: tuple[Event, ...]
    problem: str


class Engine:
    """Trade one market on paper; `tell` hears what is worth a line but is no event."""

    def __init__(
        self,
        venue: TradingVenue,
        feed: SignalFeed,
        account: Account,
        questions: Asks,
        rules: TradingRules,
        tell: Tell,
    ) -> None:
        self._venue = venue
        self._feed = feed
        self._account = account
        self._questions = questions
        self._rules = rules
        self._tell = tell
        self._watch = PositionWatch(venue, rules.market, account, questions, rules.costs, tell)
        self._started_at = venue.now()
        self._acted_on = 0
        # A session begins with a valuation: what the market did is counted from there.
        self._marked_at = 0
        # Of a new run only its start is known then, which is no valuation.
        self._last_mark = account.ledger.valued_at if account.ledger.sessions > 1 else -1
        self._benchmark: Decimal | None = None
        self._troubles, self._refusals = Troubles(tell), Refusals(tell)
        self._lateness = Outage(tell)
        # Guards `_state`: other threads read it.
        self._lock = threading.Lock()
        self._state = EngineState(self._started_at, account.ledger, {}, account.recent, "")

    @property
    def state(self) -> EngineState:
        """Return the engine as it was after the last step; for any thread."""
        with self._lock:
            return self._state

    def catch_up(self) -> None:
        """Replay what happened to open positions while this program was not running.

        Raise DivbotError where the venue does not tell: nothing may be traded before.
        """
        now = self._venue.now()
        for trouble in self._watch.replay_minutes(now):
            raise trouble
        self._publish(now)

    def step(self) -> None:
        """Check prices once, and act; raise JournalError where nothing can be kept."""
        found = self._new_quotes()
        # After the answer: a minute that ended before it comes before its quotes.
        now = self._venue.now()
        if found is not None:
            for trouble in self._watch.replay_minutes(now):
                self._troubles.note(f"no candles: {trouble}", back="candles are back")
            # Before anything is closed: what it lost on earlier days is no loss of this one.
            self._mark(now)
            self._watch.close_by_quote()
            self._act(self._feed.findings(), now)
        self._troubles.end_step(now)
        self._publish(now)

    def mark(self) -> None:
        """Value the account now, as before leaving."""
        now = self._venue.now()
        self._value(now)
        self._publish(now)

    def _new_quotes(self) -> Mapping[str, Quote] | None:
        """Return all quotes as they are now; None, having said so, where there are none."""
        quotes = self._questions.ask([self._venue.quotes])[0]
        if isinstance(quotes, DivbotError):
            self._troubles.note(f"no quotes: {quotes}", back="quotes are back")
            return None
        self._account.remember(quotes)
        benchmark = quotes.get(BENCHMARK)
        if benchmark is not None and benchmark.is_valid:
            self._benchmark = benchmark.middle
        return quotes

    def _act(self, findings: Findings | None, now: int) -> None:
        """Decide, ask for quotes again, and do what was decided at these."""
        closing = self._to_close(findings, now)
        entering = self._to_enter(findings, now)
        if not closing and not entering:
            return
        seen = self._seen([x.divergence.symbol for x in entering])
        quotes = self._new_quotes()
        if quotes is None:
            return
        quoted_at = next((quote.at for quote in quotes.values()), now)
        for position, reason in closing:
            if not self._watch.close(position, reason, quoted_at):
                self._troubles.note(
                    f"{position.symbol}: no price to close at ({reason.value})",
                    back=f"{position.symbol}: it has a price again",
                )
        for opportunity in entering:
            self._enter(opportunity, quotes, seen)

    def _to_close(self, findings: Findings | None, now: int) -> list[tuple[Position, Reason]]:
        return [
            (position, reason)
            for position in self._account.positions
            if (reason := reason_to_close(position, findings, now, self._rules.exits))
        ]

    def _to_enter(self, findings: Findings | None, now: int) -> list[Opportunity]:
        """Return what to enter because of a report that was not acted on yet."""
        rules, ledger = self._rules.entries, self._account.ledger
        self._pause(pause_reason(ledger, self._account.equity, now, rules), now)
        if findings is None or findings.version == self._acted_on:
            return []
        self._acted_on = findings.version
        moment = Moment(now, self._started_at, self._rules.interval, ledger)
        seconds = max(now - findings.at, 0) // 1000
        in_time = "reports of the background scanner come in time again"
        if is_too_old(findings, now, rules):
            late = f"a report of the background scanner is too old to act on ({seconds}s)"
            self._lateness.note(late, back=in_time, now=now)
            return []
        processing = (
            f"processing {len(findings.open_to_trade)} opportunities from background scanner "
            f"(age: {seconds}s)"
        )
        if now - findings.at <= LATE:
            self._lateness.end(now)
            if findings.open_to_trade:
                self._tell(processing, is_detail=True)
        elif findings.open_to_trade:
            self._lateness.note(processing, back=in_time, now=now)
        return [] if self._account.ledger.paused else choose(findings, moment, rules)

    def _seen(self, symbols: Sequence[str]) -> dict[str, Seen]:
        """Return how the forming minute of each symbol stands before its entry."""
        start = self._watch.candle_at(self._venue.now())
        asked = [
            partial(self._venue.minutes, x, start, start + self._venue.candle_length)
            for x in symbols
        ]
        found = zip(symbols, self._questions.ask(asked), strict=True)
        return {
            symbol: Seen(candle.open_time, candle.high, candle.low)
            for symbol, minutes in found
            if (candle := _newest(minutes)) is not None
        }

    def _enter(
        self, opportunity: Opportunity, quotes: Mapping[str, Quote], seen: Mapping[str, Seen]
    ) -> None:
        symbol = opportunity.divergence.symbol
        quote = quotes.get(symbol)
        if quote is None or not quote.is_fresh:
            self._refusals.note(opportunity, "there is no quote")
            return
        # The venue's clock may have been set back a little; the journal's never is.
        quote = replace(quote, at=max(quote.at, self._account.ledger.at))
        known = seen.get(symbol)
        if known is not None and known.open_time != self._watch.candle_at(quote.at):
            known = None  # another candle has begun meanwhile
        entry = EntryRequest(opportunity, self._rules.interval.value, self._account.equity)
        rules = self._rules
        entered = enter(entry, quote, known, self._account.ledger, rules.costs, rules.sizing)
        if isinstance(entered, Refusal):
            self._refusals.note(opportunity, entered.reason)
        else:
            self._account.write(entered)
            self._account.remember(quotes)

    def _pause(self, reason: str, now: int) -> None:
        if goes_on(self._account.ledger, reason, now):
            return
        if self._marked_at != now:
            self._value(now)  # what the next day begins with
        self._account.write(Paused(self._after(self._account.ledger.paused_at, now), reason))

    def _mark(self, now: int) -> None:
        every = self._rules.mark_every
        if now // every != self._marked_at // every:
            self._value(now)

    def _value(self, now: int) -> None:
        self._marked_at = now
        account, checked = self._account, self._watch.checked_until(now)
        at, cash = self._after(self._last_mark, now), account.ledger.cash
        account.write(Marked(at, account.equity, cash, checked, account.prices, self._benchmark))
        self._last_mark = at

    def _after(self, last: int, now: int) -> int:
        """Return a time that no event of a kind has yet, the `last` of which was then.

        No event is earlier than those before it, whichever way the clock was set meanwhile.
        """
        return max(now, self._account.ledger.at, last + 1)

    def _publish(self, now: int) -> None:
        account = self._account
        state = EngineState(
            now, account.ledger, dict(account.quotes), account.recent, self._troubles.problem
        )
        with self._lock:
            self._state = state


def _newest(minutes: Minutes | DivbotError) -> Candle | None:
    if isinstance(minutes, DivbotError):
        return None
    return minutes.forming
