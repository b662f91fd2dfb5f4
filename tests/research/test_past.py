from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from divbot.app.scanning import open_scanner
from divbot.app.scanning import scan_rules as rules_of_scan
from divbot.binance.listing.rules import UniverseRules
from divbot.domain.clock import parse_time
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Kind, Opportunity, Side
from divbot.history.joined import JoinedHistory
from divbot.research.past import Glance, PastScanner
from divbot.scanner.report import Report
from divbot.scanner.signals.score import DEFAULT_WEIGHTS
from divbot.settings import Settings
from tests.conftest import SHIPPED
from tests.exchange.servers import running
from tests.history.made import DAY, HOUR, START, MadeHistory, quiet, spliced, walked, without
from tests.research.live_twin import LiveTwin
from tests.research.pasts import opened, scan_rules

DAYS = 45
ROWS = 24 * DAYS
HELD = ("GONEUSDT", "AUSDT", "NEVERUSDT")


def market() -> MadeHistory:
    """Return a market with all that is odd in one."""
    gone = walked("GONEUSDT", 6, ROWS)
    old = walked("LUNAUSDT", 7, 24 * 22, price=50.0, tick=4)
    new = walked("LUNAUSDT", 8, 24 * 20, start=START + 25 * DAY, price=9000.0)
    tracks = [
        walked("AUSDT", 1, ROWS),
        walked("BUSDT", 2, ROWS, price=0.002, tick=6, volume=1e8),
        without(walked("CUSDT", 3, ROWS), *range(700, 704), 900, 1000),
        walked("LATEUSDT", 4, 24 * 30, start=START + 15 * DAY),
        walked("COARSEUSDT", 5, ROWS, price=0.3, tick=2, move=0.02, volume=1e6),
        quiet(gone, 24 * 35),
        walked("STOPSUSDT", 9, 24 * 33),
        spliced(old, new),
        walked("PEGUSDT", 10, ROWS, price=1.0, tick=4, move=0.0001, volume=1e5),
    ]
    return MadeHistory({x.symbol: x for x in tracks})


@pytest.fixture(scope="module")
def history() -> MadeHistory:
    return market()


@pytest.fixture(scope="module")
def past(history: MadeHistory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastScanner]:
    with opened(history, tmp_path_factory.mktemp("past")) as past:
        yield past


def told(report: Report | Glance) -> Any:
    """Return what a report says to a trader, by the candles alone."""
    offers = [
        (
            *(x.rank, x.divergence, x.score, x.evidence, x.price, x.stop, x.target, x.age),
            *(x.rsi, x.rsi_previous, x.atr_percent, x.confirmed_at),
        )
        for x in report.open_to_trade
    ]
    fresh = sorted(report.fresh, key=lambda x: (x.symbol, x.confirmed, x.kind))
    return report.as_of, offers, fresh, sorted(report.held)


@pytest.mark.parametrize("held", [(), HELD], ids=["nothing held", "three held"])
def test_reports_of_the_past_are_those_of_a_live_scan(
    history: MadeHistory, past: PastScanner, held: tuple[str, ...]
) -> None:
    begins = {"LUNAUSDT": START + 25 * DAY}
    # That its price stands still is known by then.
    universe = UniverseRules(top=50, min_age=0.0, exclude=("PEGUSDT",))
    twin = LiveTwin(history, universe, begins=begins)
    offered: Counter[str] = Counter()

    for close in past.closes[::17].tolist():
        found, expected = past.report(close, held), twin.report(close, scan_rules(), held)
        assert told(found) == told(expected)
        assert found.summary.past == expected.summary.past
        assert [(x.symbol, x.reason) for x in found.summary.skipped] == [
            (x.symbol, x.reason) for x in expected.summary.skipped
        ]
        assert found.divergences == expected.divergences
        offered.update(x.divergence.symbol for x in found.open_to_trade)
    assert {"AUSDT", "BUSDT", "LATEUSDT", "COARSEUSDT", "LUNAUSDT"} <= set(offered)


def offered(glance: Glance) -> list[str]:
    return sorted({x.divergence.symbol for x in glance.open_to_trade})


