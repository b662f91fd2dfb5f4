from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from divbot.cli.table import funnel_line
from divbot.domain.clock import ManualClock
from divbot.domain.errors import VenueUnreachable, WorkerLost
from divbot.domain.market import DroppedRow
from divbot.domain.signals import Kind, Side
from divbot.scanner.cycle import Scanner
from divbot.scanner.report import UNKNOWN, Report, Skipped
from divbot.scanner.workforce.inline import InlinePool
from divbot.scanner.workforce.pool import ProcessPool, Progress
from divbot.scanner.workforce.task import BlockResult, BlockTask, Done
from tests.scanner.fakes import START, STEP, FakeSource, candles_of, names, rules

Scan = Callable[..., Report]


@pytest.fixture
def scan() -> Iterator[Scan]:
    pools: list[InlinePool] = []

    def run(source: FakeSource, **changes: Any) -> Report:
        pools.append(InlinePool(source, connections=2))
        return Scanner(
            source.open_listing(), source, pools[-1], ManualClock(), rules(**changes)
        ).cycle()

    yield run
    for pool in pools:
        pool.close()


def test_a_report_says_what_was_scanned_and_as_of_when(scan: Scan) -> None:
    report = scan(FakeSource(names(10)))

    assert (report.venue, report.simulated) == ("fake venue", True)
    assert report.as_of == START + 1000 * STEP
    assert (report.summary.symbols, report.summary.scanned) == (10, 10)
    assert report.summary.divergences == len(report.divergences) > 20


def test_divergences_come_by_symbol_and_time(scan: Scan) -> None:
    report = scan(FakeSource(names(6)))

    order = [(x.symbol, x.confirmed) for x in report.divergences]
    assert order == sorted(order)


def test_divergences_that_nobody_reads_are_counted_and_left_where_they_were_found(
    scan: Scan,
) -> None:
    source = FakeSource(names(6))

    brief, full = scan(source, with_divergences=False), scan(source)

    assert brief.divergences == ()
    assert brief.summary == full.summary
    assert brief.opportunities == full.opportunities != ()


def test_opportunities_are_fresh_ranked_and_cut_to_the_best(scan: Scan) -> None:
    source = FakeSource(names(60))

    everything = scan(source, best=1000)
    best = scan(source, best=3)

    assert best.opportunities == everything.opportunities[:3]
    assert best.summary.open_to_trade == len(everything.opportunities) > 5
    assert all(0 <= x.age <= 5 for x in everything.opportunities)
    scores = [x.score for x in everything.opportunities]
    assert scores == sorted(scores, reverse=True)
    assert [x.rank for x in everything.opportunities] == list(range(1, len(scores) + 1))


def test_the_trader_gets_all_that_is_open_to_trade_however_little_is_shown(scan: Scan) -> None:
    source = FakeSource(names(60))

    everything, one = scan(source, best=1000), scan(source, best=1)

    assert one.open_to_trade == everything.open_to_trade == everything.opportunities
    assert one.opportunities == everything.opportunities[:1]


def test_what_is_fresh_is_reported_of_every_kind_and_side_and_though_it_is_spent(
    scan: Scan,
) -> None:
    source = FakeSource(names(60))

    everything = scan(source, max_age=30)
    one_kind = frozenset({Kind.HIDDEN_BEARISH})
    sells = scan(source, max_age=30, sides=frozenset({Side.SELL}), kinds=one_kind)

    assert {x.divergence.kind for x in sells.open_to_trade} == one_kind
    assert sells.fresh == everything.fresh
    newest = everything.as_of - STEP
    assert set(sells.fresh) == {
        x for x in everything.divergences if (newest - x.confirmed) // STEP <= 30
    }
    assert {x.kind.side for x in sells.fresh} == set(Side)
    assert len(sells.fresh) > len(everything.open_to_trade)


def test_every_opportunity_is_one_of_the_divergences(scan: Scan) -> None:
    report = scan(FakeSource(names(60)), best=1000)

    assert {x.divergence for x in report.opportunities} <= set(report.divergences)
    for x in report.opportunities:
        assert x.confirmed_at == x.divergence.confirmed + STEP
        assert x.age == (report.as_of - x.confirmed_at) // STEP


def test_filters_leave_what_they_name(scan: Scan) -> None:
    source = FakeSource(names(60))

    sells = scan(source, best=1000, sides=frozenset({Side.SELL}))
    hidden = scan(source, best=1000, kinds=frozenset({Kind.HIDDEN_BULLISH}))
    newest = scan(source, best=1000, max_age=0)

    assert {x.side for x in sells.opportunities} == {Side.SELL}
    assert {x.divergence.kind for x in hidden.opportunities} == {Kind.HIDDEN_BULLISH}
    assert {x.age for x in newest.opportunities} == {0}


