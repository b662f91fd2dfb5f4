"""Trade by trade: what a run did, what final candles give, and what each reason cost in R.

Trades belong together that were entered for the same signal. From the trade on final candles a way
leads to that of the run, one change after the other in the order in which they came about: a later
entry, another price, another spread, another exit, other funding. What each change makes of R is
what its reason cost, so that the reasons add up to the difference; what does not add up is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from divbot.domain.clock import utc_text
from divbot.domain.durations import MINUTE
from divbot.domain.fills import Basis, Candle, Costs, Fill, Reason, slipped
from divbot.domain.ledger import ZERO
from divbot.domain.positions import Position, close_at, exit_at_quote, exit_in_candle
from divbot.domain.signals import Side
from divbot.domain.trades import AnyTrade
from divbot.research.comparison.account import DECIDED, AccountHistory
from divbot.research.comparison.reasons import (
    Cause,
    Scene,
    Wanted,
    Why,
    why_not_again,
    why_not_on_paper,
)
from divbot.research.comparison.rerun import quote_of
from divbot.research.comparison.result import Result, outcome

_NOTHING = Decimal("0.0001")
"""In R: rounding to whole units and steps."""
_TOUCHED = (Reason.STOP, Reason.TRAILING_STOP, Reason.TARGET, Reason.LIQUIDATION)
_LONG = 2 * MINUTE
"""From here on times are told in minutes, ms."""
_LOOKS = 2
"""Looks within which the same thing is seen by both."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one reason made of a trade."""

    cause: Cause
    cost: Decimal
    """In R: what it added to the run's result; below zero: took from it."""
    text: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One signal that was traded by the run, on final candles, or by both."""

    wanted: Wanted
    paper: AnyTrade | None
    again: AnyTrade | None
    """On final candles."""
    paper_result: Decimal
    """In R; 0 where there is no such trade."""
    again_result: Decimal
    parts: tuple[Part, ...]

    @property
    def difference(self) -> Decimal:
        """Return what the run made more of it, in R."""
        return self.paper_result - self.again_result

    @property
    def is_explained(self) -> bool:
        """Tell whether every part of the difference has its reason."""
        return all(x.cause is not Cause.UNEXPLAINED for x in self.parts)


def compare(paper: AccountHistory, again: AccountHistory, scene: Scene) -> tuple[Compared, ...]:
    """Return all trades of both accounts, in the order in which they were opened."""
    pairs: dict[Wanted, list[AnyTrade | None]] = {}
    for place, account in enumerate((paper, again)):
        for trade in account.last.trades:
            pairs.setdefault(_wanted(trade), [None, None])[place] = trade
    broken = _broken(paper, scene)
    found = (
        _Pair(paper, again, scene, wanted, broken).compared(*pair) for wanted, pair in pairs.items()
    )
    return tuple(sorted(found, key=_opened_at))


def costs_by_cause(compared: Sequence[Compared]) -> Mapping[Cause, tuple[int, Decimal]]:
    """Return of each cause that there is in how many trades it is, and what it cost in R."""
    found = {}
    for cause in Cause:
        costs = [
            sum((part.cost for part in x.parts if part.cause is cause), ZERO)
            for x in compared
            if any(part.cause is cause for part in x.parts)
        ]
        if costs:
            found[cause] = (len(costs), sum(costs, ZERO))
    return found


def _wanted(trade: AnyTrade) -> Wanted:
    return Wanted(trade.symbol, trade.side, trade.origin.confirmed_at)


def _opened_at(found: Compared) -> tuple[int, str]:
    trades = [x for x in (found.paper, found.again) if x is not None]
    return min(x.opened_at for x in trades), found.wanted.symbol


class _Pair:
    """One signal, and what both made of it."""

    def __init__(
        self,
        paper: AccountHistory,
        again: AccountHistory,
        scene: Scene,
        wanted: Wanted,
        broken: Mapping[int, str],
    ) -> None:
        self._paper = paper
        self._again = again
        self._scene = scene
        self._wanted = wanted
        self._broken = broken

    def compared(self, paper: AnyTrade | None, again: AnyTrade | None) -> Compared:
        """Return the two with the reasons for their difference."""
        results = [ZERO if x is None else outcome(x, self._last_of(x)) for x in (paper, again)]
        found = Compared(self._wanted, paper, again, results[0], results[1], ())
        if paper is not None and again is not None:
            return replace(found, parts=tuple(self._parts(paper, again, found.difference)))
        trade = again if paper is None else paper
        if trade is None:
            return found
        why = self._why_alone(trade, is_of_run=again is None)
        return replace(found, parts=(Part(why.cause, found.difference, why.text),))

    def _last_of(self, trade: AnyTrade) -> Decimal:
        """Return the last price before the end, for what is open then."""
        scene, symbol = self._scene, trade.symbol
        known = scene.price_at(symbol, scene.end) if symbol in scene.symbols else None
        return trade.entry.price if known is None else known

    def _why_alone(self, trade: AnyTrade, *, is_of_run: bool) -> Why:
        """Return why only one of the two made `trade`."""
        look = self._scene.look_at(trade.opened_at)
        if not is_of_run:
            looks = self._looks(look, self._expiry(look))
            why = why_not_on_paper(self._scene, self._paper, self._wanted, looks)
            return replace(why, text=f"not entered: {why.text}")
        if trade.symbol not in self._scene.symbols:
            return Why(Cause.LIST, "there are no candles of it")
        why = why_not_again(self._scene, self._again, self._wanted, look)
        return replace(why, text=f"not entered on final candles: {why.text}")

    def _parts(self, paper: AnyTrade, again: AnyTrade, difference: Decimal) -> list[Part]:
        ours, theirs = (Result.of(x, self._last_of(x)) for x in (paper, again))
        parts: list[Part] = []
        result = theirs
        for cause, shift, text in self._entry_shifts(paper, again):
            moved = result.entered_at(result.entry + shift)
            parts.append(Part(cause, moved.in_risks - result.in_risks, text))
            result = moved
        if (again.first_stop, again.target) != (paper.first_stop, paper.target):
            planned = replace(result, entry=ours.entry, risk=ours.risk)
            text = "its stop and target were planned on other candles"
            parts.append(Part(Cause.SIGNAL, planned.in_risks - result.in_risks, text))
            result = planned
        begun = parts[0] if parts and self._is_begun_otherwise(paper, again) else None
        why = self._why_other_end(paper, again, begun)
        ended = result.ended_as(ours)
        if why is not None:
            parts.append(Part(why.cause, ended.in_risks - result.in_risks, why.text))
        paid = replace(ended, funding=ours.funding)
        if abs(paid.in_risks - ended.in_risks) > _NOTHING:
            funding = _why_other_funding(why)
            parts.append(Part(funding.cause, paid.in_risks - ended.in_risks, funding.text))
        return self._whole(paper, parts, difference)

    def _whole(self, paper: AnyTrade, parts: list[Part], difference: Decimal) -> list[Part]:
        """Return the parts so that they add up to the difference, to the last digit."""
        rest = difference - sum((x.cost for x in parts), ZERO)
        if paper.number in self._broken:
            return [*parts, Part(Cause.JOURNAL, rest, self._broken[paper.number])]
        if abs(rest) > _NOTHING and paper.reason is not Reason.LIQUIDATION:
            text = "its profit is not what its fills and its funding come to"
            return [*parts, Part(Cause.UNEXPLAINED, rest, text)]
        if not parts:
            return []
        largest = max(parts, key=lambda x: abs(x.cost))
        told = [x for x in parts if abs(x.cost) > _NOTHING or x is largest]
        rest = difference - sum((x.cost for x in told), ZERO)
        return [replace(x, cost=x.cost + rest) if x is largest else x for x in told]

    def _is_begun_otherwise(self, paper: AnyTrade, again: AnyTrade) -> bool:
        """Tell whether the two have not been held from the same look on, with the same plan."""
        looks = {self._scene.look_at(x.opened_at) for x in (paper, again)}
        plans = {(x.first_stop, x.target) for x in (paper, again)}
        return len(looks) > 1 or len(plans) > 1

    def _entry_shifts(self, paper: AnyTrade, again: AnyTrade) -> list[tuple[Cause, Decimal, str]]:
        """Return what moved the price of the entry, in the order in which it came about."""
        scene, shifts = self._scene, []
        ours, theirs = scene.look_at(paper.opened_at), scene.look_at(again.opened_at)
        before = quote_of(again.entry).middle
        if ours != theirs:
            why = self._why_other_time(ours, theirs)
            price = scene.price_at(paper.symbol, ours) or before
            later = _span(abs(paper.opened_at - again.opened_at))
            text = f"entered {later} {'later' if ours > theirs else 'earlier'}: {why.text}"
            shifts.append((why.cause, price - before, text))
            before = price
        shifts += self._quote_shifts(paper.entry, before, again.entry, paper.symbol)
        rest = paper.entry.price - again.entry.price - sum((x[1] for x in shifts), ZERO)
        if rest and shifts:
            # Slippage is a part of the price, and prices are on ticks: the largest change moved it.
            place = max(range(len(shifts)), key=lambda x: abs(shifts[x][1]))
            cause, shift, text = shifts[place]
            shifts[place] = (cause, shift + rest, text)
        elif rest and paper.number not in self._broken:
            shifts.append((Cause.UNEXPLAINED, rest, "another price at the same quote"))
        return shifts

    def _quote_shifts(
        self, ours: Fill, before: Decimal, theirs: Fill, symbol: str
    ) -> Iterator[tuple[Cause, Decimal, str]]:
        middle, sign = quote_of(ours).middle, 1 if ours.side is Side.BUY else -1
        if middle != before:
            at = utc_text(ours.basis_at, seconds=True)[-8:]
            text = f"quoted {middle.normalize():f} at {at}, its candle had {before.normalize():f}"
            yield Cause.QUOTE, middle - before, text + self._beyond(ours, symbol)
        if ours.spread != theirs.spread:
            spreads = (ours.spread, theirs.spread)
            met, taken = (f"{100 * x / middle:.3f}%" for x in spreads)
            shift = sign * (ours.spread - theirs.spread) / 2
            yield Cause.SPREAD, shift, f"a spread of {met}, taken as {taken}"

    def _beyond(self, fill: Fill, symbol: str) -> str:
        candle = self._scene.candle_at(symbol, fill.basis_at)
        bid, ask = fill.basis_prices
        if candle is None or (bid <= candle[1] and ask >= candle[2]):
            return ""
        return f", and from {candle[2].normalize():f} to {candle[1].normalize():f} in all"

    def _why_other_time(self, ours: int, theirs: int) -> Why:
        if ours > theirs:
            looks = self._looks(theirs, ours)
            return why_not_on_paper(self._scene, self._paper, self._wanted, looks)
        return why_not_again(self._scene, self._again, self._wanted, ours)

    def _looks(self, first: int, end: int) -> range:
        """Return the first look at each report from `first` to before `end`."""
        every = max(self._scene.leg_at(first).check_interval, self._scene.length)
        return range(first, max(end, first + 1), self._scene.look_at(every))

    def _expiry(self, look: int) -> int:
        """Return when the signal is too old to be entered, or the end."""
        rules = self._scene.leg_at(look).rules
        most = (rules.entries.max_age + 1) * rules.interval.milliseconds
        return min(self._wanted.confirmed_at + most, self._scene.look_at(self._scene.end))

    def _why_other_end(self, paper: AnyTrade, again: AnyTrade, begun: Part | None) -> Why | None:
        """Return why the exits differ; None where they do not."""
        if paper.number in self._broken:
            return None
        ours, theirs = paper.exit, again.exit
        if ours is not None and theirs is not None:
            is_same = paper.reason is again.reason
            if is_same and ours.price == theirs.price:
                return None
            is_decided = paper.reason in DECIDED or again.reason in DECIDED
            is_soon = abs(ours.at - theirs.at) < _LOOKS * self._scene.length
            if is_soon and (is_same or is_decided):
                return Why(Cause.QUOTE, _two_ends(paper, ours, again, theirs))
        if ours is not None and (theirs is None or ours.at <= theirs.at):
            return self._why_earlier(paper, ours, begun)
        if theirs is not None:
            return self._why_later(paper, again, theirs, begun)
        return None

    def _why_earlier(self, paper: AnyTrade, ours: Fill, begun: Part | None) -> Why:
        """Return why the run ended a trade that goes on, on final candles."""
        name = _words(paper.reason)
        candle = self._scene.candle_at(paper.symbol, ours.basis_at)
        if _is_beside(ours, paper.reason, candle):
            return Why(Cause.QUOTE, f"a quote reached the {name}, and no candle did")
        if not _is_at_quote(ours) and candle is not None and not _may_be(ours, candle):
            return Why(Cause.CANDLE, "the run saw another candle than the final one")
        if paper.reason in (Reason.OPPOSITE, Reason.DELISTING):
            return Why(Cause.SIGNAL, f"closed ({name}), which final candles do not show by then")
        return _because(begun) or Why(Cause.UNEXPLAINED, f"nothing shows this {name}")

    def _why_later(self, paper: AnyTrade, again: AnyTrade, theirs: Fill, begun: Part | None) -> Why:
        """Return why the run went on with a trade that ends earlier on final candles."""
        name, scene = _words(again.reason), self._scene
        minute = scene.look_at(theirs.basis_at)
        if theirs.basis is Basis.CANDLE and minute == scene.look_at(paper.opened_at):
            return Why(Cause.QUOTE, f"the {name} was touched in the minute of the entry, before it")
        if away := scene.why_away(theirs.at):
            return away
        candle = scene.candle_at(again.symbol, theirs.basis_at)
        if _is_beside(theirs, again.reason, candle):
            return Why(Cause.SPREAD, f"the spread that is taken reached the {name}")
        if again.reason is Reason.OPPOSITE:
            at = utc_text(theirs.at)
            return Why(Cause.REPORT, f"no report of {at} was acted on, which shows the opposite")
        return _because(begun) or Why(Cause.UNEXPLAINED, f"the {name} was passed over")


def _why_other_funding(end: Why | None) -> Why:
    """Return why funding differs, where `end` is why the exits do."""
    if end is not None:
        return replace(end, text="held through other settlements of funding")
    return Why(Cause.FUNDING, "funding of another rate or price, or none that is kept")


def _because(begun: Part | None) -> Why | None:
    """Return the cause of a trade that had begun otherwise."""
    if begun is None:
        return None
    return Why(begun.cause, f"{begun.text}; so it ended otherwise, too")


def _two_ends(paper: AnyTrade, ours: Fill, again: AnyTrade, theirs: Fill) -> str:
    told = (
        f"{_words(x.reason)} {'at a quote' if _is_at_quote(fill) else 'in a candle'} at "
        f"{fill.price.normalize():f}"
        for x, fill in ((paper, ours), (again, theirs))
    )
    return ", again: ".join(told)


def _words(reason: Reason | None) -> str:
    return (reason or "end").replace("_", " ")


def _span(ms: int) -> str:
    return f"{ms // 1000}s" if ms < _LONG else f"{ms // MINUTE}m"


def _is_at_quote(fill: Fill) -> bool:
    return fill.basis is Basis.QUOTE


def _is_beside(fill: Fill, reason: Reason | None, candle: tuple[Decimal, ...] | None) -> bool:
    """Tell whether a quote reached what ended a trade, and the `candle` of that time did not."""
    if not _is_at_quote(fill) or reason not in _TOUCHED:
        return False
    if candle is None:
        return True
    if reason is Reason.TARGET:  # a resting order: a candle has to trade beyond it
        return not candle[2] < fill.requested < candle[1]
    return not candle[2] <= fill.requested <= candle[1]


def _may_be(fill: Fill, final: tuple[Decimal, ...]) -> bool:
    """Tell whether the candle of `fill` may have been the `final` one, or a part of it."""
    opened, high, low, _ = fill.basis_prices
    return opened == final[0] and final[2] <= low and high <= final[1]


def _broken(account: AccountHistory, scene: Scene) -> dict[int, str]:
    """Return, by trade, what in a journal does not follow from what it says itself."""
    found = {}
    for trade in account.last.trades:
        costs = scene.leg_at(trade.opened_at).rules.costs
        if text := _broken_entry(trade, account.ticks[trade.number], costs):
            found[trade.number] = text
    for ledger, exited in account.exits():
        position = ledger.positions[exited.trade]
        costs = scene.leg_at(exited.at).rules.costs
        price = _price_of(position, exited.reason, exited.fill, costs)
        if exited.reason is not Reason.LIQUIDATION and price != exited.fill.price:
            expected = "none" if price is None else f"{price:f}"
            text = f"its exit was at {exited.fill.price:f}, its own journal gives {expected}"
            found[exited.trade] = text
    return found


def _broken_entry(trade: AnyTrade, tick: Decimal | None, costs: Costs) -> str:
    fill = trade.entry
    touched = fill.basis_prices[fill.side is Side.BUY]
    price = slipped(fill.side, touched, costs.slippage, tick)
    if price == fill.price:
        return ""
    return f"its entry was at {fill.price:f}, its own journal gives {price:f}"


def _price_of(position: Position, reason: Reason, fill: Fill, costs: Costs) -> Decimal | None:
    """Return what an exit for `reason` gets of the prices that it names; None: there is none."""
    if fill.basis is Basis.CANDLE:
        in_candle = exit_in_candle(position, Candle(fill.basis_at, *fill.basis_prices), costs)
        return None if in_candle is None else in_candle.fill.price
    quote = quote_of(fill)
    exit_ = exit_at_quote(position, quote, costs) or close_at(position, quote, reason, costs)
    return exit_.fill.price
