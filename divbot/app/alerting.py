"""What the settings say about alerts: to whom, how often, and where they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from divbot.app.homes import at_home
from divbot.app.scan_rules import by_interval
from divbot.domain.clock import SystemClock
from divbot.domain.errors import InputError
from divbot.domain.hosts import address_of
from divbot.folders import state_home

if TYPE_CHECKING:
    from divbot.alerts.address import Address
    from divbot.alerts.dispatch import Dispatch
    from divbot.alerts.filters import Filters
    from divbot.alerts.outbox import RefusedAlert
    from divbot.alerts.pace import PaceRules
    from divbot.alerts.signal_words import SignalSource
    from divbot.alerts.sinks.local import Ring
    from divbot.alerts.sinks.port import Sink
    from divbot.binance.trading_data import BinanceTrading
    from divbot.domain.notices import Tell
    from divbot.settings import Settings

_NOBODY = (
    "there is nobody to send alerts to: write notify_to = [...] into divbot.toml, or set "
    "DIVBOT_NOTIFY_TO; docs/alerts.md has the forms"
)

_SUFFIX = ".outbox"
_OF_WATCHES = "alerts"
"""A folder in divbot's state folder."""


def open_sinks(settings: Settings, ring: Ring) -> tuple[Sink, ...]:
    """Return where alerts go; raise InputError for an address that is none."""
    from divbot.alerts.sinks.opening import Means, open_sinks

    means = Means(SystemClock(), ring, settings.webhook_secret, settings.use_proxies)
    return open_sinks(settings.notify_to, means)


def required_sinks(settings: Settings, ring: Ring) -> tuple[Sink, ...]:
    """Return the same; raise InputError where there is none."""
    if not settings.notify_to:
        raise InputError(_NOBODY)
    return open_sinks(settings, ring)


def open_dispatch(
    settings: Settings, outbox: Path, sinks: tuple[Sink, ...], tell: Tell
) -> Dispatch:
    """Return what keeps alerts in `outbox` and sends them; raise JournalError."""
    from divbot.alerts.dispatch import Dispatch
    from divbot.alerts.outbox import Outbox

    return Dispatch(Outbox.open(outbox), sinks, pace_of(settings), SystemClock(), tell)


def pace_of(settings: Settings) -> PaceRules:
    """Return how many alerts are sent, and when."""
    from divbot.alerts.pace import PaceRules

    return PaceRules(
        settings.alerts_per_minute, settings.alert_digest.total_seconds(), settings.quiet_hours
    )


def outbox_of_watch(settings: Settings, venue: str) -> Path:
    """Return the file in which alerts of this market and interval are kept.

    Of several intervals the shortest names it: whoever adds a longer one is told nothing twice.
    """
    name = f"{settings.market}-{settings.interval}{_SUFFIX}"
    return at_home(state_home) / _OF_WATCHES / quote(address_of(venue), safe="") / name


def outbox_of_run(journal: Path) -> Path:
    """Return the file in which alerts of a paper run are kept: beside its journal."""
    return journal.with_name(f"{journal.name}{_SUFFIX}")


def kept_outboxes() -> tuple[Path, ...]:
    """Return this user's outboxes, of watches and of paper runs; raise JournalError."""
    from divbot.app.journals import open_runs
    from divbot.database import own_errors

    folder = at_home(state_home) / _OF_WATCHES
    with own_errors(folder):
        venues = folder.iterdir() if folder.exists() else ()
        of_watches = sorted(
            path
            for venue in venues
            if venue.is_dir()
            for path in venue.iterdir()
            if path.suffix == _SUFFIX
        )
    of_runs = (outbox_of_run(run.path) for run in open_runs().all())
    return (*of_watches, *(path for path in of_runs if path.exists()))


def name_of_outbox(path: Path) -> str:
    """Return whose alerts are kept in `path`: market and interval of a watch, name of a run."""
    return path.name.partition(".")[0]


def refused_alerts(settings: Settings, outbox: Path | None) -> tuple[tuple[str, RefusedAlert], ...]:
    """Return what was refused for good, each with the name of who did; raise JournalError.

    `outbox` is the file to look into, None: that of a watch with these settings.
    """
    from divbot.alerts.outbox import Outbox
    from divbot.binance.protocol.endpoints import BASE_URLS
    from divbot.database import own_errors

    venue = settings.base_url or BASE_URLS[settings.market][0]
    path = outbox or outbox_of_watch(by_interval(settings)[0], venue)
    with own_errors(path):
        is_there = path.exists()
    if not is_there:
        raise InputError(f"no alerts are kept in {path}")
    names = {x.mark: str(x) for x in settings.notify_to}
    return tuple((names.get(x.sink, x.sink.partition(":")[0]), x) for x in Outbox.refused(path))


def filters_of(settings: Settings) -> Filters:
    """Return which opportunities are worth telling of."""
    from divbot.alerts.filters import Filters

    return Filters(
        settings.min_score,
        settings.min_confidence,
        settings.min_expectancy,
        settings.min_reward_risk,
    )


def source_of(settings: Settings, trading: BinanceTrading, venue: str) -> SignalSource:
    """Return where signals come from, and in which words they are told."""
    from divbot.alerts.signal_words import TITLE, SignalSource

    return SignalSource(
        settings.market,
        settings.interval,
        venue,
        "SIMULATED PRICES" if trading.simulated else "",
        settings.alert_title or TITLE,
        settings.alert_text or "",
    )


def send_test(settings: Settings, ring: Ring) -> Iterator[tuple[Address, str]]:
    """Send a message to every address; yield each, and why it took none, or nothing."""
    from divbot.alerts.alert import Alert, Topic
    from divbot.alerts.sinks.port import NotDelivered

    now = SystemClock().now()
    text = "If you can read this, alerts arrive."
    alert = Alert(f"test {now}", Topic.TEST, now, "divbot: a test", text, {})
    for sink in required_sinks(settings, ring):
        try:
            sink.send([alert], 1, "")
        except NotDelivered as error:
            yield sink.address, str(error)
        else:
            yield sink.address, ""