def test_a_young_symbol_is_skipped_and_named(scan: Scan) -> None:
    young = candles_of(1, 299)
    source = FakeSource((*names(3), "YOUNGUSDT"), special={"YOUNGUSDT": young})

    summary = scan(source).summary

    (skipped,) = summary.skipped
    assert (skipped.symbol, skipped.reason) == ("YOUNGUSDT", "insufficient_history")
    assert skipped.detail == "299 final candles, at least 300 are needed"
    assert summary.scanned == 3


YOUNG = {"YOUNGUSDT": candles_of(1, 400)}  # 1.4 days, where 999 candles were asked for


@pytest.mark.parametrize(
    ("min_age", "wanted", "limit", "skipped"),
    [
        pytest.param(2.0, frozenset(), 1000, ["young"], id="shorter than it should be"),
        pytest.param(1.3, frozenset(), 1000, [], id="long enough"),
        pytest.param(2.0, frozenset({"YOUNGUSDT"}), 1000, [], id="wanted by name"),
        pytest.param(2.0, frozenset(), 401, [], id="no more was asked for"),
    ],
)
def test_a_history_that_begins_too_late_is_skipped(
    scan: Scan, min_age: float, wanted: frozenset[str], limit: int, skipped: list[str]
) -> None:
    source = FakeSource((*names(3), "YOUNGUSDT"), bars=1000, special=YOUNG, wanted=wanted)

    summary = scan(source, min_age=min_age, limit=limit).summary

    assert [x.reason for x in summary.skipped] == skipped


def test_held_symbols_are_scanned_besides() -> None:
    source = FakeSource(names(3))
    pool = InlinePool(source, connections=1)

    report = Scanner(source.open_listing(), source, pool, ManualClock(), rules()).cycle(
        held={"HELDUSDT"}
    )

    pool.close()
    assert report.summary.scanned == 4


def test_what_is_not_listed_is_named_and_counted(scan: Scan) -> None:
    source = FakeSource(names(2), unknown={"GONEUSDT": "not listed"}, notices=("a pattern",))

    report = scan(source)

    assert (report.summary.symbols, report.summary.scanned) == (3, 2)
    assert report.summary.skipped == (Skipped("GONEUSDT", UNKNOWN, "not listed"),)
    assert report.notices == ("a pattern", "GONEUSDT is not scanned: not listed")


def test_what_is_only_held_is_looked_at_for_its_exit_and_not_offered_again(scan: Scan) -> None:
    symbol = scan(FakeSource(names(60))).opportunities[0].divergence.symbol
    source = FakeSource(tuple(x for x in names(60) if x != symbol))
    pool = InlinePool(source, connections=2)

    report = Scanner(source.open_listing(), source, pool, ManualClock(), rules(best=1000)).cycle(
        held={symbol}
    )

    pool.close()
    assert symbol in {x.symbol for x in report.fresh}
    assert symbol not in {x.divergence.symbol for x in report.open_to_trade}


@pytest.mark.parametrize(
    ("unlisted", "gone", "held"),
    [
        pytest.param(False, False, {"HELDUSDT": "TRADING"}, id="listed"),
        pytest.param(True, False, {}, id="missing for now: nothing is known"),
        pytest.param(True, True, {"HELDUSDT": None}, id="missing for long: listed no more"),
    ],
)
def test_a_report_tells_how_what_is_held_is_listed(
    unlisted: bool, gone: bool, held: dict[str, str | None]
) -> None:
    source = FakeSource(
        names(3),
        unlisted=frozenset({"HELDUSDT"} if unlisted else ()),
        gone=frozenset({"HELDUSDT"} if gone else ()),
    )
    pool = InlinePool(source, connections=1)

    report = Scanner(source.open_listing(), source, pool, ManualClock(), rules()).cycle(
        held={"HELDUSDT"}
    )

    pool.close()
    assert {name: x and x.status for name, x in report.held.items()} == held


def test_an_old_list_of_symbols_is_told(scan: Scan) -> None:
    report = scan(FakeSource(names(2), problem="no answer"))

    assert report.notices == ("the list of symbols is that of an earlier scan: no answer",)
    assert report.to_document()["notices"] == list(report.notices)


def test_three_hundred_candles_are_enough(scan: Scan) -> None:
    source = FakeSource(("JUSTUSDT",), special={"JUSTUSDT": candles_of(1, 300)})

    assert scan(source).summary.scanned == 1


