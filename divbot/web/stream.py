"""Server-sent events: what changed, made once, for as many readers as there are.

A reader that is slow misses what was replaced meanwhile, and gets the newest: nothing is queued for
it, so that its memory is what one message takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping

MOST_READERS = 200
_BEAT = b": here\n\n"
_FIRST = b"retry: 3000\n\n"


def message(name: str, body: bytes) -> bytes:
    """Return an event; `body` is JSON on one line."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), body)


class Stream:
    """Hold the newest message of each name; used from one event loop."""

    def __init__(self) -> None:
        self._messages: dict[str, tuple[int, bytes]] = {}
        self._number = 0
        self._changed = asyncio.Condition()
        self.readers = 0

    async def tell(self, bodies: Mapping[str, bytes]) -> None:
        """Replace the messages of these names that say something else now."""
        told = {name: message(name, body) for name, body in bodies.items()}
        new = {
            name: text
            for name, text in told.items()
            if self._messages.get(name, (0, b""))[1] != text
        }
        if not new:
            return
        async with self._changed:
            for name, text in new.items():
                self._number += 1
                self._messages[name] = (self._number, text)
            self._changed.notify_all()

    async def read(self, beat_seconds: float) -> AsyncGenerator[bytes, None]:
        """Yield what there is, then what comes; and a sign of life where nothing does."""
        self.readers += 1
        try:
            seen = 0
            yield _FIRST
            while True:
                news = b"".join(text for at, text in self._messages.values() if at > seen)
                seen = self._number
                yield news or _BEAT
                async with self._changed:
                    try:
                        async with asyncio.timeout(beat_seconds):
                            await self._changed.wait_for(lambda: self._number > seen)  # noqa: B023
                    except TimeoutError:
                        continue
        finally:
            self.readers -= 1
