"""Questions to a venue, asked side by side, whose answers are waited for but not for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

from divbot.domain.errors import DivbotError

T = TypeVar("T")

_PATIENCE = 0.05
"""Seconds after which `stop` is heard, while an answer is waited for."""


class Stopped(Exception):
    """The trader was told to stop while it waited."""


def end_if_stopped(stop: threading.Event) -> None:
    """Raise Stopped where `stop` is set."""
    if stop.is_set():
        raise Stopped


class Asks(Protocol):
    """What questions are asked through."""

    def ask(self, questions: Sequence[Callable[[], T]]) -> list[T | DivbotError]:
        """Return the answers in the order of `questions`; in place of some, why there is none."""


class Immediate:
    """Ask one after the other, where every answer is there at once: the past waits for nobody."""

    def ask(self, questions: Sequence[Callable[[], T]]) -> list[T | DivbotError]:
        """Return the answers in the order of `questions`; in place of some, why there is none."""
        return [_answer(question) for question in questions]


class Questions:
    """Ask on threads of their own, so that a venue that does not answer keeps nobody from leaving.

    `stop` ends every wait at once; what is still under way then is left to end by itself.
    """

    def __init__(self, threads: int, stop: threading.Event) -> None:
        self._threads = ThreadPoolExecutor(threads, "trader")
        self._stop = stop

    def ask(self, questions: Sequence[Callable[[], T]]) -> list[T | DivbotError]:
        """Return the answers in the order of `questions`; in place of some, why there is none.

        Raise Stopped where the answers are not waited for any more.
        """
        asked = [self._threads.submit(_answer, question) for question in questions]
        pending = set(asked)
        while pending:
            end_if_stopped(self._stop)
            _, pending = wait(pending, timeout=_PATIENCE)
        return [future.result() for future in asked]

    def ask_one(self, question: Callable[[], T]) -> T:
        """Return the answer; raise why there is none."""
        (answer,) = self.ask([question])
        if isinstance(answer, DivbotError):
            raise answer
        return answer

    def close(self) -> None:
        """Ask nothing more; no answer is waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _answer(question: Callable[[], T]) -> T | DivbotError:
    try:
        return question()
    except DivbotError as error:
        return error
