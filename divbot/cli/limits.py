"""`divbot limits`: request weight used and left, clock offset, latency."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from divbot.cli import flags

if TYPE_CHECKING:
    from divbot.binance.limits import Limits
    from divbot.settings import Settings

_LATE_MS = 1000


@flags.settings("market", "base_url")
def limits(
    *,
    given: flags.Given,
    as_json: flags.Json = False,
    demo: flags.Demo = False,
) -> None:
    """Show the request weight used and left, the offset of the clock and the latency."""
    from divbot.app import scanning
    from divbot.cli.compiling import tell_of_compiling

    settings = given.load(demo=demo)
    if demo:
        print("divbot: demo: the limits of a local exchange, not of Binance", file=sys.stderr)
        tell_of_compiling()
    with scanning.open_venue(settings, demo=demo) as venue:
        found = venue.limits()
    print(json.dumps(_document(found, settings)) if as_json else _text(found, settings))


def _document(found: Limits, settings: Settings) -> dict[str, object]:
    return {
        "market": settings.market.value,
        "simulated": found.simulated,
        "weight_used": found.used,
        "weight_limit": found.limit,
        "weight_left": found.left,
        "weight_left_to_divbot": found.left_to(settings.weight_share),
        "clock_offset_ms": round(found.clock_offset, 1),
        "latency_ms": round(found.latency, 1),
    }


def _text(found: Limits, settings: Settings) -> str:
    ahead = "ahead of" if found.clock_offset >= 0 else "behind"
    late = "; set this machine's clock" if abs(found.clock_offset) > _LATE_MS else ""
    return (
        f"weight   {found.used} of {found.limit} used this minute by all programs on this "
        f"address; {found.left_to(settings.weight_share)} left to divbot\n"
        f"clock    the venue is {abs(found.clock_offset) / 1000:.3f} s {ahead} this machine{late}\n"
        f"latency  {found.latency:.0f} ms"
    )
