"""What a script or a notebook asks of the past: a backtest, and candles of the store."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal, TypeAlias

from divbot.app.backtest_result import Backtest, result_of
from divbot.app.histories import open_recording, open_stored
from divbot.app.how_to_fetch import into_store
from divbot.app.options import SPREAD, USUAL_SPREAD, BacktestOptions, UniverseOf, read_given
from divbot.app.scanning import settings_of
from divbot.domain.clock import EARLIEST, LATEST
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.domain.timerange import moment
from divbot.domain.values import Choice

if TYPE_CHECKING:
    import pandas

    from divbot.settings import Settings

TimeGiven: TypeAlias = str | datetime
"""A day such as 20240730, or an ISO date or time; in UTC where it names no zone."""


def backtest(
    settings: Settings | None = None,
    *,
    recorded: str | Path | None = None,
    start: TimeGiven | None = None,
    end: TimeGiven | None = None,
    detail: str | None = None,
    universe: Literal["then", "now"] = "then",
    spread: Decimal | float | str = USUAL_SPREAD,
    journal: str | Path | None = None,
    config: str | Path | None = None,
    **keywords: object,
) -> Backtest:
    """Trade the past on paper, by the engine of `divbot paper`; return what it came to.

    It is traded from `start` to before `end` on the candles of the store, or of the file `recorded`
    names. Settings are given as to `divbot.scan`. `detail` are the candles between two closes,
    `spread` is from bid to ask, as a part of the price. The journal is kept where `journal` names a
    file. Raise a DivbotError for whatever cannot be done.
    """
    checked = settings_of(settings, keywords, config)
    with ExitStack() as stack:
        if journal is None:
            folder = stack.enter_context(TemporaryDirectory(prefix="divbot-"))
            journal = Path(folder) / "backtest.db"
        options = BacktestOptions(
            start=_moment("start", start),
            end=_moment("end", end),
            detail=None if detail is None else read_given("detail", Choice(Interval), detail),
            is_todays=read_given("universe", Choice(UniverseOf), universe) is UniverseOf.NOW,
            spread=read_given("spread", SPREAD, str(spread)),
            journal=Path(journal),
        )
        past = open_recording(Path(recorded), checked) if recorded else open_stored(checked)
        return result_of(past, checked, options, lambda *_: None)


def candles(
    symbol: str,
    interval: str,
    start: TimeGiven | None = None,
    end: TimeGiven | None = None,
    *,
    market: str = Market.USDM,
    store: str | Path | None = None,
) -> pandas.DataFrame:
    """Return the candles of the store that open from `start` to before `end`, by their open time.

    Columns are open, high, low, close, volume, quote_volume, trades, taker_volume and
    taker_quote_volume (NaN: no source told). Raise InputError where the store has no candle of
    that length of the symbol.
    """
    from divbot.app.frames import candles_frame
    from divbot.app.stores import open_store

    length = read_given("interval", Choice(Interval), interval)
    chosen: dict[str, object] = {"market": market} | ({"store": store} if store else {})
    kept = open_store(settings_of(None, chosen, None))
    if kept.span(symbol, length) is None:
        raise InputError(
            f"expected {length.value} candles of {symbol} in the store of {kept.market.title}, "
            f"found none; get some: divbot data download --market {kept.market.value} "
            f"-i {length.value} --symbols {symbol}{into_store(store)}"
        )
    first, last = _moment("start", start), _moment("end", end)
    return candles_frame(
        kept.candles(
            symbol,
            length,
            EARLIEST if first is None else first,
            LATEST if last is None else last,
        )
    )


def _moment(name: str, given: TimeGiven | None) -> int | None:
    if given is None:
        return None
    try:
        return moment(given.isoformat() if isinstance(given, datetime) else given)
    except ValueError as error:
        raise InputError(f"{name}: {error}") from None
