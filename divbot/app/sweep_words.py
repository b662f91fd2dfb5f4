"""What a sweep says of itself: what it will take, what to know beforehand, and of what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from divbot.app.known_funding import KnownFunding, funding_notes, known_funding
from divbot.app.sweep_setup import Sweep, asked_for, how_to_fetch_for, searched_intervals
from divbot.domain.durations import DAY
from divbot.domain.market import Interval, Market
from divbot.domain.names import counted
from divbot.history.detail import DetailedHistory
from divbot.history.shared import SharedStore
from divbot.history.spans import Span
from divbot.history.store import Store


def effort_words(sweep: Sweep) -> str:
    """Return how many settings it is, and about what it takes."""
    from divbot.research.sweep.estimate import estimate

    points = sweep.points.values()
    found = estimate(
        sweep.history,
        [x.variant for x in points],
        sweep.days,
        sweep.hands.workers,
        sweep.rules.detail,
    )
    symbols = max(len(asked_for(sweep, x)) for x in searched_intervals(points))
    time, first = _minutes(found.seconds), _minutes(found.seconds + found.first)
    time += f", or {first} where these candles were not searched before," * (first != time)
    memory = f"{found.memory / 1e9:.1f} GB of memory"
    then = "; then portfolios of the winner and its neighbours"
    return (
        f"{counted(found.settings, 'setting')} on "
        f"{counted(min(symbols, sweep.rules.universe.top), 'symbol')} over "
        f"{counted(len(sweep.days), 'day')}: about {time} and {memory}"
        f"{then if sweep.options.with_portfolios else ''}"
    )


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes > 1 else "a minute or less"


def warnings_of(sweep: Sweep, coarse: str) -> Iterator[str]:
    """Yield, in words, what to know first: trades judged coarsely, settings that hardly trade.

    `coarse` are the `coarse_words`.
    """
    if coarse and isinstance(sweep.history, Store | SharedStore | DetailedHistory):
        command = how_to_fetch_for(Interval.M1, sweep.settings, sweep.options, sweep.days)
        yield f"not all trades can be judged by 1m candles; they come by {command}"
    barred = [
        x.settings
        for x in sweep.points.values()
        if x.settings.reward_risk <= x.settings.min_reward_risk
    ]
    if barred:
        highest = max(x.reward_risk for x in barred)
        least = max(x.min_reward_risk for x in barred)
        yield (
            f"{counted(len(barred), 'setting')} with a reward_risk of up to {highest:g} hardly "
            f"enter a trade: after all costs it is to be {least} at least; see --min-reward-risk"
        )


def title_of(sweep: Sweep) -> str:
    """Return what is searched: market and intervals."""
    intervals = ", ".join(x.value for x in searched_intervals(sweep.points.values()))
    return f"Binance {sweep.settings.market.title} {intervals}"


def notes_of(sweep: Sweep, coarse: str) -> Iterator[str]:
    """Yield what was assumed where history does not tell, the `coarse_words` among it."""
    if coarse:
        yield coarse
    if sweep.settings.market is Market.USDM:
        symbols = {
            x: y for y in searched_intervals(sweep.points.values()) for x in asked_for(sweep, y)
        }
        yield from funding_notes(list(_known_funding(sweep, symbols)))


def coarse_words(sweep: Sweep) -> str:
    """Return how much is judged by candles longer than 1m, and how; empty: nothing is.

    Of a store every note of its files is read for it.
    """
    intervals, detail = searched_intervals(sweep.points.values()), sweep.rules.detail
    if intervals == [Interval.M1]:
        return ""
    if detail is None or detail in intervals:
        kind = "some" if detail is None or len(intervals) > 1 else "all"
        judged = f"{kind} trades are judged by candles of their own interval"
        lack = "not every symbol has shorter ones"
    elif share := _missing_share(sweep):
        judged = (
            f"for {max(share, 0.001):.1%} of the time trades are judged by {intervals[0]} candles"
        )
        lack = f"{detail} ones are missing there"
    else:
        return ""
    return f"{judged}, and one that touches both stop and target counts as a stop: {lack}"


def _missing_share(sweep: Sweep) -> float:
    """Return of which part of the days longer candles stand in for those of the detail."""
    if not isinstance(sweep.history, DetailedHistory):
        return 0.0
    interval = searched_intervals(sweep.points.values())[0]
    days = Span(sweep.days.start * DAY, sweep.days.stop * DAY)
    missing = whole = 0
    for symbol in asked_for(sweep, interval):
        span = (sweep.history.span(symbol, interval) or Span(0, 0)).within(days)
        whole += span.end - span.start
        missing += sum(x.end - x.start for x in sweep.history.missing(symbol, days))
    return missing / max(whole, 1)


def _known_funding(sweep: Sweep, symbols: Mapping[str, Interval]) -> Iterator[KnownFunding]:
    """Yield how much is known of the funding of each symbol with candles on the days."""
    start, end = sweep.days.start * DAY, sweep.days.stop * DAY
    for symbol, interval in symbols.items():
        span = sweep.history.span(symbol, interval)
        if span and span[0] < end and span[1] > start:
            due = sweep.history.funding(symbol, start, end).settled_at.tolist()
            yield known_funding(due, max(span[0], start), min(span[1], end))
