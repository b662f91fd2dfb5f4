"""What to do, given an account and what a scan found: entries, exits, and when to pause. Pure.

A reason against all entries is a pause (`pause_reason`), one against a single signal an objection
(`objection`); how many are entered at once is for `choose`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile

from divbot.domain.durations import DAY, HOUR
from divbot.domain.fills import Reason
from divbot.domain.ledger import Ledger
from divbot.domain.market import Interval
from divbot.domain.positions import Position
from divbot.domain.signals import Findings, Opportunity, Side

_DELISTING_NOTICE = HOUR
"""How long before a delisting a position is closed, in ms."""
_LOSS_OF_DAY = "the loss of this day"
"""A reason for a pause that each day has anew."""


@dataclass(frozen=True, slots=True)
class EntryRules:
    """When a position may be opened; times in ms."""

    max_positions: int
    min_score: float
    min_confidence: float
    """0: none is needed."""
    max_report_age: int
    max_age: int
    """Candles since the confirmation."""
    take_earlier: bool
    """Take what was confirmed before this program started, too."""
    long_only: bool
    cooldown: int
    """After a loss, in the same symbol."""
    max_daily_loss: Decimal
    """Part of the equity that the day began with."""
    max_drawdown: Decimal
    """Part of the highest equity."""


@dataclass(frozen=True, slots=True)
class ExitRules:
    """When a position is closed besides its stop and target."""

    max_holding: int | None
    """ms; None: for ever."""
    on_opposite: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """What a decision is made upon."""

    now: int
    started_at: int
    """When this program started; both ms UTC of the market."""
    interval: Interval
    ledger: Ledger


def choose(findings: Findings, moment: Moment, rules: EntryRules) -> list[Opportunity]:
    """Return the opportunities to take, the best first, as many as there are positions free."""
    taken: dict[str, Opportunity] = {}
    free = max(rules.max_positions - len(moment.ledger.positions), 0)
    for opportunity in findings.open_to_trade:
        if len(taken) == free:
            break
        symbol = opportunity.divergence.symbol
        if symbol not in taken and not objection(opportunity, moment, rules):
            taken[symbol] = opportunity
    return list(taken.values())


def objection(opportunity: Opportunity, moment: Moment, rules: EntryRules) -> str:
    """Return why `opportunity` should not be taken; empty where nothing speaks against it."""
    return next(_objections(opportunity, moment, rules), "")


def is_too_old(findings: Findings, now: int, rules: EntryRules) -> bool:
    """Tell whether the market has moved on since the scan."""
    return now - findings.at > rules.max_report_age


def pause_reason(ledger: Ledger, equity: Decimal, now: int, rules: EntryRules) -> str:
    """Return why there should be no entries for now; empty where there may be.

    A pause lasts for the rest of its (UTC) day at least.
    """
    if is_paused_today(ledger, now):
        return ledger.paused
    if equity <= 0:
        return "nothing is left of the equity"
    # The limit alone: what is lost goes on changing, and is shown beside this.
    if equity <= ledger.day_start(now, equity) * (1 - rules.max_daily_loss):
        return f"{_LOSS_OF_DAY} has reached the limit of {rules.max_daily_loss:.1%}"
    if ledger.drawdown_at(equity) >= rules.max_drawdown:
        return f"the drawdown has reached the limit of {rules.max_drawdown:.1%}"
    return ""


def goes_on(ledger: Ledger, reason: str, now: int) -> bool:
    """Tell whether `reason` is what stands already: the loss of another day is another pause."""
    is_of_day = reason.startswith(_LOSS_OF_DAY)
    return reason == ledger.paused and not (is_of_day and not is_paused_today(ledger, now))


def is_paused_today(ledger: Ledger, now: int) -> bool:
    """Tell whether there is a pause that was found or renewed on the (UTC) day of `now`."""
    # After a clock was set back over midnight, that day is a later one.
    return bool(ledger.paused) and now // DAY <= ledger.paused_at // DAY


def reason_to_close(
    position: Position, findings: Findings | None, now: int, rules: ExitRules
) -> Reason | None:
    """Return why `position` should be closed at the next quote; None where it goes on."""
    if findings is not None and _is_delisted(findings, position.symbol, now):
        return Reason.DELISTING
    if rules.max_holding is not None and now - position.opened_at >= rules.max_holding:
        return Reason.HOLDING_TIME
    if findings is not None and rules.on_opposite and _has_opposite(findings, position):
        return Reason.OPPOSITE
    return None


def _objections(opportunity: Opportunity, moment: Moment, rules: EntryRules) -> Iterator[str]:
    if rules.long_only and opportunity.side is Side.SELL:
        yield "spot cannot be sold short"
    if opportunity.score < rules.min_score:
        yield f"its score is {opportunity.score:.1f}, {rules.min_score:g} is the least"
    if reason := _is_doubtful(opportunity, rules):
        yield reason
    yield from objections_to(opportunity.divergence.symbol, opportunity.confirmed_at, moment, rules)


def objections_to(
    symbol: str, confirmed_at: int, moment: Moment, rules: EntryRules
) -> Iterator[str]:
    """Yield what speaks against any entry in `symbol` upon what was confirmed at a time, ms UTC."""
    ledger = moment.ledger
    if ledger.holding(symbol):
        yield "a position is open"
    if confirmed_at < moment.started_at and not rules.take_earlier:
        yield "confirmed before this program started"
    age = (moment.now - confirmed_at) // moment.interval.milliseconds
    if age > rules.max_age:
        yield f"confirmed {age} candles ago, {rules.max_age} is the most"
    # In the order of their ends. No clock is off by a day: a signal's own trade is not left out.
    earlier = ledger.closed_in.get(symbol, ())
    since = min(confirmed_at, moment.now - rules.cooldown) - DAY
    recent = tuple(takewhile(lambda trade: trade.closed_at >= since, reversed(earlier)))
    if any(trade.origin.confirmed_at == confirmed_at for trade in recent):
        yield "this signal was traded already"
    last_loss = next((trade.closed_at for trade in recent if trade.is_lost), None)
    if last_loss is not None and moment.now - last_loss < rules.cooldown:
        yield "cooling down after a loss"


def _is_doubtful(opportunity: Opportunity, rules: EntryRules) -> str:
    """Return why the past speaks too little for `opportunity`; empty where it does enough."""
    if rules.min_confidence <= 0:
        return ""
    if opportunity.evidence is None:
        return "no past case has ended yet"
    confidence = opportunity.evidence.confidence
    if confidence >= rules.min_confidence:
        return ""
    return f"its confidence is {confidence:.2f}, {rules.min_confidence:g} is the least"


def _is_delisted(findings: Findings, symbol: str, now: int) -> bool:
    if symbol not in findings.held:
        return False
    instrument = findings.held[symbol]
    if instrument is None or not instrument.is_traded:
        return True
    delivered_at = instrument.delivered_at
    return delivered_at is not None and delivered_at - now <= _DELISTING_NOTICE


def _has_opposite(findings: Findings, position: Position) -> bool:
    """Tell whether a divergence says the opposite, though it may be spent for an entry."""
    since = max(position.origin.confirmed_at, position.opened_at)
    return any(
        divergence.symbol == position.symbol
        and divergence.kind.side is not position.side
        and findings.interval.close_of(divergence.confirmed) > since
        for divergence in findings.fresh
    )
