"""What a sweep says of itself: what it will take, what to know beforehand, and of what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from divbot.app.backtest import KnownFunding, funding_notes, known_funding
from divbot.app.sweep_setup import Sweep, asked_for, searched_intervals
from divbot.domain.durations import DAY
from divbot.domain.market import Interval, Market
from divbot.domain.names import counted


def effort_words(sweep: Sweep) -> str:
    """Return how many settings it is, and about what it takes."""
    from divbot.research.sweep.estimate import estimate

    points = sweep.points.values()
    found = estimate(sweep.history, [x.variant for x in points], sweep.days, sweep.hands.workers)
    symbols = max(len(asked_for(sweep, x)) for x in searched_intervals(points))
    minutes = found.seconds / 60
    time = f"{minutes:.0f} minutes" if minutes >= 1.5 else "a minute or less"
    memory = f"{found.memory / 1e9:.1f} GB of memory"
    then = "; then portfolios of the winner and its neighbours"
    return (
        f"{counted(found.settings, 'setting')} on "
        f"{counted(min(symbols, sweep.rules.universe.top), 'symbol')} over "
        f"{counted(len(sweep.days), 'day')}: about {time} and {memory}"
        f"{then if sweep.options.with_portfolios else ''}"
    )


def warnings_of(sweep: Sweep) -> Iterator[str]:
    """Yield, in words, which settings hardly let a trade be entered."""
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


def notes_of(sweep: Sweep) -> Iterator[str]:
    """Yield what was assumed where history does not tell."""
    if sweep.rules.detail is None or any(
        x.settings.interval is sweep.rules.detail for x in sweep.points.values()
    ):
        yield (
            "where there are no shorter candles, a trade is judged by those of its interval, and "
            "one that touches both stop and target counts as a stop"
        )
    if sweep.settings.market is Market.USDM:
        symbols = {
            x: y for y in searched_intervals(sweep.points.values()) for x in asked_for(sweep, y)
        }
        yield from funding_notes(list(_known_funding(sweep, symbols)))


def _known_funding(sweep: Sweep, symbols: Mapping[str, Interval]) -> Iterator[KnownFunding]:
    """Yield how much is known of the funding of each symbol with candles on the days."""
    start, end = sweep.days.start * DAY, sweep.days.stop * DAY
    for symbol, interval in symbols.items():
        span = sweep.history.span(symbol, interval)
        if span and span[0] < end and span[1] > start:
            due = sweep.history.funding(symbol, start, end).settled_at.tolist()
            yield known_funding(due, max(span[0], start), min(span[1], end))
