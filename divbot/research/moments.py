"""When something may happen next: what lets a backtest leave out all other looks.

Nothing here decides anything: each rule gives the earliest look at which the engine might find
something to do, rather too early than too late, from floats with a margin. What the engine does at
a look can depend on

- its stops, targets, trailing stops, liquidations: first touch over the minutes of what is held
- the equity at that look, which may reach a limit that pauses entries
- funding, which is due at whole hours; the holding time; a symbol that falls silent
- a report: a fresh divergence against what is held; where a place is free, what would be entered,
  and whether its price is such that it might be
- the time: a valuation, a UTC day that begins

The law that tests hold this to: every look writes the same journal, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.domain.durations import DAY
from divbot.domain.ledger import Ledger
from divbot.domain.market import Market
from divbot.domain.positions import Position
from divbot.domain.signals import Opportunity
from divbot.kernels.first_touch import first_poor, first_touch
from divbot.research.backtest import PastTrader
from divbot.research.feed import SILENCE, Attention
from divbot.research.outlook import Offer, Outlook
from divbot.research.tape import PastTape
from divbot.trading.engine.decide import (
    Moment,
    choose,
    is_paused_today,
    objections_to,
    pause_reason,
)

_LESS, _MORE = 1 - 1e-9, 1 + 1e-9
"""By what a float may be off, many times over."""
_UNIT = 1e-6
"""Money that is less than any rounding matters."""
_TICKS = 2


@dataclass(frozen=True, slots=True)
class _Sight:
    """The rows of one symbol from now to before a look that is taken in any case."""

    seen: Floats
    high: Floats
    low: Floats

    @classmethod
    def of(cls, tape: PastTape, symbol: str, now: int, end: int) -> _Sight:
        # No look is later than the next midnight, and a stretch holds whole days.
        stretch = tape.at(symbol, now)
        rows = slice(stretch.row(now), stretch.row(end - 1) + 1)
        return cls(stretch.seen[rows], stretch.high[rows], stretch.low[rows])


@dataclass(frozen=True, slots=True)
class _Stake:
    """What is held of one symbol, as the equity counts it."""

    symbol: str
    sign: int
    entry: float
    quantity: float
    margin: float


class _Chosen(NamedTuple):
    """What is chosen of a report."""

    among: frozenset[str]
    """The symbols that were asked about: the same is chosen of all together."""
    opportunities: Sequence[Opportunity]


class Moments:
    """Choose the looks of one run."""

    def __init__(self, trader: PastTrader) -> None:
        self._trader = trader
        self._venue = trader.venue
        self._rules = trader.rules
        self._length = trader.venue.candle_length
        self._outlook = Outlook(trader.reports, trader.rules.entries)
        trader.feed.attention = self._attention

    def __call__(self, now: int) -> int:
        """Return the next look after `now` at which something may happen."""
        ledger = self._trader.account.ledger
        end = self._on_grid(min(_after(now, self._rules.mark_every), _after(now, DAY)))
        for position in ledger.positions.values():
            for time in self._ends(position, now, end):
                end = min(end, max(self._on_grid(time), now + self._length))
        if self._may_pause(ledger, now):
            end = self._poor(ledger, now, end)
        if not ledger.paused and len(ledger.positions) < self._rules.entries.max_positions:
            end = self._entry(ledger, now, end)
        # What opens earlier is known not to matter; the last candle before the look may.
        self._venue.quiet_until = dict.fromkeys(ledger.symbols, end - self._length)
        return end

    def _may_pause(self, ledger: Ledger, now: int) -> bool:
        """Tell whether prices may begin a pause, or end one of an earlier day, before the next one.

        Where nothing is held the equity stays what it is.
        """
        is_certain = ledger.paused and not ledger.positions and not ledger.dust
        return not is_certain and not is_paused_today(ledger, now)

    def _attention(self, close: int, now: int) -> Attention:
        """Return what the report of `close` can bring at `now`: entries, and exits."""
        ledger, rules = self._trader.account.ledger, self._rules
        has_room = len(ledger.positions) < rules.entries.max_positions
        can_enter = has_room and not pause_reason(
            ledger, self._trader.account.equity, now, rules.entries
        )
        return Attention(
            self._chosen(close, now).among if can_enter else frozenset(),
            frozenset(
                x.symbol
                for x in ledger.positions.values()
                if rules.exits.on_opposite and self._against(x, now, now)
            ),
        )

    def _chosen(self, close: int, now: int) -> _Chosen:
        """Return what is chosen at `now` of the report of `close`.

        Asked about are first those symbols that may have the highest scores, and more of them until
        no other may have a higher one than what is chosen.
        """
        ledger, rules = self._trader.account.ledger, self._rules.entries
        moment = Moment(now, self._trader.period.start, self._rules.interval, ledger)
        offers = self._enterable(close, moment)
        free = rules.max_positions - len(ledger.positions)
        asked = list(islice(offers, free))
        while True:
            among = frozenset(x.symbol for x in asked)
            found = self._trader.feed.found_at(close, Attention(among, frozenset()))
            chosen, other = choose(found, moment, rules), next(offers, None)
            is_full = len(chosen) == free
            if other is None or (is_full and chosen[-1].score > other.score):
                return _Chosen(among, chosen)
            asked += [other, *islice(offers, len(asked))]

    def _enterable(self, close: int, moment: Moment) -> Iterator[Offer]:
        """Yield what the report of `close` may offer, and nothing that is known speaks against."""
        for offer in self._outlook.offers(close):
            against = objections_to(offer.symbol, offer.confirmed_at, moment, self._rules.entries)
            if not any(against):
                yield offer

    def _against(self, position: Position, now: int, until: int) -> list[int]:
        """Return the closes by `until` whose divergences may speak against `position` at `now`."""
        since = max(position.origin.confirmed_at, position.opened_at)
        oldest = now - (self._rules.entries.max_age + 1) * self._outlook.length
        return self._outlook.against(position.symbol, -position.sign, max(since, oldest), until)

    def _ends(self, position: Position, now: int, end: int) -> Iterator[int]:
        """Yield looks or times before `end` at which something may happen to `position`."""
        rules = self._rules
        yield self._touched(position, now, end)
        if rules.market is Market.USDM:
            yield self._funded(position, end)
        if rules.exits.max_holding is not None:
            yield position.opened_at + rules.exits.max_holding
        yield self._silent(position.symbol, now, end)
        if rules.exits.on_opposite:
            yield self._opposite(position, now, end)

    def _touched(self, position: Position, now: int, end: int) -> int:
        """Return the first look at which its stop, target or liquidation may be touched."""
        below, above = self._limits(position)
        looks = [
            first_touch(sight.seen, sight.high, sight.low, below, above)
            for sight in (
                _Sight.of(tape, position.symbol, now, end)
                for tape in (self._venue.tape, self._venue.marks)
            )
        ]
        return now + min(looks) * self._length

    def _limits(self, position: Position) -> tuple[float, float]:
        """Return the last prices at or beyond which something may happen to `position`."""
        reach = self._venue.reach(position.symbol)
        sign, stop, target = position.sign, float(position.stop), float(position.target)
        worse = [stop / (1 - sign * reach)]
        if position.liquidation is not None:
            worse.append(float(position.liquidation))
        better = [target / (1 + sign * reach)]
        if position.trail is not None:
            better.append(stop + sign * float(position.trail))
        if sign > 0:
            return max(worse) * _MORE, min(better) * _LESS
        return max(better) * _MORE, min(worse) * _LESS

    def _funded(self, position: Position, end: int) -> int:
        """Return when a payment is known that is due: once the candle at its time has ended."""
        due = self._venue.next_due(position.symbol, position.funded_until)
        return end if due is None else self._on_grid(due) + self._length

    def _silent(self, symbol: str, now: int, end: int) -> int:
        """Return when it will have been silent for so long that it is taken to be delisted."""
        if self._venue.tape.has(symbol, now):
            return end  # which is no more than a day away
        last = self._venue.tape.last_open_before(symbol, now - 2 * SILENCE, now)
        since = now - SILENCE if last is None else last
        close = _after(since + SILENCE, self._outlook.length)
        # Of what was not held as a report was made, the next one of the same close tells it.
        return self._look_at(close, now) if close > now else now + self._length

    def _opposite(self, position: Position, now: int, end: int) -> int:
        """Return the first look at a report in which a divergence may speak against `position`."""
        looks = (self._look_at(x, now) for x in self._against(position, now, end))
        return min(looks, default=end)

    def _look_at(self, close: int, now: int) -> int:
        """Return the first look after `now` at a report of `close`, or else of a later one."""
        # One that was published by now was looked at, but what it says may come again.
        newest = self._trader.feed.published_at(now) // self._outlook.length * self._outlook.length
        return self._trader.feed.look_at(max(close, newest + self._outlook.length))

    def _poor(self, ledger: Ledger, now: int, end: int) -> int:
        """Return the first look at which the equity may have reached a limit."""
        rules, equity = self._rules.entries, self._trader.account.equity
        limit = max(
            float(ledger.day_start(now, equity) * (1 - rules.max_daily_loss)),
            float(max(ledger.peak, equity) * (1 - rules.max_drawdown)),
            0.0,
        )
        stakes = [
            _Stake(x.symbol, x.sign, *map(float, (x.entry_price, x.quantity, x.margin)))
            for x in ledger.positions.values()
        ]
        dust = [_Stake(s, 1, 0.0, float(x.quantity), 0.0) for s, x in ledger.dust.items()]
        cash, limit = float(ledger.cash), limit * _MORE + _UNIT
        look = self._first_poor(stakes, cash, limit, now, end)
        # Dust is of many symbols, and next to nothing: it seldom has to be looked at.
        return (
            look
            if look == end or not dust
            else self._first_poor(stakes + dust, cash, limit, now, end)
        )

    def _first_poor(
        self, stakes: list[_Stake], cash: float, limit: float, now: int, end: int
    ) -> int:
        sights = [_Sight.of(self._venue.tape, x.symbol, now, end).seen for x in stakes]
        rows = (end - now) // self._length
        look = first_poor(
            np.column_stack(sights) if sights else np.empty((rows, 0)),
            np.array([float(x.sign) for x in stakes]),
            np.array([x.entry for x in stakes]),
            np.array([x.quantity for x in stakes]),
            np.array([x.margin for x in stakes]),
            np.array([self._venue.reach(x.symbol) for x in stakes]),
            cash,
            limit,
        )
        return now + look * self._length

    def _entry(self, ledger: Ledger, now: int, end: int) -> int:
        """Return the first look at which something may be entered."""
        looks = np.arange(now + self._length, end, self._length)
        published = looks // self._trader.feed.check_interval * self._trader.feed.check_interval
        closes = self._trader.feed.closes_at(published)
        is_first = looks - published < self._length
        allowed = np.array(self._cooled(ledger, now), np.int64)
        # What would be chosen is the same as long as these are.
        states = np.column_stack(
            [closes, looks // self._outlook.length, np.searchsorted(allowed, looks, side="right")]
        )
        changes = np.flatnonzero((np.diff(states, axis=0) != 0).any(axis=1)) + 1
        for part in np.split(np.arange(len(looks)), changes):
            acted = part[is_first[part]]
            if not len(acted):
                continue
            chosen = self._chosen(int(closes[acted[0]]), int(looks[acted[0]])).opportunities
            found = self._entered(chosen, looks[acted], now, end)
            if found is not None:
                return found
        return end

    def _entered(
        self, chosen: Sequence[Opportunity], looks: Integers, now: int, end: int
    ) -> int | None:
        """Return the first of `looks` at a price that one of what is chosen may be entered at."""
        rows = (looks - now) // self._length
        first = []
        for opportunity in chosen:
            lower, upper = self._window(opportunity)
            seen = _Sight.of(self._venue.tape, opportunity.divergence.symbol, now, end).seen[rows]
            fits = np.flatnonzero((seen >= lower) & (seen <= upper))
            first += fits[:1].tolist()
        return int(looks[min(first)]) if first else None

    def _window(self, opportunity: Opportunity) -> tuple[float, float]:
        """Return between which last prices it may be entered: the price test of sizing."""
        costs, rules = self._rules.costs, self._rules.sizing
        fee, slippage, ratio = (
            float(x) for x in (costs.fee, costs.slippage, rules.min_reward_risk)
        )
        sign = opportunity.side.sign
        stop, target = float(opportunity.stop), float(opportunity.target)
        reach = self._venue.reach(opportunity.divergence.symbol)
        tick = opportunity.instrument.tick_size if opportunity.instrument else None
        rounding = _TICKS * float(tick or 0)
        # At `near` the way to the stop is what a trade costs, at `far` the promise is too small.
        near = stop / (1 - sign * (2 * fee + slippage))
        out = stop * (1 - sign * slippage)
        promise = 1 + 2 * sign * fee + ratio * (1 + sign * fee)
        far = (target + ratio * out * (1 - sign * fee)) / promise
        lower, upper = (near, far) if sign > 0 else (far, near)
        slipped = 1 + sign * slippage
        return (
            (lower - rounding) / slipped / (1 + reach) * _LESS,
            (upper + rounding) / slipped / (1 - reach) * _MORE,
        )

    def _cooled(self, ledger: Ledger, now: int) -> list[int]:
        """Return, in order, when symbols may be entered again after a loss, from now on."""
        cooldown, ends = self._rules.entries.cooldown, []
        for trade in reversed(ledger.closed):
            # An exit in a candle is known when that has ended, and others were before it.
            if trade.closed_at + cooldown + self._length < now:
                break
            ends.append(trade.closed_at + cooldown)
        return sorted(ends)

    def _on_grid(self, time: int) -> int:
        return -(-time // self._length) * self._length


def _after(time: int, every: int) -> int:
    return (time // every + 1) * every
