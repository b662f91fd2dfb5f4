"""Where this user's ledger of trials is, and what a backtest has to do with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from divbot.app.homes import at_home
from divbot.domain.clock import EARLIEST, LATEST, SystemClock
from divbot.domain.durations import DAY
from divbot.domain.timerange import dates_of
from divbot.folders import state_home
from divbot.version import __version__

if TYPE_CHECKING:
    from divbot.research.trials.conclusion import TrialOrigin
    from divbot.research.trials.ledger import TrialLedger

COSTS = ("fee", "slippage", "spread")
"""Of a trade, as the settings and options of a backtest and of a sweep have them."""


def open_trials(*, is_simulated: bool) -> TrialLedger:
    """Return the ledger of this user; prices that are made up have one of their own.

    Nothing that is tried on them tells anything about days of the real market.
    """
    from divbot.research.trials.ledger import TrialLedger

    name = "trials-simulated.db" if is_simulated else "trials.db"
    return TrialLedger(at_home(state_home) / name, SystemClock())


def origin_of(basis: Mapping[str, str], data: str, *, seed: int = 0) -> TrialOrigin:
    """Return what results were made of; `basis` holds the settings, and costs among them."""
    from divbot.research.sweep.run import code_hash
    from divbot.research.trials.conclusion import TrialOrigin

    return TrialOrigin(
        basis={name: text for name, text in basis.items() if name not in COSTS},
        costs={name: text for name, text in basis.items() if name in COSTS},
        code=code_hash(),
        data=data,
        version=__version__,
        seed=seed,
    )


def spending_notices(ledger: TrialLedger, days: range, what: str = "backtest") -> Iterator[str]:
    """Yield, in words, which sealed days are spent by whoever sees figures of `days`."""
    from divbot.research.trials.knowledge import sealed_on

    for number, sealed in sealed_on(ledger.read().written, days).items():
        yield (
            f"{span_text(sealed)} were sealed by sweep {number}: this {what} spends them, "
            "they judge no more"
        )


def sealed_days() -> tuple[range, ...]:
    """Return all UTC days of the real market that are sealed."""
    from divbot.research.trials.knowledge import sealed_on

    ever = range(EARLIEST // DAY, LATEST // DAY)
    # Each scan asks.
    written = open_trials(is_simulated=False).read(with_results=False).written
    return tuple(sealed_on(written, ever).values())


def span_text(days: range) -> str:
    """Return the first and the last of some UTC days; `none` where there are none."""
    return " to ".join(dates_of(days) or ["none"])
