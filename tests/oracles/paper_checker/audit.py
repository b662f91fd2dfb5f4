"""Hear the events of a journal one by one, and tell each that cannot be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.oracles.paper_checker.entry import check_entry, check_signal
from tests.oracles.paper_checker.fate import (
    Exit,
    Paid,
    Position,
    fate,
    reached,
    schedule,
    sold_at,
    start_of,
)
from tests.oracles.paper_checker.market import MINUTE, Candle, Market
from tests.oracles.paper_checker.rows import Account, Dust, Event
from tests.oracles.paper_checker.rules import Rules, down, up

DAY = 1440 * MINUTE
DECIDED = ("holding_time", "opposite", "delisting")


class Audit:
    """Keep a second account; `found` tells where the journal parts from it."""

    def __init__(self, market: Market, rules: Rules) -> None:
        self.account = Account()
        self.found: list[str] = []
        self.owed = Decimal(0)
        """What wrong exits returned too little."""
        self._market = market
        self._rules = rules
        self._due: dict[int, list[Paid]] = {}
        self._fates: dict[int, Exit | None] = {}
        self._quotes: dict[tuple[str, int], tuple[Decimal, Decimal]] = {}
        self._event = Event(0, 0, "", "", {})
        self._checked_until = 0
        self._entered = 0
        self._sessions = 0
        self._paused_at = 0
        self._prices: dict[int, Decimal] = {}
        """What each position was valued at last."""

    def hear(self, event: Event) -> None:
        """Take the next event into account."""
        self._event, self.account.last = event, event.seq
        self._expect("started first, and once", event.seq == 1, event.kind == "started")
        hearer = getattr(self, f"_hear_{event.kind}", None)
        if hearer is None:
            self._expect("a kind that the rules know", True, event.kind)
        else:
            hearer(event, event.body)
        self._expect("cash that was there", True, self.account.cash >= 0)

    def end(self) -> None:
        """Expect that nothing is due of what is still open."""
        for position in self.account.open.values():
            self._expect_nothing_due(position, self._checked_until)

    def _expect(self, what: str, expected: object, found: object) -> None:
        if expected != found:
            event = self._event
            named = f"event {event.seq} ({event.key})"
            self.found.append(f"{named}: {what}: expected {expected}, found {found}")

    def _hear_started(self, event: Event, body: dict[str, Any]) -> None:
        self.account.cash = Decimal(body["balance"])

    def _hear_resumed(self, event: Event, body: dict[str, Any]) -> None:
        self._sessions += 1
        self._expect("session", self._sessions, body["session"])
        for name in ("leverage", "max_positions", "risk", "slippage"):
            expected = Decimal(getattr(self._rules, name))
            self._expect(name, expected, Decimal(body["settings"][name]))

    def _hear_paused(self, event: Event, body: dict[str, Any]) -> None:
        if self.account.paused:
            # Renewed or ended, but not on the day that it is for.
            is_later = event.at // DAY > self._paused_at // DAY
            self._expect("a pause that lasts for its day", True, is_later)
        else:
            self._expect("a reason for a pause", True, bool(body["reason"]))
        self.account.paused, self._paused_at = body["reason"], event.at

    def _hear_entered(self, event: Event, body: dict[str, Any]) -> None:
        position = _position(event)
        account = self.account
        self._entered += 1
        self._expect("trade", self._entered, position.trade)
        origin = body["origin"]
        key = f"open:{position.symbol}:{origin['interval']}:{origin['confirmed_at']}"
        self._expect("key", key, event.key)
        self._expect("no entry while paused", "", account.paused)
        taken = [each.symbol for each in account.open.values()]
        self._expect("one position a symbol", False, position.symbol in taken)
        self._expect("room for it", True, len(taken) < self._rules.max_positions)
        self._check_quote(position.symbol, body["fill"])
        terms = self._market.terms_at(position.symbol, event.at)
        equity = self._equity(event.at, event.at)
        check_entry(body, position, account, equity, terms, self._rules, self._expect)
        check_signal(body, position, self._market, self._rules, self._expect)
        account.cash -= Decimal(body["paid"])
        account.dust.pop(position.symbol, None)
        if left := Decimal(body["dust"]):
            spread = 2 * position.spread + position.tick
            account.dust[position.symbol] = Dust(left, spread, position.entry)
        account.open[position.trade] = position
        self._prices[position.trade] = position.entry
        records = self._market.fundings.get(position.symbol, ())
        due = self._due[position.trade] = schedule(position, records, self._rules)
        self._fates[position.trade] = fate(position, self._market, self._rules, due)

    def _hear_funded(self, event: Event, body: dict[str, Any]) -> None:
        position = self._named(body)
        if position is None:
            return
        self._expect("key", f"fund:{position.trade}:{event.at}", event.key)
        due = self._due[position.trade][len(position.funded) :]
        if not due or due[0].funding.due != event.at:
            self._expect("funding due", due[0].funding.due if due else None, event.at)
            return
        paid = due[0]
        self._expect("the venue's time of it", paid.funding.at, body["settled_at"])
        self._expect("rate", paid.funding.rate, Decimal(body["rate"]))
        self._expect("mark price", paid.funding.mark, Decimal(body["mark_price"]))
        self._expect("amount", paid.amount, Decimal(body["amount"]))
        self._expect_alike("liquidation", paid.liquidation, body["liquidation"])
        position.funded.append(paid)

    def _hear_exited(self, event: Event, body: dict[str, Any]) -> None:
        position = self._named(body)
        if position is None:
            return
        self._expect("key", f"close:{position.trade}", event.key)
        fill = body["fill"]
        expected = self._expected_exit(position, body)
        if expected is not None:
            self._check_exit(position, expected, body)
        is_candle = fill["basis"] == "candle"
        paid_until = fill["basis_at"] if is_candle else event.at - self._rules.skew
        self._expect_paid_until(position, paid_until)
        self._check_quantity(position, fill)
        late = [x.funding.due for x in position.funded if x.funding.due > event.at]
        self._expect("no funding after the exit", [], late)
        del self.account.open[position.trade]
        self.account.closed.append(position)
        self._close(position, event, expected)

    def _expected_exit(self, position: Position, body: dict[str, Any]) -> Exit | None:
        expected = self._fates[position.trade]
        if body["fill"]["basis"] == "candle":
            self._expect("an exit that candles bring about", True, expected is not None)
            return expected
        self._check_quote(position.symbol, body["fill"], is_last=body["reason"] == "delisting")
        known = body["at"] - self._rules.skew
        length = self._market.length
        self._expect_nothing_due(position, known // length * length)
        return self._exit_at_quote(position, body)

    def _exit_at_quote(self, position: Position, body: dict[str, Any]) -> Exit:
        bid, ask = map(Decimal, body["fill"]["basis_prices"])
        price = bid if position.sign > 0 else ask
        is_stop = position.sign * (price - position.stop) <= 0
        is_target = position.sign * (price - position.target) >= 0
        reason, at = body["reason"], body["at"]
        if reason == "holding_time":
            held = at - position.at
            self._expect("held so long", True, held >= self._rules.max_holding)
        if is_target:
            return reached(position, at, self._rules)
        limit = self._limit(position, at)
        if is_stop:
            return sold_at(position, "stop", at, price, limit, self._rules)
        self._expect("a reason to close at this quote", True, reason in DECIDED)
        return sold_at(position, reason, at, price, limit, self._rules)

    def _check_exit(self, position: Position, expected: Exit, body: dict[str, Any]) -> None:
        fill = body["fill"]
        self._expect("reason", expected.reason, body["reason"])
        self._expect("time", (expected.at, expected.at), (body["at"], fill["at"]))
        for name in ("requested", "price", "fee"):
            self._expect_alike(name, getattr(expected, name), fill[name])
        slippage = up(abs(expected.price - expected.base) * position.quantity)
        self._expect("slippage", slippage, Decimal(fill["slippage"]))
        if expected.candle is not None:
            self._expect("candle of", expected.candle.open_time, fill["basis_at"])
            self._check_candle(expected.candle, fill)
        returned = self._due_return(position, expected)
        self._expect("returned", returned, Decimal(body["returned"]))

    def _check_candle(self, candle: Candle, fill: dict[str, Any]) -> None:
        stored = opened, high, low, close = tuple(map(Decimal, fill["basis_prices"]))
        # A decision and a target look at the minute under way: it may have grown since.
        is_part = candle.low <= low <= close <= high <= candle.high and opened == candle.open
        if not is_part:
            self._expect("candle", candle.prices, stored)

    def _due_return(self, position: Position, expected: Exit) -> Decimal:
        # With the funding that was due, not with what the journal says was paid.
        paid = [each.funding.due for each in position.funded]
        sure = expected.candle.open_time if expected.candle else expected.at - self._rules.skew
        held = [
            each
            for each in self._due[position.trade]
            if each.funding.due <= sure
            or (each.funding.due <= expected.at and each.funding.due in paid)
        ]
        kept, position.funded = position.funded, held
        returned = position.returned(expected)
        position.funded = kept
        return returned

    def _check_quantity(self, position: Position, fill: dict[str, Any]) -> None:
        self._expect("quantity", position.quantity, Decimal(fill["quantity"]))
        self._expect("side", "SELL" if position.sign > 0 else "BUY", fill["side"])
        spread = Decimal(0)
        if fill["basis"] == "quote":
            bid, ask = map(Decimal, fill["basis_prices"])
            spread = ask - bid
        self._expect("spread", spread, Decimal(fill["spread"]))

    def _close(self, position: Position, event: Event, expected: Exit | None) -> None:
        """Close as the journal says: one wrong event is told once, and what it is wrong by kept."""
        fill = event.body["fill"]
        returned = Decimal(event.body["returned"])
        position.exit, position.fees = Decimal(fill["price"]), Decimal(fill["fee"])
        if dust := self.account.dust.get(position.symbol):
            self.account.dust[position.symbol] = dust._replace(price=position.exit)
        position.slippage += Decimal(fill["slippage"])
        position.reason = event.body["reason"]
        position.closed_at, position.closed_seq = event.at, event.seq
        position.profit = returned - position.margin - position.fee
        self.account.cash += returned
        if expected is not None:
            self.owed += self._due_return(position, expected) - returned

    def _hear_marked(self, event: Event, body: dict[str, Any]) -> None:
        account = self.account
        self._expect("cash", account.cash, Decimal(body["cash"]))
        ahead = body["checked_until"] - event.at
        self._expect("nothing looked at ahead of time", True, ahead <= self._rules.lag)
        self._expect("a look that goes on", True, self._checked_until <= body["checked_until"])
        self._checked_until = body["checked_until"]
        equity = Decimal(body["equity"])
        # Valued at the quotes of a look that began after the last minute looked at.
        low, high = self._equity(event.at, min(self._checked_until, event.at))
        self._expect(f"equity from {low} to {high}", equity, min(max(low, equity), high))
        if len(account.open) == 1 and not account.dust:
            (position,) = account.open.values()
            if self._market.quote_at(position.symbol, event.at) is None:
                self._expect_on_tick(position, equity - Decimal(body["cash"]))
        prices = {symbol: Decimal(price) for symbol, price in body["prices"].items()}
        for position in account.open.values():
            known = self._prices[position.trade]
            self._prices[position.trade] = prices.get(position.symbol, known)
        for symbol, dust in account.dust.items():
            account.dust[symbol] = dust._replace(price=prices.get(symbol, dust.price))
        held = {each.symbol for each in account.open.values()}.union(account.dust)
        self._expect("prices of what is held", set(), prices.keys() - held)
        worths = [each.worth(self._prices[each.trade]) for each in account.open.values()]
        worths += [down(each.quantity * each.price) for each in account.dust.values()]
        self._expect("equity at its prices", account.cash + sum(worths), equity)
        for position in account.open.values():
            self._expect_nothing_due(position, self._checked_until)

    def _expect_on_tick(self, position: Position, worth: Decimal) -> None:
        """Expect a worth that some price on the tick gives, to the last unit."""
        if worth == 0:
            return
        exact = position.entry + position.sign * (worth - position.left) / position.quantity
        price = round(exact / position.tick) * position.tick
        self._expect("worth of the position", position.worth(price), worth)

    def _equity(self, at: int, since: int) -> tuple[Decimal, Decimal]:
        """Return the least and the most that the account can be worth from `since` to `at`."""
        worths = [self._worth(each, at, since) for each in self.account.open.values()]
        worths += [self._worth_of_dust(each, at, since) for each in self.account.dust]
        cash = self.account.cash
        return cash + sum(min(x) for x in worths), cash + sum(max(x) for x in worths)

    def _worth(self, position: Position, at: int, since: int) -> tuple[Decimal, Decimal]:
        quoted = self._quoted(position.symbol, at)
        if quoted is not None:
            worth = position.worth(quoted[0] if position.sign > 0 else quoted[1])
            return worth, worth
        low, high = self._range(position.symbol, at, since)
        spread = position.spread + position.tick
        if position.sign > 0:
            return position.worth(low - spread), position.worth(high)
        return position.worth(low), position.worth(high + spread)

    def _quoted(self, symbol: str, at: int) -> tuple[Decimal, Decimal] | None:
        return self._quotes.get((symbol, at)) or self._market.quote_at(symbol, at)

    def _worth_of_dust(self, symbol: str, at: int, since: int) -> tuple[Decimal, Decimal]:
        dust, (low, high) = self.account.dust[symbol], self._range(symbol, at, since)
        return down(dust.quantity * (low - dust.spread)), down(dust.quantity * high)

    def _range(self, symbol: str, at: int, since: int) -> tuple[Decimal, Decimal]:
        lag = self._rules.lag
        rows = list(self._market.between(symbol, since - lag, at + lag))
        return min(each.low for each in rows), max(each.high for each in rows)

    def _check_quote(self, symbol: str, fill: dict[str, Any], *, is_last: bool = False) -> None:
        """Expect a quote that can have been; the last one there was may be an old one."""
        bid, ask = map(Decimal, fill["basis_prices"])
        at = fill["basis_at"]
        self._expect(
            "a quote of this time", True, at == fill["at"] or (is_last and at < fill["at"])
        )
        self._quotes[symbol, at] = bid, ask
        known = self._market.quote_at(symbol, at)
        self._expect("bid and ask", known or (bid, ask), (bid, ask))
        low, high = self._range(symbol, at, at)
        self._expect(f"{bid}, {ask} around {low} to {high}", True, ask >= low and bid <= high)
        # Of a valuation only the price is kept that the position could be closed at.
        self._expect("bid below ask", True, bid < ask or (is_last and bid == ask))

    def _expect_nothing_due(self, position: Position, until: int) -> None:
        """Expect that no candle that opens before `until` has ended the position."""
        ended = self._fates[position.trade]
        if ended is not None and ended.candle is not None and ended.candle.open_time < until:
            named = f"trade {position.trade} ended by a {ended.reason}"
            self._expect(named, ended.candle.open_time, "nothing")
        self._expect_paid_until(position, until - MINUTE)

    def _expect_paid_until(self, position: Position, until: int) -> None:
        times = [x.funding.due for x in self._due[position.trade] if x.funding.due <= until]
        paid = [x.funding.due for x in position.funded]
        self._expect("funding by then", times, paid[: len(times)])

    def _limit(self, position: Position, at: int) -> Decimal | None:
        paid = [each for each in self._due[position.trade] if each.funding.due <= at]
        return paid[-1].liquidation if paid else start_of(position, self._rules)

    def _named(self, body: dict[str, Any]) -> Position | None:
        position = self.account.open.get(body["trade"])
        self._expect("an open trade", True, position is not None)
        return position

    def _expect_alike(self, what: str, expected: Decimal | None, found: str | None) -> None:
        known = None if found is None else Decimal(found)
        if expected is None or known is None or abs(expected - known) > Decimal("1e-15"):
            self._expect(what, expected, known)


def _position(event: Event) -> Position:
    body, fill = event.body, event.body["fill"]
    seen = body["seen"]
    return Position(
        trade=body["trade"],
        symbol=body["symbol"],
        kind=body["origin"]["kind"],
        sign=1 if fill["side"] == "BUY" else -1,
        at=event.at,
        seq=event.seq,
        quantity=Decimal(body["quantity"]),
        entry=Decimal(fill["price"]),
        margin=Decimal(body["margin"]),
        fee=Decimal(fill["fee"]),
        slippage=Decimal(fill["slippage"]),
        spread=Decimal(fill["spread"]),
        leverage=body["leverage"],
        stop=Decimal(body["stop"]),
        target=Decimal(body["target"]),
        seen=seen and {name: Decimal(seen[name]) for name in ("high", "low")},
        seen_open=seen["open_time"] if seen else 0,
        tick=Decimal(body["tick"]),
    )
