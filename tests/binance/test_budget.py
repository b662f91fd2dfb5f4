"""The budget against a venue that counts: minute by minute, in both ways a venue may count."""

from __future__ import annotations

import pickle
import random
from collections import deque
from contextlib import nullcontext
from dataclasses import dataclass, field

import pytest

from divbot.binance.budget import Lease, WeightBudget
from divbot.domain.clock import ManualClock
from divbot.domain.errors import StopUntil, VenueRefused

LIMIT = 2400
STEP = 0.1


@dataclass
class CountingVenue:
    """Count what is spent, per clock minute or over the last 60 s; answer 429 over the limit."""

    clock: ManualClock
    is_rolling: bool
    limit: int = LIMIT
    spent: deque[tuple[float, int]] = field(default_factory=deque)
    most: int = 0
    told_until: float = -1.0
    asked_though_told: int = 0

    def used(self) -> int:
        now = self.clock.monotonic()
        start = now - 60.0 if self.is_rolling else now - now % 60.0
        while self.spent and (self.spent[0][0] < start or self.spent[0][0] <= now - 60.0):
            self.spent.popleft()
        return sum(weight for _, weight in self.spent)

    def spend(self, weight: int) -> int:
        """Count a request of anybody's; return the header."""
        self.spent.append((self.clock.monotonic(), weight))
        used = self.used()
        self.most = max(self.most, used)
        return used

    def ask(self, weight: int) -> tuple[int, float]:
        """Return header and Retry-After (0 for an answer), for a request of ours."""
        now = self.clock.monotonic()
        self.asked_though_told += now < self.told_until
        used = self.spend(weight)
        if used <= self.limit:
            return used, 0.0
        self.told_until = now + 60.0 - now % 60.0
        return used, self.told_until - now


@dataclass
class Worker:
    """Send one request after the other, as fast as its lease lets it."""

    lease: Lease
    venue: CountingVenue
    hears_headers: bool = True
    weight: int = 2
    wanted: bool = False
    done: int = 0

    def step(self, requests: int) -> None:
        for _ in range(requests):
            if not self.wanted:
                self.lease.want(self.weight)
                self.wanted = True
            if not self.lease.try_take(self.weight):
                return
            self.wanted = False
            sent_at = self.venue.clock.monotonic()
            used, retry_after = self.venue.ask(self.weight)
            if self.hears_headers:
                self.lease.saw(used, sent_at=sent_at)
            if retry_after:
                self.lease.pause(retry_after)
                return
            self.done += 1


