"""Each setting of what is scanned, traded and told reaches a rule of those who do it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

import pytest

from divbot import Settings
from divbot.app.alerting import filters_of, pace_of
from divbot.app.scan_rules import scan_rules, universe_rules
from divbot.app.trading_rules import trading_rules
from divbot.domain.bounds import Bounds
from divbot.setting_table import GROUPS, WorkSettings

ELSEWHERE = {
    "alert_text": "the words of an alert",
    "alert_title": "the words of an alert",
    "balance": "the start of a run",
    "base_rates": "the file that it names",
    "check_interval": "the thread that scans",
    "intervals": "the scanner, which has rules for each",
    "notify_to": "the addresses of alerts",
    "position_update_interval": "the loop of price checks",
    "web_hosts": "who may see the page",
    "web_token": "who may see the page",
    "webhook_secret": "what signs a webhook",
}
"""What the others say something of."""
SETTINGS = {
    name: row
    for group, rows in GROUPS.items()
    if group is not WorkSettings
    for name, row in rows.items()
}


def others(name: str) -> list[Any]:
    """Return values of a setting that are not its default, some of which go with all others."""
    row = SETTINGS[name]
    match row.value:
        case bool():
            return [not row.value]
        case StrEnum():
            return [x for x in type(row.value) if x is not row.value]
        case timedelta():
            return [row.value + timedelta(minutes=1)]
    if isinstance(row.reader, Bounds):
        return [x for x in (row.reader.most, row.reader.least) if str(x) != str(row.value)]
    return [row.example]


def rules_of(settings: Settings) -> tuple[object, ...]:
    scanned = scan_rules(settings), universe_rules(settings)
    return *scanned, trading_rules(settings), filters_of(settings), pace_of(settings)


def changed(name: str) -> Settings:
    for value in others(name):
        try:
            return Settings(**{name: value})
        except ValueError:
            continue
    pytest.fail(f"{name}: expected another value that goes with all defaults")


@pytest.mark.parametrize("name", [x for x in SETTINGS if x not in ELSEWHERE])
def test_another_value_is_another_rule(name: str) -> None:
    usual = Settings()

    given = changed(name)

    assert getattr(given, name) != getattr(usual, name)
    assert rules_of(given) != rules_of(usual)


def test_what_is_said_elsewhere_is_said_by_a_setting() -> None:
    assert ELSEWHERE.keys() <= SETTINGS.keys()
