"""The sockets of all streams: aiohttp around a Broadcast, on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiohttp import WSMessage, WSMsgType, web

from divbot.exchange.rest.response import ORIGIN_HEADER
from divbot.exchange.streams.broadcast import Broadcast
from divbot.exchange.streams.frames import (
    Abort,
    BinaryFrame,
    CloseFrame,
    Frame,
    PingFrame,
    PongFrame,
    TextFrame,
)
from divbot.exchange.streams.session import Session

_PULSE_SECONDS = 0.05
_CLOSE_SECONDS = 0.5
_MOST_WAITING = 5_000
_MOST_RECEIVED = 1 << 20


class Sockets:
    """Serve every connection, and beat the pulse as long as there are any."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self._lines: dict[Session, _Line] = {}
        self._someone = asyncio.Event()

    async def run(self) -> None:
        """Send what is new, for ever."""
        while True:
            await self._someone.wait()
            for session, frames in self._broadcast.pulse():
                if session in self._lines:
                    self._lines[session].send(frames)
            await asyncio.sleep(_PULSE_SECONDS)

    async def serve(self, request: web.BaseRequest, session: Session) -> web.StreamResponse:
        """Serve one connection until it ends."""
        socket = web.WebSocketResponse(
            autoping=False,
            compress=False,
            timeout=_CLOSE_SECONDS,
            max_msg_size=_MOST_RECEIVED,
        )
        socket.headers[ORIGIN_HEADER] = self._broadcast.origin(session)
        try:
            await socket.prepare(request)
            await self._listen(session, _Line(socket, request.transport), socket)
        finally:
            self._leave(session)
        return socket

    async def _listen(self, session: Session, line: _Line, socket: web.WebSocketResponse) -> None:
        self._lines[session] = line
        self._someone.set()
        try:
            async for message in socket:
                line.send(self._broadcast.receive(session, _frame(message)))
        finally:
            # First, so that nobody is counted whose close has been answered.
            self._leave(session)
            await line.end()

    def abort(self) -> None:
        """End all connections at once."""
        for line in self._lines.values():
            line.abort()

    def _leave(self, session: Session) -> None:
        self._broadcast.leave(session)
        self._lines.pop(session, None)
        if not self._lines:
            self._someone.clear()


class _Line:
    """What waits to be sent on one connection, so that a slow reader holds up nobody else."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self._socket = socket
        self._transport = transport
        self._waiting: asyncio.Queue[Frame] = asyncio.Queue(_MOST_WAITING)
        self._is_closing = False
        self._writer = asyncio.create_task(self._write())

    async def end(self) -> None:
        """Wait for a close of ours that is under way; send nothing else."""
        if not self._is_closing:
            self._writer.cancel()
        await asyncio.wait([self._writer])
        if not self._writer.cancelled():
            # A connection that is gone is the one thing that can go wrong.
            self._writer.exception()

    def send(self, frames: Iterable[Frame]) -> None:
        """Have `frames` sent as soon as they can be."""
        try:
            for frame in frames:
                self._waiting.put_nowait(frame)
        except asyncio.QueueFull:
            self.abort()

    def abort(self) -> None:
        """End the connection without a word."""
        if self._transport is not None:
            self._transport.abort()

    async def _write(self) -> None:
        while not self._is_closing:
            await self._put(await self._waiting.get())

    async def _put(self, frame: Frame) -> None:
        match frame:
            case TextFrame(content):
                await self._socket.send_str(content)
            case PingFrame(payload):
                await self._socket.ping(payload)
            case PongFrame(payload):
                await self._socket.pong(payload)
            case CloseFrame(code, reason):
                self._is_closing = True
                await self._socket.close(code=code, message=reason.encode())
            case BinaryFrame() | Abort():
                self.abort()


def _frame(message: WSMessage) -> Frame:
    match message.type:
        case WSMsgType.TEXT:
            return TextFrame(message.data)
        case WSMsgType.PING:
            return PingFrame(bytes(message.data))
        case WSMsgType.PONG:
            return PongFrame(bytes(message.data))
        case WSMsgType.BINARY:
            return BinaryFrame(bytes(message.data))
        case _:
            # What aiohttp could not read; the connection is about to end.
            return Abort()
