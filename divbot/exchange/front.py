"""The front of the exchange: which desk answers, and which fault the answer meets. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import unquote

from divbot.exchange.archive.archive import FILES_PATH, Archive, is_archive
from divbot.exchange.archive.files import Call
from divbot.exchange.archive.listing import LISTING_PATH
from divbot.exchange.desk import Desk
from divbot.exchange.faults.faults import Fault, Faults, Stage
from divbot.exchange.faults.spoiling import LOOP_PATH, loop, plain_answer, spoil
from divbot.exchange.rest.answer import Answer
from divbot.exchange.traffic import Traffic

_KEPT_OUT = (418, 429)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request comes to: an answer, and the fault that still meets it on the wire."""

    answer: Answer
    wire: Fault | None = None


class Front:
    """Take the requests of all markets."""

    def __init__(
        self, desks: Sequence[Desk], faults: Faults, archive: Archive | None = None
    ) -> None:
        self._desks = desks
        self._faults = faults
        self._archive = archive
        known = [path for desk in desks for path in desk.paths]
        self.traffic = Traffic([*known, LISTING_PATH, FILES_PATH])

    def take(self, target: str, method: str, headers: Mapping[str, str]) -> Outcome:
        """Answer one request; `target` is path and query as they came."""
        path, _, query = target.partition("?")
        path = unquote(path)
        if path == LOOP_PATH:
            return Outcome(loop(plain_answer(302, {})))
        desk = self._desk(path)
        answer = desk.answer(path, query, method, headers)
        fault = None if answer.status in _KEPT_OUT else self._faults.next_for(path, query)
        self.traffic.count(path, str(answer.status) if fault is None else fault.kind.name)
        if fault is None:
            return Outcome(answer)
        if fault.kind.stage is Stage.WIRE:
            return Outcome(answer, fault)
        if fault.kind.stage is Stage.ANSWER:
            return Outcome(spoil(answer, fault.kind.name))
        if answer.status != 200:
            return Outcome(answer)
        # Offsets are ahead, copies are behind.
        ms = round(fault.seconds * (-1000 if fault.kind.name == "stale" else 1000))
        moved = desk.answer_as_of(ms, path, query, headers)
        return Outcome(replace(answer, status=moved.status, body=moved.body))

    def from_archive(
        self, target: str, method: str, headers: Mapping[str, str]
    ) -> Callable[[], Outcome] | None:
        """Return what answers a request for the archive, on any thread; None where it is none."""
        path, _, query = target.partition("?")
        path = unquote(path)
        if self._archive is None or not is_archive(path, query):
            return None
        fault = self._faults.next_for(path, query)
        return partial(
            self._archived,
            self._archive,
            Call(path, query, method, headers),
            self._archive.now(),
            fault,
        )

    def _archived(self, archive: Archive, call: Call, now: int, fault: Fault | None) -> Outcome:
        answer = archive.answer(call, now)
        place = FILES_PATH if call.path.endswith((".zip", ".CHECKSUM")) else LISTING_PATH
        self.traffic.count(place, str(answer.status) if fault is None else fault.kind.name)
        if fault is None:
            return Outcome(answer)
        if fault.kind.stage is Stage.WIRE:
            return Outcome(answer, fault)
        return Outcome(spoil(answer, fault.kind.name))

    def _desk(self, path: str) -> Desk:
        for desk in self._desks:
            if path.startswith(desk.root):
                return desk
        return self._desks[0]