@pytest.mark.parametrize("held", [(), HELD], ids=["nothing held", "three held"])
def test_a_glance_tells_what_a_trader_reads_of_the_whole_report(
    past: PastScanner, held: tuple[str, ...]
) -> None:
    for close in past.closes[::13].tolist():
        whole = Glance.at(past.report(close, held))

        assert past.glance(close, held) == whole
        some = offered(whole)[::2]
        assert past.glance(close, held, among=some) == whole.about(some, held)


@pytest.mark.parametrize(
    ("symbols", "late"),
    [
        pytest.param(8, 1, id="one of eight"),
        pytest.param(8, 5, id="five of eight"),
        pytest.param(26, 15, id="most of many"),
    ],
)
def test_a_glance_is_the_same_where_symbols_lag_behind_the_market(
    symbols: int, late: int, tmp_path: Path
) -> None:
    """For half an hour they are on the list: with candles of an hour nobody there is late."""
    step, rows = Interval.M5.milliseconds, 480
    names = [f"S{x:02}USDT" for x in range(symbols)]
    tracks = {x: walked(x, 60 + n, rows, step=step) for n, x in enumerate(names)}
    holes = [400 + 9 * x + y for x in range(8) for y in range(1 + x % 5)]
    for symbol in names[:late]:
        tracks[symbol] = without(tracks[symbol], *holes)
    history, held = MadeHistory(tracks, interval=Interval.M5), ("S00USDT", "S07USDT")

    with opened(
        history,
        tmp_path,
        first=START + 400 * step,
        universe=UniverseRules(top=symbols - 2, min_age=0.0),
        scan=scan_rules(interval=Interval.M5),
    ) as past:
        lists = {int(past.is_listed(x)[:late].sum()) for x in past.closes.tolist()}
        for close in past.closes.tolist():
            whole = Glance.at(past.report(close, held))
            assert past.glance(close, held) == whole
            some = offered(whole)[::2]
        assert past.glance(close, held, among=some) == whole.about(some, held)
    assert max(lists) > 0


def test_candidates_hold_all_that_is_open_to_trade(past: PastScanner) -> None:
    offers = 0
    for close in past.closes[::7].tolist():
        may_be = past.candidates(close, close + 1)
        for offer in past.report(close).open_to_trade:
            here = (
                (may_be.symbol == past.symbols.index(offer.divergence.symbol))
                & (may_be.confirmed_at == offer.confirmed_at)
                & (may_be.side == (1 if offer.side is Side.BUY else -1))
            )
            offers += 1
            assert here.any()
            assert may_be.score[here].max() >= offer.score
            assert may_be.close[here].tolist() == [close] * here.sum()
            assert any(
                _near(offer, *x) for x in zip(may_be.stop[here], may_be.target[here], strict=True)
            )
    assert offers > 50


def _near(offer: Opportunity, stop: float, target: float) -> bool:
    assert offer.instrument is not None
    room = float(offer.instrument.tick_size or 0) + 1e-5 * abs(target - stop)
    away = 1 if offer.side is Side.BUY else -1
    return -1e-9 <= away * (stop - float(offer.stop)) + 1e-5 * abs(target - stop) <= 2 * room and (
        abs(float(offer.target) - target) <= room
    )