def simulate(
    *,
    is_rolling: bool,
    minutes: int,
    seed: int = 0,
    foreign: int = 0,
    hears_headers: bool = True,
) -> tuple[CountingVenue, list[Worker]]:
    """Let four greedy workers and a foreign spender share an address for some minutes."""
    clock = ManualClock()
    clock.advance(random.Random(seed).uniform(0, 60))
    venue = CountingVenue(clock, is_rolling)
    budget = WeightBudget(clock, LIMIT)
    child = pickled(budget)
    workers = [Worker(child.lease(budget.open_lease()), venue, hears_headers) for _ in range(4)]
    chance = random.Random(seed)
    for _ in range(round(minutes * 60 / STEP)):
        if foreign and chance.random() < STEP / 2:
            venue.spend(chance.randint(0, 2 * foreign // 30))
        for worker in workers:
            worker.step(requests=8)
        budget.grant()
        clock.advance(STEP)
    return venue, workers


def pickled(budget: WeightBudget) -> WeightBudget:
    """Return the budget as a worker gets it: the same memory, without the right to grant."""
    child = WeightBudget.__new__(WeightBudget)
    child.__setstate__(budget.__getstate__())
    return child


@pytest.mark.parametrize("is_rolling", [False, True], ids=["fixed minutes", "rolling"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("foreign", [0, 200, 460], ids=lambda x: f"{x} spent by others")
def test_the_limit_is_never_met(is_rolling: bool, seed: int, foreign: int) -> None:
    venue, _ = simulate(is_rolling=is_rolling, minutes=5, seed=seed, foreign=foreign)

    assert venue.most <= LIMIT


@pytest.mark.parametrize("is_rolling", [False, True], ids=["fixed minutes", "rolling"])
def test_without_headers_our_own_count_keeps_the_limit(is_rolling: bool) -> None:
    venue, workers = simulate(is_rolling=is_rolling, minutes=4, hears_headers=False)

    assert venue.most <= 0.8 * LIMIT
    assert all(worker.done for worker in workers)


def test_what_is_spent_after_a_header_counts_on_top_of_it() -> None:
    clock = ManualClock()
    budget = WeightBudget(clock, 1000, share=1.0)
    lease = budget.lease(budget.open_lease())
    lease.saw(900, sent_at=clock.monotonic())
    clock.advance(1)

    lease.want(500)
    budget.grant()
    spent = sum(lease.try_take(10) for _ in range(50))
    clock.advance(1)
    budget.grant()

    assert spent == 10
    assert not lease.try_take(10)


@pytest.mark.parametrize("is_rolling", [False, True], ids=["fixed minutes", "rolling"])
@pytest.mark.parametrize("seed", range(3))
def test_nobody_starves(is_rolling: bool, seed: int) -> None:
    _, workers = simulate(is_rolling=is_rolling, minutes=5, seed=seed, foreign=200)

    spent = [worker.done * worker.weight for worker in workers]
    assert sum(spent) > 0.6 * 5 * 0.8 * (LIMIT - 200)
    assert min(spent) > 0.5 * max(spent)


@pytest.mark.parametrize("is_rolling", [False, True], ids=["fixed minutes", "rolling"])
def test_nothing_is_sent_after_a_429_before_its_time(is_rolling: bool) -> None:
    # Others spend the whole limit: the venue refuses us through no fault of ours.
    venue, _ = simulate(is_rolling=is_rolling, minutes=5, foreign=4000)

    assert venue.told_until > 0
    assert venue.asked_though_told == 0


def test_one_worker_s_429_stops_all_at_once() -> None:
    clock = ManualClock()
    budget = WeightBudget(clock, LIMIT)
    one, other = (budget.lease(budget.open_lease(100)) for _ in range(2))

    one.pause(30.0)

    assert not other.try_take(2)
    clock.advance(29.9)
    assert not other.try_take(2)
    clock.advance(0.2)
    assert other.try_take(2)


def test_one_worker_s_418_stops_all_until_the_time_it_names() -> None:
    clock = ManualClock(1_000_000)
    budget = WeightBudget(clock, LIMIT)
    one, other = (budget.lease(budget.open_lease(100)) for _ in range(2))

    one.ban(300.0)

    with pytest.raises(StopUntil) as caught:
        other.try_take(2)
    assert caught.value.ends == 300.0
    clock.advance(301)
    assert other.try_take(2)


def test_whoever_waits_in_the_process_that_grants_is_heard_of() -> None:
    clock = ManualClock()
    budget = WeightBudget(clock, LIMIT)
    heard: list[str] = []
    budget.on_wait = lambda: heard.append(budget.waiting_for())
    lease = budget.lease(budget.open_lease())
    lease.take(5)
    assert heard == []

    lease.pause(1)
    lease.take(5)

    assert set(heard) >= {"the venue wants a pause of 1 s"}


def test_what_was_asked_for_in_vain_during_a_ban_is_wanted_no_more() -> None:
    clock = ManualClock()
    budget = WeightBudget(clock, LIMIT)
    trader, worker = (budget.lease(budget.open_lease()) for _ in range(2))

    worker.ban(3600)
    for _ in range(LIMIT):
        with pytest.raises(StopUntil, match="banned"):
            trader.take(5)
    clock.advance(3601)
    trader.take(5)

    assert budget.waiting_for() == ""
    worker.take(int(budget.allowed) - 5)
    assert budget.spent() == budget.allowed


def test_what_is_set_aside_is_there_at_once() -> None:
    budget = WeightBudget(ManualClock(), LIMIT)

    lease = budget.lease(budget.open_lease(800))

    assert all(lease.try_take(2) for _ in range(400))
    assert not lease.try_take(2)


@pytest.mark.parametrize("is_rolling", [False, True], ids=["fixed minutes", "rolling"])
def test_who_keeps_ahead_never_waits_for_those_who_take_all_they_get(is_rolling: bool) -> None:
    clock = ManualClock()
    venue = CountingVenue(clock, is_rolling)
    budget = WeightBudget(clock, LIMIT)
    trader = Worker(budget.lease(budget.open_lease(ahead=120)), venue, weight=5)
    greedy = [Worker(budget.lease(budget.open_lease(900)), venue) for _ in range(4)]

    for step in range(round(240 / STEP)):
        for worker in greedy:
            worker.step(requests=100)
        budget.grant()
        if step % 50 == 0:
            trader.step(requests=1)
        clock.advance(STEP)

    assert trader.done == 48
    assert venue.most <= LIMIT


def test_what_is_kept_ahead_leaves_others_their_half() -> None:
    budget = WeightBudget(ManualClock(), 1000)
    budget.open_lease(ahead=5000)

    assert budget.lease(budget.open_lease(400)).try_take(400)


def test_what_a_dead_worker_left_goes_to_others() -> None:
    budget = WeightBudget(ManualClock(), 1000)
    first = budget.open_lease(800)
    second = budget.open_lease(500)
    assert not budget.lease(second).try_take(2)

    budget.close_lease(first)
    budget.grant()

    assert budget.lease(second).try_take(500)


def test_spending_is_added_up_over_all_leases() -> None:
    budget = WeightBudget(ManualClock(), LIMIT)
    for weight in (40, 5):
        number = budget.open_lease(weight)
        budget.lease(number).try_take(weight)
        budget.close_lease(number)

    assert budget.spent() == 45


def test_a_raised_limit_is_used() -> None:
    budget = WeightBudget(ManualClock(), 100)
    lease = budget.lease(budget.open_lease(500))
    assert not lease.try_take(500)

    budget.allow(1000)
    budget.grant()

    assert lease.try_take(500)


def test_waiting_is_told_in_words() -> None:
    budget = WeightBudget(ManualClock(), 100)
    lease = budget.lease(budget.open_lease())
    assert budget.waiting_for() == ""

    lease.want(500)
    budget.grant()
    assert budget.waiting_for() == "waiting for request weight"

    lease.pause(37.0)
    assert budget.waiting_for() == "the venue wants a pause of 37 s"


def test_a_worker_grants_nothing_to_itself() -> None:
    clock = ManualClock()
    budget = WeightBudget(clock, LIMIT)
    lease = pickled(budget).lease(budget.open_lease())

    lease.want(2)

    assert not lease.try_take(2)
    budget.grant()
    assert lease.try_take(2)


def test_memory_is_shared_only_with_children() -> None:
    # Sent through a queue it would be a copy, and count for nobody.
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(WeightBudget(ManualClock(), LIMIT))


@pytest.mark.parametrize(("seconds", "is_told"), [(120.0, False), (121.0, True)])
def test_a_pause_of_two_minutes_is_waited_for_and_a_longer_one_is_told(
    seconds: float, is_told: bool
) -> None:
    clock = ManualClock()
    budget = WeightBudget(clock, 1000)
    lease = budget.lease(budget.open_lease(10))
    lease.pause(seconds)

    with pytest.raises(StopUntil) if is_told else nullcontext():
        assert lease.try_take(10) is False


@pytest.mark.parametrize("in_worker", [False, True], ids=["the parent", "a worker"])
def test_a_request_beyond_the_whole_limit_is_refused_and_not_waited_for(*, in_worker: bool) -> None:
    budget = WeightBudget(ManualClock(), LIMIT)
    number = budget.open_lease()
    lease = (pickled(budget) if in_worker else budget).lease(number)

    budget.allow(49)

    with pytest.raises(VenueRefused, match=r"a weight of 40, but only 39\.2 of the 49"):
        lease.take(40)


def test_what_is_kept_for_the_trader_is_not_waited_for_either() -> None:
    budget = WeightBudget(ManualClock(), 90)
    scanner = budget.lease(budget.open_lease())

    scanner.take(40)
    budget.open_lease(ahead=1000)

    with pytest.raises(VenueRefused, match="a weight of 40, but only 36 of the 90"):
        scanner.take(40)
