"""Whole paper runs, checked by a second bookkeeper that shares no code with the first."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import DATA, SHIPPED
from tests.oracles.paper_checker import check
from tests.trading.runs import NEAR, RULES, SPOT_RULES, Enough, Fact, Run, rewritten, trade

DAY = 86_400
MINUTE = 60_000
UNIT = Decimal("1e-8")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return some hours of trading on recorded futures, a settlement of funding among them."""
    journal = tmp_path_factory.mktemp("usdm") / "run.db"
    folder = DATA if DATA.is_dir() else SHIPPED
    recording = folder / "market" / "usdm-1m-2025-05.parquet"
    exchange = "--recorded", recording, "--at", "2025-05-20T03:00"
    enough = Enough(20, funded=1)
    # What is shipped begins hours before.
    choice = NEAR | {"DIVBOT_MIN_AGE": "0"}
    return trade(journal, *exchange, rules=RULES, speed=600, seconds=60, enough=enough, **choice)


def test_recorded_futures_are_traded_to_the_last_unit(run: Run) -> None:
    verdict = run.verdict()

    assert verdict.discrepancies == ()
    assert len(verdict.reasons) >= 20
    assert {"stop", "target"} <= set(verdict.reasons)
    assert verdict.funded > 0


@pytest.fixture(scope="module")
def spot_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    exchange = "--symbols", "24", "--no-awkward", "--at", "2025-05-20T03:00"
    # Without leverage, one position would take all cash.
    rules = replace(SPOT_RULES, risk=Decimal("0.0002"))
    journal, enough = tmp_path_factory.mktemp("spot") / "run.db", Enough(5)
    return trade(journal, *exchange, rules=rules, speed=600, seconds=60, enough=enough, **NEAR)


def test_synthetic_spot_is_traded_to_the_last_unit(spot_run: Run) -> None:
    verdict = spot_run.verdict()

    assert verdict.discrepancies == ()
    assert len(verdict.reasons) >= 5
    assert {"stop", "target"} <= set(verdict.reasons)


