"""A search trades each signal as the paper trader would that held nothing else, but for ticks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from divbot.app.scan_rules import plan_rules, scan_rules, universe_rules
from divbot.app.search_space import SearchPoint, points_of, read_space
from divbot.app.trading_rules import trading_rules
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Opportunity, Side
from divbot.history.funding import FundingTrack
from divbot.history.joined import JoinedHistory
from divbot.research.past import PastScanner
from divbot.research.sweep.hands import OwnHands
from divbot.research.sweep.market import MarketRules
from divbot.research.sweep.run import longest_of, units_of
from divbot.research.sweep.unit import trades_of
from divbot.research.venue import Spreads
from divbot.scanner.signals.plan import stop_and_target
from divbot.settings import Settings, changed, load_settings
from tests.research.sweep.exact import DAY, traded

SPREAD = "0.0004"
FOUR_HOURS = 4 * 3_600_000
CLOSES = 20
"""Of reports that are looked at in each market."""


@dataclass(frozen=True)
class Case:
    file: str
    market: Market
    shortest: Interval
    interval: Interval
    days: range
    settings: dict[str, str]
    space: tuple[str, ...] = ()
    """What is searched besides; the values of the settings are among it."""


class PaidHistory(JoinedHistory):
    """A recording beside which stands what was paid every four hours, now and then the other way.

    A recording has none of its own.
    """

    def funding(self, symbol: str, start: int, end: int) -> FundingTrack:
        own = self.span(symbol, self.shortest)
        assert own is not None
        settled = np.arange(own[0] // FOUR_HOURS * FOUR_HOURS, own[1], FOUR_HOURS)
        return FundingTrack.of(settled, 0.002 * np.cos(settled // FOUR_HOURS))


MINUTES = Case(
    "market/usdm-1m-2025-05.parquet",
    Market.USDM,
    Interval.M1,
    Interval.M5,
    range(20_222, 20_225),
    {"max_holding": "6h", "min_reward_risk": "0.5"},
)
CASES = [
    pytest.param(MINUTES, id="futures: 5m by minutes"),
    pytest.param(
        Case(
            "history/usdm-4h-2024.parquet",
            Market.USDM,
            Interval.H4,
            Interval.H4,
            range(19_900, 19_930),
            {
                "max_holding": "8d",
                "trail_atr": "2",
                "exit_on_opposite": "false",
                "top": "40",
                "exclude": "BTCUSDT,1000*",
            },
            ("top=40,150",),
        ),
        id="futures: 4h by themselves, trailing, a searched list",
    ),
    pytest.param(
        Case(
            "market/spot-5m-2024-07.parquet",
            Market.SPOT,
            Interval.M5,
            Interval.M15,
            range(19_931, 19_932),
            {"max_holding": "12h", "min_reward_risk": "0", "limit": "400", "stop_atr": "2"},
        ),
        id="spot: 15m by 5m",
    ),
]


@pytest.mark.parametrize("case", CASES)
def test_each_trade_equals_that_of_the_engine(case: Case, data: Path, tmp_path: Path) -> None:
    settings = load_settings(
        {"market": case.market, "interval": case.interval, "min_age": "0", **case.settings}
    )
    kind = PaidHistory if case.market is Market.USDM else JoinedHistory
    history = kind(data / case.file, case.market, case.shortest)
    found = searched(history, settings, case, tmp_path)

    compared, differing, unsure = 0, [], 0
    offered = told(history, settings, case, tmp_path)
    assert not unoffered(found, [x for x, _ in offered])
    for opportunity, opposite in offered:
        exact = traded(
            history,
            without_ticks(opportunity, settings),
            trading_rules(settings),
            tmp_path / "run.db",
            detail=case.shortest,
            opposite=opposite,
            spread=SPREAD,
            longest=10 * DAY,
        )
        key = key_of(opportunity)
        mine = found.get(key)
        compared += 1
        if exact is not None and key not in found:
            # Its RSI is equal to another's but for the last digits, which hang on the window.
            unsure += 1
        elif (exact is None) != (mine is None):
            differing.append((key, exact, mine))
        elif exact is not None and mine is not None:
            closed, r = mine
            assert exact.entered == opportunity.confirmed_at
            if closed != exact.closed or abs(r - exact.r) > 1e-6:
                differing.append((key, exact, mine))

    assert compared > CLOSES / 2
    assert unsure <= 1 + compared // 30
    assert not differing, "\n".join(map(str, differing))


Key = tuple[str, str, int]
"""The kind, the symbol and the entry of a trade."""


def key_of(found: Opportunity) -> Key:
    return (found.divergence.kind, found.divergence.symbol, found.confirmed_at)


def unoffered(found: Iterable[Key], offered: Sequence[Opportunity]) -> list[Key]:
    """Return what was traded at closes of which all is known, and that nobody offered."""
    whole = {x.confirmed_at for x in offered} - {offered[-1].confirmed_at}
    known = {key_of(x) for x in offered}
    return [x for x in found if x[2] in whole and x not in known]


def without_ticks(found: Opportunity, settings: Settings) -> Opportunity:
    """Return the same on a venue where every price is a valid one."""
    assert found.instrument is not None
    close = float(found.price)
    stop, target = stop_and_target(
        1.0 if found.side is Side.BUY else -1.0,
        float(found.pivot_price),
        close,
        found.atr_percent / 100 * close,
        plan_rules(settings),
    )
    return replace(
        found,
        stop=Decimal(repr(stop)),
        target=Decimal(repr(target)),
        instrument=replace(found.instrument, tick_size=None, step_size=None),
    )


def searched(
    history: JoinedHistory, settings: Settings, case: Case, cache: Path
) -> dict[Key, tuple[int, float]]:
    """Return when each trade of a search closed and its R, by kind, symbol and entry."""
    kinds = "regular_bullish,hidden_bullish,regular_bearish,hidden_bearish"
    points = points_of(read_space([f"kind={kinds}", *case.space]), settings)
    variants = sorted((x.variant for x in points), key=lambda x: x.name)
    kind_of = {x.variant.name: x.texts["kind"] for x in points if is_meant(x, settings)}
    # Where the list is searched, that of the others is another one.
    shared = universe_rules(settings if not case.space else changed(settings, {"top": 3}))
    rules = MarketRules(case.shortest, shared, False, Spreads(Decimal(SPREAD)))
    assert longest_of(variants, rules) <= 10 * DAY
    found = {}
    for rows, unit in units_of(history, variants, case.days, rules, cache=cache, hands=OwnHands()):
        symbols = unit.market.open().columns.symbols
        for plan, symbol, entered, closed, r in (
            trade
            for own in trades_of(unit)
            for trade in zip(*(getattr(own, x).tolist() for x in own.__slots__), strict=True)
        ):
            name = variants[rows[plan][0]].name
            if name not in kind_of:
                continue
            key = (kind_of[name], symbols[symbol], entered)
            assert key not in found
            found[key] = (closed, r)
    return found


def is_meant(point: SearchPoint, settings: Settings) -> bool:
    """Tell whether a point is that of the settings, whatever kind it trades."""
    return all(
        set(own) == set(given) if isinstance(own, tuple) else own == given
        for name in {*point.texts} - {"kind"}
        for own, given in [(getattr(point.settings, name), getattr(settings, name))]
    )


def told(
    history: JoinedHistory, settings: Settings, case: Case, cache: Path
) -> list[tuple[Opportunity, int | None]]:
    """Return what scans offered just when it was confirmed, with the next signal against it."""
    span = (case.days.start * DAY, case.days.stop * DAY)
    found = []
    with PastScanner.open(
        history,
        (span[0], span[1] + 10 * DAY),
        scan_rules(settings, with_divergences=False),
        universe_rules(settings),
        cache=cache,
    ) as past:
        confirmed = np.unique(past.fresh(*span).confirmed_at)
        chosen = confirmed[np.linspace(0, len(confirmed) - 1, CLOSES).astype(int)]
        for close in sorted(set(chosen.tolist())):
            for x in past.glance(close).open_to_trade:
                is_sold = x.side is Side.SELL and case.market is Market.SPOT
                if x.age == 0 and not is_sold:
                    found += [(x, opposite_of(past, x, settings))]
    return found[:CLOSES]


def opposite_of(past: PastScanner, found: Opportunity, settings: Settings) -> int | None:
    if not settings.exit_on_opposite:
        return None
    symbol, close = found.divergence.symbol, found.confirmed_at
    ones = past.fresh(close + 1, close + 10 * DAY)
    sign = -1 if found.side is Side.BUY else 1
    mine = (ones.symbol == past.symbols.index(symbol)) & (ones.side == sign)
    for at in ones.confirmed_at[mine].tolist():
        fresh = past.glance(at, held=(symbol,)).fresh
        if any(
            x.symbol == symbol
            and x.kind.side is not found.side
            and settings.interval.close_of(x.confirmed) == at
            for x in fresh
        ):
            return int(at)
    return None
