"""Every path of the API: what it takes and gives, said once, for requests and for OpenAPI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote_to_bytes

from divbot.domain.bounds import Bounds, Reader
from divbot.domain.market import Interval
from divbot.domain.symbols import read_symbol
from divbot.domain.values import CheckedText, Choice
from divbot.version import __version__
from divbot.web.denial import Denial
from divbot.web.schemas import INTERVAL, SCHEMAS, Schema

JSON = "application/json"
EVENTS = "text/event-stream"
USUAL_EVENTS = 50
"""How many events, or alerts, are told unless more or fewer are asked for."""
_LONGEST = 200
"""Characters of a path or a query that mean anything."""

Arguments: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = Callable[[Arguments], Awaitable[bytes]]


class _Symbol(Reader[str]):
    def __str__(self) -> str:
        return "a symbol such as BTCUSDT"

    def _taken(self, value: object) -> str | None:
        return read_symbol(value) if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Parameter:
    """What may be said in a path or a query."""

    name: str
    reader: Reader[object]
    schema: Schema
    text: str
    is_in_path: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One path."""

    path: str
    """With at most one parameter, in braces, as a part of its own."""
    text: str
    schema: str
    """Of schemas.SCHEMAS."""
    parameters: tuple[Parameter, ...] = ()
    content_type: str = JSON
    may_be_missing: bool = False
    """What is asked for may not be there, or not be had."""


def _whole(bounds: Bounds[int]) -> Schema:
    return {"type": "integer", "minimum": bounds.least, "maximum": bounds.most}


_INTERVAL = Parameter(
    "interval", Choice(Interval), INTERVAL, "Of candles; by default the first that is scanned."
)
_EVENT_COUNT = Bounds(int, 1, 200)
_MOST = Parameter(
    "limit", _EVENT_COUNT, {**_whole(_EVENT_COUNT), "default": USUAL_EVENTS}, "How many at most."
)
_SYMBOL = Parameter(
    "symbol",
    _Symbol(),
    {"type": "string", "minLength": 1, "maxLength": 50, "example": "BTCUSDT"},
    "As the venue writes it.",
    is_in_path=True,
)
_RUN = Parameter(
    "run",
    CheckedText("the name of a run", lambda x: 0 < len(x) <= 100 and x.isprintable()),
    {"type": "string", "minLength": 1, "maxLength": 100},
    "Its name, as `divbot runs` tells it.",
    is_in_path=True,
)
_TRIAL_NUMBER = Bounds(int, 1, 1_000_000)
_NUMBER = Parameter(
    "number",
    _TRIAL_NUMBER,
    _whole(_TRIAL_NUMBER),
    "Of the trial, as `divbot sweeps` tells it.",
    is_in_path=True,
)
ROUTES = (
    Route(
        "/api/v1/opportunities",
        "All that is open to trade, the best first",
        "Opportunities",
        (_INTERVAL,),
        may_be_missing=True,
    ),
    Route(
        "/api/v1/symbols/{symbol}",
        "Candles, RSI, divergences and how they ended, plans, and why it is in the table or not",
        "Symbol",
        (_SYMBOL, _INTERVAL),
        may_be_missing=True,
    ),
    Route("/api/v1/positions", "What is held, and what it has come to", "Positions"),
    Route("/api/v1/equity", "The account", "Equity"),
    Route("/api/v1/events", "What happened last, the newest first", "Events", (_MOST,)),
    Route(
        "/api/v1/alerts",
        "What was told, the newest first, also by programs that have ended",
        "Alerts",
        (_MOST,),
        may_be_missing=True,
    ),
    Route("/api/v1/health", "How the scanner and the trader get on", "Health"),
    Route("/api/v1/calibration", "What stands behind confidence and expectancy", "Calibration"),
    Route("/api/v1/runs", "Every run: of paper, and backtests", "Runs", may_be_missing=True),
    Route(
        "/api/v1/runs/{run}",
        "One run: its account, its curve, its trades and its last events",
        "Run",
        (_RUN,),
        may_be_missing=True,
    ),
    Route(
        "/api/v1/sweeps", "Every sweep and backtest that was tried", "Sweeps", may_be_missing=True
    ),
    Route(
        "/api/v1/sweeps/{number}",
        "One of them, with its verdict",
        "Sweep",
        (_NUMBER,),
        may_be_missing=True,
    ),
    Route(
        "/api/v1/stream",
        "The documents opportunities, positions, equity, events and health, each time they change",
        "",
        content_type=EVENTS,
        may_be_missing=True,
    ),
)
OPENAPI_PATH = "/api/v1/openapi.json"


def find(path: str) -> tuple[Route, str | None] | None:
    """Return the route of `path`, as a request writes it, and the part that is its parameter."""
    for route in ROUTES:
        before, brace, _ = route.path.partition("{")
        if not brace and path == route.path:
            return route, None
        if brace and path.startswith(before) and "/" not in path[len(before) :]:
            return route, path[len(before) :]
    return None


def read(route: Route, part: str | None, query: str) -> dict[str, Any]:
    """Return what a request gives; raise Denial for what the route does not take."""
    texts = _query(query)
    if part is not None:
        texts[route.path.partition("{")[2].removesuffix("}")] = _decoded(part)
    known = {x.name: x for x in route.parameters}
    given = {}
    for name, text in texts.items():
        if name not in known:
            raise Denial(400, "parameter", f"{name[:_LONGEST]}: no such parameter here")
        try:
            given[name] = known[name].reader.read(text)
        except ValueError as error:
            # What a path names, and cannot be, is not there.
            status, code = (404, "not_found") if known[name].is_in_path else (400, "parameter")
            raise Denial(status, code, f"{name}: {error}") from None
    return given


def _query(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, strict_parsing=bool(query), errors="strict"
        )
    except ValueError:
        raise Denial(400, "parameter", "expected a query such as interval=5m") from None
    texts = dict(pairs)
    if len(texts) < len(pairs):
        raise Denial(400, "parameter", "expected each parameter once")
    return texts


def _decoded(part: str) -> str:
    try:
        return unquote_to_bytes(part.encode()).decode()
    except UnicodeError:
        raise Denial(404, "not_found", "expected a path in UTF-8") from None


def openapi_document(*, has_token: bool) -> dict[str, Any]:
    """Return what there is, for programs."""
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "divbot", "version": __version__, "description": "Read-only."},
        "paths": {x.path: {"get": _operation(x)} for x in ROUTES},
        "components": {"schemas": SCHEMAS},
    }
    if has_token:
        scheme = {"type": "http", "scheme": "bearer", "description": "The setting web_token."}
        document["components"]["securitySchemes"] = {"token": scheme}
        document["security"] = [{"token": []}]
    return document


def _operation(route: Route) -> dict[str, Any]:
    content = {"schema": {"$ref": f"#/components/schemas/{route.schema}"} if route.schema else {}}
    responses: dict[str, Any] = {
        "200": {"description": "Found", "content": {route.content_type: content}}
    }
    statuses = {"400": "A parameter is wrong", "401": "The token is wrong", "403": "Not from there"}
    if route.may_be_missing:
        statuses |= {"404": "Not there", "500": "Unreadable", "503": "Not now"}
    for status, text in statuses.items():
        refusal = {"schema": {"$ref": "#/components/schemas/Denial"}}
        responses[status] = {"description": text, "content": {JSON: refusal}}
    return {
        "summary": route.text,
        "parameters": [
            {
                "name": x.name,
                "in": "path" if x.is_in_path else "query",
                "required": x.is_in_path,
                "description": x.text,
                "schema": x.schema,
            }
            for x in route.parameters
        ],
        "responses": responses,
    }
