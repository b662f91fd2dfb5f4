"""The pages of `divbot chart` and `divbot scan --report`: what is in them, and in a browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plotly.offline import get_plotlyjs

from divbot.cli.report.candles import decimals, plan_document, series_document
from divbot.cli.report.market import chart_page, counts_line, scan_page
from divbot.domain.chart_urls import binance_url, tradingview_url
from divbot.domain.clock import ManualClock, utc_text
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Kind
from divbot.scanner.checks.examination import Examination, examine
from divbot.scanner.cycle import Scanner
from divbot.scanner.evidence.samples import OUTCOMES
from divbot.scanner.report import Report
from divbot.scanner.workforce.inline import InlinePool
from tests.cli.pages import EVIL, Browse, Markup, data_of, without_links
from tests.scanner.fakes import STEP, TRADE, FakeSource, candles_of, names, rules

WITH_GAP = "GAPUSDT"


@cache
def scanned(symbols: tuple[str, ...] = names(12)) -> Report:
    # Walks that end in something to trade.
    special = {EVIL: candles_of(6, 900), WITH_GAP: candles_of(9, 900, missing=(850,))}
    source = FakeSource(symbols, bars=900, special=special, wanted=frozenset(symbols))
    pool = InlinePool(source, 4)
    settings = rules(with_candles=True, max_age=40)
    try:
        return Scanner(source.open_listing(), source, pool, ManualClock(), settings).cycle()
    finally:
        pool.close()


def examined(report: Report) -> dict[str, Examination]:
    shown = {x.divergence.symbol for x in report.opportunities}
    return {
        symbol: examine(symbol, candles, Interval.M5, 1000, TRADE)
        for symbol, candles in report.candles.items()
        if symbol in shown
    }


def page_of(report: Report, script: str = "") -> str:
    best = len(report.opportunities)
    return scan_page({report.interval: report}, {report.interval: examined(report)}, best, script)


def chart_of(report: Report, script: str = "") -> str:
    (found,) = examined(report).values()
    return chart_page(report, found, script)


def test_a_page_holds_the_ranked_table_and_a_chart_of_each_opportunity() -> None:
    report = scanned()

    text = page_of(report)

    rows = Markup(text).rows
    assert rows[0][:7] == ["#", "symbol", "signal", "kind", "score", "conf.", "exp. R"]
    assert [row[1] for row in rows[1:]] == [x.divergence.symbol for x in report.opportunities]
    places = re.findall(r'<section id="(chart-\d+)"><h2>(\d+)\. (\w+): (BUY|SELL), ', text)
    assert places == [
        (f"chart-{x.rank}", str(x.rank), x.divergence.symbol, x.side.value)
        for x in report.opportunities
    ]
    assert Markup(without_links(text)).references == [
        f"#chart-{x.rank}" for x in report.opportunities
    ]


def test_a_chart_shows_the_candles_the_rsi_and_every_divergence_of_the_window() -> None:
    found = examine("AUSDT", candles_of(3, 900), Interval.M5, 1000, TRADE)

    document = series_document(found)

    for name in ("open", "high", "low", "close", "volume"):
        assert document[name] == getattr(found, name).tolist()
    assert document["at"] == found.open_time.tolist()
    assert document["rsi"][:14] == [None] * 14
    np.testing.assert_allclose(document["rsi"][14:], found.rsi[14:], atol=5e-5)
    assert len(document["divergences"]) == len(found.divergences) > 10
    for shown, tried in zip(document["divergences"], found.divergences, strict=True):
        times = [document["at"][row] for row in (*shown["rows"], shown["confirmed"])]
        kept = tried.divergence
        assert times == [kept.previous_pivot, kept.pivot, kept.confirmed]
        assert (shown["kind"], shown["outcome"]) == (kept.kind.value, tried.outcome)
        assert shown["price"] == [tried.price_previous, tried.price]


def test_the_words_at_a_mark_tell_kind_rsi_prices_and_result() -> None:
    found = examine("AUSDT", candles_of(3, 900), Interval.M5, 1000, TRADE)

    texts = [x["text"].split("<br>") for x in series_document(found)["divergences"]]

    for lines, x in zip(texts, found.divergences, strict=True):
        assert lines[0] == f"{x.divergence.kind.value.replace('_', ' ')}: {x.divergence.kind.side}"
        assert lines[1] == f"confirmed {utc_text(x.divergence.confirmed + STEP)} UTC"
        assert lines[2] == f"RSI {x.rsi_previous:.1f} \u2192 {x.rsi:.1f}"
        assert lines[3] == f"price {x.price_previous:.5f} \u2192 {x.price:.5f}"
        if x.result is None:
            assert lines[-1] == x.outcome.replace("_", " ")
        else:
            assert lines[-1].startswith(f"{x.outcome}, {x.result:+.2f} R after ")


def test_a_missing_candle_is_a_hole_and_not_a_number() -> None:
    found = examine("AUSDT", candles_of(3, 900, missing=(850,)), Interval.M5, 1000, TRADE)

    document = series_document(found)

    assert [document[name][850] for name in ("open", "high", "low", "close", "volume", "rsi")] == (
        [None] * 6
    )
    assert None not in document["close"][851:]


def test_a_plan_belongs_to_its_divergence() -> None:
    report = scanned()

    for x in report.opportunities:
        found = examined(report)[x.divergence.symbol]
        plan = plan_document(x, found)
        assert found.divergences[plan["divergence"]].divergence == x.divergence
        assert (plan["entry"], plan["stop"], plan["target"]) == (
            *(float(x.price), float(x.stop), float(x.target)),
        )


@pytest.mark.parametrize(
    ("prices", "expected"),
    [([61500.0, 61500.1], 1), ([2e-05, 0.00012345], 8), ([7.0, np.nan], 1), ([np.nan], 0)],
)
def test_prices_have_the_decimals_of_their_venue(prices: list[float], expected: int) -> None:
    assert decimals(np.array(prices)) == expected


def test_what_divergences_came_to_adds_up() -> None:
    report = scanned((WITH_GAP,))
    (found,) = examined(report).values()

    line = counts_line(report, found)

    counts = [
        int(x) for x in re.findall(r"(\d+) (?:target|stop|expired|not entered|unresolved)", line)
    ]
    assert sum(counts) == len(found.divergences)
    assert line.startswith(f"899 candles, {len(found.divergences)} divergences (")


@pytest.mark.parametrize("write", [page_of, chart_of])
def test_whatever_a_symbol_is_called_it_stays_text(write: Any) -> None:
    report = scanned((EVIL,))
    assert report.opportunities

    text = write(report)

    assert "img" not in Markup(text).tags
    assert "<img" not in text
    harmless = write(scanned((WITH_GAP,)))
    assert text.count("</script>") == harmless.count("</script>")


def test_whatever_the_venue_and_its_notices_say_stays_text() -> None:
    text = page_of(replace(scanned(), venue=EVIL, notices=(EVIL,)))

    assert "img" not in Markup(text).tags
    assert "<img" not in text


@pytest.mark.parametrize("write", [page_of, chart_of])
def test_a_page_refers_to_nothing_outside_itself(write: Any) -> None:
    text = without_links(write(scanned((WITH_GAP,))))

    assert all(x.startswith("#") for x in Markup(text).references)
    assert not re.search(r"\{\{|https?://|@import|url\(", text)


def test_simulated_prices_are_called_so() -> None:
    report = scanned()

    assert "SIMULATED PRICES</h1>" in page_of(report)
    assert "SIMULATED" not in page_of(replace(report, simulated=False))


def test_without_opportunities_the_page_says_so() -> None:
    report = replace(scanned(), opportunities=(), candles={})

    text = page_of(report)

    assert "No opportunity passes the filters." in text
    assert data_of(text) == {"series": [], "shown": []}


DRAWN = """
    const charts = [...document.querySelectorAll(".candles")];
    // Until what one looks at is drawn, and no further one is for some frames.
    const first = `${location.hash} .candles svg`;
    let drawn = [], still = 0;
    for (let look = 0; look < 600 && still < 10; look++) {
      await new Promise(requestAnimationFrame);
      const now = charts.map((chart) => chart.querySelector("svg") !== null);
      still = document.querySelector(first) && String(now) === String(drawn) ? still + 1 : 0;
      drawn = now;
    }
    const marks = charts.filter((chart) => chart.data).map((chart) => Object.fromEntries(
      chart.data.map((trace) => [trace.name, trace.x.filter((at) => at !== null).length])));
    return [problems, drawn, marks];
