"""What is shown as documents: texts, numbers, lists and dicts; times in ms UTC of the market."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson

from divbot.domain.ledger import Ledger
from divbot.domain.market import Interval
from divbot.domain.positions import Position
from divbot.domain.risk import in_risks
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.report import Report
from divbot.scanner.report_documents import opportunity_document
from divbot.trading.engine.snapshot import RunSnapshot
from divbot.trading.figures.documents import trade_document
from divbot.version import __version__
from divbot.web.port import Scans, Showing

SCHEMA = 1


def json_of(document: object) -> bytes:
    """Return `document` as JSON; a Decimal becomes a text, to the last digit."""
    return orjson.dumps(document, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"expected what JSON can hold, found {type(value).__name__}")


def opportunities_document(moment: Showing, interval: Interval | None = None) -> dict[str, Any]:
    """Return all that is open to trade, of one interval or of all, the best first."""
    scans = [x for x in moment.scans if interval in (None, x.interval)]
    rows = [
        {"interval": x.interval.value, **opportunity_document(y), "quote_volume": y.quote_volume}
        for x in scans
        if x.published
        for y in x.published.report.open_to_trade
    ]
    return {
        **heading(moment),
        "reports": [_report_document(x) for x in scans],
        "opportunities": sorted(rows, key=lambda x: -x["score"]),
    }


def heading(moment: Showing) -> dict[str, Any]:
    """Return what every document begins with."""
    return {
        "schema": SCHEMA,
        "program": moment.program,
        "venue": moment.venue,
        "market": moment.market.value,
        "simulated": moment.is_simulated,
        "at": moment.at,
    }


def _report_document(scans: Scans) -> dict[str, Any]:
    published = scans.published
    if published is None:
        return {"interval": scans.interval.value, "version": 0, "as_of": None, "began_at": None}
    return {
        "interval": scans.interval.value,
        "version": published.findings.version,
        "as_of": published.report.as_of or None,
        "began_at": published.findings.at,
    }


def positions_document(moment: Showing) -> dict[str, Any]:
    """Return what is held, and what it has come to."""
    run = moment.run
    rows = [] if run is None else [_held(run, x) for x in run.ledger.positions.values()]
    return {**heading(moment), "run": moment.run_name or None, "positions": rows}


def _held(run: RunSnapshot, position: Position) -> dict[str, Any]:
    profit = run.profit_of(position)
    risk = run.ledger.opened_by[position.trade].risk
    ratio = None if profit is None else in_risks(profit, risk)
    return {
        **trade_document(run.ledger.open_trade(position.trade)),
        "price": run.price_of(position) or position.last_price,
        "open_profit": profit,
        "open_r": None if ratio is None else float(ratio),
        "held_ms": max(run.at - position.opened_at, 0),
    }


def equity_document(moment: Showing) -> dict[str, Any]:
    """Return the account as it stands; nothing of it where no run is shown."""
    run = moment.run
    return {
        **heading(moment),
        "run": moment.run_name or None,
        "interval": None if run is None else run.interval.value,
        "account": None if run is None else _account(run, run.ledger),
    }


def _account(run: RunSnapshot, ledger: Ledger) -> dict[str, Any]:
    return {
        "valued_at": run.at,
        "balance": None if ledger.start is None else ledger.start.balance,
        "equity": run.equity,
        "cash": ledger.cash,
        "drawdown": float(run.drawdown),
        "today": run.today,
        "realised": ledger.realised,
        "open_profit": run.open_profit,
        "open_positions": len(ledger.positions),
        "closed_trades": len(ledger.closed),
        "paused": ledger.paused or None,
        "problem": run.problem or None,
    }


def events_document(moment: Showing, most: int) -> dict[str, Any]:
    """Return what happened last, at most so much, the newest first."""
    newest = moment.lines[::-1][:most]
    return {
        **heading(moment),
        "events": [
            {"number": x.number, "at": x.at, "kind": x.kind, "text": x.text} for x in newest
        ],
    }


def health_document(moment: Showing, readers: int) -> dict[str, Any]:
    """Return how the program gets on."""
    problems = list(problems_of(moment))
    weight = moment.weight
    return {
        **heading(moment),
        "version": __version__,
        "healthy": not problems,
        "problems": problems,
        "scanners": [_scanner(moment, x) for x in moment.scans],
        "weight": weight and {x: getattr(weight, x) for x in ("used", "allowed", "waits_for")},
        "alerts": moment.alerts,
        "readers": readers,
    }


def problems_of(moment: Showing) -> Iterator[str]:
    """Yield what is wrong, in words: reports that are too old, a trader that stands still."""
    for scans in moment.scans:
        name, published = f"the {scans.interval.value} report", scans.published
        if published is None:
            yield f"{name} is not there yet"
        elif (age := moment.at - published.findings.at) > 3 * scans.every + moment.patience:
            most = (3 * scans.every + moment.patience) // 1000
            yield f"{name} is {-(-age // 1000)} s old: expected {most} s at most"
    run = moment.run
    # What is read from a file stands still.
    most = 3 * moment.run_every + moment.patience
    if run is not None and moment.run_every and moment.at - run.at > most:
        yield f"the account was looked at {(moment.at - run.at) // 1000} s ago"


def _scanner(moment: Showing, scans: Scans) -> dict[str, Any]:
    condition, published = scans.condition, scans.published
    report = published.report if published else None
    return {
        "interval": scans.interval.value,
        "state": condition.state.value,
        "scans": published.count if published else 0,
        "failures": condition.failures,
        "error": condition.error or None,
        "seconds": report.timings.total if report else None,
        "late": condition.is_late,
        "every_ms": scans.every,
        "age_ms": None if published is None else max(moment.at - published.findings.at, 0),
        "as_of": (report.as_of or None) if report else None,
        "symbols": report.summary.symbols if report else None,
        "scanned": report.summary.scanned if report else None,
        "skipped": len(report.summary.skipped) if report else None,
        "open_to_trade": report.summary.open_to_trade if report else None,
        "request_weight": report.summary.request_weight if report else None,
        "notices": list(report.notices) if report else [],
    }


def calibration_document(moment: Showing) -> dict[str, Any]:
    """Return what confidence and expectancy start from, and what the reports' candles showed."""
    reports = (x.published.report for x in moment.scans if x.published)
    return {**heading(moment), "calibration": [_calibration(x) for x in reports]}


def _calibration(report: Report) -> dict[str, Any]:
    rate = report.summary.base_rate
    return {
        "interval": report.interval.value,
        "base_rate": _rate(rate),
        "past": dict(report.summary.past),
    }


def _rate(rate: BaseRate) -> dict[str, Any]:
    names = ("source", "cases", "weeks", "ratio", "ratio_error", "gross", "gross_error")
    return {
        "market": rate.market.value,
        "interval": rate.interval.value,
        **{name: getattr(rate, name) for name in names},
        "believed_ratio": rate.believed_ratio,
        "believed_gross": rate.believed_gross,
    }
