"""The command that fetches the candles that somebody misses."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from divbot.app.scan_rules import most_symbols
from divbot.domain.clock import SystemClock, date_text
from divbot.domain.durations import DAY

_BYTES_OF_A_CANDLE = 37
"""In a zip of the archive, whatever its length: measured from 1m to 1h."""

if TYPE_CHECKING:
    from divbot.domain.market import Interval, Market
    from divbot.history.spans import Span
    from divbot.settings import Settings


def how_to_fetch(
    settings: Settings, interval: Interval, start: int | None, end: int | None, *, usual: int
) -> str:
    """Return the command that fetches candles of a range, of the symbols and into their store.

    Without an `end`, ms UTC, it ends today; without a `start` it is `usual` ms long.
    """
    from divbot.history.spans import Span

    until = end or SystemClock().now() // DAY * DAY
    span = Span(min(start or until - usual, until - DAY), until)
    symbols = ",".join(settings.symbols)
    selection = f"--symbols {symbols}" if symbols else f"--top {settings.top}"
    selection += into_store(settings.store)
    return how_to_download(settings.market, [interval], span, most_symbols(settings), selection)


def into_store(folder: object) -> str:
    """Return what a command says of the store that it fills; nothing of this user's own."""
    return "" if folder is None else f" --store {shlex.quote(str(folder))}"


def how_to_download(
    market: Market, intervals: Sequence[Interval], span: Span, symbols: int, selection: str
) -> str:
    """Return the command that fetches what is missing, and about how many bytes it is.

    `selection` is what it says of symbols, as `--top 400`, of which there are `symbols`.
    """
    candles = sum((span.end - span.start) // x.milliseconds for x in intervals)
    megabytes = candles * symbols * _BYTES_OF_A_CANDLE / 1e6
    ends = span.start, span.end + DAY - 1  # whole days
    dates = "-".join(date_text(x).replace("-", "") for x in ends)
    lengths = ",".join(x.value for x in intervals)
    return (
        f"divbot data download --market {market.value} -i {lengths} {selection} "
        f"--timerange {dates} (about {max(megabytes, 1):,.0f} MB)"
    )