def test_whoever_is_too_young_is_no_candidate(history: MadeHistory, tmp_path: Path) -> None:
    old = 13
    with opened(history, tmp_path, first=START, scan=scan_rules(min_age=float(old))) as past:
        found = past.candidates(START, history.end + 1)
        reports = [past.report(x) for x in past.closes[:: 24 * old // 4].tolist()]

    begins = {"LUNAUSDT": (START, START + 25 * DAY), "LATEUSDT": (START + 15 * DAY,)}
    for close, place in zip(found.close.tolist(), found.symbol.tolist(), strict=True):
        begun = max(x for x in begins.get(past.symbols[place], (START,)) if x < close)
        assert close - begun >= old * DAY - HOUR
    for report in reports:
        may_be = set(found.symbol[found.close == report.as_of].tolist())
        open_to_trade = {x.divergence.symbol for x in report.open_to_trade}
        assert open_to_trade <= {past.symbols[x] for x in may_be}


def test_candidates_are_not_many_more_than_what_is_open_to_trade(past: PastScanner) -> None:
    closes = past.closes[::7].tolist()

    offers = Counter(
        x.divergence.symbol for close in closes for x in past.report(close).open_to_trade
    )
    may_be = Counter(
        past.symbols[x] for close in closes for x in past.candidates(close, close + 1).symbol
    )

    # Where few closes repeat, what is a pivot hangs on last digits.
    assert {x: count for x, count in may_be.items() if x != "COARSEUSDT"} == {
        x: count for x, count in offers.items() if x != "COARSEUSDT"
    }


def test_who_is_wanted_by_name_is_never_too_young_for_a_candidate(
    history: MadeHistory, tmp_path: Path
) -> None:
    universe = UniverseRules(top=50, min_age=0.0, include=("GONEUSDT",))
    scan = scan_rules(min_age=13.0)
    with opened(history, tmp_path, first=START, universe=universe, scan=scan) as past:
        closes = [x for x in past.closes[::2].tolist() if x < START + 30 * DAY]
        offers = [(x.as_of, y) for x in map(past.report, closes) for y in x.open_to_trade]
        may_be = [past.candidates(x, x + 1) for x in closes]

    told = {(close, past.symbols.index(x.divergence.symbol)) for close, x in offers}
    found = {(x, y) for some in may_be for x, y in zip(some.close, some.symbol, strict=True)}
    assert found >= told
    assert {past.symbols[x] for close, x in found if close < START + 13 * DAY - HOUR} == {
        "GONEUSDT"
    }


def test_what_is_fresh_is_among_what_was_confirmed(past: PastScanner) -> None:
    close = int(past.closes[200])

    found = past.fresh(close - 5 * HOUR, close + 1)

    known = set(zip(found.symbol.tolist(), found.confirmed_at.tolist(), strict=True))
    assert known >= {
        (past.symbols.index(x.symbol), x.confirmed + HOUR) for x in past.report(close).fresh
    }


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"kinds": frozenset({Kind.HIDDEN_BULLISH})}, id="one kind"),
        pytest.param({"max_age": 0}, id="only just confirmed"),
        pytest.param({"sides": frozenset({Side.SELL})}, id="only sells"),
    ],
)
def test_only_what_is_asked_for_is_a_candidate(
    history: MadeHistory, tmp_path: Path, changes: dict[str, Any]
) -> None:
    scan = scan_rules(**changes)
    with opened(history, tmp_path, scan=scan) as past:
        closes = past.closes[::11].tolist()
        offers = [past.glance(x).open_to_trade for x in closes]
        may_be = [past.candidates(x, x + 1) for x in closes]

    assert sum(map(len, offers)) > 5
    assert all(len(more) >= len(some) for more, some in zip(may_be, offers, strict=True))
    assert all(((x.close - x.confirmed_at) <= scan.ranking.max_age * HOUR).all() for x in may_be)


def test_luna_is_two_lives_and_warms_up_anew(past: PastScanner) -> None:
    again = START + 25 * DAY
    first = [
        close
        for close in past.closes.tolist()
        if close > again and any(x.symbol == "LUNAUSDT" for x in past.glance(close).fresh)
    ]

    assert [x.start for x in past.lives["LUNAUSDT"]] == [START, again]
    assert first
    assert min(first) >= again + 300 * HOUR


def test_an_hour_after_its_last_trade_a_symbol_is_on_no_list(past: PastScanner) -> None:
    gone, last = past.symbols.index("GONEUSDT"), START + 35 * DAY

    listed = {x: bool(past.is_listed(last + x * HOUR)[gone]) for x in (-1, 0, 1, 2)}

    assert listed == {-1: True, 0: True, 1: True, 2: False}
    assert past.lives["GONEUSDT"][0].end == last


def test_a_close_out_of_the_range_is_refused(past: PastScanner) -> None:
    with pytest.raises(InputError, match="expected a close of the range"):
        past.glance(START)


def test_a_range_without_candles_is_refused(history: MadeHistory, tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="found none"),
        opened(history, tmp_path, first=START - 9 * DAY, end=START - 8 * DAY),
    ):
        pass


def test_what_stood_in_for_a_quote_volume_is_told(past: PastScanner) -> None:
    assert past.notes == (
        "the quote volume of 9 symbols is volume times the typical price, "
        "(high + low + close) / 3: the source tells none",
    )


