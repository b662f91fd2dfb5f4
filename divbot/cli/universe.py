"""`divbot universe`: the symbols that a scan would look at, and why the others are left out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from divbot.cli import flags

if TYPE_CHECKING:
    from divbot.binance.market_data import BinanceListing
    from divbot.domain.universe import Universe
    from divbot.settings import Settings


@flags.settings(*("market", "top", "include", "exclude", "min_age", "max_spread", "base_url"))
def universe(
    *,
    given: flags.Given,
    as_json: flags.Json = False,
    demo: flags.Demo = False,
) -> None:
    """List the symbols that a scan covers and, for every other one, the rule that leaves it out."""
    from divbot.app.scanning import open_venue
    from divbot.cli.compiling import tell_of_compiling

    settings = given.load(demo=demo)
    if demo:
        tell_of_compiling()
    with open_venue(settings, demo=demo) as venue:
        found = venue.universe()
    for notice in (*found.notices, *(f"{x}: {why}" for x, why in found.unknown.items())):
        print(f"divbot: {notice}", file=sys.stderr)
    from divbot.cli.destination import Destination, json_bytes

    stdout = Destination(None)
    if as_json:
        stdout.write(json_bytes(_document(found, venue, settings)))
    else:
        from divbot.cli.universe_text import universe_text

        stdout.write(universe_text(found, venue, settings.market, stdout.fit))


def _document(found: Universe, venue: BinanceListing, settings: Settings) -> dict[str, Any]:
    from divbot.scanner.report_documents import dropped_document

    return {
        "venue": venue.venue,
        "market": settings.market.value,
        "simulated": venue.simulated,
        "as_of": found.at,
        "symbols": [
            {
                "rank": rank,
                "symbol": listed.symbol,
                "quote_volume": float(listed.quote_volume),
                "spread": None if listed.spread is None else float(listed.spread),
            }
            for rank, listed in enumerate(found.listed, 1)
        ],
        "left_out": [
            {"symbol": x.symbol, "rule": x.rule.value, "detail": x.detail} for x in found.left_out
        ],
        "dropped_rows": [dropped_document(x) for x in found.dropped],
    }
