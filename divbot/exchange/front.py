"""The front of the exchange: which desk answers, and which fault the answer meets. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import unquote

from divbot.exchange.archive.archive import FILES_PATH, ServedArchive, is_archive, is_listing
from divbot.exchange.archive.files import ArchiveCall
from divbot.exchange.archive.listing import LISTING_PATH
from divbot.exchange.desk import Desk
from divbot.exchange.faults.kinds import Stage
from divbot.exchange.faults.responses import LOOP_PATH, spoil
from divbot.exchange.faults.schedule import Fault, Faults
from divbot.exchange.rest.response import Response, plain_response
from divbot.exchange.traffic import Traffic

_KEPT_OUT = (418, 429)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request comes to: a response, and the fault that still meets its transfer."""

    response: Response
    transfer: Fault | None = None


class Front:
    """Take the requests of all markets."""

    def __init__(
        self, desks: Sequence[Desk], faults: Faults, archive: ServedArchive | None = None
    ) -> None:
        self._desks = desks
        self._faults = faults
        self._archive = archive
        known = [path for desk in desks for path in desk.paths]
        self.traffic = Traffic([*known, LISTING_PATH, FILES_PATH])

    def take(self, target: str, method: str, headers: Mapping[str, str]) -> Outcome:
        """Answer one request; `target` is path and query as they came."""
        path, query = _asked(target)
        if path == LOOP_PATH:
            return Outcome(spoil(plain_response(302, {}), "redirect_loop"))
        desk = self._desk(path)
        response = desk.answer(path, query, method, headers)
        fault = None if response.status in _KEPT_OUT else self._faults.next_for(path, query)
        outcome = self._met(response, fault, path)
        if fault is None or fault.kind.stage is not Stage.MARKET or response.status != 200:
            return outcome
        # Offsets are ahead, copies are behind.
        ms = round(fault.seconds * (-1000 if fault.kind.name == "stale" else 1000))
        moved = desk.answer_as_of(ms, path, query, headers)
        return Outcome(replace(response, status=moved.status, body=moved.body))

    def from_archive(
        self, target: str, method: str, headers: Mapping[str, str]
    ) -> Callable[[], Outcome] | None:
        """Return what answers a request for the archive, on any thread; None where it is none."""
        path, query = _asked(target)
        if self._archive is None or not is_archive(path, query):
            return None
        fault = self._faults.next_for(path, query)
        return partial(
            self._archived,
            self._archive,
            ArchiveCall(path, query, method, headers),
            self._archive.now(),
            fault,
        )

    def close(self) -> None:
        """Let nothing that takes long go on."""
        if self._archive is not None:
            self._archive.close()

    def _archived(
        self, archive: ServedArchive, call: ArchiveCall, now: int, fault: Fault | None
    ) -> Outcome:
        place = LISTING_PATH if is_listing(call.path) else FILES_PATH
        return self._met(archive.answer(call, now), fault, place)

    def _met(self, response: Response, fault: Fault | None, place: str) -> Outcome:
        """Count a response at `place`; return what it comes to when it meets `fault`."""
        self.traffic.count(place, str(response.status) if fault is None else fault.kind.name)
        if fault is not None and fault.kind.stage is Stage.TRANSFER:
            return Outcome(response, fault)
        if fault is not None and fault.kind.stage is Stage.RESPONSE:
            return Outcome(spoil(response, fault.kind.name))
        return Outcome(response)

    def _desk(self, path: str) -> Desk:
        for desk in self._desks:
            if path.startswith(desk.root):
                return desk
        return self._desks[0]


def _asked(target: str) -> tuple[str, str]:
    """Return the path, decoded, and the query as it came."""
    path, _, query = target.partition("?")
    return unquote(path), query
