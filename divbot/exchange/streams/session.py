"""One connection: what comes in, and when, says what goes out. No I/O, no clock.

    open --SUBSCRIBE, UNSUBSCRIBE, ...--> open
    open --too much of anything, no pong, a day--> closed    after Close, nothing more is sent
    open --silence--> mute    to its client nothing is wrong, but nothing comes any more

Times are ms of the real clock, but for what is told in events.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from enum import StrEnum

from divbot.exchange.rest.json_text import json_bytes
from divbot.exchange.rest.rate_window import RateWindow, WindowShape
from divbot.exchange.streams.addresses import StreamAddress
from divbot.exchange.streams.channels import Channel, channel_of
from divbot.exchange.streams.events import StreamEvent, server_shutdown
from divbot.exchange.streams.frames import (
    BinaryFrame,
    CloseFrame,
    Frame,
    PingFrame,
    PongFrame,
    TextFrame,
)
from divbot.exchange.streams.requests import BadRequest, Method, Request, read_request
from divbot.exchange.streams.rules import ConnectionRules

_SECOND = 1000
_LONGEST_TEXT = 4096 - 8  # one read of the venue's, less the frame's own header
_GOING_AWAY = 1001
_POLICY = 1008
_INVALID_JSON = 3


class ConnectionState(StrEnum):
    """How a connection stands."""

    OPEN = "open"
    MUTE = "mute"
    CLOSED = "closed"


class Session:
    """Take what a client sends; say what it is sent."""

    def __init__(self, address: StreamAddress, rules: ConnectionRules, now: int) -> None:
        self.market = address.market
        self.state = ConnectionState.OPEN
        self._route = address.route
        self._microseconds = address.microseconds
        self._combined = address.combined
        self._rules = rules
        self._received = RateWindow(rules.messages, _SECOND, WindowShape.ROLLING)
        self._streams = dict.fromkeys(address.streams)
        self._heard = self._audible()
        self._pings: deque[tuple[int, bytes]] = deque()
        """When, and with what payload: those that have not been answered."""
        self._next_ping = now + rules.ping_every
        self._ends_at = now + rules.lifetime
        self._is_warned = rules.notice is None

    @property
    def heard(self) -> Mapping[str, Channel]:
        """Return the streams that something may come from."""
        return self._heard if self.state is ConnectionState.OPEN else {}

    @property
    def subscriptions(self) -> int:
        """Return how many streams were asked for, in vain or not."""
        return len(self._streams)

    def receive(self, frame: Frame, now: int) -> list[Frame]:
        """Return the reply to what the client has sent."""
        if self.state is not ConnectionState.OPEN or self._is_awaited(frame):
            return []
        if self._received.spend(now, 1) > self._rules.messages:
            return self._too_much()
        match frame:
            case TextFrame(content):
                return self._obey(content)
            case BinaryFrame(content):
                return self._obey_binary(content)
            case PingFrame(payload):
                return [PongFrame(payload)]
            case _:
                return []

    def advance(self, now: int, market_now: int) -> list[Frame]:
        """Return what time brings: a ping, a warning, the end."""
        if self.state is not ConnectionState.OPEN:
            return []
        if now >= self._ends_at:
            return self._end(_GOING_AWAY, "")
        if self._pings and now - self._pings[0][0] >= self._rules.pong_within:
            return self._end(_POLICY, "Pong timeout")
        return self._warned(now, market_now) + self._pinged(now)

    def deliver(self, events: Iterable[StreamEvent]) -> list[Frame]:
        """Return the messages that `events` are to this client."""
        heard = self.heard
        return [self._message(event) for event in events if event.stream in heard]

    def shut_down(self, now: int, market_now: int, seconds: float) -> list[Frame]:
        """End the connection in `seconds`; return the warning, where there is one."""
        if self.state is not ConnectionState.OPEN:
            return []
        self._ends_at = min(self._ends_at, now + round(seconds * _SECOND))
        if self._rules.notice is None:
            return []
        self._is_warned = True
        return [self._message(server_shutdown(market_now))]

    def fall_silent(self) -> None:
        """Send nothing from now on, whatever comes: not even a pong."""
        if self.state is ConnectionState.OPEN:
            self.state = ConnectionState.MUTE

    def close(self) -> None:
        """Take note that the connection has ended."""
        self.state = ConnectionState.CLOSED

    def _is_awaited(self, frame: Frame) -> bool:
        """Tell whether `frame` answers a ping of ours; earlier ones are then answered too.

        It does not count as a message: a client cannot help sending it.
        """
        payloads = [payload for _, payload in self._pings]
        if not isinstance(frame, PongFrame) or frame.payload not in payloads:
            return False
        for _ in range(payloads.index(frame.payload) + 1):
            self._pings.popleft()
        return True

    def _obey_binary(self, content: bytes) -> list[Frame]:
        if self._rules.nonsense_ends:
            return self._end(_POLICY, "")
        return self._obey(content.decode(errors="replace"))

    def _obey(self, text: str) -> list[Frame]:
        if len(text.encode()) > _LONGEST_TEXT:
            return []
        try:
            request = read_request(self.market, text)
        except BadRequest as refusal:
            return self._refused(refusal)
        result = self._done(request)
        if len(self._streams) > self._rules.streams:
            return self._too_much()
        return [_text({"result": result, "id": request.id})]

    def _refused(self, refusal: BadRequest) -> list[Frame]:
        named = {} if refusal.id is None else {"id": refusal.id}
        told = _text({"error": {"code": refusal.code, "msg": refusal.message}, **named})
        if refusal.code == _INVALID_JSON and self._rules.nonsense_ends:
            return [told, *self._end(_POLICY, "")]
        return [told]

    def _done(self, request: Request) -> object:
        match request.method:
            case Method.LIST_SUBSCRIPTIONS:
                return list(self._streams)
            case Method.GET_PROPERTY:
                return self._combined
            case Method.SET_PROPERTY:
                self._combined = request.params[1]
            case Method.SUBSCRIBE:
                self._streams |= dict.fromkeys(request.params)
            case Method.UNSUBSCRIBE:
                gone = set(request.params)
                self._streams = {name: None for name in self._streams if name not in gone}
        self._heard = self._audible()
        return None

    def _audible(self) -> dict[str, Channel]:
        found = {stream: channel_of(self.market, stream) for stream in self._streams}
        return {
            stream: channel
            for stream, channel in found.items()
            if channel is not None and self._route.carries(channel.kind)
        }

    def _warned(self, now: int, market_now: int) -> list[Frame]:
        if self._is_warned or now < self._ends_at - (self._rules.notice or 0):
            return []
        self._is_warned = True
        return [self._message(server_shutdown(market_now))]

    def _pinged(self, now: int) -> list[Frame]:
        if now < self._next_ping:
            return []
        self._next_ping = now + self._rules.ping_every
        payload = str(now).encode()
        self._pings.append((now, payload))
        return [PingFrame(payload)]

    def _message(self, event: StreamEvent) -> TextFrame:
        return TextFrame(event.text(combined=self._combined, microseconds=self._microseconds))

    def _too_much(self) -> list[Frame]:
        return self._end(_POLICY, "Too many requests")

    def _end(self, code: int, reason: str) -> list[Frame]:
        self.state = ConnectionState.CLOSED
        return [CloseFrame(code, reason)]


def _text(content: object) -> TextFrame:
    return TextFrame(json_bytes(content).decode())
