"""`divbot universe`: the symbols that a scan would look at, and why the others are left out."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from divbot.cli import flags
from divbot.cli.figures import rows_dropped

if TYPE_CHECKING:
    from divbot.binance.market_data import BinanceListing
    from divbot.domain.market import DroppedRow
    from divbot.domain.universe import LeftOut, Listed, Universe
    from divbot.settings import Settings

_GAP = "  "


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
    if as_json:
        from divbot.cli.destination import Destination, json_bytes

        Destination(None).write(json_bytes(_document(found, venue, settings)))
    else:
        print("\n".join(_lines(found, venue, settings)))


def _document(found: Universe, venue: BinanceListing, settings: Settings) -> dict[str, Any]:
    from divbot.scanner.report import dropped_document

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


def _lines(found: Universe, venue: BinanceListing, settings: Settings) -> Iterator[str]:
    from divbot.domain.clock import utc_text

    simulated = " - SIMULATED PRICES" if venue.simulated else ""
    yield f"{venue.venue} {settings.market.title}, as of {utc_text(found.at)} UTC{simulated}"
    yield from _columns([("#", "symbol", "24 h volume", "spread"), *_ranked(found.listed)], "><>>")
    if found.left_out:
        yield ""
        yield from _columns([("left out", "rule", "because"), *_reasons(found.left_out)], "<<<")
    if found.dropped:
        yield ""
        yield from _columns(
            [("dropped", "row", "symbol", "because"), *_rows(found.dropped)], "<><<"
        )
    if found.left_out or found.dropped:
        yield ""
    yield _summary(found)


def _ranked(listed: Sequence[Listed]) -> Iterator[tuple[str, ...]]:
    for rank, x in enumerate(listed, 1):
        spread = "" if x.spread is None else f"{x.spread:.3%}"
        yield str(rank), x.symbol, f"{x.quote_volume:,.0f}", spread


def _reasons(left_out: Sequence[LeftOut]) -> Iterator[tuple[str, ...]]:
    for x in left_out:
        yield x.symbol, x.rule.value.replace("_", " "), x.detail


def _rows(dropped: Sequence[DroppedRow]) -> Iterator[tuple[str, ...]]:
    for x in dropped:
        yield x.source, str(x.number), x.symbol, x.reason


def _columns(rows: Sequence[tuple[str, ...]], alignment: str) -> Iterator[str]:
    """Give rows as lines; a Chinese character takes the place of two others."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            " " * (width - cell_len(cell)) + cell
            if side == ">"
            else cell + " " * (width - cell_len(cell))
            for cell, width, side in zip(row, widths, alignment, strict=True)
        )
        yield _GAP.join(cells).rstrip()


def _summary(found: Universe) -> str:
    counts = Counter(x.rule.value.replace("_", " ") for x in found.left_out)
    rules = ", ".join(f"{count} {rule}" for rule, count in counts.most_common())
    left_out = f"{len(found.left_out)} left out ({rules})" if rules else "none left out"
    dropped = f"; {rows_dropped(len(found.dropped))}" if found.dropped else ""
    return f"{len(found.listed)} symbols; {left_out}{dropped}"
