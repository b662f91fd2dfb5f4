"""Counting the store's base rate before the first scan, with somebody told how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from divbot.app.scan_rules import base_rate, plan_rules
from divbot.app.store_rate import counted_rate
from divbot.domain.errors import StoreError

if TYPE_CHECKING:
    from divbot.app.options import TellStage
    from divbot.settings import Settings


def prepare_rate(settings: Settings, tell: Callable[[str], None], progress: TellStage) -> None:
    """Count beforehand what the store shows, where a scan will start from that.

    `tell` hears of a store that cannot be read, and which rate is used instead.
    """
    if settings.base_rates:
        return
    interval = settings.interval
    try:
        counted_rate(settings, interval, plan_rules(settings), progress)
    except StoreError as error:
        instead = base_rate(settings, interval).source
        tell(f"the base rate of the store is not known, that of {instead} is used: {error}")
