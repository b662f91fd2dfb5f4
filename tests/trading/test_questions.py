"""Questions to a venue: what is not waited for any more is not asked."""

from __future__ import annotations

import threading

import pytest

from divbot.trading.engine.questions import Questions, Stopped


def test_what_was_not_asked_when_it_closes_is_never_asked() -> None:
    stop, begun, over = threading.Event(), threading.Event(), threading.Event()
    asked: list[str] = []

    def slow() -> None:
        begun.set()
        over.wait(10)

    before = set(threading.enumerate())
    questions = Questions(1, stop)
    asker = threading.Thread(target=_ask, args=(questions, slow, asked))
    asker.start()
    assert begun.wait(10)
    stop.set()
    asker.join(10)
    workers = set(threading.enumerate()) - before
    questions.close()
    over.set()
    for worker in workers:
        worker.join(10)

    assert workers
    assert asked == ["stopped"]


def _ask(questions: Questions, slow, asked: list[str]) -> None:
    with pytest.raises(Stopped):
        questions.ask([slow, lambda: asked.append("asked")])
    asked.append("stopped")
