"""Who is let in: request weight, refusals (429) and bans (418), by market.

An address that has spent more than the limit is refused until its window allows more. One that goes
on calling while refused is banned: 2 minutes at first, twice as long each time, 3 days at most. All
of this runs on the real clock; but where the market's own time runs faster, more is granted: a
minute of the market has the weight of a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from divbot.domain.clock import Clock
from divbot.domain.durations import DAY, MINUTE
from divbot.domain.market import Market
from divbot.exchange.rest import rejections as reject
from divbot.exchange.rest.limits import FUNDING_REQUESTS, MINUTE_WEIGHT
from divbot.exchange.rest.rate_window import RateWindow, WindowShape

_FIRST_BAN_MS = 2 * MINUTE
_LONGEST_BAN_MS = 3 * DAY
_FUNDING_MS = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class Admission:
    """Say whether a request is let in, and what its market's account stands at."""

    used: int
    rejection: reject.Rejection | None = None
    retry_after: int | None = None
    """Seconds until it is worth calling again; None when the request is let in."""


class RateLimiter:
    """Keep the accounts of one address in every market.

    `limits`: weight per minute, by market; the venue's own where it names none. `speed`: how fast
    the market's time runs; faster, so much more of everything is granted. `patience`: how many
    calls in a row are refused before the next one is answered with a ban.
    """

    def __init__(
        self,
        clock: Clock,
        limits: Mapping[Market, int] | None = None,
        *,
        speed: float = 1.0,
        window: WindowShape = WindowShape.FIXED,
        patience: int = 10,
    ) -> None:
        chosen = {**MINUTE_WEIGHT, **(limits or {})}
        self._clock = clock
        self.speed = speed
        self._patience = patience
        self._accounts = {
            market: _Account(
                RateWindow(self.granted(limit), MINUTE, window),
                RateWindow(self.granted(FUNDING_REQUESTS), _FUNDING_MS, window),
            )
            for market, limit in chosen.items()
        }

    def admit(self, market: Market, weight: int, *, funding: int = 0) -> Admission:
        """Charge one request and say whether it is answered.

        `funding` is what it costs of the account that the two funding endpoints share.
        """
        now = self._clock.now()
        account = self._accounts[market]
        if now < account.banned_until:
            return account.banned(market, now)
        used = account.weight.spend(now, weight)
        asked_too_often = (
            account.funding.spend(now, funding) > account.funding.limit and funding > 0
        )
        if used <= account.weight.limit and not asked_too_often:
            account.refused = 0
            return Admission(used)
        account.refused += 1
        if account.refused > self._patience:
            account.ban_for_good_reason(now)
            return account.banned(market, now)
        free = account.weight.free_at(now, weight)
        if asked_too_often:
            free = max(free, account.funding.free_at(now, funding))
        refusal = reject.OVER_LIMIT[market].of(account.weight.limit)
        return Admission(used, refusal, _seconds(free - now))

    def granted(self, limit: int) -> int:
        """Return what comes to `limit` in the market's time."""
        return int(limit * max(self.speed, 1.0))

    def limit(self, market: Market) -> int:
        """Return the weight that `market` grants a minute."""
        return self._accounts[market].weight.limit

    def spend(self, market: Market, weight: int) -> int:
        """Charge what another program behind the same address spends; return all that is used."""
        return self._accounts[market].weight.spend(self._clock.now(), weight)

    def ban(self, market: Market, seconds: float) -> int:
        """Ban the address from `market`; return until when, in ms UTC."""
        account = self._accounts[market]
        account.banned_until = self._clock.now() + round(seconds * 1000)
        return account.banned_until

    def state(self, market: Market) -> dict[str, int]:
        """Return how the account of `market` stands."""
        now = self._clock.now()
        account = self._accounts[market]
        return {
            "weight": account.weight.used(now),
            "limit": account.weight.limit,
            "funding_requests": account.funding.used(now),
            "refused_in_a_row": account.refused,
            "bans": account.bans,
            "banned_until": account.banned_until if now < account.banned_until else 0,
        }


@dataclass(slots=True)
class _Account:
    weight: RateWindow
    funding: RateWindow
    refused: int = 0
    """How many calls in a row were refused."""
    bans: int = 0
    """How many bans it has earned."""
    banned_until: int = 0

    def ban_for_good_reason(self, now: int) -> None:
        self.banned_until = now + min(_FIRST_BAN_MS * 2**self.bans, _LONGEST_BAN_MS)
        self.bans += 1
        self.refused = 0

    def banned(self, market: Market, now: int) -> Admission:
        refusal = reject.BANNED[market].of(self.banned_until)
        return Admission(self.weight.used(now), refusal, _seconds(self.banned_until - now))


def _seconds(ms: int) -> int:
    return max(-(-ms // 1000), 1)
