"""All connections to the streams of all markets, and what they hear. Pure but for its clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from divbot.domain.clock import Clock
from divbot.domain.durations import MINUTE
from divbot.domain.market import Market
from divbot.exchange.rest.rate_window import RateWindow, WindowShape
from divbot.exchange.rest.rejections import Rejection
from divbot.exchange.streams.addresses import address_of
from divbot.exchange.streams.channels import Channel
from divbot.exchange.streams.feed import Feed
from divbot.exchange.streams.frames import Abort, Frame
from divbot.exchange.streams.rules import RULES
from divbot.exchange.streams.session import Session

Sent: TypeAlias = tuple[Session, list[Frame]]

_ATTEMPTS = 300
_ATTEMPTS_MS = 5 * MINUTE


class Broadcast:
    """Let clients in, and hand them the news of their markets.

    `aging`: how many times as fast as the venue's its connections are pinged, and end.
    """

    def __init__(self, feeds: Sequence[Feed], clock: Clock, *, aging: float = 1.0) -> None:
        self._feeds = {feed.market: feed for feed in feeds}
        self._clock = clock
        self._rules = {market: RULES[market].aged(aging) for market in self._feeds}
        self._sessions: dict[Session, None] = {}
        self._ordered: list[Sent] = []
        # The venue tells no limit for futures.
        self._attempts = RateWindow(_ATTEMPTS, _ATTEMPTS_MS, WindowShape.ROLLING)

    def open(self, target: str) -> Session | None:
        """Let a client in at `target`, path and query as they came; None: there is nothing.

        Raise Rejection when there were too many attempts.
        """
        address = address_of(self._feeds, target)
        if address is None:
            return None
        now = self._clock.now()
        if address.market is Market.SPOT and self._attempts.spend(now, 1) > _ATTEMPTS:
            raise Rejection(-1003, "Too many connection attempts.", status=429)
        session = Session(address, self._rules[address.market], now)
        self._sessions[session] = None
        return session

    def leave(self, session: Session) -> None:
        """Forget a connection that has ended."""
        session.close()
        self._sessions.pop(session, None)
        market = session.market
        self._feeds[market].forget_all_but(_all_heard(self._of(market)))

    def receive(self, session: Session, frame: Frame) -> list[Frame]:
        """Return the reply to what a client has sent."""
        return session.receive(frame, self._clock.now())

    def origin(self, session: Session) -> str:
        """Return whether the prices a client is told were once real."""
        return self._feeds[session.market].origin

    def pulse(self) -> list[Sent]:
        """Return all that is to be sent now, by connection."""
        ordered, self._ordered = self._ordered, []
        now = self._clock.now()
        sent = ordered
        for market, feed in self._feeds.items():
            sessions = self._of(market)
            told = feed.news(_all_heard(sessions))
            for session in sessions:
                frames = session.deliver(told) + session.advance(now, feed.now())
                sent.append((session, frames))
        return [(session, frames) for session, frames in sent if frames]

    def disconnect(self, market: Market) -> int:
        """Cut all connections to `market` without a word; return how many there were."""
        return self._order((session, [Abort()]) for session in self._of(market))

    def shut_down(self, market: Market, seconds: float) -> int:
        """End all connections to `market` in `seconds`, warning those that are warned there."""
        now, told_as = self._clock.now(), self._feeds[market].now()
        return self._order(
            (session, session.shut_down(now, told_as, seconds)) for session in self._of(market)
        )

    def silence(self, market: Market) -> int:
        """Say nothing more on the connections to `market`, but let them stand."""
        sessions = self._of(market)
        for session in sessions:
            session.fall_silent()
        return len(sessions)

    def state(self, market: Market) -> dict[str, int]:
        """Return how many connections to `market` there are, and what they have asked for."""
        sessions = self._of(market)
        return {
            "connections": len(sessions),
            "subscriptions": sum(session.subscriptions for session in sessions),
        }

    def _of(self, market: Market) -> list[Session]:
        return [session for session in self._sessions if session.market is market]

    def _order(self, sent: Iterable[Sent]) -> int:
        """Keep `sent` for the next pulse; return how many connections it concerns."""
        ordered = list(sent)
        self._ordered += ordered
        return len(ordered)


def _all_heard(sessions: Iterable[Session]) -> Mapping[str, Channel]:
    heard: dict[str, Channel] = {}
    for session in sessions:
        heard |= session.heard
    return heard