@pytest.mark.parametrize(("behind", "reasons"), [(0, []), (1, []), (2, ["gap"]), (700, ["gap"])])
@pytest.mark.parametrize("workers", [1, 4])
def test_a_symbol_left_behind_is_skipped_whichever_block_it_is_in(
    behind: int, reasons: list[str], workers: int
) -> None:
    late = candles_of(1, 300, end=behind)
    source = FakeSource((*names(3), "LATEUSDT"), special={"LATEUSDT": late})
    pool = InlinePool(source, connections=1)
    pool.workers = workers

    report = Scanner(source.open_listing(), source, pool, ManualClock(), rules()).cycle()

    pool.close()
    assert [x.reason for x in report.summary.skipped] == reasons
    assert ("LATEUSDT" in {x.symbol for x in report.divergences}) is (not reasons)


def test_holes_are_counted_and_spanned_by_no_divergence(scan: Scan) -> None:
    holed = candles_of(6, 400, missing=[250, 251, 300])
    source = FakeSource((*names(2), "HOLEUSDT"), special={"HOLEUSDT": holed})

    report = scan(source)

    assert (report.summary.symbols_with_gaps, report.summary.missing_candles) == (1, 3)
    hole = START + (600 + 250) * STEP
    found = [x for x in report.divergences if x.symbol == "HOLEUSDT"]
    assert found
    assert not any(x.previous_pivot <= hole <= x.confirmed for x in found)


def test_a_failing_symbol_costs_only_itself(scan: Scan) -> None:
    symbols = (*names(3), "DELISTEDUSDT", "OFFLINEUSDT", "RAISERUSDT")

    summary = scan(FakeSource(symbols)).summary

    assert [(x.symbol, x.reason) for x in summary.skipped] == [
        ("DELISTEDUSDT", "failed"),
        ("OFFLINEUSDT", "failed"),
        ("RAISERUSDT", "failed"),
    ]
    assert summary.scanned == 3


def test_a_venue_that_answers_for_nothing_is_unreachable(scan: Scan) -> None:
    with pytest.raises(VenueUnreachable, match="no route"):
        scan(FakeSource(tuple(f"OFFLINE{n}" for n in range(30))))


def test_a_scan_in_which_nothing_worked_is_no_report(scan: Scan) -> None:
    with pytest.raises(WorkerLost, match="a bug of ours"):
        scan(FakeSource(("RAISERUSDT",)))


def test_rejected_symbols_cost_only_themselves_however_many_they_are(scan: Scan) -> None:
    symbols = (*(f"REJECTED{n}" for n in range(20)), *names(3))

    summary = scan(FakeSource(symbols)).summary

    assert (summary.scanned, summary.count("failed")) == (3, 20)


def test_a_storm_of_failures_ends_the_asking_but_keeps_what_was_answered(scan: Scan) -> None:
    source = FakeSource((*names(3), *(f"STORM{n:03}" for n in range(150))))

    summary = scan(source).summary

    assert (summary.scanned, summary.count("failed")) == (3, 150)
    assert len(source.asked) < 12


def test_one_symbol_of_the_future_does_not_make_all_others_late(scan: Scan) -> None:
    future = candles_of(1, 400, end=-100_000)
    source = FakeSource((*names(30), "FUTUREUSDT"), special={"FUTUREUSDT": future})

    report = scan(source)

    (skipped,) = report.summary.skipped
    assert (skipped.symbol, skipped.reason) == ("FUTUREUSDT", "failed")
    assert skipped.detail == "its candles are 100000 ahead of the market"
    assert report.as_of == START + 1000 * STEP
    assert report.opportunities == scan(FakeSource(names(30))).opportunities


