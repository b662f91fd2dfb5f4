"""From an address to a sink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from divbot.alerts.address import BELL, LINES, WEBHOOK, Address, Secret
from divbot.alerts.sinks.local import Bell, LinesFile, Ring
from divbot.alerts.sinks.port import Sink
from divbot.alerts.sinks.webhook import Webhook, check_target, key_of
from divbot.domain.clock import Clock
from divbot.domain.errors import InputError


@dataclass(frozen=True, slots=True)
class Means:
    """What sinks are made with."""

    clock: Clock
    ring: Ring
    secret: Secret | None
    """What webhooks sign with."""
    use_proxies: bool = False


def open_sinks(addresses: Sequence[Address], means: Means) -> tuple[Sink, ...]:
    """Return a sink for each address; raise InputError, without its secret, for what is none."""
    return tuple(_open(address, means) for address in addresses)


def _open(address: Address, means: Means) -> Sink:
    match address.scheme:
        case s if s == BELL:
            return Bell(address, means.ring)
        case s if s == LINES:
            folder = Path(address.target).absolute().parent
            if not folder.is_dir():
                raise InputError(f"notify_to: {address}: the folder of the file is not there")
            return LinesFile(address)
        case s if s == WEBHOOK:
            check_target(address)
            if means.secret is not None:
                key_of(means.secret)
            return Webhook(address, means.clock, means.secret, means.use_proxies)
    from divbot.alerts.sinks.apprise import AppriseSink

    return AppriseSink(address)
