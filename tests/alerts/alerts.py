"""Alerts, addresses and sinks for tests."""

from __future__ import annotations

from collections.abc import Sequence

from divbot.alerts.address import Address, Addresses
from divbot.alerts.alert import Alert, Topic
from divbot.alerts.sinks.port import NotDelivered

ADDRESSES = Addresses()


def alert(key: str = "usdm 5m BTCUSDT regular_bullish 1", text: str = "price 1\nmore") -> Alert:
    return Alert(key, Topic.SIGNAL, 1_722_330_000_000, f"alert {key}", text, {"symbol": "BTCUSDT"})


def address(text: str = "bell") -> Address:
    return ADDRESSES.read(text)[0]


class Told:
    """Hears what is told, as `tell` of many parts."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, text: str, *, is_warning: bool = False, is_detail: bool = False) -> None:
        self.lines.append(text)


class FakeSink:
    """Takes alerts, unless it is down."""

    def __init__(self, text: str = "ntfy://one", *, is_for_people: bool = True) -> None:
        self.address = address(text)
        self.is_for_people = is_for_people
        self.is_down = False
        self.taken: list[tuple[list[str], int, str]] = []

    @property
    def keys(self) -> list[str]:
        return [key for keys, _, _ in self.taken for key in keys]

    def send(self, alerts: Sequence[Alert], waiting: int, why: str) -> None:
        if self.is_down:
            raise NotDelivered("no connection")
        self.taken.append(([x.key for x in alerts], waiting, why))