def test_a_scan_that_lasts_for_many_candles_leaves_nobody_behind(scan: Scan) -> None:
    symbols = names(60)
    # Whoever is asked later is answered with newer candles: eight of them close meanwhile.
    late = {symbol: candles_of(n, 400, end=7 - n // 8) for n, symbol in enumerate(symbols)}

    report = scan(FakeSource(symbols, special=late))

    assert report.summary.skipped == ()
    assert report.as_of == START + 1000 * STEP
    newest_of_the_first = START + 992 * STEP
    ages = {x.age for x in report.opportunities if x.divergence.confirmed <= newest_of_the_first}
    assert all(age >= 7 for age in ages)


def test_an_empty_market_gives_an_empty_report(scan: Scan) -> None:
    report = scan(FakeSource(()))

    assert (report.as_of, report.opportunities, report.summary.symbols) == (0, (), 0)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_any_number_of_workers_gives_the_same_report(scan: Scan, workers: int) -> None:
    source = FakeSource((*names(30), "DELISTEDUSDT"))
    with ProcessPool(source, workers, connections=2) as pool:
        report = Scanner(source.open_listing(), source, pool, ManualClock(), rules()).cycle()

    document = report.to_document(with_divergences=True)
    expected = scan(source).to_document(with_divergences=True)
    del document["timings"], expected["timings"]
    assert document == expected


@dataclass
class RecordingPool:
    """Run nothing; keep the tasks, and bring back what was done elsewhere."""

    workers: int
    tasks: list[BlockTask] = field(default_factory=list)
    results: Sequence[BlockResult] = ()

    def run(self, tasks: Sequence[BlockTask], progress: Progress) -> list[Done]:
        self.tasks += tasks
        return list(zip(tasks, self.results, strict=False))

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("symbols", "workers", "sizes"),
    [
        pytest.param(5, 2, [3, 2], id="a block for each worker"),
        pytest.param(2, 4, [1, 1], id="no empty blocks"),
        pytest.param(401, 2, [134, 134, 133], id="no block of more than 200"),
        pytest.param(0, 2, [], id="nothing to do"),
    ],
)
def test_symbols_are_dealt_out_evenly(symbols: int, workers: int, sizes: list[int]) -> None:
    pool = RecordingPool(workers)

    source = FakeSource(names(symbols))
    Scanner(source.open_listing(), source, pool, ManualClock(), rules()).cycle()

    assert [len(task.symbols) for task in pool.tasks] == sizes
    dealt = [symbol for task in pool.tasks for symbol in task.symbols]
    assert sorted(dealt) == list(names(symbols))


def test_a_scan_takes_as_long_as_its_slowest_worker_and_costs_its_own_weight() -> None:
    source, done = FakeSource(names(401)), partial(BlockResult, (), (), (), ())
    pool = RecordingPool(2, results=[done(1, 2.0, 0.5), done(2, 3.0, 0.25), done(1, 2.0, 0.5)])

    report = Scanner(source.open_listing(), source, pool, ManualClock(), rules()).cycle()

    assert (report.timings.download, report.timings.analysis) == (4.0, 1.0)
    assert report.summary.request_weight == 7


def test_a_scan_of_nothing_takes_no_time() -> None:
    source = FakeSource(())

    report = Scanner(
        source.open_listing(), source, RecordingPool(2), ManualClock(), rules()
    ).cycle()

    assert (report.timings.download, report.timings.analysis) == (0.0, 0.0)


def test_a_frame_has_a_row_for_each_opportunity(scan: Scan) -> None:
    report = scan(FakeSource(names(60)), best=4)

    frame = report.to_frame()

    assert frame["symbol"].tolist() == [x.divergence.symbol for x in report.opportunities]
    assert str(frame["confirmed_at"].dt.tz) == "UTC"
    assert frame["rank"].tolist() == [1, 2, 3, 4]


def test_an_empty_frame_has_all_its_columns(scan: Scan) -> None:
    assert scan(FakeSource(())).to_frame().columns.tolist()[:4] == [
        "rank",
        "symbol",
        "signal",
        "kind",
    ]


DROPPED = (
    DroppedRow("exchangeInfo", 4, "", "expected an object, found null"),
    DroppedRow("ticker/24hr", 2, "BADUSDT", "expected a number for lastPrice, found null"),
)


def test_rows_that_were_dropped_are_named_and_counted(scan: Scan) -> None:
    report = scan(FakeSource(names(3), dropped=DROPPED))

    assert report.summary.dropped == DROPPED
    assert report.to_document()["summary"]["dropped_rows"] == [
        {
            "list": "exchangeInfo",
            "row": 4,
            "symbol": None,
            "reason": "expected an object, found null",
        },
        {
            "list": "ticker/24hr",
            "row": 2,
            "symbol": "BADUSDT",
            "reason": "expected a number for lastPrice, found null",
        },
    ]
    assert report.notices == (
        "2 rows of the venue's lists made no sense: exchangeInfo, row 4: expected an object, found "
        "null; ticker/24hr, BADUSDT: expected a number for lastPrice, found null",
    )
    assert funnel_line(report.summary).endswith("; 2 rows of the venue's lists dropped")


def test_of_many_rows_that_were_dropped_a_notice_names_a_few(scan: Scan) -> None:
    report = scan(FakeSource(names(3), dropped=DROPPED * 2))

    assert report.notices[0].startswith("4 rows ")
    assert report.notices[0].endswith("; and 1 more, see `divbot universe`")
