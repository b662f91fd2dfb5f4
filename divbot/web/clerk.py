"""Who answers what takes long: candles and RSI of a symbol, journals; in a process of its own.

The trader's process loads no kernels and downloads no candles, and a page changes nothing of that.
What is asked again while it is new comes from memory; what is asked twice at once is asked once;
and who asks while too many wait is told to come back.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

from divbot.domain.clock import Clock
from divbot.domain.errors import DivbotError, InputError, StateError, SymbolError
from divbot.processes import PRELOAD, obey_parent, start_context
from divbot.scanner.workforce.pool import end_executor
from divbot.web.denial import Denial
from divbot.web.documents import json_of
from divbot.web.port import Answers, AskedSymbol, LookSpending

MOST_WAITING = 16
MOST_KEPT = 64
_SECONDS = 60.0
"""That an answer may take: the first one loads what it needs."""
_POLL_SECONDS = 0.1
_NICENESS = 10
_LATER = "try again in a few seconds"

_answers: Answers


def begin(answers: Answers) -> None:
    """Make ready in the clerk's own process."""
    global _answers  # noqa: PLW0603 - the executor gives an initializer no other place to put it
    import os

    obey_parent()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    answers.open()
    _answers = answers


def answer(name: str, arguments: tuple[Any, ...]) -> bytes | Denial:
    """Answer one question, in the clerk's process."""
    return told(_answers, name, arguments)


def told(answers: Answers, name: str, arguments: tuple[Any, ...]) -> bytes | Denial:
    """Return the answer as JSON, or why there is none."""
    try:
        return json_of(getattr(answers, name)(*arguments))
    except (InputError, SymbolError) as error:
        return Denial(404, "not_found", str(error))
    except StateError as error:
        return Denial(500, "unreadable", str(error))
    except DivbotError as error:
        return Denial(503, "venue", str(error))


class Workplace(Protocol):
    """Where questions are answered."""

    def ask(self, name: str, arguments: tuple[Any, ...]) -> Future[bytes | Denial]:
        """Begin to answer; raise BrokenExecutor where nobody does any more."""

    def close(self) -> None:
        """End whatever is under way."""


class OwnProcess:
    """A process that answers."""

    def __init__(self, answers: Answers) -> None:
        self._executor = ProcessPoolExecutor(
            1, mp_context=start_context(PRELOAD), initializer=begin, initargs=(answers,)
        )

    def ask(self, name: str, arguments: tuple[Any, ...]) -> Future[bytes | Denial]:
        """Begin to answer."""
        return self._executor.submit(answer, name, arguments)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        end_executor(self._executor)


@dataclass(frozen=True, slots=True)
class _Kept:
    body: bytes
    until: float


class Clerk:
    """Ask `answers` in what `hire` makes of them, once somebody asks; used from one event loop."""

    def __init__(
        self,
        answers: Answers,
        clock: Clock,
        spending: LookSpending | None = None,
        hire: Callable[[Answers], Workplace] = OwnProcess,
    ) -> None:
        self._answers = answers
        self._clock = clock
        self._spending = spending
        self._hire = hire
        self._desk: Workplace | None = None
        self._asked: dict[object, asyncio.Task[bytes]] = {}
        self._kept: OrderedDict[object, _Kept] = OrderedDict()

    async def ask(self, name: str, *arguments: Any, key: object, seconds: float) -> bytes:
        """Return the answer; one of this `key` that is younger than `seconds` will do.

        Raise Denial where there is none.
        """
        kept = self._kept.get(key)
        if kept is not None and self._clock.monotonic() < kept.until:
            self._kept.move_to_end(key)
            return kept.body
        task = self._asked.get(key)
        if task is None:
            if len(self._asked) >= MOST_WAITING:
                raise Denial(503, "busy", f"too many questions wait: {_LATER}")
            task = asyncio.create_task(self._answer(name, arguments, key, seconds))
            self._asked[key] = task
            task.add_done_callback(lambda _: self._asked.pop(key, None))
        # Who goes away takes the answer from nobody else.
        return await asyncio.shield(task)

    async def _answer(
        self, name: str, arguments: tuple[Any, ...], key: object, seconds: float
    ) -> bytes:
        lease = None
        if self._spending and arguments and isinstance(arguments[0], AskedSymbol):
            lease = self._spending.open_lease()
            arguments = (replace(arguments[0], lease=lease), *arguments[1:])
        try:
            body = await self._done(name, arguments)
        finally:
            if self._spending and lease is not None:
                self._spending.close_lease(lease)
        if isinstance(body, Denial):
            raise body
        self._kept[key] = _Kept(body, self._clock.monotonic() + seconds)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return body

    async def _done(self, name: str, arguments: tuple[Any, ...]) -> bytes | Denial:
        try:
            if self._desk is None:
                self._desk = await asyncio.to_thread(self._hire, self._answers)
            future = asyncio.wrap_future(self._desk.ask(name, arguments))
        except BrokenExecutor:
            self.close()
            raise Denial(503, "busy", f"the answer was lost: {_LATER}") from None
        deadline = self._clock.monotonic() + _SECONDS
        while not future.done():
            await asyncio.wait([future], timeout=_POLL_SECONDS)
            if self._spending:
                self._spending.grant_weight()
            if self._clock.monotonic() > deadline:
                future.cancel()
                raise Denial(503, "busy", f"the answer takes too long: {_LATER}")
        try:
            return future.result()
        except BrokenExecutor:
            self.close()
            raise Denial(503, "busy", f"the answer was lost: {_LATER}") from None

    def close(self) -> None:
        """End the process, whatever it is doing; who asks again gets another one."""
        desk, self._desk = self._desk, None
        if desk is not None:
            desk.close()
