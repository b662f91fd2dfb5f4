"""What may be entered and what has to be closed, up to each limit and not beyond it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from divbot.domain.durations import MINUTE
from divbot.domain.events import Exited
from divbot.domain.fills import Reason, fill_at_quote
from divbot.domain.ledger import Ledger, fold
from divbot.domain.market import Interval
from divbot.domain.signals import Evidence, Side
from divbot.trading.engine.decide import Moment, choose, objection, reason_to_close
from tests.trading.fakes import (
    ENTRIES,
    EXITS,
    FREE,
    HOUR,
    INSTRUMENT,
    NOON,
    d,
    entered,
    findings,
    opportunity,
    position,
    quote,
    started,
)


def exited(*, at: int, price: float) -> Exited:
    """Return the end of `entered`, at its stop."""
    fill = fill_at_quote(Side.SELL, d(10), quote(price, price, at), FREE, d("0.1"))
    return Exited(at, 1, Reason.STOP, fill, d(100) + 10 * (d(price) - 100))


@pytest.mark.parametrize(
    ("least", "evidence", "objects"),
    [
        pytest.param(0.0, None, False, id="off, nothing known"),
        pytest.param(0.3, Evidence(0.3, 0.02, 0.0, 99), False, id="just enough"),
        pytest.param(0.31, Evidence(0.3, 0.02, 0.0, 99), True, id="too little"),
        pytest.param(0.01, None, True, id="nothing known"),
    ],
)
def test_a_least_confidence_is_asked_for(
    least: float, evidence: Evidence | None, objects: bool
) -> None:
    moment = Moment(NOON, NOON, Interval.M5, Ledger())
    found = replace(opportunity(), evidence=evidence)

    reason = objection(found, moment, replace(ENTRIES, min_confidence=least))

    assert ("confidence" in reason or "no past case" in reason) is objects


@pytest.mark.parametrize(
    ("held", "most", "taken"),
    [
        pytest.param(0, 3, 3, id="all are free"),
        pytest.param(1, 3, 2, id="one is held"),
        pytest.param(3, 3, 0, id="none is free"),
        pytest.param(3, 1, 0, id="more are held than may be"),
    ],
)
def test_as_many_are_taken_as_places_are_free(held: int, most: int, taken: int) -> None:
    ledger = fold([started(), *(entered(f"H{n}USDT", trade=n) for n in range(1, held + 1))])
    moment = Moment(NOON, NOON, Interval.M5, ledger)
    offered = tuple(opportunity(f"{name}USDT") for name in "ABCD")

    found = choose(findings(open_to_trade=offered), moment, replace(ENTRIES, max_positions=most))

    assert [x.divergence.symbol for x in found] == ["AUSDT", "BUSDT", "CUSDT"][:taken]


LOST_AT = NOON + 10 * MINUTE


@pytest.mark.parametrize(
    ("later", "changes", "reason"),
    [
        pytest.param(0, {"score": 5.0}, "", id="the least score"),
        pytest.param(0, {"score": 4.99}, "score", id="less"),
        pytest.param(0, {"confirmed_at": NOON}, "", id="confirmed as this program started"),
        pytest.param(0, {"confirmed_at": NOON - 1}, "before this program", id="before"),
        pytest.param(30 * MINUTE - 1, {}, "", id="five candles ago"),
        pytest.param(30 * MINUTE, {}, "candles ago", id="six"),
    ],
)
def test_an_entry_is_objected_to_from_a_limit_on(
    later: int, changes: dict[str, Any], reason: str
) -> None:
    moment = Moment(NOON + later, NOON, Interval.M5, Ledger())

    found = objection(opportunity(**changes), moment, ENTRIES)

    assert (reason in found) if reason else found == ""


def test_a_signal_that_was_traded_is_not_traded_again_though_its_symbol_has_cooled_down() -> None:
    ledger = fold([started(), entered(), exited(at=LOST_AT, price=99)])
    (trade,) = ledger.closed
    moment = Moment(LOST_AT + 50 * HOUR, NOON, Interval.D1, ledger)
    rules = replace(ENTRIES, cooldown=0, take_earlier=True)

    again = opportunity(confirmed_at=trade.origin.confirmed_at)

    assert objection(again, moment, rules) == "this signal was traded already"


@pytest.mark.parametrize(("since", "cools"), [(HOUR - 1, True), (HOUR, False)])
def test_a_symbol_cools_down_after_a_loss_for_as_long_as_was_said(since: int, cools: bool) -> None:
    loss = exited(at=LOST_AT, price=99)
    ledger = fold([started(), entered(), loss])
    now = LOST_AT + since
    moment = Moment(now, NOON, Interval.M5, ledger)

    reason = objection(opportunity(confirmed_at=now), moment, ENTRIES)

    assert ("cooling down" in reason) is cools


@pytest.mark.parametrize(("before", "is_closed"), [(HOUR, True), (HOUR + 1, False)])
def test_a_position_is_closed_an_hour_before_its_delisting(before: int, is_closed: bool) -> None:
    listed = replace(INSTRUMENT, delivered_at=NOON + before)

    reason = reason_to_close(position(), findings(held={"AAAUSDT": listed}), NOON, EXITS)

    assert reason is (Reason.DELISTING if is_closed else None)


@pytest.mark.parametrize(("held", "is_closed"), [(24 * HOUR, True), (24 * HOUR - 1, False)])
def test_a_position_is_held_no_longer_than_was_said(held: int, is_closed: bool) -> None:
    reason = reason_to_close(position(), None, NOON + held, EXITS)

    assert reason is (Reason.HOLDING_TIME if is_closed else None)


@pytest.mark.parametrize(("after", "is_closed"), [(1, True), (0, False)])
def test_an_opposite_divergence_counts_from_after_the_entry_on(after: int, is_closed: bool) -> None:
    opposite = opportunity(side=Side.SELL, confirmed_at=NOON + after).divergence

    reason = reason_to_close(position(), findings(fresh=(opposite,)), NOON + HOUR, EXITS)

    assert reason is (Reason.OPPOSITE if is_closed else None)
