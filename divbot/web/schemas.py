"""The shapes of the documents, as JSON Schema has them: a part of the OpenAPI document."""

from __future__ import annotations

from typing import Any

from divbot.alerts.outbox import Delivery
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Kind, Side
from divbot.scanner.evidence.samples import OUTCOMES
from divbot.scanner.report_documents import OPPORTUNITY_FIELDS
from divbot.scanner.thread import Lifecycle

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
YES_OR_NO: Schema = {"type": "boolean"}
TIME: Schema = {"type": "integer", "description": "ms since 1970, UTC"}
EXACT: Schema = {
    "type": "string",
    "pattern": r"^-?[0-9]+(\.[0-9]+)?$",
    "description": "an exact number",
}
INTERVAL: Schema = {"type": "string", "enum": [x.value for x in Interval]}
_MARKET: Schema = {"type": "string", "enum": [x.value for x in Market]}
_SIDE: Schema = {"type": "string", "enum": [x.value for x in Side]}
_KIND: Schema = {"type": "string", "enum": [x.value for x in Kind]}
_ANY: Schema = {"type": "object"}
_OF_PANDAS = {"int64": COUNT, "float64": NUMBER, "str": TEXT}


def some(schema: Schema) -> Schema:
    """Return a list of it."""
    return {"type": "array", "items": schema}


def maybe(schema: Schema) -> Schema:
    """Return it, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def fields(**named: Schema) -> Schema:
    """Return an object of these fields, which are all there, and of no others."""
    return {**among(**named), "additionalProperties": False}


def among(**named: Schema) -> Schema:
    """Return an object that has these fields among others."""
    return {"type": "object", "required": list(named), "properties": named}


_HEADING = {
    "schema": COUNT,
    "program": {"type": "string", "enum": ["watch", "paper", "web"]},
    "venue": TEXT,
    "market": _MARKET,
    "simulated": YES_OR_NO,
    "at": TIME,
}
_EVIDENCE = ("confidence", "confidence_low", "confidence_high", "expectancy")
_OPPORTUNITY = among(
    interval=INTERVAL,
    **{name: _OF_PANDAS[kind] for name, kind in OPPORTUNITY_FIELDS.items()}
    | {name: maybe(NUMBER) for name in _EVIDENCE}
    | {"signal": _SIDE, "kind": _KIND},
    score_parts=_ANY,
    quote_volume=EXACT,
)
_POSITION = among(
    number=COUNT,
    symbol=TEXT,
    side=_SIDE,
    quantity=EXACT,
    opened_at=TIME,
    stop=EXACT,
    target=EXACT,
    price=EXACT,
    open_profit=maybe(EXACT),
    open_r=maybe(NUMBER),
    held_ms=COUNT,
)
_ACCOUNT = fields(
    valued_at=TIME,
    balance=maybe(EXACT),
    equity=EXACT,
    cash=EXACT,
    drawdown=NUMBER,
    today=EXACT,
    realised=EXACT,
    open_profit=EXACT,
    open_positions=COUNT,
    closed_trades=COUNT,
    paused=maybe(TEXT),
    problem=maybe(TEXT),
)
_SCANNER = fields(
    interval=INTERVAL,
    state={"type": "string", "enum": [x.value for x in Lifecycle]},
    scans=COUNT,
    failures=COUNT,
    error=maybe(TEXT),
    seconds=maybe(NUMBER),
    late=YES_OR_NO,
    every_ms=COUNT,
    age_ms=maybe(COUNT),
    as_of=maybe(TIME),
    **{
        name: maybe(COUNT)
        for name in ("symbols", "scanned", "skipped", "open_to_trade", "request_weight")
    },
    notices=some(TEXT),
)
_RATE = fields(
    market=_MARKET,
    interval=INTERVAL,
    source=TEXT,
    cases=COUNT,
    weeks=COUNT,
    ratio=NUMBER,
    ratio_error=maybe(NUMBER),
    gross=NUMBER,
    gross_error=maybe(NUMBER),
    believed_ratio=NUMBER,
    believed_gross=NUMBER,
)
_DIVERGENCE = fields(
    kind=_KIND,
    side=_SIDE,
    rows=some(COUNT),
    confirmed=COUNT,
    rsi=some(NUMBER),
    price=some(NUMBER),
    atr=NUMBER,
    outcome={"type": "string", "enum": list(OUTCOMES)},
    text=TEXT,
)
_FIGURES = ("open", "high", "low", "close", "volume", "rsi")
_SERIES = fields(
    at=some(TIME),
    **{name: some(maybe(NUMBER)) for name in _FIGURES},
    decimals=COUNT,
    divergences=some(_DIVERGENCE),
)
_PLAN = fields(divergence=COUNT, side=_SIDE, entry=NUMBER, stop=NUMBER, target=NUMBER)
_STEP = fields(rule=TEXT, passed=YES_OR_NO, detail=TEXT)

SCHEMAS: dict[str, Schema] = {
    "Denial": fields(error=TEXT, message=TEXT),
    "Opportunities": fields(
        **_HEADING,
        reports=some(
            fields(interval=INTERVAL, version=COUNT, as_of=maybe(TIME), began_at=maybe(TIME))
        ),
        opportunities=some(_OPPORTUNITY),
    ),
    "Positions": fields(**_HEADING, run=maybe(TEXT), positions=some(_POSITION)),
    "Equity": fields(
        **_HEADING, run=maybe(TEXT), interval=maybe(INTERVAL), account=maybe(_ACCOUNT)
    ),
    "Events": fields(**_HEADING, events=some(fields(number=COUNT, at=TIME, kind=TEXT, text=TEXT))),
    "Alerts": fields(
        schema=COUNT,
        alerts=some(
            fields(
                at=TIME,
                topic=TEXT,
                interval=maybe(INTERVAL),
                symbol=maybe(TEXT),
                signal=maybe(_SIDE),
                kind=maybe(_KIND),
                delivery={"type": "string", "enum": [x.value for x in Delivery]},
                reason=maybe(TEXT),
                program=TEXT,
            )
        ),
        damaged=some(TEXT),
    ),
    "Health": fields(
        **_HEADING,
        version=TEXT,
        healthy=YES_OR_NO,
        problems=some(TEXT),
        scanners=some(_SCANNER),
        weight=maybe(fields(used=COUNT, allowed=COUNT, waits_for=TEXT)),
        alerts=maybe(COUNT),
        readers=COUNT,
    ),
    "Calibration": fields(
        **_HEADING,
        calibration=some(fields(interval=INTERVAL, base_rate=_RATE, past=_ANY)),
    ),
    "Symbol": fields(
        symbol=TEXT,
        interval=INTERVAL,
        as_of=maybe(TIME),
        series=_SERIES,
        plans=some(_PLAN),
        why=some(_STEP),
        links=some(fields(title=TEXT, address=TEXT)),
    ),
    "Runs": among(schema=COUNT, runs=some(_ANY), damaged=some(_ANY)),
    "Run": among(
        schema=COUNT,
        run=TEXT,
        nature=TEXT,
        curve=fields(at=some(TIME), equity=some(NUMBER)),
        statistics=_ANY,
        sections=some(fields(title=TEXT, lines=some(fields(name=TEXT, text=TEXT)))),
        trades=some(_ANY),
        events=some(_ANY),
    ),
    "Sweeps": among(schema=COUNT, trials=some(_ANY)),
    "Sweep": among(schema=COUNT, text=TEXT),
}
