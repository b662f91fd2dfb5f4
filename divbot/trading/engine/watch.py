"""Open positions under watch: ended minutes are replayed, quotes are held against them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from divbot.domain.clock import utc_text
from divbot.domain.durations import HOUR, MINUTE
from divbot.domain.errors import DivbotError, UnknownSymbol
from divbot.domain.events import Event, Exited
from divbot.domain.fills import Costs, Quote, Reason
from divbot.domain.market import Market
from divbot.domain.minutes import FundingRate
from divbot.domain.notices import Tell
from divbot.domain.positions import Exit, Position, close_at, exit_at_quote, exit_in_candle
from divbot.trading.engine.account import Account
from divbot.trading.engine.questions import Asks
from divbot.trading.engine.replay import PastMinutes, ended, latest_end, replay
from divbot.trading.port import TradingVenue

T = TypeVar("T")

_LATE = 2 * MINUTE
"""How long after a whole hour its settlement is asked for again, where there was none yet."""


class PositionWatch:
    """Close positions by what the market did; belongs to the trader's thread."""

    def __init__(
        self,
        venue: TradingVenue,
        market: Market,
        account: Account,
        questions: Asks,
        costs: Costs,
        tell: Tell,
    ) -> None:
        self._venue = venue
        self._market = market
        self._account = account
        self._questions = questions
        self._costs = costs
        self._tell = tell
        # The journal knows it too, but only as of the last valuation.
        self._checked: dict[int, int] = {}

    def checked_until(self, now: int) -> int:
        """Return the time before which all minutes of all positions have been checked."""
        return min((self._until(x) for x in self._account.positions), default=self.candle_at(now))

    def candle_at(self, time: int) -> int:
        """Return when the shortest candle that holds `time` opens."""
        length = self._venue.candle_length
        return time // length * length

    def replay_minutes(self, now: int) -> list[DivbotError]:
        """Replay all minutes that ended since the last check; return why some could not be.

        What the venue does not know any more is closed, as nothing more will be heard of it.
        """
        length = self._venue.candle_length
        due = [x for x in self._account.positions if self._until(x) + length <= now]
        pasts = self._ask([partial(self._past, x, self._until(x), now) for x in due])
        troubles = []
        for position, past in zip(due, pasts, strict=True):
            if isinstance(past, UnknownSymbol):
                self._end(position, self._delisted(position, now))
                continue
            if isinstance(past, DivbotError):
                troubles.append(past)
                continue
            checked = replace(position, checked_until=self._until(position))
            self._write(position, replay(checked, past, self._costs))
            if past.candles:
                self._checked[position.trade] = past.candles[-1].open_time + length
        return troubles

    def close_by_quote(self) -> None:
        """Close what the last quotes stop, or bring to its target."""
        for position in self._account.positions:
            quote = self._account.quotes.get(position.symbol)
            exit_ = quote and exit_at_quote(position, quote, self._costs)
            if not exit_:
                continue
            is_target = exit_.reason is Reason.TARGET
            if not (is_target and self._was_ended_before(position)):
                self._end(position, exit_)

    def close(self, position: Position, reason: Reason, quoted_at: int) -> bool:
        """Close `position` because that was decided; return False where there is no price.

        `quoted_at` is the time of the last quotes; that of `position` may be an older one.
        """
        if self._was_ended_before(position):
            return True
        quote = self._account.quotes.get(position.symbol)
        if quote is None and reason is Reason.DELISTING:
            self._end(position, self._delisted(position, quoted_at))
            return True
        if quote is None:
            return False
        exit_ = exit_at_quote(position, quote, self._costs)
        exit_ = exit_ or close_at(position, quote, reason, self._costs)
        exit_ = replace(exit_, fill=replace(exit_.fill, at=max(exit_.fill.at, quoted_at)))
        self._end(position, exit_)
        return True

    def _end(self, position: Position, exit_: Exit) -> None:
        """Write an exit in a candle that is not over, after the funding that was due before it."""
        # A candle that has not ended yet tells only of what was before now.
        now = max(self._venue.now(), exit_.fill.at)
        end = min(latest_end(exit_, self._venue.candle_length), now)
        rates: Sequence[FundingRate] = ()
        if self._may_be_due(position, position.funded_until, end):
            (found,) = self._ask([partial(self._funding, position, end)])
            # Without an answer it is closed all the same: a stop waits for nothing.
            rates = () if isinstance(found, DivbotError) else found
        self._write(position, ended(position, exit_, rates, end))

    def _past(self, position: Position, start: int, now: int) -> PastMinutes:
        """Ask for what happened since `start`; runs on a thread of the questions."""
        symbol = position.symbol
        candles, length = self._venue.minutes(symbol, start, now).final, self._venue.candle_length
        if self._market is Market.SPOT or not candles:
            return PastMinutes(candles, {}, (), length)
        end = candles[-1].open_time + length - MINUTE
        marks = self._venue.mark_minutes(symbol, start, now).final
        funding: Sequence[FundingRate] = ()
        if self._may_be_due(position, start, end):
            funding = self._funding(position, end)
        return PastMinutes(candles, {x.open_time: x for x in marks}, funding, length)

    def _funding(self, position: Position, end: int) -> Sequence[FundingRate]:
        """Ask for what was due by `end` and is not paid."""
        # To the end of the minute: it stands under a time that is somewhat later than it was due.
        until = end // MINUTE * MINUTE + MINUTE - 1
        return self._venue.funding(position.symbol, position.funded_until + 1, until)

    def _delisted(self, position: Position, at: int) -> Exit:
        """Return the end of a position at the last price that is known, whenever that was."""
        last = position.last_price
        quote = self._account.quotes.get(position.symbol)
        quote = quote or Quote(last, last, position.last_price_at)
        exit_ = close_at(position, quote, Reason.DELISTING, self._costs)
        self._tell(
            f"{position.symbol} was delisted and has no price any more: its position is closed at "
            f"the last one that is known, of {utc_text(quote.at, seconds=True)} UTC",
            is_warning=True,
        )
        return replace(exit_, fill=replace(exit_.fill, at=max(quote.at, at)))

    def _was_ended_before(self, position: Position) -> bool:
        """End `position` as the candles since the last check do; tell whether they do.

        Neither a target nor a decision may take a position that was stopped a moment earlier, and
        no decision one that had reached its target.
        """
        start, now = self._until(position), self._venue.now()
        (found,) = self._ask([partial(self._venue.minutes, position.symbol, start, now)])
        if isinstance(found, DivbotError):
            return False
        exits = (exit_in_candle(position, candle, self._costs) for candle in found.final)
        exit_ = next(filter(None, exits), None)
        if exit_ is None and found.forming is not None:
            exit_ = exit_in_candle(position, found.forming, self._costs)
            if exit_ is not None and exit_.reason is Reason.TARGET:
                exit_ = None  # the rest of the minute may still touch the stop, which goes first
        if exit_ is not None:
            self._end(position, exit_)
        return exit_ is not None

    def _may_be_due(self, position: Position, start: int, end: int) -> bool:
        """Tell whether funding may have become due from `start` to `end`, and is not paid yet."""
        # At whole hours; how many lie between two payments changes.
        hour = end // HOUR * HOUR
        return self._market is Market.USDM and hour > position.funded_until and hour > start - _LATE

    def _until(self, position: Position) -> int:
        # Of a candle in which a position was opened, the rest is still to be checked.
        until = max(position.checked_until, self._checked.get(position.trade, 0))
        return self.candle_at(until)

    def _write(self, position: Position, events: Sequence[Event]) -> None:
        self._account.write(*events)
        if any(isinstance(event, Exited) for event in events):
            self._checked.pop(position.trade, None)

    def _ask(self, questions: Sequence[Callable[[], T]]) -> list[T | DivbotError]:
        return self._questions.ask(questions)
