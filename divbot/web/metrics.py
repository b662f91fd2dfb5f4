"""Figures for Prometheus, made of what is shown; needs prometheus-client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, SupportsFloat

from divbot.domain.market import Interval
from divbot.extras import PROMETHEUS, how_to_install
from divbot.scanner.thread import Lifecycle
from divbot.version import __version__
from divbot.web.denial import Denial
from divbot.web.port import Program, Scans, Showing
from divbot.web.stream import Stream

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_SCAN_BUCKETS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
_DELAY_BUCKETS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0, 30.0, 60.0)
_REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Metrics:
    """Count what passes by, and tell the rest as it is; used from one event loop."""

    def __init__(self, program: Program, stream: Stream) -> None:
        self._program = program
        self._stream = stream
        self._seen: dict[Interval, int] = {}
        """The version of the last report, by interval."""
        self._as_of: dict[Interval, int] = {}
        """The close of its newest candle, ms UTC."""
        try:
            from prometheus_client import CollectorRegistry, Counter, Histogram
        except ImportError:
            self._registry = None
            return
        self._registry = CollectorRegistry()
        self._scan = Histogram(
            "divbot_scan_seconds",
            "Wall time of a scan",
            ["interval"],
            buckets=_SCAN_BUCKETS,
            registry=self._registry,
        )
        self._delay = Histogram(
            "divbot_report_delay_seconds",
            "Market time from the close of the newest candle to the end of the scan",
            ["interval"],
            buckets=_DELAY_BUCKETS,
            registry=self._registry,
        )
        self._request = Histogram(
            "divbot_web_request_seconds",
            "Time to answer a request",
            buckets=_REQUEST_BUCKETS,
            registry=self._registry,
        )
        self._answers = Counter(
            "divbot_web_answers", "Answers by status", ["status"], registry=self._registry
        )
        self._registry.register(self)

    def look(self) -> None:
        """Note the reports that are new."""
        for scans in self._program.now().scans:
            published = scans.published
            if published is None or self._registry is None:
                continue
            version = published.findings.version
            if self._seen.get(scans.interval) == version:
                continue
            self._seen[scans.interval] = version
            seconds = published.report.timings.total
            self._scan.labels(scans.interval.value).observe(seconds)
            as_of, known = published.report.as_of, self._as_of.get(scans.interval)
            # A scan of the same candles once more is not late, nor is the first of a program.
            if known and as_of > known:
                delay = (published.findings.at - as_of) / 1000 + seconds
                self._delay.labels(scans.interval.value).observe(max(delay, 0.0))
            self._as_of[scans.interval] = as_of

    def answered(self, status: int, seconds: float) -> None:
        """Note an answer."""
        if self._registry is not None:
            self._request.observe(seconds)
            self._answers.labels(str(status)).inc()

    def text(self) -> bytes:
        """Return all of it as Prometheus reads it; raise Denial where that cannot be made."""
        if self._registry is None:
            how = how_to_install(PROMETHEUS)
            raise Denial(501, "missing", f"/metrics needs prometheus-client; run: {how}")
        from prometheus_client import generate_latest

        self.look()
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield what is true now."""
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

        moment = self._program.now()
        info = {
            "version": __version__,
            "program": moment.program,
            "venue": moment.venue,
            "market": moment.market.value,
            "simulated": str(moment.is_simulated).lower(),
        }
        yield InfoMetricFamily("divbot", "What runs", value=info)
        yield from _of_scans(moment)
        if weight := moment.weight:
            yield GaugeMetricFamily(
                "divbot_weight_used", "Request weight of the last minute", value=weight.used
            )
            yield GaugeMetricFamily(
                "divbot_weight_allowed", "Request weight allowed a minute", value=weight.allowed
            )
        if moment.alerts is not None:
            from prometheus_client.core import CounterMetricFamily

            yield CounterMetricFamily("divbot_alerts", "Alerts told", value=moment.alerts)
        yield GaugeMetricFamily("divbot_web_readers", "Open streams", value=self._stream.readers)
        yield from _of_run(moment)


def _of_scans(moment: Showing) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    label = ["interval"]
    age = GaugeMetricFamily(
        "divbot_report_age_seconds", "Market time since the scan of the report began", labels=label
    )
    open_to_trade = GaugeMetricFamily(
        "divbot_opportunities", "Opportunities in the report", labels=label
    )
    symbols = GaugeMetricFamily("divbot_symbols_scanned", "Symbols in the report", labels=label)
    running = GaugeMetricFamily("divbot_scanner_running", "1 until it has stopped", labels=label)
    scans = CounterMetricFamily("divbot_scans", "Reports published", labels=label)
    failures = CounterMetricFamily("divbot_scan_failures", "Scans that failed", labels=label)
    for each in moment.scans:
        name = [each.interval.value]
        scans.add_metric(name, each.published.count if each.published else 0)
        failures.add_metric(name, each.condition.failures)
        running.add_metric(name, each.condition.state is not Lifecycle.STOPPED)
        _add_report(each, moment, name, (age, open_to_trade, symbols))
    yield from (age, open_to_trade, symbols, running, scans, failures)


def _add_report(scans: Scans, moment: Showing, name: list[str], into: tuple[Metric, ...]) -> None:
    published = scans.published
    if published is None:
        return
    summary = published.report.summary
    age = max(moment.at - published.findings.at, 0) / 1000
    for metric, value in zip(into, (age, summary.open_to_trade, summary.scanned), strict=True):
        metric.add_metric(name, value)  # type: ignore[attr-defined]  # each of its kinds has it


def _of_run(moment: Showing) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    run = moment.run
    if run is None:
        return
    gauges: dict[str, tuple[str, SupportsFloat]] = {
        "equity": ("Cash and positions, in USDT", run.equity),
        "cash": ("Cash, in USDT", run.ledger.cash),
        "drawdown": ("Part of its peak that the equity is below", run.drawdown),
        "positions": ("Open positions", len(run.ledger.positions)),
        "paused": ("1 while entries are paused", bool(run.ledger.paused)),
    }
    for name, (text, value) in gauges.items():
        yield GaugeMetricFamily(f"divbot_{name}", text, value=float(value))
    trades = len(run.ledger.closed)
    yield CounterMetricFamily("divbot_trades", "Trades closed", value=trades)
