"""What each path of the API answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from divbot.domain.market import Interval
from divbot.domain.symbols import unknown_symbol
from divbot.scanner.report import Report
from divbot.web.clerk import Clerk
from divbot.web.denial import Denial
from divbot.web.documents import (
    calibration_document,
    equity_document,
    events_document,
    health_document,
    json_of,
    opportunities_document,
    positions_document,
)
from divbot.web.port import AskedSymbol, Program, Showing
from divbot.web.routes import USUAL_EVENTS, Arguments
from divbot.web.stream import Stream

_RUNS_SECONDS = 10.0
"""How long what journals hold is told without another look."""
_CANDLE_SECONDS = 30.0
_HEALTH_EVERY = 2_000
"""ms of the market between two looks at the health that streams tell."""


class Api:
    """Answer from a program's snapshots, and by a clerk; used from one event loop."""

    def __init__(self, program: Program, clerk: Clerk, stream: Stream) -> None:
        self._program = program
        self._clerk = clerk
        self._stream = stream
        self._told: dict[str, tuple[object, bytes]] = {}

    async def answer(self, path: str, given: Arguments) -> bytes:
        """Return what the route of `path` says; raise Denial where it says nothing."""
        moment = self._program.now()
        match path.removeprefix("/api/v1/"):
            case "opportunities":
                interval = given.get("interval")
                if interval is not None and moment.of(interval) is None:
                    raise Denial(404, "not_found", f"{interval} is not scanned here")
                return json_of(opportunities_document(moment, interval))
            case "positions":
                return json_of(positions_document(moment))
            case "equity":
                return json_of(equity_document(moment))
            case "events":
                return json_of(events_document(moment, given.get("limit", USUAL_EVENTS)))
            case "alerts":
                return await self._kept("alerts", given.get("limit", USUAL_EVENTS))
            case "health":
                return json_of(self._health(moment))
            case "calibration":
                return json_of(calibration_document(moment))
            case "symbols/{symbol}":
                return await self._symbol(moment, given["symbol"], given.get("interval"))
            case "runs/{run}":
                return await self._kept("run", given["run"])
            case "sweeps/{number}":
                return await self._kept("sweep", given["number"])
            case name:
                return await self._kept(name)

    def live(self) -> Mapping[str, bytes]:
        """Return what streams tell, by name; what did not change is not made again."""
        moment = self._program.now()
        versions = tuple(x.published and x.published.findings.version for x in moment.scans)
        made: dict[str, tuple[object, Callable[[], object]]] = {
            "opportunities": (versions, lambda: opportunities_document(moment)),
            "positions": (moment.run, lambda: positions_document(moment)),
            "equity": (moment.run, lambda: equity_document(moment)),
            "events": (moment.lines, lambda: events_document(moment, USUAL_EVENTS)),
            "health": (
                (moment.at // _HEALTH_EVERY, self._stream.readers),
                lambda: self._health(moment),
            ),
        }
        for name, (mark, make) in made.items():
            before = self._told.get(name)
            if before is None or not _is_same(before[0], mark):
                self._told[name] = mark, json_of(make())
        return {name: body for name, (_, body) in self._told.items()}

    def _health(self, moment: Showing) -> dict[str, Any]:
        return health_document(moment, self._stream.readers)

    async def _kept(self, name: str, *arguments: object) -> bytes:
        key = (name, *arguments)
        return await self._clerk.ask(name, *arguments, key=key, seconds=_RUNS_SECONDS)

    async def _symbol(self, moment: Showing, symbol: str, interval: Interval | None) -> bytes:
        universe = self._program.universe()
        if universe is not None:
            known = [x.symbol for x in universe.listed] + [x.symbol for x in universe.left_out]
            if symbol not in known:
                raise Denial(404, "not_found", unknown_symbol(symbol, known))
        if interval is None:
            interval = moment.interval
        if not interval.offered_by(moment.market):
            raise Denial(404, "not_found", f"this market has no {interval.value} candles")
        scans = moment.of(interval)
        published = scans.published if scans else None
        report = _sent(published.report) if published else None
        standing = universe.standing_of(symbol) if universe and report else None
        asked = AskedSymbol(symbol, interval, 0, report, standing)
        version = published.findings.version if published else 0
        return await self._clerk.ask(
            "symbol", asked, key=(symbol, interval, version), seconds=_CANDLE_SECONDS
        )


def _sent(report: Report) -> Report:
    """Return what of a report is worth sending to another process."""
    return replace(report, divergences=(), fresh=(), candles={})


def _is_same(before: object, mark: object) -> bool:
    """Tell whether what has that mark is unchanged; what is large is not compared in depth."""
    return before is mark or (isinstance(mark, tuple) and before == mark)
