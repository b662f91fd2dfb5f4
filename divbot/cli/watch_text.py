"""What a watch says first and last: what it looks at, whom it tells, and how it went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from divbot.cli.banner import LABEL, SHORT_LABEL, listed
from divbot.cli.figures import harmless, percent, span
from divbot.cli.lines import json_line
from divbot.domain.durations import duration_text
from divbot.domain.names import words
from divbot.version import __version__

if TYPE_CHECKING:
    from divbot.app.watching import Watch
    from divbot.settings import Settings

_MOST_NAMED = 8


def banner_text(watch: Watch, settings: Settings) -> str:
    """Return what is watched and who is told, on lines of 80 columns."""
    notice = f", {watch.source.notice}" if watch.source.notice else ""
    return listed(f"divbot {__version__} watch{notice}", _set_up(watch, settings), LABEL)


def summary_text(watch: Watch, lasted: int, told: int) -> str:
    """Return what came of it, on lines of 80 columns; `lasted` is ms of the market."""
    return listed(f"watched for {span(lasted)}", _results(watch, told), SHORT_LABEL)


def summary_json(watch: Watch, lasted: int, told: int) -> str:
    """Return the same as the last line of JSON; times are ms UTC of the market."""
    condition = watch.scanner.condition
    several = {"intervals": [x.value for x in watch.intervals]} if len(watch.intervals) > 1 else {}
    return json_line(
        {
            "event": "ended",
            "at": watch.clock.now(),
            "venue": watch.source.venue,
            "market": watch.source.market.value,
            "interval": watch.source.interval.value,
            **several,
            "lasted": lasted,
            "alerts": told,
            "refused": watch.dispatch.refused,
            "scans": condition.scans,
            "failures": condition.failures,
            "outbox": str(watch.dispatch.outbox.path),
        }
    )


def _set_up(watch: Watch, settings: Settings) -> Iterator[tuple[str, str]]:
    names = ", ".join(x.value for x in watch.intervals)
    market = f"{settings.market.title}, {names} candles"
    yield "market", f"{harmless(watch.source.venue)} {market}"
    yield "symbols", _symbols(settings)
    yield "told of", ", ".join(_filters(settings))
    each = " of each interval of which a candle has closed" if len(watch.intervals) > 1 else ""
    yield "check interval", f"a scan every {duration_text(settings.check_interval)}{each}"
    yield "told to", "; ".join(str(x.address) for x in watch.sinks) or "this terminal alone"
    yield "kept in", str(watch.dispatch.outbox.path)


def _symbols(settings: Settings) -> str:
    named = settings.symbols[:_MOST_NAMED]
    others = len(settings.symbols) - len(named)
    more = f" and {others} more" if others else ""
    return ", ".join(named) + more if named else f"top {settings.top}"


def _filters(settings: Settings) -> Iterator[str]:
    yield ", ".join(words(x) for x in settings.kind) or "all kinds"
    if settings.side:
        yield ", ".join(settings.side)
    yield f"score from {settings.min_score:g}"
    yield f"R/R from {settings.min_reward_risk.normalize():f}"
    if settings.min_confidence:
        yield f"confidence from {percent(settings.min_confidence, 0)}"
    if settings.min_expectancy is not None:
        yield f"expectancy from {settings.min_expectancy:+g} R"
    if settings.aligned:
        yield "aligned with longer intervals"


def _results(watch: Watch, told: int) -> Iterator[tuple[str, str]]:
    condition = watch.scanner.condition
    yield "alerts", str(told)
    if refused := watch.dispatch.refused:
        yield "refused", f"{refused} by an address; divbot watch --refused lists them"
    failed = f", and {condition.failures} that failed" if condition.failures else ""
    yield "scans", f"{condition.scans}{failed}"