"""


def test_volumes_stand_at_their_own_candles() -> None:
    candles = candles_of(3, 900, missing=(850,))

    found = examine("AUSDT", candles, Interval.M5, 500, TRADE)

    known = dict(zip(candles.open_time.tolist(), candles.volume.tolist(), strict=True))
    expected = [known.get(at, np.nan) for at in found.open_time.tolist()]
    np.testing.assert_array_equal(found.volume, expected)
    assert len(found.volume) == 500


def test_a_browser_draws_every_chart_with_every_divergence(browse: Browse, tmp_path: Path) -> None:
    report = scanned((*names(6), EVIL, WITH_GAP))

    text = page_of(report, get_plotlyjs())
    problems, drawn, charts = browse(tmp_path, text, DRAWN, height=9000)

    assert problems == []
    assert drawn == [True] * len(report.opportunities)
    for x, points in zip(report.opportunities, charts, strict=True):
        tried = examined(report)[x.divergence.symbol].divergences
        marks = {outcome: points.get(outcome, 0) for outcome in OUTCOMES}
        assert marks == {outcome: sum(y.outcome == outcome for y in tried) for outcome in OUTCOMES}
        assert points["volume"] == len(examined(report)[x.divergence.symbol].volume)
        ends = {kind: points.get(kind.value, 0) for kind in Kind}
        assert ends == {kind: 2 * sum(y.divergence.kind is kind for y in tried) for kind in Kind}


def test_a_chart_is_drawn_when_it_comes_near_the_window(browse: Browse, tmp_path: Path) -> None:
    report = scanned(names(40))
    text = page_of(report, get_plotlyjs())
    last = len(report.opportunities)

    _, above, _ = browse(tmp_path, text, DRAWN, height=1200)
    _, below, _ = browse(tmp_path, text, DRAWN, place=f"#chart-{last}")

    assert last > 5
    assert (above[0], above[-1]) == (True, False)
    assert below[-1]
    assert not all(below)  # the first ones may be seen before the browser goes to the place


MOVED = """
    const later = async () => { for (let frame = 0; frame < 10; frame++) await new Promise(requestAnimationFrame); };
    await later();
    const chart = document.querySelector(".candles");
    const [earlier, , recent, all] = document.querySelectorAll(".tools button");
    const seen = async (button) => {
      button.click();
      await later();
      const { xaxis, yaxis } = chart._fullLayout;
      const [first, last] = xaxis.range.map((x) => xaxis.r2l(x));
      const rows = page.data.series[0].at.map((at, row) => [at, row]).filter(([at]) => first <= at && at <= last);
      const within = rows.every(([, row]) => {
        const { low, high } = page.data.series[0];
        return low[row] === null || low[row] >= yaxis.range[0] && high[row] <= yaxis.range[1];
      });
      return [rows.length, within];
    };
    return [problems, await seen(recent), await seen(earlier), await seen(all)];
