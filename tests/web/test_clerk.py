"""Who answers what takes long, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
from dataclasses import dataclass, replace
from typing import Any

import pytest

from divbot.domain.clock import ManualClock, SystemClock
from divbot.domain.errors import InputError, JournalError, VenueUnreachable
from divbot.domain.universe import Universe
from divbot.web.api import Api
from divbot.web.clerk import MOST_KEPT, Clerk, told
from divbot.web.denial import Denial
from divbot.web.port import AskedSymbol
from divbot.web.stream import Stream
from tests.web.boards import SYMBOL, FakeAnswers, FakeProgram, InThread


@dataclass
class Dying(FakeAnswers):
    """Answer with the process that answers; die when asked for a run."""

    def runs(self) -> dict[str, Any]:
        return {"process": os.getpid()}

    def run(self, name: str) -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return {}  # a gate cannot be sent


def test_it_answers_elsewhere_and_one_that_dies_is_followed_by_another() -> None:
    async def story() -> list[Any]:
        clerk = Clerk(Dying(), SystemClock())
        try:
            before = json.loads(await clerk.ask("runs", key=1, seconds=0))["process"]
            with pytest.raises(Denial, match="try again"):
                await clerk.ask("run", "x", key=2, seconds=0)
            after = json.loads(await clerk.ask("runs", key=3, seconds=0))["process"]
        finally:
            clerk.close()
        return [before, after]

    before, after = asyncio.run(story())

    assert len({before, after, os.getpid()}) == 3


def test_an_answer_is_kept_for_its_time_and_not_for_ever() -> None:
    answers, clock = FakeAnswers(), ManualClock()

    async def story() -> None:
        clerk = Clerk(answers, clock, hire=InThread)
        for _ in range(3):
            await clerk.ask("runs", key="runs", seconds=10)
        clock.advance(11_000)
        await clerk.ask("runs", key="runs", seconds=10)
        for number in range(2 * MOST_KEPT):
            await clerk.ask("runs", key=number, seconds=10)
        assert len(clerk._kept) == MOST_KEPT
        clerk.close()

    asyncio.run(story())

    assert len(answers.asked) == 2 + 2 * MOST_KEPT


def test_who_asks_the_same_at_once_gets_one_answer_also_when_the_first_leaves() -> None:
    answers = FakeAnswers()
    answers.gate.clear()

    async def story() -> bytes:
        clerk = Clerk(answers, SystemClock(), hire=InThread)
        first, second = (
            asyncio.ensure_future(clerk.ask("runs", key="runs", seconds=10)) for _ in range(2)
        )
        await asyncio.sleep(0)
        first.cancel()
        found = await second
        clerk.close()
        return found

    asyncio.run(story())

    assert answers.asked == ["runs"]


FAILURES = {
    "what is not there": (InputError("no run"), 404),
    "what cannot be read": (JournalError("damaged"), 500),
    "a venue that is away": (VenueUnreachable("no route"), 503),
}


@pytest.mark.parametrize(("error", "status"), FAILURES.values(), ids=FAILURES)
def test_each_failure_says_whose_it_is(error: Exception, status: int) -> None:
    class Failing(FakeAnswers):
        def runs(self) -> dict[str, Any]:
            raise error

    found = told(Failing(), "runs", ())

    assert isinstance(found, Denial)
    assert (found.status, found.message) == (status, str(error))


@dataclass
class Heard:
    """A clerk that keeps what it is asked."""

    arguments: tuple[Any, ...] = ()

    async def ask(self, _: str, *arguments: Any, **__: object) -> bytes:
        self.arguments = arguments
        return b"{}"


@dataclass
class Wide(FakeProgram):
    """Scan so many symbols more."""

    more: int = 0

    def universe(self) -> Universe:
        universe = super().universe()
        others = (replace(universe.listed[0], symbol=f"T{n:03}USDT") for n in range(self.more))
        return replace(universe, listed=(*universe.listed, *others))


def test_what_is_asked_of_one_symbol_is_as_small_in_a_large_market() -> None:
    def asked(more: int) -> AskedSymbol:
        clerk: Any = Heard()
        asyncio.run(
            Api(Wide(more=more), clerk, Stream()).answer(
                "/api/v1/symbols/{symbol}", {"symbol": SYMBOL}
            )
        )
        (found,) = clerk.arguments
        assert isinstance(found, AskedSymbol)
        return found

    few, many = asked(0), asked(600)

    assert few.standing
    assert many.standing == replace(few.standing, count=few.standing.count + 600)
    # Pickled by a thread of the trader's process, which holds the interpreter meanwhile.
    assert len(pickle.dumps(many)) - len(pickle.dumps(few)) < 20