def test_todays_list_is_that_of_the_end(history: MadeHistory, tmp_path: Path) -> None:
    universe = UniverseRules(top=3, min_age=0.0)
    with opened(history, tmp_path, universe=universe, is_todays=True) as past:
        closes = past.closes[::50].tolist()
        lists = [past.is_listed(x) for x in closes]
        same = [past.glance(x) == Glance.at(past.report(x)) for x in closes]
        final = past.is_listed(int(past.closes[-1]))

    stopped = [past.symbols.index(x) for x in ("GONEUSDT", "STOPSUSDT")]
    assert not final[stopped].any()
    assert all((x <= final).all() for x in lists)
    assert all(same)


def test_a_second_time_nothing_is_computed_again(history: MadeHistory, tmp_path: Path) -> None:
    with opened(history, tmp_path):
        pass
    made = {x: x.stat().st_ino for x in tmp_path.rglob("*") if x.is_file()}
    weights = {**DEFAULT_WEIGHTS, "rsi": 0.7}

    with opened(history, tmp_path, scan=scan_rules(weights=weights, best=1)):
        pass

    assert {x: x.stat().st_ino for x in tmp_path.rglob("*") if x.is_file()} == made


def test_what_nobody_used_for_two_weeks_is_let_go(history: MadeHistory, tmp_path: Path) -> None:
    with opened(history, tmp_path):
        pass
    files = [x for x in tmp_path.rglob("*") if x.is_file()]
    old, younger = files[0].with_name("2019-01-a.npy"), files[0].with_name("2019-01-b.npy")
    others = files[0].parents[1] / "usdm-1m" / "2019-01-c.npy"
    others.parent.mkdir()
    for path, days in ((old, 15), (others, 15), (younger, 13), *((x, 30) for x in files)):
        path.touch()
        at = files[0].stat().st_atime - days * 86_400
        os.utime(path, (at, at))

    with opened(history, tmp_path):
        pass

    assert all(x.exists() for x in (*files, younger))
    assert not old.exists()
    assert not others.exists()


def test_workers_find_what_one_process_does(tmp_path: Path) -> None:
    path = SHIPPED / "market" / "spot-5m-2024-07.parquet"
    history = JoinedHistory(path, Market.SPOT, Interval.M5)
    found = []
    for workers in (1, 2):
        with opened(
            history,  # type: ignore[arg-type]
            tmp_path / str(workers),
            first=parse_time("2024-07-29"),
            end=parse_time("2024-07-29T12:00"),
            scan=scan_rules(interval=Interval.M5, limit=600),
            workers=workers,
        ) as past:
            found.append([past.glance(x) for x in past.closes[::30].tolist()])

    assert found[0] == found[1]
    assert any(x.open_to_trade for x in found[0])


@pytest.mark.parametrize("at", ["2024-07-29T03:05", "2024-07-30T09:00"])
def test_reports_of_the_past_are_those_of_a_scan_of_the_local_exchange(
    at: str, tmp_path: Path
) -> None:
    """But for what history does not tell: quotes, and the volume in the quote asset."""
    path, close = SHIPPED / "market" / "spot-5m-2024-07.parquet", parse_time(at)
    weights = {f"weight_{name}": weight for name, weight in DEFAULT_WEIGHTS.items()}
    with running(markets=(Market.SPOT,), recorded=path, at=close + 2000, weight_limit=10**6) as it:
        asked = Settings(
            **{**weights, "weight_liquidity": 0.0},
            market=Market.SPOT,
            interval=Interval.M5,
            include="*",
            base_url=f"http://{it.host}:{it.port}",
            sequential=True,
        )
        with open_scanner(asked, with_divergences=True) as scanner:
            live = scanner.cycle()
    history = JoinedHistory(path, Market.SPOT, Interval.M5)
    with PastScanner.open(
        history,
        (close, close + 1),
        rules_of_scan(asked),
        UniverseRules(top=400, include=("*",)),
        cache=tmp_path,
    ) as past:
        found = past.report(close)

    assert told(found) == told(live)
    assert found.divergences == live.divergences
    assert found.summary.past == live.summary.past
    assert found.summary.funnel == live.summary.funnel
    assert found.summary.missing_candles == live.summary.missing_candles