"""  # noqa: E501 - of another language


def test_prices_stay_in_sight_wherever_one_goes(browse: Browse, tmp_path: Path) -> None:
    text = chart_of(scanned((WITH_GAP,)), get_plotlyjs())

    problems, recent, earlier, everything = browse(tmp_path, text, MOVED)

    assert problems == []
    assert [recent[1], earlier[1], everything[1]] == [True] * 3
    assert recent[0] < everything[0] == 900


def test_a_symbol_leads_to_its_real_chart_from_table_and_heading() -> None:
    report = scanned()

    references = Markup(page_of(report)).references

    for x in report.opportunities:
        symbol = x.divergence.symbol
        assert references.count(tradingview_url(symbol, Market.SPOT, Interval.M5)) == 2
        assert references.count(binance_url(symbol, Market.SPOT)) == 2
    assert binance_url(WITH_GAP, Market.SPOT) in Markup(chart_of(scanned((WITH_GAP,)))).references


FILTERED = """
    const field = document.querySelector(".filter input");
    const seen = (text) => {
      field.value = text;
      field.dispatchEvent(new Event("input"));
      const rows = [...document.querySelectorAll("tbody tr")].filter((row) => row.checkVisibility());
      return [rows.map((row) => row.cells[1].textContent), document.querySelector(".filter output").textContent];
    };
    return [problems, seen(WANTED), seen("nothing like it"), seen("")];
"""  # noqa: E501 - of another language


def test_a_filter_leaves_the_rows_that_hold_every_word(browse: Browse, tmp_path: Path) -> None:
    report = scanned()
    symbols = [x.divergence.symbol for x in report.opportunities]
    wanted = report.opportunities[-1]
    words = json.dumps(f"{wanted.divergence.symbol.lower()} {wanted.side.value.lower()}")

    problems, one, none, everything = browse(
        tmp_path, page_of(report, get_plotlyjs()), FILTERED.replace("WANTED", words)
    )

    assert problems == []
    assert one == [[wanted.divergence.symbol], f"1 of {len(symbols)} rows"]
    assert none == [[], f"0 of {len(symbols)} rows"]
    assert everything == [symbols, f"{len(symbols)} of {len(symbols)} rows"]


OF_INTERVALS = """
    const rows = [...document.querySelectorAll("tbody tr")];
    rows.forEach((row, place) => {
      row.cells[2].textContent = ["5m", "15m", "1h"][place % 3];
      row.append(Object.assign(document.createElement("td"), { className: "wraps", textContent: "1h up; 15m down" }));
    });
    const field = document.querySelector(".filter input");
    return ["5m", "15m", "1h", "m"].map((text) => {
      field.value = text;
      field.dispatchEvent(new Event("input"));
      return new Set(rows.filter((row) => !row.hidden).map((row) => row.cells[2].textContent));
    }).map((found) => [...found].sort());
"""  # noqa: E501 - of another language


def test_an_interval_that_one_filters_for_is_no_part_of_another_one_nor_what_a_row_says_of_it(
    browse: Browse, tmp_path: Path
) -> None:
    found = browse(tmp_path, page_of(scanned(names(40)), get_plotlyjs()), OF_INTERVALS)

    assert found[:3] == [["5m"], ["15m"], ["1h"]]
    assert {"5m", "15m"} <= set(found[3])


SORTED = """
    const head = [...document.querySelectorAll("th")].find((x) => x.textContent === "score");
    head.firstElementChild.click();
    return [...document.querySelectorAll("tbody tr")].map((x) => Number(x.cells[4].textContent));
"""


def test_a_click_on_a_title_sorts_the_opportunities(browse: Browse, tmp_path: Path) -> None:
    report = scanned()

    found = browse(tmp_path, page_of(report, get_plotlyjs()), SORTED)

    assert found == sorted(found)
    assert len(found) == len(report.opportunities)