@pytest.mark.soak
def test_a_week_of_futures_is_traded_to_the_last_unit(data: Path, tmp_path: Path) -> None:
    recording = data / "market" / "usdm-1m-2025-05.parquet"
    exchange = "--recorded", recording, "--at", "2025-05-20T00:00"
    rules = replace(RULES, risk=Decimal("0.001"))

    run = trade(tmp_path / "run.db", *exchange, rules=rules, speed=1800, seconds=7 * DAY // 1800)

    verdict = run.verdict()
    print(f"{len(verdict.reasons)} trades closed, {verdict.funded} settlements of funding")
    assert verdict.discrepancies == ()
    assert len(verdict.reasons) >= 200


def those(facts: list[Fact], kind: str, *, basis: str = "", reason: str = "") -> list[Fact]:
    """Return the facts like that."""
    return [
        each
        for each in facts
        if each["kind"] == kind
        and basis in each["body"].get("fill", {}).get("basis", "")
        and reason in each["body"].get("reason", "")
    ]


def add(amount: Decimal, *path: str) -> Callable[[Fact], None]:
    """Return how to add to a number of a fact that is written as text."""

    def change(fact: Fact) -> None:
        body = fact["body"]
        for name in path[:-1]:
            body = body[name]
        body[path[-1]] = str(Decimal(body[path[-1]]) + amount)

    return change


def a_minute_later(fact: Fact) -> None:
    fact["body"]["at"] += MINUTE
    fact["body"]["fill"]["at"] += MINUTE
    fact["body"]["fill"]["basis_at"] += MINUTE


def with_less_leverage(fact: Fact) -> None:
    fact["body"]["leverage"] -= 1


def of_a_later_signal(fact: Fact) -> None:
    fact["body"]["origin"]["confirmed_at"] += 30 * MINUTE


def settled_later(fact: Fact) -> None:
    fact["body"]["settled_at"] += 7


def at_another_price(fact: Fact) -> None:
    prices = fact["body"]["prices"]
    prices |= {symbol: str(2 * Decimal(price)) for symbol, price in prices.items()}


@pytest.mark.parametrize(
    ("kind", "chosen", "change", "told"),
    [
        pytest.param("entered", {}, add(UNIT, "fill", "fee"), "fee", id="fee of an entry"),
        pytest.param("entered", {}, add(-UNIT, "margin"), "margin", id="margin"),
        pytest.param("entered", {}, add(-UNIT, "fill", "slippage"), "slippage", id="slippage"),
        pytest.param("entered", {}, add(-UNIT, "liquidation"), "liquidation", id="liquidation"),
        pytest.param("entered", {}, add(UNIT, "risk"), "risk", id="risk"),
        pytest.param("entered", {}, with_less_leverage, "leverage", id="leverage"),
        pytest.param("entered", {}, of_a_later_signal, "a signal known", id="signal of later"),
        pytest.param("exited", {}, add(-UNIT, "fill", "fee"), "fee", id="fee of an exit"),
        pytest.param("exited", {}, add(UNIT, "returned"), "returned", id="what came back"),
        pytest.param("exited", {"basis": "candle"}, a_minute_later, "time", id="a minute later"),
        pytest.param("funded", {}, add(UNIT, "amount"), "amount", id="funding"),
        pytest.param("funded", {}, settled_later, "the venue's time", id="time of funding"),
        pytest.param("marked", {}, add(UNIT, "cash"), "cash", id="cash"),
        # With several positions open, equity is known within bounds only.
        pytest.param("marked", {}, add(Decimal(1000), "equity"), "equity", id="equity"),
    ],
)
def test_a_changed_fact_is_found(
    run: Run,
    tmp_path: Path,
    kind: str,
    chosen: dict[str, str],
    change: Callable[[Fact], None],
    told: str,
) -> None:
    def change_one(facts: list[Fact]) -> None:
        change(those(facts, kind, **chosen)[0])

    journal = rewritten(run.journal, tmp_path / "changed.db", change_one)

    found = check(journal, run.market, run.rules).discrepancies
    assert told in " ".join(each for each in found if each.startswith("event"))


@pytest.mark.parametrize("name", ["dust", "paid"])
def test_dust_that_does_not_add_up_is_found(spot_run: Run, tmp_path: Path, name: str) -> None:
    def change_one(facts: list[Fact]) -> None:
        add(-UNIT, name)(those(facts, "entered")[0])

    journal = rewritten(spot_run.journal, tmp_path / "changed.db", change_one)

    found = check(journal, spot_run.market, spot_run.rules).discrepancies
    assert any(f"{name}: expected" in each for each in found)


@pytest.mark.parametrize(
    ("kind", "reason", "told"),
    [
        pytest.param("exited", "stop", "ended by a stop", id="a stop"),
        pytest.param("exited", "target", "ended by a target", id="a target"),
        pytest.param("funded", "", "funding by then", id="funding"),
    ],
)
def test_a_fact_that_is_missing_is_found(
    run: Run, tmp_path: Path, kind: str, reason: str, told: str
) -> None:
    known: list[Fact] = []
    rewritten(run.journal, tmp_path / "same.db", known.extend)
    missing = those(known, kind, reason=reason)

    verdicts = []
    for fact in missing:
        without = rewritten(
            run.journal, tmp_path / "changed.db", lambda x, fact=fact: x.remove(fact)
        )
        verdicts.append(" ".join(check(without, run.market, run.rules).discrepancies))

    assert all(verdicts)
    # Bid or ask may touch a stop that no candle does: cash alone tells of that one.
    assert any(told in found for found in verdicts)


def test_settlements_that_the_venue_dates_somewhat_later_are_the_same_ones(
    run: Run, tmp_path: Path
) -> None:
    def settle_later(facts: list[Fact]) -> None:
        for fact in those(facts, "funded"):
            settled_later(fact)

    records = run.market.fundings.items()
    late = {symbol: [x._replace(at=x.at + 7) for x in each] for symbol, each in records}
    journal = rewritten(run.journal, tmp_path / "late.db", settle_later)

    verdict = check(journal, replace(run.market, fundings=late), run.rules)

    assert verdict.discrepancies == ()
    assert verdict.funded > 0


def test_a_valuation_at_other_prices_is_found(run: Run, tmp_path: Path) -> None:
    def change_one(facts: list[Fact]) -> None:
        at_another_price(next(x for x in those(facts, "marked") if x["body"]["prices"]))

    journal = rewritten(run.journal, tmp_path / "changed.db", change_one)

    found = check(journal, run.market, run.rules).discrepancies
    assert "equity at its prices" in " ".join(found)


def test_a_pause_that_ends_on_its_own_day_is_found(run: Run, tmp_path: Path) -> None:
    def pause_for_a_moment(facts: list[Fact]) -> None:
        at = facts[-1]["body"]["at"]
        for later, reason in ((1, "lost too much"), (2, "")):
            body = {"at": at + later, "reason": reason}
            facts.append({"kind": "paused", "key": f"pause:{at + later}", "body": body})

    journal = rewritten(run.journal, tmp_path / "changed.db", pause_for_a_moment)

    found = check(journal, run.market, run.rules).discrepancies
    assert "a pause that lasts for its day" in " ".join(found)


def test_a_change_that_leaves_the_chain_as_it_was_is_found(run: Run, tmp_path: Path) -> None:
    journal = Path(shutil.copy(run.journal, tmp_path / "changed.db"))
    with closing(sqlite3.connect(journal)) as connection:
        connection.execute("DROP TRIGGER event_is_never_changed")
        connection.execute("UPDATE event SET body = body || ' ' WHERE seq = 3")
        connection.commit()

    found = check(journal, run.market, run.rules).discrepancies

    assert found == ("event 3: its hash does not follow from what is before it",)
